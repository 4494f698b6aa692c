//! Legs: every payment with its one operation number, from the plan to the money.
//!
//! Owns the states a payment passes through at the provider and the table of what may follow what. A state is
//! stored before it matters: that a payment is being sent is written down before it is sent, so that whoever
//! comes after a crash asks what became of it instead of sending it as if nobody had.

use parasol_casebook::{Change, RowOp, Store};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Stage};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};

use super::Operation;
use crate::listed::listed;
use crate::tables::payment_legs;

/// Bytes kept of what a provider says about a refusal.
const REASON_MAX: usize = 200;

listed! {
    /// What is paid.
    LegKind {
        /// A refund that was decided.
        Refund = "refund",
        /// A compensation of the retailer's own accord.
        Compensation = "compensation",
    }
}

listed! {
    /// How far a payment has come.
    LegState {
        /// Decided and durable; nothing was sent.
        Planned = "planned",
        /// About to be sent, or sent; nothing was heard yet.
        Sent = "sent",
        /// The provider has taken it on.
        Accepted = "accepted",
        /// The money has moved.
        Succeeded = "succeeded",
        /// The provider refused; tried again under the same number.
        Failed = "failed",
        /// The answer was lost; asked about, never sent anew.
        Unknown = "unknown",
    }
}

/// What may follow what; everything else is refused.
pub const FOLLOWS: &[(LegState, &[LegState])] = {
    use LegState::{Accepted, Failed, Planned, Sent, Succeeded, Unknown};
    &[
        (Planned, &[Sent]),
        (Sent, &[Sent, Accepted, Succeeded, Failed, Unknown]),
        // What was taken on stays so while nobody answers: forgotten, it would be sent anew.
        (Accepted, &[Accepted, Succeeded, Failed]),
        // Under the same number; and a provider may have paid what it had refused.
        (Failed, &[Sent, Accepted, Succeeded, Failed, Unknown]),
        // Sent anew only where the provider says that it has never heard of the number.
        (Unknown, &[Sent, Accepted, Succeeded, Failed, Unknown]),
        (Succeeded, &[]),
    ]
};

impl LegState {
    /// Whether a state may follow this one.
    pub fn may_become(self, next: Self) -> bool {
        FOLLOWS.iter().any(|(from, to)| *from == self && to.contains(&next))
    }

    /// Whether the provider may know of the payment, so that it is asked before anything is sent.
    pub fn is_out(self) -> bool {
        matches!(self, Self::Sent | Self::Accepted | Self::Unknown)
    }
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Its number.
    pub operation: Operation,
    /// The case it is made for.
    pub case: CaseId,
    /// What is paid.
    pub kind: LegKind,
    /// How much, in fen.
    pub amount_fen: i64,
    /// How far it has come.
    pub state: LegState,
    /// How often it was sent.
    pub attempts: i64,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// When its state changed last.
    pub changed_at: Timestamp,
    /// What the provider said last about a refusal.
    pub reason: String,
}

impl Leg {
    /// The payment a case is about to make; `None` where it makes none, or one of nothing.
    pub fn of_case(case: &Case) -> Option<Self> {
        let kind = match case.stage {
            Stage::Refunding => LegKind::Refund,
            Stage::Compensating => LegKind::Compensation,
            _ => return None,
        };
        let amount_fen = case.to_pay_fen();
        let planned_at = case.updated_at;
        (amount_fen > 0).then(|| Self {
            operation: Operation::payment(case, kind.as_str()),
            case: case.id,
            kind,
            amount_fen,
            state: LegState::Planned,
            attempts: 0,
            planned_at,
            changed_at: planned_at,
            reason: String::new(),
        })
    }

    /// The leg in another state; `None` where that may not follow.
    pub fn becomes(&self, state: LegState, reason: &str, now: Timestamp) -> Option<Self> {
        let attempts = self.attempts + i64::from(state == LegState::Sent);
        let reason: String = reason.chars().take(REASON_MAX).collect();
        let changed_at = now.max(self.changed_at);
        let next = Self { state, attempts, changed_at, reason, ..self.clone() };
        self.state.may_become(state).then_some(next)
    }

    /// Its row.
    pub fn row(&self) -> RowOp {
        RowOp::put(payment_legs::ActiveModel {
            operation: Set(self.operation.as_str().to_owned()),
            case_id: Set(self.case.uuid()),
            kind: Set(self.kind.as_str().to_owned()),
            amount_fen: Set(self.amount_fen),
            state: Set(self.state.as_str().to_owned()),
            attempts: Set(self.attempts),
            planned_at: Set(self.planned_at.micros()),
            changed_at: Set(self.changed_at.micros()),
            reason: Set(self.reason.clone()),
        })
    }

