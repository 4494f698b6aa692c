//! `AwaitInDispute`: a dispute waits for more evidence, or for a laboratory.

use parasol_api::convert::to_timestamp;
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::verification::v1::{AwaitInDisputeRequest, AwaitInDisputeResponse, DisputeWait};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::deadline::Clock;
use parasol_journey::event::Awaited;
use parasol_journey::{Case, Command, Task};
use serde_json::json;
use tonic::Request;

use super::{target, view};
use crate::{Verification, certificates};

pub async fn handle(
    service: &Verification,
    request: Request<AwaitInDisputeRequest>,
) -> Result<AwaitInDisputeResponse, Error> {
    let call = Call::changing(&request, "AwaitInDispute", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let wait = check.known::<DisputeWait>("wait", request.wait);
    let reason = check.text("reason", &request.reason, LONG_TEXT_MAX);
    let (case, etag, wait, reason) = check.all((case, etag, wait, reason))?;
    let awaited = match wait {
        DisputeWait::Lab => Awaited::Lab,
        _ => Awaited::Evidence,
    };
    let now = service.desk.clock.now();
    let judge = call.judge(now);
    let command = move |case: &Case| {
        judge.check(case)?;
        Ok(Command::AwaitInDispute { awaited })
    };
    let mut step = Step::new(case, etag, command);
    let body = json!({ "reason": reason });
    step.rows = vec![certificates::words(case.uuid(), "dispute_wait", &body, now)];
    let answer = move |case: &Case, _: StepEffect| {
        let clock = match awaited {
            Awaited::Lab => Clock::LabTransit,
            _ => Clock::DisputeEvidence,
        };
        let due = case.owes(Task::Clock(clock)).map(|owed| to_timestamp(owed.due));
        AwaitInDisputeResponse { case: view(case), due }
    };
    service.desk.step(&call, step.answering(answer)).await
}
