//! `MergeCase`: ends a case for another one of the same customer that is about the same.

use parasol_api::convert::case_view;
use parasol_api::intake::v1::{MergeCaseRequest, MergeCaseResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::Refusal;
use parasol_desk::{Call, Result, Step, StepEffect};
use parasol_journey::ids::{CaseId, CustomerId};
use parasol_journey::{Case, Command};
use tonic::Request;

use crate::Intake;

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<MergeCaseRequest>,
) -> Result<MergeCaseResponse> {
    let call = Call::changing(&request, "MergeCase", &request.get_ref().request_id)?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &wire.case_id);
    let etag = check.etag(&wire.etag);
    let into = check.id::<CaseId>("into_case_id", &wire.into_case_id);
    let (case, etag, into) = check.all((case, etag, into))?;
    // A repetition is answered as it was, whatever became of the other case since.
    if let Some(saved) = intake.desk.saved(&call).await? {
        return Ok(saved);
    }
    // Two cases are not moved in one commit. The other may end while this one ends for it; that is what the
    // customer would have seen a moment later, and the link is kept.
    let other = intake.desk.case(&call.principal, into).await?;
    if other.stage.is_ended() || into == case {
        return Err(Error::new(Reason::MergeRefused));
    }
    let customer = other.filing.customer;
    let step = Step::new(case, etag, move |case: &Case| merge(case, into, customer));
    let answer = |case: &Case, _: StepEffect| MergeCaseResponse { case: Some(case_view(case)) };
    intake.desk.step(&call, step.answering(answer)).await
}

fn merge(case: &Case, into: CaseId, customer: CustomerId) -> std::result::Result<Command, Refusal> {
    if case.filing.customer != customer {
        let message = Reason::MergeRefused.summary().to_owned();
        return Err(Refusal::Service { code: Reason::MergeRefused.code(), message });
    }
    Ok(Command::Merge { into })
}
