//! `SubmitOpinion`: one of the experts of a panel speaks.

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::verification::v1::{SubmitOpinionRequest, SubmitOpinionResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::vocab::{Cause, Function};
use parasol_journey::{Case, Command, Stage};
use serde_json::json;
use tonic::Request;

use super::submit_dispute_evidence::row;
use super::{target, view};
use crate::{Verification, certificates};

/// What an opinion is kept under in the vault.
pub const KIND: &str = "opinion";
/// Whose it is, among what was handed in.
pub const SIDE: &str = "expert";

pub async fn handle(
    service: &Verification,
    request: Request<SubmitOpinionRequest>,
) -> Result<SubmitOpinionResponse, Error> {
    let call = Call::changing(&request, "SubmitOpinion", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let function = check.listed::<Function>("function", request.function);
    let cause = check.listed::<Cause>("cause", request.cause);
    let grounds = check.text("grounds", &request.grounds, LONG_TEXT_MAX);
    let (case, etag, function, cause, grounds) =
        check.all((case, etag, function, cause, grounds))?;
    let (id, now) = (service.desk.ids.next(), service.desk.clock.now());
    let judge = call.judge(now);
    let give = move |case: &Case| {
        judge.check(case)?;
        Ok(Command::GiveOpinion { function, cause })
    };
    let mut step = Step::new(case, etag, give);
    let body = json!({ "grounds": grounds, "function": function, "cause": cause });
    step.rows = vec![certificates::words(id, KIND, &body, now), row(id, case, SIDE, now)];
    let answer = |case: &Case, _: StepEffect| SubmitOpinionResponse {
        case: view(case),
        concluded: case.stage != Stage::Disputed,
    };
    service.desk.step(&call, step.answering(answer)).await
}
