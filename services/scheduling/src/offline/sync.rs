//! A batch of a device that had no network: from the wire to calls of the single methods, in order.
//!
//! Each action is the call that its own method would have been, with the same key, so that it is answered
//! once however it comes. Visits are worked on at the same time, the actions of one visit one after the
//! other, as the device numbered them.

use std::collections::BTreeMap;

use futures::{StreamExt as _, stream};
use parasol_api::common::v1::{CaseView, MessageEffect};
use parasol_api::convert::to_timestamp;
use parasol_api::technician::v1::visit_action::Action;
use parasol_api::technician::v1::{ActionOutcome, ActionResult, NextStep, VisitAction};
use parasol_api::{Checker, Error, Kind, Reason};
use parasol_desk::Repeated;
use parasol_journey::Stage;
use parasol_journey::ids::AppointmentId;
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::identity::Principal;
use tonic::Request;

use crate::Scheduling;
use crate::handlers::visit;
use crate::stamp::Taken;

/// Visits that are worked on at a time.
const VISITS_AT_ONCE: usize = 8;
/// How often an action is tried whose case moves on under its hands.
const TRIES_MAX: usize = 3;

/// A device that sends what it has kept.
#[derive(Clone)]
pub struct Device {
    /// Whose it is.
    pub principal: Principal,
    /// By how much its clock is ahead of ours.
    pub ahead: Span,
    /// When it was heard.
    pub received: Timestamp,
}

/// Takes the actions, each visit's in its order; answers in the order in which they were sent.
pub async fn take(
    scheduling: &Scheduling,
    device: &Device,
    actions: Vec<VisitAction>,
) -> Vec<ActionResult> {
    let count = actions.len();
    let visits = stream::iter(by_visit(actions)).map(|visit| async move {
        let mut results = Vec::with_capacity(visit.len());
        for (place, action) in visit {
            results.push((place, take_one(scheduling, device, action).await));
        }
        results
    });
    let visits: Vec<_> = visits.buffer_unordered(VISITS_AT_ONCE).collect().await;
    let mut results = vec![ActionResult::default(); count];
    for (place, result) in visits.into_iter().flatten() {
        results[place] = result;
    }
    results
}

/// The actions of each visit in the order in which they were done, with their places in the batch.
fn by_visit(actions: Vec<VisitAction>) -> Vec<Vec<(usize, VisitAction)>> {
    let mut visits: BTreeMap<String, Vec<(usize, VisitAction)>> = BTreeMap::new();
    for (place, action) in actions.into_iter().enumerate() {
        visits.entry(action.appointment_id.clone()).or_default().push((place, action));
    }
    let mut visits: Vec<_> = visits.into_values().collect();
    for visit in &mut visits {
        visit.sort_by_key(|(place, action)| (action.sequence, *place));
    }
    visits
}

async fn take_one(scheduling: &Scheduling, device: &Device, action: VisitAction) -> ActionResult {
    let result = ActionResult { action_id: action.action_id.clone(), ..ActionResult::default() };
    let (taken, done) = match read(device, action) {
        Ok(read) => read,
        Err(error) => return refused(result, &error),
    };
    let result = ActionResult { happened_at: Some(to_timestamp(taken.at)), ..result };
    for _ in 1..TRIES_MAX {
        let became = act(scheduling, device, taken, done.clone()).await;
        match became {
            // The case was given to somebody or its visit ended just now: look again.
            Err(error) if matches!(error.reason(), Reason::VersionConflict | Reason::NotFound) => {}
            Err(error) => return refused(result, &error),
            Ok(became) => return became.of(result),
        }
    }
    match act(scheduling, device, taken, done).await {
        Ok(became) => became.of(result),
        Err(error) => refused(result, &error),
    }
}

