//! Seeing a payment through: what is sent, what is asked, and what is written down before and after.
//!
//! Before anything is sent, the leg says so in a commit of its own. A leg that may be out is asked about and
//! never sent anew, unless the provider says that it has never heard of its number. What the provider says is
//! written down as the state of the leg; that the money has moved is written in the same commit as the event
//! that says so in the case.

use std::sync::Arc;

use parasol_casebook::{
    Caller, CaseDeed, Deed, Error as CasebookError, Prepared, Refusal, Submission, Target,
    WorkError, Written,
};
use parasol_desk::Desk;
use parasol_journey::time::{HOUR, MINUTE, Span, Timestamp};
use parasol_journey::{Actor, ActorKind, Case, Command, Ctx, Stage};

use super::legs::{Leg, LegKind, LegState};
use super::{PaymentOrder, PaymentProvider, PaymentState};

/// A payment that is under way is asked about after a minute, then after as long as it has taken so
/// far, at most six hours apart.
const ASK_AGAIN_MIN: i64 = MINUTE;
const ASK_AGAIN_MAX: i64 = 6 * HOUR;

/// What became of a leg that somebody else than its own work looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Its state is another now.
    Moved(LegState),
    /// It stands where it stood.
    Still(LegState),
    /// Its case makes another payment by now, or none.
    Left,
}

/// Makes payments at a provider and keeps their legs.
#[derive(Clone)]
pub struct Cashier {
    desk: Desk,
    payments: Arc<dyn PaymentProvider>,
}

impl Cashier {
    /// A cashier that pays through a provider.
    pub fn new(desk: Desk, payments: Arc<dyn PaymentProvider>) -> Self {
        Self { desk, payments }
    }

    /// The provider.
    pub fn provider(&self) -> &dyn PaymentProvider {
        &*self.payments
    }

    /// The leg of the payment a case is to make; `None` for a payment of nothing.
    ///
    /// # Errors
    /// What the store says.
    pub async fn leg(&self, case: &Case) -> Result<Option<Leg>, WorkError> {
        let Some(leg) = Leg::of_case(case) else { return Ok(None) };
        let stored = Leg::find(&self.desk.store, leg.operation.as_str()).await;
        let stored = stored.map_err(|error| WorkError(error.to_string()))?;
        // Without a row the case is older than the rows: it may have been sent.
        let may_be_out = Leg { state: LegState::Unknown, ..leg };
        Ok(Some(stored.unwrap_or(may_be_out)))
    }

    /// Pays what a case owes, once, whatever happened on earlier attempts, and says what to record.
    ///
    /// # Errors
    /// That the provider refused, or that nobody knows what became of the payment; the leg says so, and the
    /// work is tried again under the same number.
    pub async fn pay(&self, case: &Case) -> Result<Prepared, WorkError> {
        let Some(leg) = self.leg(case).await? else { return Ok(self.paid_nothing(case)) };
        let (leg, said) = self.see_through(case, leg).await?;
        let number = leg.operation.as_str().to_owned();
        match said {
            PaymentState::Succeeded | PaymentState::Accepted => {
                let now = self.desk.clock.now();
                let prepared = self.recorded(case, &leg, &said, now);
                prepared.ok_or_else(|| WorkError(format!("payment {number} is {}", leg.state)))
            }
            PaymentState::Failed { reason } => {
                self.note(case, &leg, LegState::Failed, &reason).await?;
                Err(WorkError(format!("payment {number} was refused: {reason}")))
            }
            PaymentState::Unsent | PaymentState::Unknown => {
                if leg.state.may_become(LegState::Unknown) {
                    self.note(case, &leg, LegState::Unknown, "").await?;
                }
                Err(WorkError(format!("what became of payment {number} is not known")))
            }
        }
    }

    /// Asks about a leg, whoever said that something has become of it, and writes down what the provider
    /// says. Sends nothing.
    ///
    /// # Errors
    /// What the store says, or that the case moved on meanwhile; asking again is safe.
    pub async fn settle(&self, leg: &Leg) -> Result<Settled, WorkError> {
        if leg.state == LegState::Succeeded {
            return Ok(Settled::Still(leg.state));
        }
        let store = &self.desk.store;
        let case = store.case(leg.case).await.map_err(|error| WorkError(error.to_string()))?;
        let due = case.as_ref().and_then(Leg::of_case);
        let Some(case) = case.filter(|_| due.is_some_and(|due| due.operation == leg.operation))
        else {
            return Ok(Settled::Left);
        };
        let said = self.payments.query(&leg.operation).await;
        let now = self.desk.clock.now();
        let next = match &said {
            PaymentState::Succeeded => LegState::Succeeded,
            PaymentState::Accepted => LegState::Accepted,
            PaymentState::Failed { .. } => LegState::Failed,
            PaymentState::Unsent | PaymentState::Unknown => return Ok(Settled::Still(leg.state)),
        };
        if next == leg.state || !leg.state.may_become(next) {
            return Ok(Settled::Still(leg.state));
        }
        match (next, self.recorded(&case, leg, &said, now)) {
            (LegState::Succeeded, Some(prepared)) => {
                self.submit(&case, prepared.actor, prepared.deed).await?;
            }
            (_, _) => {
                let reason = match &said {
                    PaymentState::Failed { reason } => reason.as_str(),
                    _ => "",
                };
                self.note(&case, leg, next, reason).await?;
            }
        }
        Ok(Settled::Moved(next))
    }

