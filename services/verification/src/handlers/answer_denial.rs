//! `AnswerDenial`: the customer accepts a denial, or disputes it.

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::verification::v1::{AnswerDenialRequest, AnswerDenialResponse, DenialAnswer};
use parasol_api::{Checker, Error};
use parasol_casebook::Refusal;
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::{ActorKind, Case, Command, Rejection, Stage, Verb, table};
use serde_json::json;
use tonic::Request;

use super::open_dispute::open;
use super::{target, view};
use crate::{Verification, certificates};

pub async fn handle(
    service: &Verification,
    request: Request<AnswerDenialRequest>,
) -> Result<AnswerDenialResponse, Error> {
    let call = Call::changing(&request, "AnswerDenial", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let answer = check.known::<DenialAnswer>("answer", request.answer);
    let remark = match answer {
        Some(DenialAnswer::Dispute) => check.text("remark", &request.remark, LONG_TEXT_MAX),
        _ => check.optional_text("remark", &request.remark, LONG_TEXT_MAX),
    };
    let (case, etag, answer, remark) = check.all((case, etag, answer, remark))?;
    let is_dispute = answer == DenialAnswer::Dispute;
    let actor = parasol_desk::actor(&call.principal).kind;
    let command = move |case: &Case| {
        if is_dispute { dispute(case, actor) } else { Ok(Command::AcceptDenial) }
    };
    let mut step = Step::new(case, etag, command);
    if !remark.is_empty() {
        let body = json!({ "reason": remark, "evidence": [] });
        let kind = if is_dispute { "dispute" } else { "denial_remark" };
        step.rows = vec![certificates::words(case.uuid(), kind, &body, service.desk.clock.now())];
    }
    let answer = |case: &Case, _: StepEffect| AnswerDenialResponse { case: view(case) };
    service.desk.step(&call, step.answering(answer)).await
}

/// Only a denial is answered here; an offer or an outcome is disputed by its own method.
fn dispute(case: &Case, actor: ActorKind) -> Result<Command, Refusal> {
    match case.stage {
        Stage::Denied => Ok(open(case)),
        stage if stage.is_ended() => Err(Rejection::CaseEnded { stage }.into()),
        stage => {
            let open = table::open_to(stage, actor);
            let verb = Verb::AcceptDenial;
            Err(Rejection::IllegalTransition { stage, verb, actor, open }.into())
        }
    }
}
