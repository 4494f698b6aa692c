//! `CancelCase`: ends a case, or asks whoever is in the field to let it end.

use parasol_api::Checker;
use parasol_api::convert::case_view;
use parasol_api::intake::v1::{CancelCaseRequest, CancelCaseResponse};
use parasol_api::limits::REMARK_MAX;
use parasol_desk::{Call, Result, Step, StepEffect};
use parasol_journey::ids::CaseId;
use parasol_journey::{Case, Command, Stage};
use tonic::Request;

use super::remark;
use crate::Intake;

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<CancelCaseRequest>,
) -> Result<CancelCaseResponse> {
    let call = Call::changing(&request, "CancelCase", &request.get_ref().request_id)?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &wire.case_id);
    let etag = check.etag(&wire.etag);
    let reason = check.optional_text("reason", &wire.reason, REMARK_MAX);
    let (case, etag, reason) = check.all((case, etag, reason))?;

    let mut step = Step::new(case, etag, |_: &Case| Ok(Command::Cancel));
    step.rows = remark(case, "cancellation", &reason, intake.desk.clock.now());
    let step = step.answering(|case: &Case, _: StepEffect| CancelCaseResponse {
        case: Some(case_view(case)),
        awaits_acknowledgement: case.stage == Stage::CancelRequested,
    });
    intake.desk.step(&call, step).await
}
