//! `FinishGuidance`: remote guidance helped, or somebody has to come.

use parasol_api::Checker;
use parasol_api::convert::case_view;
use parasol_api::intake::v1::{FinishGuidanceRequest, FinishGuidanceResponse};
use parasol_api::limits::REMARK_MAX;
use parasol_desk::{Call, Result, Step, StepEffect};
use parasol_journey::ids::CaseId;
use parasol_journey::{Case, Command};
use tonic::Request;

use super::remark;
use crate::Intake;

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<FinishGuidanceRequest>,
) -> Result<FinishGuidanceResponse> {
    let call = Call::changing(&request, "FinishGuidance", &request.get_ref().request_id)?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &wire.case_id);
    let etag = check.etag(&wire.etag);
    let text = check.optional_text("remark", &wire.remark, REMARK_MAX);
    let (case, etag, text) = check.all((case, etag, text))?;
    let solved = wire.solved;
    let finish =
        move |_: &Case| Ok(if solved { Command::SolveByGuidance } else { Command::FailGuidance });
    let mut step = Step::new(case, etag, finish);
    step.rows = remark(case, "guidance", &text, intake.desk.clock.now());
    let answer =
        |case: &Case, _: StepEffect| FinishGuidanceResponse { case: Some(case_view(case)) };
    intake.desk.step(&call, step.answering(answer)).await
}
