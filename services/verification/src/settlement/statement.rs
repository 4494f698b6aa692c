//! The monthly statement of a partner: what was claimed and accepted, what was taken back, what was netted.
//!
//! A statement is read out of the ledger. Once its month is over it is closed: what the partner owes is netted
//! against what the retailer owes the partner, then against the deposit, and what remains is carried into the
//! next month. Nothing counts in a month that is closed; a correction counts in the month in which it is made.

use parasol_casebook::{RowOp, Store};
use parasol_journey::time::{HOUR, Span, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::{DbErr, EntityTrait};
use serde::{Deserialize, Serialize};

use super::period::Period;
use crate::claims::liable::Liable;
use crate::ledger::postings::netting_id;
use crate::ledger::read::{Moved, moved};
use crate::ledger::{Account, Place, Posting, PostingKind};
use crate::tables::statements;

/// How long after its end a month is closed: whatever was under way at midnight is in the ledger by then.
pub const CLOSING_REST: Span = Span::from_micros(HOUR);

/// The figures of a statement, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// What the partner owed when the month began.
    pub opening_fen: i64,
    /// Claims accepted in the month.
    pub accepted_fen: i64,
    /// Accepted claims taken back in the month, as a positive number.
    pub corrected_fen: i64,
    /// What was netted against payables.
    pub against_payables_fen: i64,
    /// What was netted against the deposit.
    pub against_deposit_fen: i64,
    /// What the partner owes at its end; negative where the retailer owes.
    pub closing_fen: i64,
    /// What the retailer still owes the partner at its end.
    pub payable_fen: i64,
    /// What is left of the deposit.
    pub deposit_fen: i64,
}

/// The accounts a statement of a partner shows.
pub fn accounts(partner: &Liable) -> [Account; 3] {
    [partner.receivable(), Account::PartnerPayable, Account::PartnerDeposit]
}

/// The figures of a month as the ledger has them.
///
/// # Errors
/// What the store says.
pub async fn totals(store: &Store, partner: &Liable, period: Period) -> Result<Totals, DbErr> {
    let key = partner.key();
    let before = moved(store, &key, period, true).await?;
    let within = moved(store, &key, period, false).await?;
    Ok(add_up(partner, &before, &within))
}

fn add_up(partner: &Liable, before: &[Moved], within: &[Moved]) -> Totals {
    let receivable = partner.receivable();
    let on = |moves: &[Moved], account: Account, kind: Option<PostingKind>| -> i64 {
        let is_meant =
            |one: &&Moved| one.account == account && kind.is_none_or(|kind| kind == one.kind);
        moves.iter().filter(is_meant).map(|one| one.amount_fen).sum()
    };
    let both = |account| on(before, account, None) + on(within, account, None);
    Totals {
        opening_fen: on(before, receivable, None),
        accepted_fen: on(within, receivable, Some(PostingKind::ClaimAccepted)),
        corrected_fen: -on(within, receivable, Some(PostingKind::Correction)),
        against_payables_fen: on(within, Account::PartnerPayable, Some(PostingKind::Netted)),
        against_deposit_fen: on(within, Account::PartnerDeposit, Some(PostingKind::Netted)),
        closing_fen: both(receivable),
        payable_fen: -both(Account::PartnerPayable),
        deposit_fen: -both(Account::PartnerDeposit),
    }
}

/// What closing a month with these figures nets: against payables first, then against the deposit.
pub fn netted(open: Totals) -> Totals {
    let due = open.closing_fen.max(0);
    let payables = due.min(open.payable_fen.max(0));
    let deposit = (due - payables).min(open.deposit_fen.max(0));
    Totals {
        against_payables_fen: open.against_payables_fen + payables,
        against_deposit_fen: open.against_deposit_fen + deposit,
        closing_fen: open.closing_fen - payables - deposit,
        payable_fen: open.payable_fen - payables,
        deposit_fen: open.deposit_fen - deposit,
        ..open
    }
}

