//! The repair: the unit's way to the workshop and back, and the end of it. Parts have a file of their own.

use maud::{Markup, html};
use parasol_api::Error;
use parasol_api::limits::{FOREIGN_NUMBER_MAX, LONG_TEXT_MAX, REMARK_MAX, SHORT_NAME_MAX};
use parasol_api::partner::v1::{ReceivedGoods, ReportReceivedRequest, ReportReturnedRequest};
use parasol_api::technician::v1::{
    CompleteRepairRequest, CompleteVisitRequest, RenewCompletionCodeRequest,
};

use super::Sent;
use super::parts::{lines, part_lines};
use crate::portal::act::Done;
use crate::portal::calls::failed;
use crate::portal::case_page::Sheet;
use crate::portal::choices::{FUNCTION, number};
use crate::portal::controls::{Filled, Look};
use crate::portal::words::Pick as _;

pub(super) async fn complete(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = CompleteRepairRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        summary: sent.form.text("summary"),
        parts_used: part_lines(sent.form)?,
        function: number(FUNCTION, "function", sent.form.get("function"))?,
        ..Default::default()
    };
    let answer = sent.calls.visits().complete_repair(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn complete_form(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let works: Vec<_> = FUNCTION.iter().filter(|one| one.value != "untested").collect();
    let hint = language.pick(
        "修好后客户会收到完工码；没修好则重新审核。",
        "If it works the customer gets a completion code; if not, the case is decided again.",
    );
    let needed = Look { required: true, hint, ..Look::default() };
    html! {
        (filled.select("function", language.pick("机器现在", "The unit now"), &works, needed))
        (filled.area("summary", language.pick("做了什么", "What was done"), Look {
            required: true,
            max: LONG_TEXT_MAX,
            ..Look::default()
        }))
        (lines(filled))
    }
}

pub(super) async fn code(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = CompleteVisitRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        completion_code: sent.form.text("completion_code"),
        ..Default::default()
    };
    let answer = sent.calls.visits().complete_visit(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn code_form(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let hint = language.pick(
        "客户满意后会告诉您六位数字。",
        "Six digits that the customer hands over when satisfied.",
    );
    html! {
        (filled.input("completion_code", language.pick("完工码", "Completion code"), Look {
            required: true,
            max: 6,
            hint,
            ..Look::default()
        }))
    }
}

pub(super) async fn renew_code(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = RenewCompletionCodeRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        ..Default::default()
    };
    let answer = sent.calls.visits().renew_completion_code(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn renew_code_form(filled: &Filled<'_>) -> Markup {
    html! { p.hint { (filled.language.pick(
        "客户找不到完工码，或输错次数过多时使用；旧码随即失效，客户在服务单页面看到新码。",
        "For a customer who cannot find the code, or after too many wrong ones. The old one is worth nothing \
         from then on; the customer sees the new one with the case.",
    )) } }
}

pub(super) async fn received(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = ReportReceivedRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        goods: ReceivedGoods::Unit.into(),
        serial: sent.form.text("serial"),
        remark: sent.form.text("remark"),
        ..Default::default()
    };
    let answer = sent.calls.offers().report_received(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn received_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    html! {
        (serial(sheet, filled))
        (filled.input("remark", language.pick("备注", "What was noticed"), Look {
            max: REMARK_MAX,
            ..Look::default()
        }))
    }
}

pub(super) async fn returned(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = ReportReturnedRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        serial: sent.form.text("serial"),
        carrier: sent.form.text("carrier"),
        tracking_no: sent.form.text("tracking_no"),
        ..Default::default()
    };
    let answer = sent.calls.offers().report_returned(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn returned_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    html! { (serial(sheet, filled)) (carrier(filled)) }
}

fn serial(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let known = sheet.order.as_ref().map_or("", |order| order.serial.as_str());
    let look = Look { value: known, max: FOREIGN_NUMBER_MAX, required: true, ..Look::default() };
    filled.input("serial", filled.language.pick("机器序列号", "Serial number of the unit"), look)
}

/// Who carries something, and under which number.
pub(super) fn carrier(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let text = |max| Look { max, ..Look::default() };
    html! {
        (filled.input("carrier", language.pick("承运方", "Carrier"), text(SHORT_NAME_MAX)))
        (filled.input("tracking_no", language.pick("运单号", "Tracking number"), text(FOREIGN_NUMBER_MAX)))
    }
}
