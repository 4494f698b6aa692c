//! `ReportAtLab`: the laboratory has the unit.

use parasol_api::convert::to_timestamp;
use parasol_api::limits::REMARK_MAX;
use parasol_api::verification::v1::{ReportAtLabRequest, ReportAtLabResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::deadline::Clock;
use parasol_journey::{Case, Command, Task};
use serde_json::json;
use tonic::Request;

use super::{target, view};
use crate::{Verification, certificates};

pub async fn handle(
    service: &Verification,
    request: Request<ReportAtLabRequest>,
) -> Result<ReportAtLabResponse, Error> {
    let call = Call::changing(&request, "ReportAtLab", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let remark = check.optional_text("remark", &request.remark, REMARK_MAX);
    let (case, etag, remark) = check.all((case, etag, remark))?;
    let mut step = Step::new(case, etag, |_: &Case| Ok(Command::ReportAtLab));
    if !remark.is_empty() {
        let (body, now) = (json!({ "remark": remark }), service.desk.clock.now());
        step.rows = vec![certificates::words(case.uuid(), "lab_arrival", &body, now)];
    }
    let answer = |case: &Case, _: StepEffect| ReportAtLabResponse {
        case: view(case),
        report_due: case.owes(Task::Clock(Clock::LabReport)).map(|owed| to_timestamp(owed.due)),
    };
    service.desk.step(&call, step.answering(answer)).await
}
