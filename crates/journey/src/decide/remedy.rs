//! Carrying a decision out, and seeing it confirmed.

use crate::command::Command;
use crate::deadline::Clock;
use crate::event::{Ending, Fact, NEW_CODES_APART, NEW_CODES_MAX};
use crate::rejection::Rejection;
use crate::stage::Stage;
use crate::task::{Task, Work};
use crate::time::Timestamp;
use crate::vocab::{NoCodeReason, Remedy};

use super::dispute;
use super::draft::{Draft, Tasks};

/// Wrong completion codes before only an agent can close the visit.
const WRONG_CODES_MAX: u32 = 5;

pub(super) fn decide(draft: &mut Draft<'_>, command: &Command) -> Result<(), Rejection> {
    match command {
        Command::ChooseRemedy { remedy } => choose(draft, *remedy),
        Command::ReportReceived => draft.note(Fact::UnitReceived),
        Command::ReportReturned => draft.note(Fact::UnitReturned),
        Command::CompleteRepair => draft.go(Fact::RepairCompleted, Stage::AwaitConfirm),
        Command::ReportRepairFailed => draft.go(Fact::RepairFailed, Stage::Deciding),
        Command::RenewCode => renew_code(draft),
        Command::WaiveCode { reason } => waive_code(draft, *reason),
        Command::CompleteVisit { matches } => complete_visit(draft, *matches),
        Command::RecordRefund { operation } => {
            let fact = Fact::RefundPaid { operation: operation.clone() };
            draft.go(fact, Stage::AwaitConfirm)
        }
        Command::RecordPaymentAccepted { operation, ask_at } => {
            payment_accepted(draft, operation, *ask_at)
        }
        Command::RecordReplacementOrdered { operation } => replacement_ordered(draft, operation),
        Command::ReportReplacement { serial } => {
            let fact = Fact::ReplacementDelivered { serial: serial.clone() };
            draft.go(fact, Stage::AwaitConfirm)
        }
        Command::RecordCompensation { operation } => record_compensation(draft, operation),
        Command::GrantGoodwill { amount_fen } => grant_goodwill(draft, *amount_fen),
        Command::QuoteRepair { amount_fen } => quote_repair(draft, *amount_fen),
        Command::AcceptQuote { amount_fen } => accept_quote(draft, *amount_fen),
        Command::AcceptDenial => close(draft, Ending::DenialAccepted),
        Command::ConfirmOutcome => close(draft, Ending::Confirmed),
        Command::RejectOutcome => draft.go(Fact::OutcomeRejected, Stage::Deciding),
        other => unreachable!("{} is not a command of a remedy", other.verb()),
    }
}

/// Carries out one remedy of the offered set.
pub(super) fn choose(draft: &mut Draft<'_>, remedy: Remedy) -> Result<(), Rejection> {
    let offered = draft.case().decision.as_ref().map(|decision| decision.offered.as_slice());
    let offered = offered.unwrap_or_default();
    let Some(chosen) = offered.iter().find(|one| one.remedy == remedy) else {
        let offered = offered.iter().map(|one| one.remedy).collect();
        return Err(Rejection::RemedyNotOffered { remedy, offered });
    };
    let amount_fen = chosen.amount_fen;
    let to = match remedy {
        Remedy::Repair => Stage::Repairing,
        Remedy::Replace => Stage::Replacing,
        Remedy::Refund => Stage::Refunding,
    };
    draft.go(Fact::RemedyChosen { remedy, amount_fen }, to)
}

/// The payment is on its way at the provider: the same work is done again at a later time, and asks.
fn payment_accepted(
    draft: &mut Draft<'_>,
    operation: &str,
    ask_at: Timestamp,
) -> Result<(), Rejection> {
    let work = draft.case().stage.row().work.map(Task::Work);
    let work = work.ok_or(Rejection::TaskSuperseded)?;
    let mut tasks = Tasks::default();
    tasks.arm(work, ask_at.max(draft.now()));
    draft.note_with(Fact::PaymentAccepted { operation: operation.to_owned() }, tasks)
}

/// The order is out; what follows is the carrier's word. The order may have gone out just before a
/// pause, so it is recorded in a paused case as well.
fn replacement_ordered(draft: &mut Draft<'_>, operation: &str) -> Result<(), Rejection> {
    let work = Task::Work(Work::ShipReplacement);
    if draft.case().owes(work).is_none() {
        return Err(Rejection::TaskSuperseded);
    }
    let mut tasks = Tasks::default();
    tasks.cancel(draft.case(), work);
    draft.note_with(Fact::ReplacementOrdered { operation: operation.to_owned() }, tasks)
}

