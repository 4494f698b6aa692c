//! `ReplyToDispute`: the other side answers, or gives in.

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::verification::v1::{ReplyToDisputeRequest, ReplyToDisputeResponse};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_casebook::Refusal;
use parasol_desk::{Call, Numbered, Step, StepEffect};
use parasol_journey::{Case, Command};
use parasol_runtime::identity::Principal;
use serde_json::json;
use tonic::Request;

use super::stamp::stamp;
use super::{effect, is_the_units_brand, refuse, target, view};
use crate::{Verification, certificates};

pub async fn handle(
    service: &Verification,
    request: Request<ReplyToDisputeRequest>,
) -> Result<ReplyToDisputeResponse, Error> {
    let call = Call::changing(&request, "ReplyToDispute", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let now = service.desk.clock.now();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let stamp = stamp!(request).check(&mut check, now);
    let reply = check.text("reply", &request.reply, LONG_TEXT_MAX);
    let evidence = check.evidence("evidence", &request.evidence);
    let (case, etag, heard, reply, evidence) = check.all((case, etag, stamp, reply, evidence))?;

    let concedes = request.concede;
    let known = service.desk.case(&call.principal, case).await?;
    let principal = call.principal.clone();
    let command = move |case: &Case| {
        is_a_side(case, &principal)?;
        Ok(Command::AnswerDispute { concedes })
    };
    let mut step = Step::new(case, etag, command);
    step.numbered = heard.map(|heard| Numbered { message: "reply_to_dispute", heard });
    // There was a dispute to answer: an answer that does not fit any more is late. A case never
    // forgets its dispute, so having looked a moment ago is as good as looking in the commit.
    step.keep_late = known.dispute.is_some().then_some("reply_to_dispute");
    let body = json!({ "reply": reply, "evidence": evidence, "concede": concedes });
    step.rows = vec![certificates::words(case.uuid(), "dispute_reply", &body, now)];
    let answer = |case: &Case, became: StepEffect| ReplyToDisputeResponse {
        case: view(case),
        effect: effect(became),
    };
    service.desk.step(&call, step.answering(answer)).await
}

/// A centre answers for its own inspection only, a brand for its own goods. To any other the case looks
/// as it does to strangers.
pub fn is_a_side(case: &Case, principal: &Principal) -> Result<(), Refusal> {
    let works_on_it = |subject: &str| {
        case.work_order.as_ref().is_some_and(|order| order.centre.as_str() == subject)
    };
    match principal.role {
        Role::Centre if !works_on_it(&principal.subject) => {
            Err(refuse(Reason::NotFound, Reason::NotFound.summary()))
        }
        _ => is_the_units_brand(case, principal),
    }
}
