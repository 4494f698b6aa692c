//! The price of a repair at the customer's own cost: what is done, what it is made of, until when, and the answer to
//! it. It is accepted on a page of its own, since it costs money; who does not want it lets it lapse, ends the case or
//! disputes the decision.

use maud::{Markup, html};
use parasol_api::common::v1::{QuoteLine, QuoteLineKind};
use parasol_api::convert::timestamp;
use parasol_api::intake::v1::RepairQuote;
use parasol_api::verification::v1::AcceptQuoteRequest;
use parasol_api::{Error, Language, Reason};
use parasol_journey::Stage;

use super::act::Act;
use super::acts::Sent;
use super::case_page::{Forms, Sheet};
use super::case_path;
use super::words::money;
use crate::web::words::Pick as _;
use crate::web::{failed, times};

/// The field with the price that was shown.
const PRICE: &str = "price";

/// The price that was quoted last, if there is one.
fn of(sheet: &Sheet) -> Option<&RepairQuote> {
    sheet.case.as_ref()?.quote.as_ref()
}

/// Whether it can be accepted now.
pub(super) fn is_offered(sheet: &Sheet) -> bool {
    let until = of(sheet).and_then(|quote| timestamp(quote.valid_until.as_ref()?));
    let accepted = of(sheet).is_some_and(|quote| quote.accepted);
    !accepted && until.is_some_and(|until| until > sheet.now)
}

/// The card on the page of a case: offered, lapsed or agreed.
pub(super) fn card(sheet: &Sheet) -> Markup {
    let Some(quote) = of(sheet) else { return html! {} };
    let language = sheet.language;
    let t = |zh, en| language.pick(zh, en);
    let refused = sheet.stage() == Some(Stage::Denied);
    if !quote.accepted && !refused {
        return html! {};
    }
    let title = match quote.accepted {
        true => t("付费维修（已约定）", "Repair at your cost, as agreed"),
        false => t("付费维修报价", "A repair at your own cost"),
    };
    html! {
        section.card aria-labelledby="quote-title" {
            h2 #quote-title { (title) }
            (made_of(quote, language))
            @if !quote.accepted { (validity(quote, sheet)) }
            @if is_offered(sheet) {
                div.answers {
                    a.button.main href=(case_path(&sheet.id, Act::AcceptQuote.name())) {
                        (Act::AcceptQuote.title(language))
                    }
                    a.button href=(case_path(&sheet.id, Act::AcceptDenial.name())) {
                        (t("不修了", "No, thank you"))
                    }
                }
            }
        }
    }
}

/// What is done and what it costs, line by line.
fn made_of(quote: &RepairQuote, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let total = quote.amount.as_ref().map(money).unwrap_or_default();
    html! {
        @if !quote.work.is_empty() { p.work { (quote.work) } }
        table.quote {
            caption.heard { (t("报价明细", "What the price is made of")) }
            @if !quote.lines.is_empty() {
                thead.heard { tr {
                    th scope="col" { (t("项目", "What")) }
                    th.amount scope="col" { (t("金额", "Amount")) }
                } }
                tbody { @for one in &quote.lines { (line(one, language)) } }
            }
            tfoot { tr {
                th scope="row" { (t("合计", "In all")) }
                td.amount { (total) }
            } }
        }
    }
}

fn line(line: &QuoteLine, language: Language) -> Markup {
    let kind = match line.kind() {
        QuoteLineKind::Parts => language.pick("配件", "part"),
        QuoteLineKind::Labour => language.pick("人工", "labour"),
        QuoteLineKind::Travel => language.pick("上门", "travel"),
        QuoteLineKind::Other | QuoteLineKind::Unspecified => language.pick("其他", "other"),
    };
    html! {
        tr {
            td {
                (line.text)
                @if line.quantity > 1 { " × " (line.quantity) }
                span.hint { " · " (kind) }
            }
            td.amount { (line.amount.as_ref().map(money).unwrap_or_default()) }
        }
    }
}

fn validity(quote: &RepairQuote, sheet: &Sheet) -> Markup {
    let language = sheet.language;
    let Some(until) = quote.valid_until.as_ref().and_then(timestamp) else { return html! {} };
    html! {
        @if until > sheet.now {
            p { (language.pick("有效至：", "Good until: ")) (times::due(until, sheet.now, language)) }
            p.hint { (language.pick(
                "不接受没有费用；到期自动失效，申诉权利不受影响。",
                "Not accepting costs nothing; it lapses by itself, and you can still dispute the decision.",
            )) }
        } @else {
            p { (language.pick(
                "这份报价已过期，不能再接受。需要的话，请催一下，让对方重新报价。",
                "This price has lapsed and can no longer be accepted. Ask for another one if you want it.",
            )) }
        }
    }
}

/// The page on which a price is accepted.
pub(super) fn page(sheet: &Sheet, forms: &Forms<'_>) -> Markup {
    let language = sheet.language;
    let t = |zh, en| language.pick(zh, en);
    let Some(quote) = of(sheet) else { return html! {} };
    let price = quote.amount.as_ref().map_or(0, |amount| amount.fen);
    let total = quote.amount.as_ref().map(money).unwrap_or_default();
    html! {
        (forms.form(sheet, Act::AcceptQuote, "card", |_| html! {
            (made_of(quote, language))
            (validity(quote, sheet))
            p { (t(
                "接受后安排维修，费用由您承担；修好后由您确认。价格不会再变。",
                "The repair is arranged then, at your cost; you confirm it once it is done. The price stays as \
                 it is.",
            )) }
            input type="hidden" name="etag" value=(sheet.told.etag);
            input type="hidden" name=(PRICE) value=(price);
            button.main { (t("同意支付 ", "I agree to pay ")) (total) }
        }))
    }
}

/// Accepts the price that was shown; another one is refused.
pub(super) async fn accept(sent: &Sent<'_>) -> Result<(), Error> {
    let fen = sent.form.get(PRICE).parse();
    let fen = fen.map_err(|_| Error::field(PRICE, Reason::FieldInvalid, "the price shown"))?;
    let request = AcceptQuoteRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        etag: sent.etag(),
        amount: Some(parasol_api::convert::to_money(fen)),
    };
    sent.calls.decisions().accept_quote(request).await.map_err(failed)?;
    Ok(())
}
