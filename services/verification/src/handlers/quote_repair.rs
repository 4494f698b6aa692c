//! `QuoteRepair`: what a repair would cost a customer whose claim was refused.

use parasol_api::common::v1::{QuoteLine, QuoteLineKind};
use parasol_api::convert::to_timestamp;
use parasol_api::limits::{LONG_TEXT_MAX, NAME_MAX};
use parasol_api::verification::v1::{QuoteRepairRequest, QuoteRepairResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Numbered, Step, StepEffect};
use parasol_journey::{Case, Command};
use serde_json::{Value, json};
use tonic::Request;

use super::reply_to_dispute::is_a_side;
use super::stamp::stamp;
use super::{target, view};
use crate::{Verification, certificates};

/// Lines of a quote.
const QUOTE_LINES_MAX: usize = 20;
/// Pieces on a line of a quote.
const QUANTITY_MAX: i32 = 99;

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
    let lines = lines(&mut check, &request.lines, amount_fen);
    let (case, etag, heard, amount_fen, work, lines) =
        check.all((case, etag, stamp, amount_fen, work, lines))?;
    let principal = call.principal.clone();
    let judge = call.judge(now);
    let quote = move |case: &Case| {
        is_a_side(case, &principal)?;
        judge.check(case)?;
        Ok(Command::QuoteRepair { amount_fen })
    };
    let mut step = Step::new(case, etag, quote);
    step.numbered = heard.map(|heard| Numbered { message: "quote_repair", heard });
    let said = json!({ "work": work, "lines": lines });
    step.rows = vec![certificates::words(case.uuid(), "quote", &said, now)];
    let answer = |case: &Case, _: StepEffect| QuoteRepairResponse {
        case: view(case),
        valid_until: case.quote.map(|quote| to_timestamp(quote.valid_until)),
    };
    service.desk.step(&call, step.answering(answer)).await
}

/// The lines as the vault keeps them. They add up to the price, or there are none.
fn lines(check: &mut Checker, wire: &[QuoteLine], price: Option<i64>) -> Option<Vec<Value>> {
    check.at_most("lines", wire, QUOTE_LINES_MAX)?;
    let mut sum = 0i64;
    let mut lines = Vec::with_capacity(wire.len());
    for (place, one) in wire.iter().enumerate() {
        let line = check.within(&format!("lines[{place}]"), |check| {
            let kind = check.known::<QuoteLineKind>("kind", one.kind);
            let text = check.text("text", &one.text, NAME_MAX);
            let quantity = check.number("quantity", one.quantity, 1..=QUANTITY_MAX);
            let amount_fen = check.money("amount", &one.amount);
            let (kind, amount_fen) = (i32::from(kind?), amount_fen?);
            sum = sum.saturating_add(amount_fen);
            Some(json!({
                "kind": kind, "text": text?, "quantity": quantity?, "amount_fen": amount_fen,
            }))
        });
        lines.push(line);
    }
    let lines: Vec<_> = lines.into_iter().collect::<Option<_>>()?;
    if !lines.is_empty() && price.is_some_and(|price| price != sum) {
        return check.refuse("lines", Reason::FieldInvalid, "lines that add up to the price");
    }
    Some(lines)
}
