//! What people leave behind in the logs of cases, as far as figures count it: one row an entry, written in the
//! commit of the step. Pure.

use parasol_casebook::{Change, RowOp};
use parasol_journey::event::Fact;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_journey::{ActorKind, Case, Event};
use sea_orm::ActiveValue::Set;

use crate::tables::staff::marks;

/// What a mark is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A decision by hand, made or approved.
    Decision,
    /// One for which the policy had another answer; beside the mark of the decision.
    Override,
    /// Goodwill, granted or approved.
    Goodwill,
    /// A chase answered within the time for it.
    ChaseInTime,
    /// A chase answered after that.
    ChaseLate,
    /// Anything else a person did.
    Act,
    /// The customer disputed, rejected or had a case opened again. Nobody's of the retailer.
    CameBack,
}

impl Mark {
    /// As tables write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Override => "override",
            Self::Goodwill => "goodwill",
            Self::ChaseInTime => "chase_in_time",
            Self::ChaseLate => "chase_late",
            Self::Act => "act",
            Self::CameBack => "came_back",
        }
    }
}

/// The marks of a step.
pub fn of_change(change: &Change<'_>) -> impl Iterator<Item = RowOp> {
    change.events.iter().flat_map(|event| {
        let marks = of_event(change.before, event);
        marks
            .into_iter()
            .map(|(mark, person)| row(change.after.id, event.seq, mark, person, event.at))
    })
}

/// The row of a mark.
fn row(case: CaseId, seq: u64, mark: Mark, person: &str, at: Timestamp) -> RowOp {
    RowOp::put(marks::ActiveModel {
        case_id: Set(case.uuid()),
        seq: Set(i64::try_from(seq).unwrap_or(i64::MAX)),
        kind: Set(mark.as_str().to_owned()),
        person: Set(person.to_owned()),
        at: Set(at.micros()),
    })
}

/// The marks of an entry and whose they are. `before` is the case before the step.
fn of_event<'a>(before: Option<&Case>, event: &'a Event) -> Vec<(Mark, &'a str)> {
    let came_back =
        matches!(event.fact, Fact::Reopened | Fact::OutcomeRejected | Fact::DisputeOpened { .. });
    if came_back {
        return vec![(Mark::CameBack, "")];
    }
    let is_person = event.actor.kind == ActorKind::Agent;
    let Some(person) = event.actor.id.as_deref().filter(|_| is_person) else { return vec![] };
    match &event.fact {
        Fact::Decided(decision) | Fact::Denied(decision) if decision.overrides => {
            vec![(Mark::Decision, person), (Mark::Override, person)]
        }
        Fact::Decided(_) | Fact::Denied(_) => vec![(Mark::Decision, person)],
        Fact::GoodwillGranted { .. } => vec![(Mark::Goodwill, person)],
        Fact::ReminderAnswered => vec![(of_answer(before), person)],
        _ => vec![(Mark::Act, person)],
    }
}

/// Where no clock runs there was no chase to answer.
fn of_answer(before: Option<&Case>) -> Mark {
    match before.and_then(Case::answers_chase_in_time) {
        Some(true) => Mark::ChaseInTime,
        Some(false) => Mark::ChaseLate,
        None => Mark::Act,
    }
}
