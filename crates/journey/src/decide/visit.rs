//! From the technician's name to the technician's hands on the unit.

use crate::actor::ActorKind;
use crate::case::{Case, Visit};
use crate::command::Command;
use crate::deadline::Clock;
use crate::event::{Fact, PROPOSED_MAX, ProposedWindow, Window};
use crate::ids::{AppointmentId, TechnicianId};
use crate::rejection::Rejection;
use crate::stage::Stage;
use crate::time::{Span, Timestamp};
use crate::vocab::{ContactFailure, Party, PauseCause, UnableReason};

use super::draft::{Draft, Tasks};
use super::{dispatch, holding};

/// The longest arrival window.
const WINDOW_MAX: Span = Span::days(1);
/// How far ahead a visit may be booked.
const BOOK_AHEAD_MAX: Span = Span::days(90);
/// How often a customer may be asked about windows, over the whole case.
const WINDOWS_PROPOSED_MAX: u32 = 20;
/// How far ahead the next contact may lie.
const NEXT_CONTACT_MAX: Span = Span::days(7);
/// After so many failures, over at least two days, the case pauses with notice.
const CONTACT_FAILURES_MAX: usize = 3;
/// How long a case waits for a customer nobody can reach before it is tried again.
const UNREACHABLE_PAUSE: Span = Span::days(7);

pub(super) fn decide(draft: &mut Draft<'_>, command: &Command) -> Result<(), Rejection> {
    match command {
        Command::ReportContactFailed { reason, next_at } => {
            contact_failed(draft, *reason, *next_at)
        }
        Command::HoldSlot { appointment, technician, window, expires_at } => {
            hold(draft, *appointment, technician, *window, *expires_at)
        }
        Command::ReleaseSlot => release(draft),
        Command::ProposeWindows { technician, windows, expires_at } => {
            propose(draft, technician, windows, *expires_at)
        }
        Command::ReleaseWindows if draft.case().proposed.is_empty() => Err(Rejection::HoldExpired),
        Command::ReleaseWindows => release_windows(draft),
        Command::BookAppointment { appointment, technician, window } => {
            book(draft, *appointment, technician, *window)
        }
        Command::RescheduleAppointment { technician, window, asked_by } => {
            reschedule(draft, technician, *window, *asked_by)
        }
        Command::HandOverVisit { technician } => hand_over(draft, technician),
        Command::StartTravel { arriving_at } => {
            draft.note(Fact::TravelStarted { arriving_at: *arriving_at })
        }
        Command::CheckIn { distance_m, mock_location, arrived_at } => {
            let (distance_m, mock_location) = (*distance_m, *mock_location);
            let arrived_at = arrived_at.filter(|at| *at < draft.now());
            draft.go(Fact::CheckedIn { distance_m, mock_location, arrived_at }, Stage::OnSite)
        }
        Command::ReportNoShow { by } => report_no_show(draft, *by),
        Command::ReportUnable { reason, next_at, parts_at } => {
            unable(draft, *reason, *next_at, *parts_at)
        }
        Command::ExpectParts { arrives_at } => expect_parts(draft, *arrives_at),
        other => unreachable!("{} is not a command of a visit", other.verb()),
    }
}

fn check_window(window: Window, now: Timestamp) -> Result<(), Rejection> {
    let length = window.end.since(window.start);
    let too_far = window.start > now + BOOK_AHEAD_MAX;
    if length <= Span::ZERO || length > WINDOW_MAX || too_far {
        return Err(Rejection::WindowInvalid);
    }
    if window.end <= now {
        return Err(Rejection::WindowInPast);
    }
    Ok(())
}

/// A second visit waits for what the first one lacked: nobody travels twice in vain.
fn check_second_visit(case: &Case, window: Window) -> Result<(), Rejection> {
    let Some(second) = &case.second_visit else { return Ok(()) };
    match (second.reason, second.parts_at) {
        (UnableReason::PartsMissing, None) => Err(Rejection::PartsDateMissing),
        (UnableReason::PartsMissing, Some(from)) if window.start < from => {
            Err(Rejection::PartsNotThere { from })
        }
        (UnableReason::NeedsHelp, _)
            if case.helper().is_none() && case.technician() == second.technician.as_ref() =>
        {
            Err(Rejection::HelpNeeded)
        }
        _ => Ok(()),
    }
}

fn check_technician(case: &Case, technician: &TechnicianId) -> Result<(), Rejection> {
    if case.technician() == Some(technician) {
        Ok(())
    } else {
        Err(Rejection::TechnicianNotAssigned)
    }
}

