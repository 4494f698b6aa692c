//! What bends the straight course: pauses, cancellations, reminders, late messages.

use crate::command::{Command, Verb};
use crate::deadline::Clock;
use crate::event::Fact;
use crate::rejection::Rejection;
use crate::stage::Stage;
use crate::survey::SURVEY_FOR;
use crate::table;
use crate::task::Task;
use crate::time::{Span, Timestamp};
use crate::vocab::{Party, PauseCause};

use super::draft::{Draft, Tasks};
use super::visit;

/// The longest single pause.
const PAUSE_MAX: Span = Span::days(30);
/// The longest all pauses of a case may be together.
const PAUSES_MAX: Span = Span::days(60);
/// How many late or doubled messages a case keeps.
const MESSAGES_MAX: u32 = 200;
/// How many anomalies a case keeps.
const ANOMALIES_MAX: u32 = 50;
/// How many notes a case keeps.
const NOTES_MAX: u32 = 200;
/// How often a customer may chase a case.
const REMINDERS_MAX: u32 = 100;

pub(super) fn decide(draft: &mut Draft<'_>, command: &Command) -> Result<(), Rejection> {
    match command {
        Command::Pause { owner, cause, resume_at } => pause(draft, *owner, *cause, *resume_at),
        Command::Resume => resume(draft),
        Command::Cancel => cancel(draft),
        Command::AcknowledgeCancel => end_cancelled(draft),
        Command::RefuseCancel { reason } => refuse_cancel(draft, reason),
        Command::Remind => remind(draft),
        Command::AnswerReminder => {
            let tasks = Tasks::default().and_cancel(draft.case(), Clock::Reminder);
            draft.note_with(Fact::ReminderAnswered, tasks)
        }
        Command::RaiseAnomaly { anomaly, kind } => {
            if draft.case().anomalies >= ANOMALIES_MAX {
                return Err(Rejection::EvidenceFull);
            }
            draft.note(Fact::AnomalyRaised { anomaly: *anomaly, kind: *kind })
        }
        Command::Note { note, source } => {
            if draft.case().notes >= NOTES_MAX {
                return Err(Rejection::EvidenceFull);
            }
            draft.note(Fact::Noted { note: *note, source: *source })
        }
        Command::Merge { into } => {
            draft.note(Fact::Merged { into: *into })?;
            draft.go(Fact::Cancelled, Stage::Cancelled)
        }
        Command::KeepMessage { message, reason } => {
            if draft.case().messages_kept >= MESSAGES_MAX {
                return Err(Rejection::EvidenceFull);
            }
            let (message, reason) = (message.clone(), reason.clone());
            draft.note(Fact::MessageKept { message, reason })
        }
        Command::AnswerSurvey { answer } => {
            let closed_at = draft.case().ending.map(|(_, at)| at);
            if closed_at.is_none_or(|at| draft.now() > at + SURVEY_FOR) {
                return Err(Rejection::SurveyNotOpen);
            }
            draft.note(Fact::SurveyAnswered { answer: answer.clone() })
        }
        other => unreachable!("{} does not bend the course", other.verb()),
    }
}

/// Stops the case if what all pauses may take together is not used up; else it goes on.
pub(super) fn pause_if_left(
    draft: &mut Draft<'_>,
    owner: Party,
    cause: PauseCause,
    resume_at: Timestamp,
) -> Result<(), Rejection> {
    let total = draft.case().paused_before + resume_at.since(draft.now());
    if total > PAUSES_MAX { Ok(()) } else { pause(draft, owner, cause, resume_at) }
}

/// Stops the case. Every pause names who has to act and when it ends by itself; whoever measures
/// against a clock cannot be the one to stop it, so a pause in the field's favour is refused.
pub(super) fn pause(
    draft: &mut Draft<'_>,
    owner: Party,
    cause: PauseCause,
    resume_at: Timestamp,
) -> Result<(), Rejection> {
    let now = draft.now();
    let length = resume_at.since(now);
    let total = draft.case().paused_before + length;
    let stops_own_clock = matches!(owner, Party::Brand | Party::Centre | Party::Technician)
        && cause != PauseCause::PartOnOrder;
    if length <= Span::ZERO || length > PAUSE_MAX || total > PAUSES_MAX || stops_own_clock {
        return Err(Rejection::PauseTooLong);
    }
    visit::release_windows(draft)?;
    let mut tasks = Tasks::default();
    let stopped: Vec<Task> = draft.case().stoppable().map(|owed| owed.task).collect();
    for task in stopped {
        tasks.cancel(draft.case(), task);
    }
    tasks.arm(Task::Clock(Clock::Resume), resume_at);
    draft.move_frozen(Fact::Paused { owner, cause, resume_at }, Stage::Paused, tasks);
    Ok(())
}

/// Goes on where the case stopped; every stopped clock gets back exactly the time it still had.
pub(super) fn resume(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let Some(pause) = draft.case().pause.clone() else {
        return Err(Rejection::TaskSuperseded);
    };
    let mut tasks = Tasks::default();
    for (task, left) in &pause.stopped {
        tasks.arm(*task, draft.now() + *left);
    }
    draft.move_frozen(Fact::Resumed, pause.from, tasks);
    Ok(())
}

/// With nobody in the field the case ends at once; else whoever is at the door has an hour to agree.
///
/// A pause changes nothing about that: what could not be cancelled without it cannot be cancelled in
/// it, and if somebody has to be asked, the case goes on first, so that a refusal leads back to where
/// the work stands.
fn cancel(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let (verb, actor, stage) = (Verb::Cancel, draft.ctx().actor.kind, draft.case().standing());
    if !table::allows(stage, verb, actor) {
        let mut open = table::open_to(draft.case().stage, actor);
        open.retain(|other| *other != verb);
        return Err(Rejection::IllegalTransition { stage, verb, actor, open });
    }
    if draft.case().is_in_the_field() {
        if draft.case().pause.is_some() {
            resume(draft)?;
        }
        draft.go(Fact::CancelRequested, Stage::CancelRequested)
    } else {
        draft.go(Fact::Cancelled, Stage::Cancelled)
    }
}

/// Ends a case that its customer asked to cancel. Who stood at the door made the visit, and the log says so.
pub(super) fn end_cancelled(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let case = draft.case();
    let is_at_the_door = matches!(case.cancel_from, Some(Stage::OnSite | Stage::Inspecting));
    if let Some(visit) = case.visit.as_ref().filter(|_| is_at_the_door) {
        let appointment = visit.id;
        draft.note(Fact::TurnedAway { appointment })?;
    }
    draft.go(Fact::Cancelled, Stage::Cancelled)
}

fn refuse_cancel(draft: &mut Draft<'_>, reason: &str) -> Result<(), Rejection> {
    let back = draft.case().cancel_from.unwrap_or(Stage::OnSite);
    draft.go(Fact::CancelRefused { reason: reason.to_owned() }, back)
}

/// A chase is counted as a failure of the service and has its own answer clock; chasing again does
/// not restart it.
fn remind(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    if draft.case().reminders >= REMINDERS_MAX {
        return Err(Rejection::RemindedTooOften);
    }
    let mut tasks = Tasks::default();
    if draft.case().owes(Task::Clock(Clock::Reminder)).is_none() {
        tasks = tasks.and_arm(Clock::Reminder, draft.due(Clock::Reminder)?);
    }
    draft.note_with(Fact::Reminded, tasks)
}
