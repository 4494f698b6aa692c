//! `ConfirmOutcome`: the customer is content, and the case closes.

use parasol_api::verification::v1::{ConfirmOutcomeRequest, ConfirmOutcomeResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::{Case, Command};
use tonic::Request;

use super::{target, view};
use crate::Verification;

pub async fn handle(
    service: &Verification,
    request: Request<ConfirmOutcomeRequest>,
) -> Result<ConfirmOutcomeResponse, Error> {
    let call = Call::changing(&request, "ConfirmOutcome", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let (case, etag) = check.all((case, etag))?;
    let step = Step::new(case, etag, |_: &Case| Ok(Command::ConfirmOutcome));
    let answer = |case: &Case, _: StepEffect| ConfirmOutcomeResponse { case: view(case) };
    service.desk.step(&call, step.answering(answer)).await
}