/// The rows that close a month: the netting, and the statement itself, which only one can write.
pub fn closing(partner: &Liable, period: Period, open: Totals, now: Timestamp) -> Vec<RowOp> {
    let closed = netted(open);
    let key = partner.key();
    let receivable = || Place::receivable(partner);
    let id = netting_id(&key, &period.to_string());
    let posting = Posting::new(id, PostingKind::Netted, now)
        .closing(period)
        .moves(
            closed.against_payables_fen - open.against_payables_fen,
            Place::with(Account::PartnerPayable, partner),
            receivable(),
        )
        .moves(
            closed.against_deposit_fen - open.against_deposit_fen,
            Place::with(Account::PartnerDeposit, partner),
            receivable(),
        );
    let body = serde_json::to_string(&closed).expect("numbers are JSON");
    let statement = RowOp::claim(statements::ActiveModel {
        party: Set(key),
        period: Set(period.to_string()),
        closed_at: Set(now.micros()),
        body: Set(body),
    });
    posting.rows_once().chain([statement]).collect()
}

/// A statement that is closed, with the time at which it was.
///
/// # Errors
/// What the store says, or that the row cannot be read.
pub async fn closed(
    store: &Store,
    party: &str,
    period: Period,
) -> Result<Option<(Totals, Timestamp)>, DbErr> {
    let key = (party.to_owned(), period.to_string());
    let row = statements::Entity::find_by_id(key).one(store.reader()).await?;
    let read = |row: statements::Model| {
        let totals = serde_json::from_str(&row.body);
        let totals = totals.map_err(|error| DbErr::Json(error.to_string()))?;
        Ok((totals, Timestamp::from_micros(row.closed_at)))
    };
    row.map(read).transpose()
}

/// Whether a month can be closed now.
pub fn is_over(period: Period, now: Timestamp) -> bool {
    now >= period.end() + CLOSING_REST
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Month after month, whatever was accepted, taken back, owed and deposited in them: what is netted comes
        /// from one place and goes to the other, nothing is netted that is not due, and no deposit is touched
        /// while something is still owed to the partner.
        #[test]
        fn netting_moves_what_is_due_and_nothing_else(
            months in prop::collection::vec((-9_000_i64..9_000, 0_i64..9_000, 0_i64..9_000), 1..12),
        ) {
            let mut carried = Totals::default();
            for (accepted, payable, deposit) in months {
                let open = Totals {
                    opening_fen: carried.closing_fen,
                    closing_fen: carried.closing_fen + accepted,
                    payable_fen: carried.payable_fen + payable,
                    deposit_fen: carried.deposit_fen + deposit,
                    ..Totals::default()
                };
                let closed = netted(open);
                let (payables, deposits) = (closed.against_payables_fen, closed.against_deposit_fen);
                prop_assert!(payables >= 0 && deposits >= 0);
                prop_assert!(payables + deposits <= open.closing_fen.max(0));
                prop_assert_eq!(closed.closing_fen, open.closing_fen - payables - deposits);
                prop_assert_eq!(closed.payable_fen, open.payable_fen - payables);
                prop_assert_eq!(closed.deposit_fen, open.deposit_fen - deposits);
                prop_assert!(closed.payable_fen >= 0 && closed.deposit_fen >= 0);
                prop_assert!(deposits == 0 || closed.payable_fen == 0, "{closed:?}");
                let is_all = closed.closing_fen <= 0 || closed.payable_fen + closed.deposit_fen == 0;
                prop_assert!(is_all, "{closed:?}");
                // Closing what is closed nets nothing more.
                prop_assert_eq!(netted(closed), closed);
                carried = closed;
            }
        }
    }

    #[test]
    fn payables_are_netted_first_then_the_deposit_and_the_rest_is_carried_on() {
        let open = |closing_fen, payable_fen, deposit_fen| Totals {
            closing_fen,
            payable_fen,
            deposit_fen,
            ..Totals::default()
        };
        for (due, payable, deposit, expected) in [
            (100, 500, 50, (100, 0, 0)),
            (100, 60, 50, (60, 40, 0)),
            (100, 60, 10, (60, 10, 30)),
            (100, 0, 0, (0, 0, 100)),
            (-30, 60, 10, (0, 0, -30)),
            (100, -5, 200, (0, 100, 0)),
        ] {
            let closed = netted(open(due, payable, deposit));
            let found =
                (closed.against_payables_fen, closed.against_deposit_fen, closed.closing_fen);
            assert_eq!(found, expected, "{due} against {payable} and {deposit}");
            let moved = closed.against_payables_fen + closed.against_deposit_fen;
            assert_eq!(closed.closing_fen + moved, due);
        }
    }
}