/// Goodwill comes on top of whatever the customer may still choose, contest or confirm: the case goes on
/// where it stood once it is paid. All that was paid and goodwill never add up to more than the unit cost;
/// more than that is a decision, with its rule and whoever has the authority for it.
pub(super) fn grant_goodwill(draft: &mut Draft<'_>, amount_fen: i64) -> Result<(), Rejection> {
    check_goodwill(draft, amount_fen)?;
    draft.go(Fact::GoodwillGranted { amount_fen }, Stage::Compensating)
}

pub(super) fn check_goodwill(draft: &Draft<'_>, amount_fen: i64) -> Result<(), Rejection> {
    let case = draft.case();
    let most_fen = case.filing.price_fen.saturating_sub(case.paid_fen()).max(0);
    if amount_fen <= 0 || amount_fen > most_fen {
        return Err(Rejection::AmountOutOfRange { most_fen });
    }
    Ok(())
}

/// Goodwill is paid: the case is where it was before, with whatever ran there.
fn record_compensation(draft: &mut Draft<'_>, operation: &str) -> Result<(), Rejection> {
    let from = draft.case().goodwill.map_or(Stage::AwaitConfirm, |goodwill| goodwill.from);
    let tasks = match from {
        Stage::Disputed => dispute::running(draft)?,
        _ => Tasks::default(),
    };
    draft.go_with(Fact::CompensationPaid { operation: operation.to_owned() }, from, tasks)
}

/// A refused customer may have the unit repaired at a price, and need not. It is at most what the unit
/// cost.
fn quote_repair(draft: &mut Draft<'_>, amount_fen: i64) -> Result<(), Rejection> {
    let most_fen = draft.case().filing.price_fen;
    if amount_fen <= 0 || amount_fen > most_fen {
        return Err(Rejection::AmountOutOfRange { most_fen });
    }
    let valid_until = draft.due(Clock::RepairQuote)?;
    draft.note(Fact::RepairQuoted { amount_fen, valid_until })
}

/// Whoever inspected repairs; where nobody has the work, a centre is looked for first.
fn accept_quote(draft: &mut Draft<'_>, amount_fen: i64) -> Result<(), Rejection> {
    let holds = draft.case().quote.is_some_and(|quote| {
        quote.amount_fen == amount_fen && draft.now() <= quote.valid_until && !quote.accepted
    });
    if !holds {
        return Err(Rejection::QuoteNotValid);
    }
    let fact = Fact::QuoteAccepted { amount_fen };
    if draft.case().work_order.is_none() {
        return draft.go(fact, Stage::ChoosingCentre);
    }
    draft.note(fact)?;
    repair_at_a_price(draft)
}

/// The repair that the customer agreed to pay begins.
pub(super) fn repair_at_a_price(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    draft.go(Fact::RemedyChosen { remedy: Remedy::Repair, amount_fen: 0 }, Stage::Repairing)
}

/// The right code is the customer's own word: it finishes an open repair and closes the case. A wrong
/// one is recorded, so that guessing ends.
fn complete_visit(draft: &mut Draft<'_>, matches: bool) -> Result<(), Rejection> {
    if draft.case().wrong_codes >= WRONG_CODES_MAX {
        return Err(Rejection::CodeLocked);
    }
    if !matches {
        return draft.note(Fact::CodeRefused);
    }
    if draft.case().stage == Stage::Repairing {
        draft.go(Fact::RepairCompleted, Stage::AwaitConfirm)?;
    }
    close(draft, Ending::Code)
}

/// Every new code gives as many attempts as the first, so there is an end to new codes.
fn renew_code(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let case = draft.case();
    if case.code_number() >= NEW_CODES_MAX {
        return Err(Rejection::CodeRenewedTooOften { from: None });
    }
    let from = case.code_renewed.map(|(_, at)| at + NEW_CODES_APART);
    if let Some(from) = from.filter(|from| draft.now() < *from) {
        return Err(Rejection::CodeRenewedTooOften { from: Some(from) });
    }
    draft.note(Fact::CodeRenewed)
}

/// Who is asked whether the work is done is the customer, by an agent who says why there is no code.
fn waive_code(draft: &mut Draft<'_>, reason: NoCodeReason) -> Result<(), Rejection> {
    if draft.case().stage == Stage::Repairing {
        draft.go(Fact::RepairCompleted, Stage::AwaitConfirm)?;
    }
    draft.note(Fact::CodeWaived { reason })?;
    close(draft, Ending::CodeWaived)
}

/// Ends the case well.
pub(super) fn close(draft: &mut Draft<'_>, ending: Ending) -> Result<(), Rejection> {
    draft.go(Fact::Closed { ending }, Stage::Closed)
}
