//! Whether a visit has gone on without a report, and how that is told. Pure.

use parasol_api::Reason;
use parasol_api::common::v1::MessageEffect;
use parasol_api::technician::v1::{
    CheckInResponse, CompleteRepairResponse, CompleteVisitResponse, ReportUnableResponse,
    StartTravelResponse, SubmitInspectionResponse,
};
use parasol_journey::ids::AppointmentId;
use parasol_journey::{Case, Stage, Verb};
use prost::Message;

use super::APPOINTMENT_OVER;
use crate::handlers::visit::complete_visit::Outcome;
use crate::report::live_visit;

const CASE_ENDED: &str = "case_ended";
const VISIT_WENT_ON: &str = "visit_went_on";

/// Why a report of the live visit of a case comes too late for it: what it reports lies behind. `None` when
/// it fits, or when it comes too early, which is not late.
pub fn went_on(case: &Case, verb: Verb) -> Option<&'static str> {
    if case.stage.is_ended() {
        return Some(CASE_ENDED);
    }
    let arrived = case.checked_in_at.is_some();
    let at_the_door = match case.stage {
        Stage::Paused => case.pause.as_ref().is_some_and(|pause| is_at_the_door(pause.from)),
        Stage::CancelRequested => case.cancel_from.is_some_and(is_at_the_door),
        stage => is_at_the_door(stage),
    };
    let lies_behind = match verb {
        Verb::StartTravel | Verb::CheckIn => arrived,
        Verb::SubmitCertificate | Verb::ReportUnable => arrived && !at_the_door,
        Verb::CompleteRepair => case.stage == Stage::AwaitConfirm,
        _ => false,
    };
    lies_behind.then_some(VISIT_WENT_ON)
}

fn is_at_the_door(stage: Stage) -> bool {
    matches!(stage, Stage::Appointed | Stage::OnSite | Stage::Inspecting)
}

/// Why a report was kept, told from the case that kept it: keeping moves nothing.
pub fn why_kept(case: &Case, named: Option<AppointmentId>, verb: Verb) -> &'static str {
    if named.is_some() && live_visit(case) != named {
        return APPOINTMENT_OVER;
    }
    went_on(case, verb).unwrap_or(Reason::MessageStale.code())
}

/// The answer to a report of a visit.
pub trait Told: Message + Default {
    /// That it was only kept, for somebody who sees nothing of the case.
    fn kept(because: &str) -> Self;

    /// The same answer with the reason why the report was only kept.
    #[must_use]
    fn because(self, reason: &str) -> Self;
}

macro_rules! told {
    ($($answer:ty),+ $(,)?) => {$(
        impl Told for $answer {
            fn kept(because: &str) -> Self {
                let effect = MessageEffect::KeptAsEvidence.into();
                Self { effect, ..Self::default() }.because(because)
            }

            fn because(mut self, reason: &str) -> Self {
                reason.clone_into(&mut self.kept_because);
                self
            }
        }
    )+};
}

told!(
    StartTravelResponse,
    CheckInResponse,
    SubmitInspectionResponse,
    CompleteRepairResponse,
    CompleteVisitResponse,
    ReportUnableResponse,
);

impl Told for Outcome {
    fn kept(because: &str) -> Self {
        Self { response: Some(Told::kept(because)), ..Self::default() }
    }

    fn because(self, reason: &str) -> Self {
        Self { response: self.response.map(|response| response.because(reason)), ..self }
    }
}
