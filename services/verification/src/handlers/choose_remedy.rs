//! `ChooseRemedy`: the customer takes one of the remedies on offer.

use parasol_api::verification::v1::{ChooseRemedyRequest, ChooseRemedyResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::vocab::Remedy;
use parasol_journey::{Case, Command};
use tonic::Request;

use super::{target, view};
use crate::Verification;

pub async fn handle(
    service: &Verification,
    request: Request<ChooseRemedyRequest>,
) -> Result<ChooseRemedyResponse, Error> {
    let call = Call::changing(&request, "ChooseRemedy", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let remedy = check.listed::<Remedy>("remedy", request.remedy);
    let (case, etag, remedy) = check.all((case, etag, remedy))?;
    let step = Step::new(case, etag, move |_: &Case| Ok(Command::ChooseRemedy { remedy }));
    let answer = |case: &Case, _: StepEffect| ChooseRemedyResponse { case: view(case) };
    service.desk.step(&call, step.answering(answer)).await
}