fn hold(
    draft: &mut Draft<'_>,
    appointment: AppointmentId,
    technician: &TechnicianId,
    window: Window,
    expires_at: Timestamp,
) -> Result<(), Rejection> {
    check_window(window, draft.now())?;
    check_technician(draft.case(), technician)?;
    check_second_visit(draft.case(), window)?;
    if expires_at <= draft.now() || expires_at > draft.due(Clock::HoldExpires)? {
        return Err(Rejection::WindowInvalid);
    }
    if draft.case().hold.is_some() {
        release(draft)?;
    }
    release_windows(draft)?;
    let tasks = Tasks::default().and_arm(Clock::HoldExpires, expires_at);
    let (technician, helper) = (technician.clone(), draft.case().helper().cloned());
    let fact = Fact::SlotHeld { appointment, technician, helper, window, expires_at };
    draft.note_with(fact, tasks)
}

/// Lets the held slot go, if there is one.
pub(super) fn release(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let held = draft.case().hold.as_ref().ok_or(Rejection::HoldExpired)?;
    let appointment = held.id;
    draft.note(Fact::SlotReleased { appointment })
}

/// Asks the customer, whose turn it is until they answer. The clock of the visit runs on: asking is no way
/// to win time.
fn propose(
    draft: &mut Draft<'_>,
    technician: &TechnicianId,
    windows: &[ProposedWindow],
    expires_at: Timestamp,
) -> Result<(), Rejection> {
    check_technician(draft.case(), technician)?;
    for (place, one) in windows.iter().enumerate() {
        check_window(one.window, draft.now())?;
        check_second_visit(draft.case(), one.window)?;
        let overlaps = |other: &ProposedWindow| {
            one.window.start < other.window.end && other.window.start < one.window.end
        };
        if windows[..place].iter().any(overlaps) {
            return Err(Rejection::WindowInvalid);
        }
    }
    let is_long = expires_at > draft.due(Clock::ChooseWindow)?;
    if windows.is_empty() || windows.len() > PROPOSED_MAX || expires_at <= draft.now() || is_long {
        return Err(Rejection::WindowInvalid);
    }
    if draft.case().windows_proposed >= WINDOWS_PROPOSED_MAX {
        return Err(Rejection::ProposedTooOften);
    }
    if draft.case().hold.is_some() {
        release(draft)?;
    }
    release_windows(draft)?;
    let tasks = Tasks::default().and_arm(Clock::ChooseWindow, expires_at);
    let (technician, helper) = (technician.clone(), draft.case().helper().cloned());
    let fact = Fact::WindowsProposed { technician, helper, windows: windows.to_vec(), expires_at };
    draft.note_with(fact, tasks)
}

/// Takes the question back, if there is one; calling the customer is due again.
pub(super) fn release_windows(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    if draft.case().proposed.is_empty() {
        return Ok(());
    }
    let due = draft.due(Clock::FirstContact)?;
    let clock = match draft.case().standing() {
        Stage::Unreachable => Clock::NextContact,
        _ => Clock::FirstContact,
    };
    draft.note_with(Fact::WindowsReleased, Tasks::default().and_arm(clock, due))
}

fn book(
    draft: &mut Draft<'_>,
    appointment: AppointmentId,
    technician: &TechnicianId,
    window: Window,
) -> Result<(), Rejection> {
    check_window(window, draft.now())?;
    check_technician(draft.case(), technician)?;
    check_second_visit(draft.case(), window)?;
    let is_same = |kept: &Visit| kept.id == appointment && kept.window == window;
    if draft.case().hold.as_ref().is_some_and(|held| !is_same(held)) {
        return Err(Rejection::HoldExpired);
    }
    let tasks = Tasks::default().and_arm(Clock::Window, window.end);
    let (technician, helper) = (technician.clone(), draft.case().helper().cloned());
    let fact = Fact::AppointmentBooked { appointment, technician, helper, window };
    draft.go_with(fact, Stage::Appointed, tasks)
}

fn reschedule(
    draft: &mut Draft<'_>,
    technician: &TechnicianId,
    window: Window,
    asked_by: Party,
) -> Result<(), Rejection> {
    check_window(window, draft.now())?;
    check_technician(draft.case(), technician)?;
    check_second_visit(draft.case(), window)?;
    let appointment = draft.case().visit.as_ref().ok_or(Rejection::HoldExpired)?.id;
    let tasks = Tasks::default().and_arm(Clock::Window, window.end);
    let (technician, helper) = (technician.clone(), draft.case().helper().cloned());
    let fact = Fact::AppointmentRescheduled { appointment, technician, helper, window, asked_by };
    draft.note_with(fact, tasks)
}