    /// Sends a leg, or asks about one that may be out.
    async fn see_through(
        &self,
        case: &Case,
        mut leg: Leg,
    ) -> Result<(Leg, PaymentState), WorkError> {
        let found = match leg.state.is_out() {
            true => self.payments.query(&leg.operation).await,
            false => PaymentState::Unsent,
        };
        if found != PaymentState::Unsent {
            return Ok((leg, found));
        }
        leg = self.note(case, &leg, LegState::Sent, "").await?;
        let order = PaymentOrder {
            operation: leg.operation.clone(),
            amount_fen: leg.amount_fen,
            customer: case.filing.customer,
        };
        let said = match self.payments.pay(&order).await {
            PaymentState::Unknown => self.payments.query(&leg.operation).await,
            known => known,
        };
        Ok((leg, said))
    }

    /// Writes a state of a leg on the condition that its case has not moved on.
    async fn note(
        &self,
        case: &Case,
        leg: &Leg,
        state: LegState,
        reason: &str,
    ) -> Result<Leg, WorkError> {
        let next = leg.becomes(state, reason, self.desk.clock.now());
        let next = next.ok_or_else(|| {
            WorkError(format!("payment {} is {} already", leg.operation.as_str(), leg.state))
        })?;
        let deed = Arc::new(Noted(next.clone()));
        self.submit(case, self.actor(), deed).await?;
        Ok(next)
    }

    async fn submit(
        &self,
        case: &Case,
        actor: Actor,
        deed: Arc<dyn Deed>,
    ) -> Result<(), WorkError> {
        let submission = Submission {
            target: Target::Case(case.id),
            key: None,
            caller: Caller {
                principal: "role:verification".to_owned(),
                method: "NotePayment",
                trace: String::new(),
            },
            actor,
            expected: Some(case.version),
            deed,
        };
        match self.desk.submitter.submit(submission).await {
            Ok(_) => Ok(()),
            Err(CasebookError::VersionConflict { .. }) => {
                Err(WorkError("the case moved on while its payment was looked at".to_owned()))
            }
            Err(error) => Err(WorkError(error.to_string())),
        }
    }

    /// What to record of what the provider said, leg and event in one; `None` where it is nothing to record.
    fn recorded(
        &self,
        case: &Case,
        leg: &Leg,
        said: &PaymentState,
        now: Timestamp,
    ) -> Option<Prepared> {
        let operation = leg.operation.as_str().to_owned();
        let (command, state) = match said {
            PaymentState::Succeeded => (command(leg.kind, operation), LegState::Succeeded),
            PaymentState::Accepted => {
                let ask_at = ask_again(now, case.turn.since());
                (Command::RecordPaymentAccepted { operation, ask_at }, LegState::Accepted)
            }
            _ => return None,
        };
        let leg = leg.becomes(state, "", now)?;
        let answer = |_: &Case| Vec::new();
        let deed = Arc::new(CaseDeed { command, rows: vec![leg.row()], answer });
        Some(Prepared { deed, actor: self.actor() })
    }

    /// Nothing to pay is paid: a full depreciation leaves a refund of zero.
    fn paid_nothing(&self, case: &Case) -> Prepared {
        let kind = match case.stage {
            Stage::Compensating => LegKind::Compensation,
            _ => LegKind::Refund,
        };
        let operation = super::Operation::payment(case, kind.as_str());
        let command = command(kind, operation.as_str().to_owned());
        let answer = |_: &Case| Vec::new();
        let deed = Arc::new(CaseDeed { command, rows: Vec::new(), answer });
        Prepared { deed, actor: self.actor() }
    }

    fn actor(&self) -> Actor {
        Actor::new(ActorKind::Payment, self.payments.name())
    }
}

fn command(kind: LegKind, operation: String) -> Command {
    match kind {
        LegKind::Refund => Command::RecordRefund { operation },
        LegKind::Compensation => Command::RecordCompensation { operation },
    }
}

/// Writes a leg, and nothing about its case.
struct Noted(Leg);

impl Deed for Noted {
    fn decide(&self, _: Option<&Case>, _: &Ctx<'_>) -> Result<Written, Refusal> {
        Ok(Written { decided: None, rows: vec![self.0.row()], answer: Vec::new() })
    }
}

/// When to ask about a payment that has been under way since `since`.
fn ask_again(now: Timestamp, since: Timestamp) -> Timestamp {
    let wait = now.since(since).micros().clamp(ASK_AGAIN_MIN, ASK_AGAIN_MAX);
    now + Span::from_micros(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_under_way_is_asked_about_less_and_less_often() {
        let since = Timestamp::from_micros(0);
        let mut now = since;
        let mut waits = Vec::new();
        for _ in 0..12 {
            let next = ask_again(now, since);
            waits.push(next.since(now).micros() / MINUTE);
            now = next;
        }
        assert_eq!(waits, [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
    }
}
