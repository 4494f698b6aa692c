//! `QuoteRepair`: what a repair would cost a customer whose claim was refused.

use parasol_api::convert::to_timestamp;
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::verification::v1::{QuoteRepairRequest, QuoteRepairResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Numbered, Step, StepEffect};
use parasol_journey::{Case, Command};
use serde_json::json;
use tonic::Request;

use super::reply_to_dispute::is_a_side;
use super::stamp::stamp;
use super::{target, view};
use crate::{Verification, certificates};

pub async fn handle(
    service: &Verification,
    request: Request<QuoteRepairRequest>,
) -> Result<QuoteRepairResponse, Error> {
    let call = Call::changing(&request, "QuoteRepair", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let now = service.desk.clock.now();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let stamp = stamp!(request).check(&mut check, now);
    let amount_fen = check.money("amount", &request.amount);
    if amount_fen == Some(0) {
        check.refuse::<()>("amount", Reason::FieldInvalid, "more than 0 fen");
    }
    let work = check.text("work", &request.work, LONG_TEXT_MAX);
    let (case, etag, heard, amount_fen, work) = check.all((case, etag, stamp, amount_fen, work))?;
    let principal = call.principal.clone();
    let judge = call.judge(now);
    let quote = move |case: &Case| {
        is_a_side(case, &principal)?;
        judge.check(case)?;
        Ok(Command::QuoteRepair { amount_fen })
    };
    let mut step = Step::new(case, etag, quote);
    step.numbered = heard.map(|heard| Numbered { message: "quote_repair", heard });
    step.rows = vec![certificates::words(case.uuid(), "quote", &json!({ "work": work }), now)];
    let answer = |case: &Case, _: StepEffect| QuoteRepairResponse {
        case: view(case),
        valid_until: case.quote.map(|quote| to_timestamp(quote.valid_until)),
    };
    service.desk.step(&call, step.answering(answer)).await
}