/// An action with its times by our clock, and its message as its own method would get it.
fn read(device: &Device, action: VisitAction) -> Result<(Taken, Action), Error> {
    let mut check = Checker::new();
    let appointment = check.id::<AppointmentId>("appointment_id", &action.appointment_id);
    check.number("sequence", action.sequence, 0..=i64::MAX);
    let taken_at = check.instant("taken_at", &action.taken_at);
    let done = check.present("action", &action.action).cloned();
    let done = done.and_then(|done| {
        let expected = "empty, or the one of the action";
        let fits = |own: &str, outer: &str| own.is_empty() || own == outer;
        let (request_id, appointment_id) = ids(&done);
        if !fits(request_id, &action.action_id) {
            return check.refuse("action.request_id", Reason::FieldInvalid, expected);
        }
        if !fits(appointment_id.unwrap_or_default(), &action.appointment_id) {
            return check.refuse("action.appointment_id", Reason::FieldInvalid, expected);
        }
        Some(done)
    });
    let (appointment, taken_at, done) = check.all((appointment, taken_at, done))?;
    let Device { ahead, received, .. } = *device;
    let taken = Taken { at: taken_at, ahead, received, appointment };
    let taken = Taken { at: taken.past(taken_at), ..taken };
    Ok((taken, named(done, &action.action_id)))
}

/// The request id of an action's message, and the visit it names, where it has a field for it.
fn ids(action: &Action) -> (&str, Option<&str>) {
    match action {
        Action::StartTravel(one) => (&one.request_id, Some(&one.appointment_id)),
        Action::CheckIn(one) => (&one.request_id, Some(&one.appointment_id)),
        Action::SubmitInspection(one) => (&one.request_id, None),
        Action::CompleteRepair(one) => (&one.request_id, None),
        Action::CompleteVisit(one) => (&one.request_id, Some(&one.appointment_id)),
        Action::ReportUnable(one) => (&one.request_id, Some(&one.appointment_id)),
    }
}

/// The action with its id in its message: the key under which it is answered once.
fn named(mut action: Action, id: &str) -> Action {
    let request_id = match &mut action {
        Action::StartTravel(one) => &mut one.request_id,
        Action::CheckIn(one) => &mut one.request_id,
        Action::SubmitInspection(one) => &mut one.request_id,
        Action::CompleteRepair(one) => &mut one.request_id,
        Action::CompleteVisit(one) => &mut one.request_id,
        Action::ReportUnable(one) => &mut one.request_id,
    };
    id.clone_into(request_id);
    action
}

/// What the method of an action answered.
#[derive(Default)]
struct Became {
    effect: i32,
    repeated: bool,
    case: Option<CaseView>,
    kept_because: String,
    certificate_id: String,
    held: bool,
    completion_code_hint: String,
}

impl Became {
    fn of(self, result: ActionResult) -> ActionResult {
        let kept = self.effect == i32::from(MessageEffect::KeptAsEvidence);
        let outcome = if kept { ActionOutcome::KeptAsEvidence } else { ActionOutcome::Applied };
        let certificate_id = if kept { String::new() } else { self.certificate_id };
        ActionResult {
            outcome: outcome.into(),
            repeated: self.repeated,
            case: self.case,
            kept_because: self.kept_because,
            next_step: NextStep::Done.into(),
            certificate_id,
            held: self.held && !kept,
            completion_code_hint: self.completion_code_hint,
            ..result
        }
    }
}

macro_rules! became {
    ($answer:expr $(, $field:ident)*) => {{
        let answer = $answer;
        Became {
            effect: answer.effect,
            case: answer.case,
            kept_because: answer.kept_because,
            $($field: answer.$field,)*
            ..Became::default()
        }
    }};
}