/// What was promised to the customer stays, and who comes along; a technician who has set off turns back.
fn hand_over(draft: &mut Draft<'_>, technician: &TechnicianId) -> Result<(), Rejection> {
    let visit = draft.case().visit.as_ref().ok_or(Rejection::HoldExpired)?;
    if visit.helper.as_ref() == Some(technician) {
        return Err(Rejection::HelpNeeded);
    }
    dispatch::check_not_inspected_before(draft.case(), technician)?;
    let (appointment, technician) = (visit.id, technician.clone());
    draft.note(Fact::VisitHandedOver { appointment, technician })
}

/// The last of several failures pauses the case with notice, unless it has been paused for as long as a
/// case may be: then the next contact stays due.
fn contact_failed(
    draft: &mut Draft<'_>,
    reason: ContactFailure,
    next_at: Timestamp,
) -> Result<(), Rejection> {
    let now = draft.now();
    if next_at <= now || next_at > now + NEXT_CONTACT_MAX {
        return Err(Rejection::NextContactRequired);
    }
    release_windows(draft)?;
    let tasks = Tasks::default().and_arm(Clock::NextContact, next_at);
    draft.go_with(Fact::ContactFailed { reason, next_at }, Stage::Unreachable, tasks)?;
    let failures = &draft.case().contact_failures;
    let first_day = failures.first().map(|at| at.shanghai_day());
    let over_two_days = first_day.is_some_and(|day| day < now.shanghai_day());
    if failures.len() >= CONTACT_FAILURES_MAX && over_two_days {
        let resume_at = now + UNREACHABLE_PAUSE;
        holding::pause_if_left(draft, Party::Customer, PauseCause::CustomerUnreachable, resume_at)?;
    }
    Ok(())
}

/// Ends the present visit and goes back to finding a time.
pub(super) fn no_show(draft: &mut Draft<'_>, by: Party) -> Result<(), Rejection> {
    draft.go(Fact::NoShow { by }, Stage::TechnicianAssigned)
}

/// Each side tells of the other; the retailer's people tell of either. Nobody is missing before they were
/// due: a technician once the window is over, a customer once somebody stands at the door or the window
/// has begun. A check-in that the customer says was none is no check-in.
fn report_no_show(draft: &mut Draft<'_>, by: Party) -> Result<(), Rejection> {
    let by = match draft.ctx().actor.kind {
        ActorKind::Customer => Party::Technician,
        ActorKind::Technician | ActorKind::Centre => Party::Customer,
        _ => by,
    };
    let case = draft.case();
    let window = case.visit.as_ref().ok_or(Rejection::HoldExpired)?.window;
    let from = if by == Party::Customer { window.start } else { window.end };
    if case.checked_in_at.is_none() && draft.now() < from {
        return Err(Rejection::NoShowTooEarly { from });
    }
    no_show(draft, by)
}

/// Danger and weather stop the case until somebody looks again, which has to be said, and are nobody's
/// fault and no verdict. Everything else needs a second visit, and so do they when the case has been paused
/// for as long as it may be.
fn unable(
    draft: &mut Draft<'_>,
    reason: UnableReason,
    next_at: Option<Timestamp>,
    parts_at: Option<Timestamp>,
) -> Result<(), Rejection> {
    let now = draft.now();
    let is_ahead = |at: Timestamp| at > now && at <= now + NEXT_CONTACT_MAX;
    let cause = match reason {
        UnableReason::Unsafe => Some(PauseCause::Unsafe),
        UnableReason::Weather => Some(PauseCause::Weather),
        _ => None,
    };
    let resume_at = match (cause, next_at) {
        (_, Some(at)) if !is_ahead(at) => return Err(Rejection::NextContactRequired),
        (Some(_), None) => return Err(Rejection::NextContactRequired),
        (_, next_at) => next_at,
    };
    let parts_at = parts_at.filter(|_| reason == UnableReason::PartsMissing);
    check_arrival(parts_at, now)?;
    draft.go(Fact::VisitFailed { reason, parts_at }, Stage::TechnicianAssigned)?;
    match (cause, resume_at) {
        (Some(cause), Some(at)) => holding::pause_if_left(draft, Party::Retailer, cause, at),
        _ => Ok(()),
    }
}

fn check_arrival(at: Option<Timestamp>, now: Timestamp) -> Result<(), Rejection> {
    match at {
        Some(at) if at > now + BOOK_AHEAD_MAX => Err(Rejection::WindowInvalid),
        _ => Ok(()),
    }
}

/// The arrival date may change; a visit that is booked for an earlier time stays, for its centre to move.
fn expect_parts(draft: &mut Draft<'_>, at: Timestamp) -> Result<(), Rejection> {
    let second = draft.case().second_visit.as_ref();
    if second.is_none_or(|second| second.reason != UnableReason::PartsMissing) {
        return Err(Rejection::PartNotAwaited);
    }
    check_arrival(Some(at), draft.now())?;
    draft.note(Fact::PartsExpected { at })
}
