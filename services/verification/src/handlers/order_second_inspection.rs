//! `OrderSecondInspection`: another centre and another technician look at the unit.

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::verification::v1::{OrderSecondInspectionRequest, OrderSecondInspectionResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::{Case, Command};
use serde_json::json;
use tonic::Request;

use super::{target, view};
use crate::views::MANUAL;
use crate::{Verification, certificates};

pub async fn handle(
    service: &Verification,
    request: Request<OrderSecondInspectionRequest>,
) -> Result<OrderSecondInspectionResponse, Error> {
    let call = Call::changing(&request, "OrderSecondInspection", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let reason = check.text("reason", &request.reason, LONG_TEXT_MAX);
    let (case, etag, reason) = check.all((case, etag, reason))?;
    let now = service.desk.clock.now();
    let judge = call.judge(now);
    let order = move |case: &Case| {
        judge.check(case)?;
        Ok(Command::OrderSecondInspection { rules: vec![MANUAL.to_owned()] })
    };
    let mut step = Step::new(case, etag, order);
    let body = json!({ "reason": reason });
    step.rows = vec![certificates::words(case.uuid(), "second_inspection", &body, now)];
    let answer = |case: &Case, _: StepEffect| OrderSecondInspectionResponse { case: view(case) };
    service.desk.step(&call, step.answering(answer)).await
}
