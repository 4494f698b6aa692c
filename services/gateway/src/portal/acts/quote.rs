//! The price of a repair that no warranty covers: what is done, and the lines that add up to it.

use maud::{Markup, html};
use parasol_api::common::v1::{Money, QuoteLine};
use parasol_api::limits::{LONG_TEXT_MAX, NAME_MAX};
use parasol_api::verification::v1::QuoteRepairRequest;
use parasol_api::{Error, Reason};

use super::Sent;
use crate::portal::act::Done;
use crate::portal::calls::failed;
use crate::portal::choices::{QUOTED, number};
use crate::portal::controls::{Filled, Look};
use crate::portal::form::Form;
use crate::portal::words::Pick as _;

/// Lines that the form has.
const LINES: usize = 5;

pub(super) async fn send(sent: &Sent<'_>) -> Result<Done, Error> {
    let lines = lines(sent.form)?;
    let fen = lines.iter().filter_map(|line| line.amount.as_ref()).map(|amount| amount.fen);
    let fen = fen.fold(0_i64, i64::saturating_add);
    let request = QuoteRepairRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        amount: Some(Money { fen, currency: "CNY".to_owned() }),
        work: sent.form.text("work"),
        lines,
        ..QuoteRepairRequest::default()
    };
    sent.calls.decisions().quote_repair(request).await.map_err(failed)?;
    Ok(Done::default())
}

fn lines(form: &Form) -> Result<Vec<QuoteLine>, Error> {
    let mut lines = Vec::new();
    for place in 0..LINES {
        let named = |name: &str| format!("{name}_{place}");
        let (text, amount) = (form.text(&named("what")), form.amount(&named("amount"))?);
        if text.is_empty() && amount.is_none() {
            continue;
        }
        let amount = amount.ok_or_else(|| {
            Error::field(named("amount"), Reason::FieldInvalid, "what it costs; 0 for a gift")
        })?;
        let kind = number(QUOTED, &named("kind"), form.get(&named("kind")))?;
        lines.push(QuoteLine { kind, text, quantity: 1, amount: Some(amount) });
    }
    if lines.is_empty() {
        return Err(Error::field("amount_0", Reason::FieldInvalid, "at least one line"));
    }
    Ok(lines)
}

pub(super) fn form(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let t = |zh, en| language.pick(zh, en);
    let hint = t(
        "客户会看到这些内容；报价七天内有效，总价是各项之和。",
        "The customer reads this. The price is the sum of the lines and holds for seven days.",
    );
    let work = Look { required: true, max: LONG_TEXT_MAX, hint, ..Look::default() };
    let kinds: Vec<_> = QUOTED.iter().collect();
    let row = |place: usize| {
        let named = |name: &str| format!("{name}_{place}");
        let text = Look { max: NAME_MAX, ..Look::default() };
        html! {
            (filled.select(&named("kind"), t("类别", "Kind"), &kinds, Look::default()))
            (filled.input(&named("what"), t("项目", "What it is"), text))
            (filled.input(&named("amount"), t("金额（元）", "Amount in yuan"), Look::default()))
        }
    };
    html! {
        (filled.area("work", t("维修内容", "What is done"), work))
        fieldset {
            legend { (t("报价明细", "What the price is made of")) }
            (row(0))
            details.inner {
                summary { (t("更多项目", "More lines")) }
                @for place in 1..LINES { (row(place)) }
            }
        }
    }
}
