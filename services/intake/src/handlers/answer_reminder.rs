//! `AnswerReminder`: whoever was chased says how things stand.

use parasol_api::Checker;
use parasol_api::convert::case_view;
use parasol_api::intake::v1::{AnswerReminderRequest, AnswerReminderResponse};
use parasol_api::limits::REMARK_MAX;
use parasol_desk::{Call, Result, Step, StepEffect};
use parasol_journey::ids::CaseId;
use parasol_journey::{Case, Command};
use tonic::Request;

use super::remark;
use crate::Intake;

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<AnswerReminderRequest>,
) -> Result<AnswerReminderResponse> {
    let call = Call::changing(&request, "AnswerReminder", &request.get_ref().request_id)?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &wire.case_id);
    let etag = check.etag(&wire.etag);
    let text = check.text("text", &wire.text, REMARK_MAX);
    let (case, etag, text) = check.all((case, etag, text))?;
    let mut step = Step::new(case, etag, |_: &Case| Ok(Command::AnswerReminder));
    step.rows = remark(case, "reminder_answer", &text, intake.desk.clock.now());
    let answer =
        |case: &Case, _: StepEffect| AnswerReminderResponse { case: Some(case_view(case)) };
    intake.desk.step(&call, step.answering(answer)).await
}
