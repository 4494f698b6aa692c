//! The repair: parts, the unit's way to the workshop and back, its end.

use maud::{Markup, html};
use parasol_api::common::v1::PartLine;
use parasol_api::convert::to_timestamp;
use parasol_api::limits::{
    FOREIGN_NUMBER_MAX, LONG_TEXT_MAX, NAME_MAX, REMARK_MAX, SHORT_NAME_MAX,
};
use parasol_api::partner::v1::{
    PartOrder, PartOrderState, ReceivedGoods, ReportReceivedRequest, ReportReturnedRequest,
    RequestPartsRequest, ShipPartsRequest,
};
use parasol_api::technician::v1::{CompleteRepairRequest, CompleteVisitRequest};
use parasol_api::{Error, Reason};

use super::Sent;
use crate::portal::act::Done;
use crate::portal::calls::failed;
use crate::portal::case_page::Sheet;
use crate::portal::choices::{FUNCTION, number};
use crate::portal::controls::{Filled, Look};
use crate::portal::form::Form;
use crate::portal::times;
use crate::portal::words::Pick as _;

/// Lines for parts that a form has; more are ordered with another form.
const LINES: usize = 4;

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

pub(super) async fn request_parts(sent: &Sent<'_>) -> Result<Done, Error> {
    let expected = times::parse("expected_at", sent.form.get("expected_at"))?;
    let request = RequestPartsRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        lines: part_lines(sent.form)?,
        expected_at: expected.map(to_timestamp),
        ..Default::default()
    };
    let answer = sent.calls.offers().request_parts(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn request_parts_form(filled: &Filled<'_>) -> Markup {
    html! { (lines(filled)) (expected(filled)) }
}

pub(super) async fn ship_parts(sent: &Sent<'_>) -> Result<Done, Error> {
    let expected = times::parse("expected_at", sent.form.get("expected_at"))?;
    let request = ShipPartsRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        part_order_id: sent.form.text("part_order_id"),
        carrier: sent.form.text("carrier"),
        tracking_no: sent.form.text("tracking_no"),
        expected_at: expected.map(to_timestamp),
        ..Default::default()
    };
    let answer = sent.calls.offers().ship_parts(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn ship_parts_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    html! {
        (part_orders(sheet, filled, |one| one.state() == PartOrderState::Ordered))
        (carrier(filled))
        (expected(filled))
    }
}

/// Whether parts wait to be shipped.
pub(super) fn is_waiting(sheet: &Sheet) -> bool {
    let mut orders = sheet.order.iter().flat_map(|order| &order.part_orders);
    orders.any(|one| one.state() == PartOrderState::Ordered)
}

pub(super) async fn received(sent: &Sent<'_>) -> Result<Done, Error> {
    let goods = match sent.form.get("part_order_id") {
        "" => ReceivedGoods::Unit,
        _ => ReceivedGoods::Parts,
    };
    let request = ReportReceivedRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        goods: goods.into(),
        serial: if goods == ReceivedGoods::Unit { sent.form.text("serial") } else { String::new() },
        part_order_id: sent.form.text("part_order_id"),
        remark: sent.form.text("remark"),
        ..Default::default()
    };
    let answer = sent.calls.offers().report_received(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn received_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let on_the_way = |one: &PartOrder| one.state() != PartOrderState::Received;
    html! {
        (part_orders(sheet, filled, on_the_way))
        (serial(sheet, filled, false))
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
    html! { (serial(sheet, filled, true)) (carrier(filled)) }
}

/// The part lines of a form; lines without a number and a name are left out.
fn part_lines(form: &Form) -> Result<Vec<PartLine>, Error> {
    let mut lines = Vec::new();
    for place in 0..LINES {
        let field = |name: &str| form.text(&format!("{name}_{place}"));
        let (part_no, name, quantity) = (field("part_no"), field("name"), field("quantity"));
        if part_no.is_empty() && name.is_empty() {
            continue;
        }
        let wrong = || {
            let field = format!("quantity_{place}");
            Error::field(field, Reason::FieldInvalid, "a number from 1 to 99")
        };
        let quantity = quantity.parse().map_err(|_| wrong())?;
        lines.push(PartLine { part_no, name, quantity });
    }
    Ok(lines)
}

fn lines(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let row = |place: usize| {
        let (number, name) = (format!("part_no_{place}"), format!("name_{place}"));
        let quantity = format!("quantity_{place}");
        let text = |max| Look { max, ..Look::default() };
        let one = Look { kind: "number", value: "1", ..Look::default() };
        html! {
            (filled.input(&number, language.pick("配件号", "Part number"), text(FOREIGN_NUMBER_MAX)))
            (filled.input(&name, language.pick("名称", "Name"), text(NAME_MAX)))
            (filled.input(&quantity, language.pick("数量", "Quantity"), one))
        }
    };
    html! {
        fieldset {
            legend { (language.pick("配件", "Parts")) }
            (row(0))
            details.inner {
                summary { (language.pick("更多配件", "More parts")) }
                @for place in 1..LINES { (row(place)) }
            }
        }
    }
}

fn part_orders(sheet: &Sheet, filled: &Filled<'_>, wanted: impl Fn(&PartOrder) -> bool) -> Markup {
    let language = filled.language;
    let orders = sheet.order.iter().flat_map(|order| &order.part_orders);
    let orders: Vec<_> = orders.filter(|one| wanted(one)).collect();
    let typed = filled.form.get("part_order_id");
    html! {
        @if !orders.is_empty() {
            div.field {
                label for={ (filled.of) "-part_order_id" } {
                    (language.pick("配件单", "Part order"))
                }
                select id={ (filled.of) "-part_order_id" } name="part_order_id" {
                    @if filled.of == "received" {
                        option value="" { (language.pick("不是配件，是机器", "No parts: the unit")) }
                    }
                    @for one in orders {
                        option value=(one.part_order_id) selected[one.part_order_id == typed] {
                            @for line in &one.lines { (line.part_no) " × " (line.quantity) " " }
                        }
                    }
                }
            }
        }
    }
}

fn serial(sheet: &Sheet, filled: &Filled<'_>, required: bool) -> Markup {
    let known = sheet.order.as_ref().map_or("", |order| order.serial.as_str());
    let look = Look { value: known, max: FOREIGN_NUMBER_MAX, required, ..Look::default() };
    filled.input("serial", filled.language.pick("机器序列号", "Serial number of the unit"), look)
}

fn carrier(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let text = |max| Look { max, ..Look::default() };
    html! {
        (filled.input("carrier", language.pick("承运方", "Carrier"), text(SHORT_NAME_MAX)))
        (filled.input("tracking_no", language.pick("运单号", "Tracking number"), text(FOREIGN_NUMBER_MAX)))
    }
}

fn expected(filled: &Filled<'_>) -> Markup {
    let label = filled.language.pick("预计到货", "Expected at");
    filled.input("expected_at", label, Look { kind: "datetime-local", ..Look::default() })
}
