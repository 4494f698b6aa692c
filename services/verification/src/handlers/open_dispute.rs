//! `OpenDispute`: the customer contests a certificate, an offer, a denial or an outcome.

use parasol_api::convert::to_timestamp;
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::verification::v1::{OpenDisputeRequest, OpenDisputeResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::deadline::Clock;
use parasol_journey::{Case, Command, Stage, Task};
use serde_json::json;
use tonic::Request;

use super::{target, view};
use crate::{Verification, certificates};

pub async fn handle(
    service: &Verification,
    request: Request<OpenDisputeRequest>,
) -> Result<OpenDisputeResponse, Error> {
    let call = Call::changing(&request, "OpenDispute", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let reason = check.text("reason", &request.reason, LONG_TEXT_MAX);
    let evidence = check.evidence("evidence", &request.evidence);
    let (case, etag, reason, evidence) = check.all((case, etag, reason, evidence))?;
    let mut step = Step::new(case, etag, |case: &Case| Ok(open(case)));
    let body = json!({ "reason": reason, "evidence": evidence });
    let now = service.desk.clock.now();
    step.rows = vec![certificates::words(case.uuid(), "dispute", &body, now)];
    let answer = |case: &Case, _: StepEffect| OpenDisputeResponse {
        case: view(case),
        reply_due: case.owes(Task::Clock(Clock::DisputeReply)).map(|owed| to_timestamp(owed.due)),
    };
    service.desk.step(&call, step.answering(answer)).await
}

/// The log says what is contested; why is in the customer's own words, in the vault.
pub fn open(case: &Case) -> Command {
    let contested = match case.stage {
        Stage::VerdictHeld => "certificate",
        Stage::RemedyOffered => "offer",
        Stage::Denied => "denial",
        _ => "outcome",
    };
    Command::OpenDispute { reason: contested.to_owned() }
}