    /// A leg by its number.
    ///
    /// # Errors
    /// What the store says, or that the row cannot be read.
    pub async fn find(store: &Store, operation: &str) -> Result<Option<Self>, DbErr> {
        let found = payment_legs::Entity::find_by_id(operation.to_owned()).one(store.reader());
        found.await?.map(Self::read).transpose()
    }

    /// Several by their numbers, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// As [`Leg::find`].
    pub async fn find_all(store: &Store, operations: &[String]) -> Result<Vec<Self>, DbErr> {
        if operations.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = payment_legs::Column::Operation.is_in(operations.iter().map(String::as_str));
        let rows = payment_legs::Entity::find().filter(wanted).all(store.reader()).await?;
        rows.into_iter().map(Self::read).collect()
    }

    /// Legs, those that changed last first, of a state and of a case where one is given, before a place in that
    /// order.
    ///
    /// # Errors
    /// As [`Leg::find`].
    pub async fn latest(
        store: &Store,
        (state, case): (Option<LegState>, Option<CaseId>),
        before: Option<(i64, String)>,
        limit: u64,
    ) -> Result<Vec<Self>, DbErr> {
        use payment_legs::Column::{CaseId as OfCase, ChangedAt, Operation as Number, State};
        let mut query = payment_legs::Entity::find()
            .order_by(ChangedAt, Order::Desc)
            .order_by(Number, Order::Desc)
            .limit(limit);
        if let Some(state) = state {
            query = query.filter(State.eq(state.as_str()));
        }
        if let Some(case) = case {
            query = query.filter(OfCase.eq(case.uuid()));
        }
        if let Some((at, number)) = before {
            let same_moment = Condition::all().add(ChangedAt.eq(at)).add(Number.lt(number));
            query = query.filter(Condition::any().add(ChangedAt.lt(at)).add(same_moment));
        }
        query.all(store.reader()).await?.into_iter().map(Self::read).collect()
    }

    /// Legs of a state that changed in a stretch of time, in the order of their numbers.
    ///
    /// # Errors
    /// As [`Leg::find`].
    pub async fn changed_in(
        store: &Store,
        state: LegState,
        (from, until): (Timestamp, Timestamp),
        after: &str,
        limit: u64,
    ) -> Result<Vec<Self>, DbErr> {
        use payment_legs::Column::{ChangedAt, Operation as Number, State};
        let rows = payment_legs::Entity::find()
            .filter(State.eq(state.as_str()))
            .filter(ChangedAt.gte(from.micros()))
            .filter(ChangedAt.lt(until.micros()))
            .filter(Number.gt(after))
            .order_by(Number, Order::Asc)
            .limit(limit)
            .all(store.reader())
            .await?;
        rows.into_iter().map(Self::read).collect()
    }

    fn read(row: payment_legs::Model) -> Result<Self, DbErr> {
        let unreadable = || DbErr::Custom(format!("payment {} cannot be read", row.operation));
        Ok(Self {
            kind: LegKind::parse(&row.kind).ok_or_else(unreadable)?,
            state: LegState::parse(&row.state).ok_or_else(unreadable)?,
            operation: Operation(row.operation),
            case: CaseId::new(row.case_id),
            amount_fen: row.amount_fen,
            attempts: row.attempts,
            planned_at: Timestamp::from_micros(row.planned_at),
            changed_at: Timestamp::from_micros(row.changed_at),
            reason: row.reason,
        })
    }
}

/// The row of a payment that a step of its case plans. One that was planned before, and perhaps sent, is not
/// planned again.
pub fn planned(change: &Change<'_>) -> Option<RowOp> {
    let leg = Leg::of_case(change.after)?;
    let before = change.before.and_then(Leg::of_case);
    let is_known = before.is_some_and(|before| before.operation == leg.operation);
    (!is_known).then(|| leg.row())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_one_row_per_state_in_order() {
        let states: Vec<_> = FOLLOWS.iter().map(|(from, _)| *from).collect();
        let mut expected = states.clone();
        expected.sort_by_key(|state| LegState::ALL.iter().position(|one| one == state));
        assert_eq!(expected, LegState::ALL);
    }

    #[test]
    fn nothing_follows_success_and_nothing_is_planned_again() {
        for next in LegState::ALL {
            assert!(!LegState::Succeeded.may_become(*next), "{next}");
            assert!(!next.may_become(LegState::Planned), "{next}");
        }
        assert!(!LegState::Planned.may_become(LegState::Succeeded), "nothing was sent");
    }
}
