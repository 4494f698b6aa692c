//! `RejectOutcome`: the customer is not content, and the case is decided again.

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::verification::v1::{RejectOutcomeRequest, RejectOutcomeResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::{Case, Command};
use serde_json::json;
use tonic::Request;

use super::{target, view};
use crate::{Verification, certificates};

pub async fn handle(
    service: &Verification,
    request: Request<RejectOutcomeRequest>,
) -> Result<RejectOutcomeResponse, Error> {
    let call = Call::changing(&request, "RejectOutcome", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let reason = check.text("reason", &request.reason, LONG_TEXT_MAX);
    let (case, etag, reason) = check.all((case, etag, reason))?;
    let mut step = Step::new(case, etag, |_: &Case| Ok(Command::RejectOutcome));
    let body = json!({ "reason": reason });
    let now = service.desk.clock.now();
    step.rows = vec![certificates::words(case.uuid(), "rejection", &body, now)];
    let answer = |case: &Case, _: StepEffect| RejectOutcomeResponse { case: view(case) };
    service.desk.step(&call, step.answering(answer)).await
}
