//! `AcceptQuote`: the customer takes the repair at its price.

use parasol_api::verification::v1::{AcceptQuoteRequest, AcceptQuoteResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::{Case, Command};
use tonic::Request;

use super::{target, view};
use crate::Verification;

pub async fn handle(
    service: &Verification,
    request: Request<AcceptQuoteRequest>,
) -> Result<AcceptQuoteResponse, Error> {
    let call = Call::changing(&request, "AcceptQuote", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let amount_fen = check.money("amount", &request.amount);
    let (case, etag, amount_fen) = check.all((case, etag, amount_fen))?;
    let step = Step::new(case, etag, move |_: &Case| Ok(Command::AcceptQuote { amount_fen }));
    let answer = |case: &Case, _: StepEffect| AcceptQuoteResponse { case: view(case) };
    service.desk.step(&call, step.answering(answer)).await
}
