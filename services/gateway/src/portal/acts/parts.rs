//! Parts for a repair: ordered, late, shipped, received, built in, and the defective ones back.

use maud::{Markup, html};
use parasol_api::common::v1::PartLine;
use parasol_api::convert::to_timestamp;
use parasol_api::limits::{FOREIGN_NUMBER_MAX, NAME_MAX, REMARK_MAX};
use parasol_api::partner::v1::{
    InstallPartsRequest, PartOrder, PartOrderState, ReceivePartsRequest, ReportBackorderRequest,
    RequestPartsRequest, ReturnPartsRequest, ShipPartsRequest,
};
use parasol_api::{Error, Reason};

use super::Sent;
use super::repair::carrier;
use crate::portal::act::Done;
use crate::portal::calls::failed;
use crate::portal::case_page::Sheet;
use crate::portal::controls::{Filled, Look};
use crate::portal::form::Form;
use crate::portal::times;
use crate::portal::words::Pick as _;

/// Lines for parts that a form has; more are ordered with another form.
const LINES: usize = 4;

pub(super) async fn request(sent: &Sent<'_>) -> Result<Done, Error> {
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

pub(super) fn request_form(filled: &Filled<'_>) -> Markup {
    html! { (lines(filled)) (expected(filled)) }
}

pub(super) async fn ship(sent: &Sent<'_>) -> Result<Done, Error> {
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

pub(super) fn ship_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    html! {
        (part_orders(sheet, filled, is_awaited))
        (carrier(filled))
        (expected(filled))
    }
}

pub(super) async fn backorder(sent: &Sent<'_>) -> Result<Done, Error> {
    let expected = times::parse("expected_at", sent.form.get("expected_at"))?;
    let request = ReportBackorderRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        part_order_id: sent.form.text("part_order_id"),
        expected_at: expected.map(to_timestamp),
        ..Default::default()
    };
    let answer = sent.calls.offers().report_backorder(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn backorder_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    html! { (part_orders(sheet, filled, is_awaited)) (expected(filled)) }
}

pub(super) async fn receive(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = ReceivePartsRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        part_order_id: sent.form.text("part_order_id"),
        remark: sent.form.text("remark"),
        ..Default::default()
    };
    let answer = sent.calls.offers().receive_parts(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn receive_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let label = filled.language.pick("备注", "What was noticed");
    html! {
        (part_orders(sheet, filled, is_on_its_way))
        (filled.input("remark", label, Look { max: REMARK_MAX, ..Look::default() }))
    }
}

pub(super) async fn install(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = InstallPartsRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        part_order_id: sent.form.text("part_order_id"),
        return_defective: sent.form.is_ticked("return_defective"),
        ..Default::default()
    };
    let answer = sent.calls.offers().install_parts(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn install_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let label = filled.language.pick("旧件要寄回厂家", "The defective part goes back to the brand");
    html! {
        (part_orders(sheet, filled, is_there))
        (filled.tick("return_defective", label))
    }
}

pub(super) async fn give_back(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = ReturnPartsRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        part_order_id: sent.form.text("part_order_id"),
        carrier: sent.form.text("carrier"),
        tracking_no: sent.form.text("tracking_no"),
        ..Default::default()
    };
    let answer = sent.calls.offers().return_parts(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn give_back_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    html! { (part_orders(sheet, filled, goes_back)) (carrier(filled)) }
}

/// Whether there is a part order that a step can be taken with.
pub(super) fn has(sheet: &Sheet, wanted: fn(PartOrderState) -> bool) -> bool {
    orders(sheet).any(|one| wanted(one.state()))
}

/// Whether parts wait to be shipped.
pub(in crate::portal) fn is_awaited(state: PartOrderState) -> bool {
    matches!(state, PartOrderState::Ordered | PartOrderState::Backordered)
}

/// Whether parts have not arrived yet.
pub(super) fn is_on_its_way(state: PartOrderState) -> bool {
    is_awaited(state) || state == PartOrderState::Shipped
}

/// Whether parts lie ready to be built in.
pub(super) fn is_there(state: PartOrderState) -> bool {
    state == PartOrderState::Received
}

/// Whether a defective part has to go back.
pub(super) fn goes_back(state: PartOrderState) -> bool {
    state == PartOrderState::Returning
}

/// The part lines of a form; lines without a number and a name are left out.
pub(super) fn part_lines(form: &Form) -> Result<Vec<PartLine>, Error> {
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

/// Lines for parts, the first ready to be filled.
pub(super) fn lines(filled: &Filled<'_>) -> Markup {
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

/// Which part order is meant: of those that this step can be taken with.
fn part_orders(
    sheet: &Sheet,
    filled: &Filled<'_>,
    wanted: impl Fn(PartOrderState) -> bool,
) -> Markup {
    let typed = filled.form.get("part_order_id");
    let id = format!("{}-part_order_id", filled.of);
    html! {
        div.field {
            label for=(id) { (filled.language.pick("配件单", "Part order")) }
            select id=(id) name="part_order_id" {
                @for one in orders(sheet).filter(|one| wanted(one.state())) {
                    option value=(one.part_order_id) selected[one.part_order_id == typed] {
                        @for line in &one.lines { (line.part_no) " × " (line.quantity) " " }
                    }
                }
            }
        }
    }
}

fn orders(sheet: &Sheet) -> impl Iterator<Item = &PartOrder> {
    sheet.order.iter().flat_map(|order| &order.part_orders)
}

fn expected(filled: &Filled<'_>) -> Markup {
    let label = filled.language.pick("预计到货", "Expected at");
    filled.input("expected_at", label, Look { kind: "datetime-local", ..Look::default() })
}
