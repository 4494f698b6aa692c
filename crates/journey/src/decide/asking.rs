//! Telling the customer what their case waits for.

use crate::case::Case;
use crate::command::Command;
use crate::deadline::Clock;
use crate::event::Fact;
use crate::rejection::Rejection;
use crate::vocab::Channel;

use super::draft::{Draft, Tasks};

pub(super) fn decide(draft: &mut Draft<'_>, command: &Command) -> Result<(), Rejection> {
    match command {
        Command::RecordNotice { asked, channel } => delivered(draft, *asked, *channel),
        Command::RecordNoNotice { asked } => {
            check(draft.case(), *asked)?;
            undelivered(draft)
        }
        other => unreachable!("{} tells nobody anything", other.verb()),
    }
}

/// The customer knows: from here on their silence counts.
fn delivered(draft: &mut Draft<'_>, asked: u64, channel: Channel) -> Result<(), Rejection> {
    check(draft.case(), asked)?;
    let tasks = match draft.case().stage.silence() {
        Some(clock) => Tasks::default().and_arm(clock, draft.due(clock)?),
        None => Tasks::default(),
    };
    draft.note_with(Fact::NoticeDelivered { asked, channel }, tasks)
}

/// No notice arrived: somebody of the retailer's has to reach the customer, and has a deadline for it.
pub(super) fn undelivered(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let asked = draft.case().asked.filter(|asked| asked.told_at.is_none() && !asked.unreached);
    let asked = asked.ok_or(Rejection::TaskSuperseded)?.seq;
    let tasks = match draft.case().stage.silence() {
        Some(_) => Tasks::default().and_arm(Clock::ReachCustomer, draft.due(Clock::ReachCustomer)?),
        None => Tasks::default(),
    };
    draft.note_with(Fact::NoticeUndelivered { asked }, tasks)
}

/// A notice of an earlier question, or of one that the customer knows of, moves nothing.
fn check(case: &Case, asked: u64) -> Result<(), Rejection> {
    let waits = case.asked.is_some_and(|one| one.seq == asked && one.told_at.is_none());
    if waits { Ok(()) } else { Err(Rejection::TaskSuperseded) }
}
