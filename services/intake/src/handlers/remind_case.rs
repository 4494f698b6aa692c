//! `RemindCase`: the customer chases (催单).

use parasol_api::Checker;
use parasol_api::convert::{Listed, case_view, to_timestamp};
use parasol_api::intake::v1::{RemindCaseRequest, RemindCaseResponse};
use parasol_api::limits::REMARK_MAX;
use parasol_desk::{Call, Result, Step, StepEffect};
use parasol_journey::deadline::Clock;
use parasol_journey::ids::CaseId;
use parasol_journey::{Case, Command, Task};
use tonic::Request;

use super::remark;
use crate::Intake;

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<RemindCaseRequest>,
) -> Result<RemindCaseResponse> {
    let call = Call::changing(&request, "RemindCase", &request.get_ref().request_id)?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &wire.case_id);
    let etag = check.etag(&wire.etag);
    let message = check.optional_text("message", &wire.message, REMARK_MAX);
    let (case, etag, message) = check.all((case, etag, message))?;

    let mut step = Step::new(case, etag, |_: &Case| Ok(Command::Remind));
    step.rows = remark(case, "reminder", &message, intake.desk.clock.now());
    let step = step.answering(|case: &Case, _: StepEffect| answer(case));
    intake.desk.step(&call, step).await
}

fn answer(case: &Case) -> RemindCaseResponse {
    let due = case.owes(Task::Clock(Clock::Reminder)).map(|owed| to_timestamp(owed.due));
    RemindCaseResponse {
        case: Some(case_view(case)),
        reminded: case.turn.holder().map_or(0, Listed::number),
        answer_due: due,
        reminders: i32::try_from(case.reminders).unwrap_or(i32::MAX),
    }
}