async fn act(
    scheduling: &Scheduling,
    device: &Device,
    taken: Taken,
    action: Action,
) -> Result<Became, Error> {
    let repeated = Repeated::default();
    let taken = Some(taken);
    let became = match action {
        Action::StartTravel(one) => {
            let request = call(device, &repeated, one);
            became!(visit::start_travel::handle(scheduling, request, taken).await?)
        }
        Action::CheckIn(one) => {
            let request = call(device, &repeated, one);
            became!(visit::check_in::handle(scheduling, request, taken).await?)
        }
        Action::SubmitInspection(one) => {
            let request = call(device, &repeated, *one);
            let answer = visit::submit_inspection::handle(scheduling, request, taken).await?;
            became!(answer, certificate_id, held)
        }
        Action::CompleteRepair(one) => {
            let request = call(device, &repeated, one);
            let answer = visit::complete_repair::handle(scheduling, request, taken).await?;
            became!(answer, completion_code_hint)
        }
        Action::CompleteVisit(one) => {
            let request = call(device, &repeated, one);
            became!(visit::complete_visit::handle(scheduling, request, taken).await?)
        }
        Action::ReportUnable(one) => {
            let request = call(device, &repeated, one);
            became!(visit::report_unable::handle(scheduling, request, taken).await?)
        }
    };
    Ok(Became { repeated: repeated.is_set(), ..became })
}

/// The call that an action would have been.
fn call<M>(device: &Device, repeated: &Repeated, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(device.principal.clone());
    request.extensions_mut().insert(repeated.clone());
    request
}

fn refused(result: ActionResult, error: &Error) -> ActionResult {
    ActionResult {
        outcome: ActionOutcome::Refused.into(),
        refusal: Some(error.to_refusal()),
        next_step: next_step(error).into(),
        ..result
    }
}

/// What a device does with an action that was refused.
fn next_step(error: &Error) -> NextStep {
    if error.is_transient() {
        return NextStep::SendAgain;
    }
    let stage = error.metadata().get("stage").and_then(|stage| Stage::parse(stage));
    match (error.reason(), error.kind()) {
        (Reason::IllegalTransition, _) if stage.is_some_and(goes_on) => NextStep::SendAgain,
        (Reason::CaseEnded, _) => NextStep::LoadAnew,
        (Reason::EvidenceFull, _) | (_, Kind::NotFound) => NextStep::Forget,
        (_, Kind::FailedPrecondition | Kind::Aborted) => NextStep::LoadAnew,
        _ => NextStep::Correct,
    }
}

/// Whether a case that stands here may still come to where an action fits it that does not yet: the device
/// keeps what belongs before it, or somebody has to decide first.
fn goes_on(stage: Stage) -> bool {
    matches!(
        stage,
        Stage::Appointed
            | Stage::OnSite
            | Stage::Inspecting
            | Stage::VerdictIn
            | Stage::VerdictHeld
            | Stage::Deciding
            | Stage::RemedyOffered
            | Stage::Repairing
            | Stage::Paused
            | Stage::CancelRequested
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_actions_of_a_visit_are_taken_as_the_device_numbered_them() {
        let action = |appointment: &str, sequence| VisitAction {
            appointment_id: appointment.to_owned(),
            sequence,
            ..VisitAction::default()
        };
        let batch = vec![action("a", 3), action("b", 2), action("a", 1), action("a", 3)];
        let visits: Vec<Vec<_>> = by_visit(batch)
            .into_iter()
            .map(|visit| visit.into_iter().map(|(place, one)| (place, one.sequence)).collect())
            .collect();
        assert_eq!(visits, [vec![(2, 1), (0, 3), (3, 3)], vec![(1, 2)]]);
    }

    #[test]
    fn every_refusal_has_a_next_step() {
        for (reason, step) in [
            (Reason::IllegalTransition, NextStep::LoadAnew),
            (Reason::Overloaded, NextStep::SendAgain),
            (Reason::StoreUnavailable, NextStep::SendAgain),
            (Reason::NotFound, NextStep::Forget),
            (Reason::CodeWrong, NextStep::Correct),
            (Reason::CodeLocked, NextStep::SendAgain),
            (Reason::RequestIdReused, NextStep::Correct),
            (Reason::CertificateInvalid, NextStep::Correct),
        ] {
            assert_eq!(next_step(&Error::new(reason)), step, "{reason:?}");
        }
        let stands = |stage: &str| Error::new(Reason::IllegalTransition).with("stage", stage);
        assert_eq!(next_step(&stands("deciding")), NextStep::SendAgain);
        assert_eq!(next_step(&stands("refunding")), NextStep::LoadAnew);
    }
}
