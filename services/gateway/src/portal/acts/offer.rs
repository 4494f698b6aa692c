//! Answering an offer.

use maud::{Markup, html};
use parasol_api::Error;
use parasol_api::limits::{FOREIGN_NUMBER_MAX, REMARK_MAX};
use parasol_api::partner::v1::{AcceptOfferRequest, DeclineOfferRequest};

use super::Sent;
use crate::portal::act::Done;
use crate::portal::calls::failed;
use crate::portal::case_page::Sheet;
use crate::portal::choices::{DECLINE, number};
use crate::portal::controls::{Filled, Look};
use crate::portal::words::Pick as _;

pub(super) async fn accept(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = AcceptOfferRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        offer_id: sent.form.text("offer_id"),
        partner_order_no: sent.form.text("partner_order_no"),
        ..Default::default()
    };
    let answer = sent.calls.offers().accept_offer(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn accept_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let label = language.pick("本方单号", "Our own number");
    html! {
        (which(sheet))
        (filled.input("partner_order_no", label, Look {
            max: FOREIGN_NUMBER_MAX,
            ..Look::default()
        }))
    }
}

pub(super) async fn decline(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = DeclineOfferRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        offer_id: sent.form.text("offer_id"),
        reason: number(DECLINE, "reason", sent.form.get("reason"))?,
        remark: sent.form.text("remark"),
        ..Default::default()
    };
    let answer = sent.calls.offers().decline_offer(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn decline_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let reasons: Vec<_> = DECLINE.iter().collect();
    let needed = Look { required: true, ..Look::default() };
    html! {
        (which(sheet))
        (filled.select("reason", language.pick("原因", "Reason"), &reasons, needed))
        (filled.area("remark", language.pick("说明", "In words"), Look {
            max: REMARK_MAX,
            ..Look::default()
        }))
    }
}

/// The offer that is answered: the one this page shows, whatever becomes of it meanwhile.
fn which(sheet: &Sheet) -> Markup {
    let offer = sheet.offer.as_ref().map_or("", |offer| offer.offer_id.as_str());
    html! { input type="hidden" name="offer_id" value=(offer); }
}
