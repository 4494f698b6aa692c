//! Parts for a repair: ordered, late, there, built in, and the defective ones on their way back.
//!
//! Waiting for parts is the brand's turn. It stops no clock of the brand: the warranty stands still with
//! the whole repair, and the 90 days of the law run on.

use crate::command::Command;
use crate::deadline::Clock;
use crate::event::Fact;
use crate::rejection::Rejection;
use crate::stage::Stage;
use crate::task::Task;
use crate::vocab::{PartStage, PauseCause};

use super::draft::{Draft, Tasks};
use super::holding;

/// Part orders of a case of which something is still to come.
const ORDERS_MAX: usize = 50;

pub(super) fn decide(draft: &mut Draft<'_>, command: &Command) -> Result<(), Rejection> {
    match command {
        Command::RequestParts { part } => request(draft, part),
        Command::ShipParts { arrives_at } => {
            draft.note(Fact::PartsShipped { arrives_at: *arrives_at })
        }
        Command::ReportBackorder { part, expected_at } => {
            check_stage(draft, part, &[PartStage::Awaited])?;
            let (part, expected_at) = (part.clone(), *expected_at);
            draft.note(Fact::PartsBackordered { part, expected_at })
        }
        Command::ReceiveParts { part } => receive(draft, part),
        Command::InstallParts { part, returns } => install(draft, part, *returns),
        Command::ReturnParts { part } => give_back(draft, part),
        other => unreachable!("{} is not about parts", other.verb()),
    }
}

fn check_stage(draft: &Draft<'_>, part: &str, stages: &[PartStage]) -> Result<(), Rejection> {
    let ordered = draft.case().ordered_parts(part);
    match ordered.is_some_and(|ordered| stages.contains(&ordered.stage)) {
        true => Ok(()),
        false => Err(Rejection::PartNotAwaited),
    }
}

/// The 90 days start with the first request and no later request restarts them. Days the case has
/// waited before count, so that ordering in turns wins nobody time.
fn request(draft: &mut Draft<'_>, part: &str) -> Result<(), Rejection> {
    if draft.case().parts.len() >= ORDERS_MAX && draft.case().ordered_parts(part).is_none() {
        return Err(Rejection::EvidenceFull);
    }
    let mut tasks = Tasks::default();
    if draft.case().repairs.parts_since.is_none() {
        let due = draft.due(Clock::LegalParts)? - draft.case().repairs.parts_spent;
        tasks = tasks.and_arm(Clock::LegalParts, due.max(draft.now()));
    }
    draft.note_with(Fact::PartsRequested { part: part.to_owned() }, tasks)
}

/// What the case was paused for has come, so it goes on with the last parts awaited.
fn receive(draft: &mut Draft<'_>, part: &str) -> Result<(), Rejection> {
    check_stage(draft, part, &[PartStage::Awaited])?;
    draft.note(Fact::PartsReceived { part: part.to_owned() })?;
    let case = draft.case();
    let for_parts = case.pause.as_ref().is_some_and(|pause| {
        pause.cause == PauseCause::PartOnOrder && pause.from == Stage::Repairing
    });
    match for_parts && case.repairs.parts_since.is_none() {
        true => holding::resume(draft),
        false => Ok(()),
    }
}

/// What was built in has been there, whether anybody said so or not.
fn install(draft: &mut Draft<'_>, part: &str, returns: bool) -> Result<(), Rejection> {
    check_stage(draft, part, &[PartStage::Awaited, PartStage::Received])?;
    let return_by = match returns {
        true => Some(draft.due(Clock::PartsReturn)?),
        false => None,
    };
    let mut tasks = Tasks::default();
    if let Some(due) = return_by
        && draft.case().owes(Task::Clock(Clock::PartsReturn)).is_none()
    {
        tasks = tasks.and_arm(Clock::PartsReturn, due);
    }
    draft.note_with(Fact::PartsInstalled { part: part.to_owned(), return_by }, tasks)
}

/// Also after the case has ended, which never waits for it.
fn give_back(draft: &mut Draft<'_>, part: &str) -> Result<(), Rejection> {
    check_stage(draft, part, &[PartStage::Returning])?;
    let now = draft.now();
    let others = draft.case().parts.iter().filter(|ordered| ordered.part != part);
    // What was overdue has been charged already.
    let next = others.filter_map(|ordered| ordered.return_by).filter(|due| *due > now).min();
    let mut tasks = Tasks::default().and_cancel(draft.case(), Clock::PartsReturn);
    if let Some(due) = next {
        tasks = tasks.and_arm(Clock::PartsReturn, due);
    }
    draft.note_with(Fact::PartsReturned { part: part.to_owned() }, tasks)
}

/// A part did not come back in time. What that costs is for the settlement, which an open dispute holds.
pub(super) fn overdue(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let (clock, now) = (Clock::PartsReturn, draft.now());
    let returns = draft.case().parts.iter().filter_map(|ordered| ordered.return_by);
    let tasks = match returns.filter(|due| *due > now).min() {
        Some(due) => Tasks::default().and_arm(clock, due),
        None => Tasks::default().and_cancel(draft.case(), clock),
    };
    draft.record_miss(clock, clock.row().owner, tasks);
    Ok(())
}
