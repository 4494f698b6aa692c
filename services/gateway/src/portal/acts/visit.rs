//! Arranging the visit and reporting from it.

use form_urlencoded::Serializer;
use maud::{Markup, html};
use parasol_api::Error;
use parasol_api::common::v1::{Party, TimeWindow};
use parasol_api::convert::{timestamp, to_timestamp};
use parasol_api::limits::REMARK_MAX;
use parasol_api::partner::v1::{
    BookAppointmentRequest, HoldSlotRequest, ProposeWindowsRequest, ReleaseSlotRequest,
    ReleaseWindowsRequest, ReportContactFailedRequest, RescheduleAppointmentRequest,
    book_appointment_request, reschedule_appointment_request,
};
use parasol_api::technician::v1::{CheckInRequest, ReportUnableRequest, StartTravelRequest};
use parasol_journey::Verb;
use parasol_journey::time::{Span, Timestamp};

use super::Sent;
use crate::portal::act::Done;
use crate::portal::calls::failed;
use crate::portal::case_page::Sheet;
use crate::portal::choices::{ASKED_BY, CONTACT, UNABLE, number};
use crate::portal::controls::{Filled, Look};
use crate::portal::form::Form;
use crate::portal::times;
use crate::portal::words::Pick as _;

/// Days whose slots are shown at once; later ones are folded.
const DAYS_AT_FIRST: usize = 3;

/// A time for a visit, as a form names it.
enum Chosen {
    /// A slot that is held.
    Held(String),
    /// A slot on offer.
    Slot(String),
    /// A time agreed with the customer.
    Window(TimeWindow),
}

/// What was chosen: a time that was typed wins over one that was picked.
fn chosen(form: &Form) -> Result<Option<Chosen>, Error> {
    let (from, to) = (form.get("from"), form.get("to"));
    let (from, to) = (times::parse("from", from)?, times::parse("to", to)?);
    if from.is_some() || to.is_some() {
        let window = TimeWindow { from: from.map(to_timestamp), to: to.map(to_timestamp) };
        return Ok(Some(Chosen::Window(window)));
    }
    Ok(match (form.get("hold_id"), form.get("slot_id")) {
        ("", "") => None,
        ("", slot) => Some(Chosen::Slot(slot.to_owned())),
        (hold, _) => Some(Chosen::Held(hold.to_owned())),
    })
}

pub(super) async fn book(sent: &Sent<'_>) -> Result<Done, Error> {
    use book_appointment_request::Slot;
    let slot = chosen(sent.form)?.map(|chosen| match chosen {
        Chosen::Held(id) => Slot::HoldId(id),
        Chosen::Slot(id) => Slot::SlotId(id),
        Chosen::Window(window) => Slot::Window(window),
    });
    let request = BookAppointmentRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        customer_chose: sent.form.is_ticked("customer_chose"),
        slot,
        ..Default::default()
    };
    let answer = sent.calls.appointments().book_appointment(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn book_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    html! {
        (time_of_visit(sheet, filled))
        (filled.tick("customer_chose", language.pick("时间由客户选定", "The customer chose this time")))
    }
}

/// Keeping a slot makes sense where one can be booked or moved to, and none is kept yet.
pub(super) fn may_hold(sheet: &Sheet) -> bool {
    let books = sheet.is_open(Verb::BookAppointment) || sheet.is_open(Verb::RescheduleAppointment);
    books && sheet.is_open(Verb::HoldSlot) && held(sheet).is_none() && !sheet.slots.is_empty()
}

pub(super) async fn hold(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = HoldSlotRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        slot_id: sent.form.text("slot_id"),
        ..Default::default()
    };
    let held = sent.calls.appointments().hold_slot(request).await.map_err(failed)?.into_inner();
    let mut done = Done::of(held.effect);
    if let (Some((from, to)), Some(until)) =
        (times::ends(held.window.as_ref()), held.expires_at.as_ref().and_then(timestamp))
    {
        // The next page shows what is kept; the services alone know whether it still is.
        done.query = Serializer::new(String::new())
            .append_pair("hold", &held.hold_id)
            .append_pair("from", &from.micros().to_string())
            .append_pair("to", &to.micros().to_string())
            .append_pair("until", &until.micros().to_string())
            .finish();
    }
    Ok(done)
}

pub(super) fn hold_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    html! {
        p.hint { (language.pick(
            "与客户通话时先保留一个时段，15 分钟内有效。",
            "Keeps a slot for a quarter of an hour while you talk to the customer.",
        )) }
        (slots(sheet, filled, "radio"))
    }
}

/// A slot that the page before has kept.
pub(super) struct Held {
    id: String,
    from: Timestamp,
    to: Timestamp,
    until: Timestamp,
}

pub(super) fn held(sheet: &Sheet) -> Option<Held> {
    let instant = |name| sheet.query.get(name).parse().ok().map(Timestamp::from_micros);
    let id = sheet.query.text("hold");
    let held = Held { id, from: instant("from")?, to: instant("to")?, until: instant("until")? };
    (!held.id.is_empty() && held.until > sheet.now).then_some(held)
}

pub(super) async fn release(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = ReleaseSlotRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        hold_id: sent.form.text("hold_id"),
        ..Default::default()
    };
    let answer = sent.calls.appointments().release_slot(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn release_form(sheet: &Sheet) -> Markup {
    html! { @if let Some(held) = held(sheet) {
        input type="hidden" name="hold_id" value=(held.id);
    } }
}

/// Whether the customer is being asked.
pub(super) fn is_asked(sheet: &Sheet) -> bool {
    sheet.order.as_ref().is_some_and(|order| !order.proposed_windows.is_empty())
}

pub(super) async fn propose(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = ProposeWindowsRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        slot_ids: sent.form.all("slot_id").map(str::to_owned).collect(),
        ..Default::default()
    };
    let answer = sent.calls.appointments().propose_windows(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn propose_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    html! {
        p.hint { (language.pick(
            "选择一到三个时段，客户在 24 小时内选定其一；期间为客户保留。",
            "One to three; they are kept for 24 hours, in which the customer picks one.",
        )) }
        (slots(sheet, filled, "checkbox"))
    }
}

pub(super) async fn release_windows(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = ReleaseWindowsRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        ..Default::default()
    };
    let answer = sent.calls.appointments().release_windows(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn release_windows_form(sheet: &Sheet) -> Markup {
    let asked = sheet.order.iter().flat_map(|order| &order.proposed_windows);
    html! {
        ul { @for one in asked { li { (times::window(one.window.as_ref(), sheet.language)) } } }
    }
}

pub(super) async fn reschedule(sent: &Sent<'_>) -> Result<Done, Error> {
    use reschedule_appointment_request::Slot;
    let slot = chosen(sent.form)?.map(|chosen| match chosen {
        Chosen::Held(id) => Slot::HoldId(id),
        Chosen::Slot(id) => Slot::SlotId(id),
        Chosen::Window(window) => Slot::Window(window),
    });
    let request = RescheduleAppointmentRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        appointment_id: sent.form.text("appointment_id"),
        asked_by: number(ASKED_BY, "asked_by", sent.form.get("asked_by"))?,
        reason: sent.form.text("reason"),
        slot,
        ..Default::default()
    };
    let answer = sent.calls.appointments().reschedule_appointment(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn reschedule_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let asked: Vec<_> = ASKED_BY
        .iter()
        .filter(|one| {
            [Party::Customer, Party::Centre, Party::Technician]
                .iter()
                .any(|party| i32::from(*party) == one.number)
        })
        .collect();
    let needed = Look { required: true, ..Look::default() };
    let hint = language.pick("不是客户要求时必填。", "Needed unless the customer asked.");
    html! {
        (visit(sheet))
        (time_of_visit(sheet, filled))
        (filled.select("asked_by", language.pick("谁要求改约", "Who asked"), &asked, needed))
        (filled.input("reason", language.pick("原因", "Reason"), Look {
            max: REMARK_MAX,
            hint,
            ..Look::default()
        }))
    }
}

pub(super) async fn contact_failed(sent: &Sent<'_>) -> Result<Done, Error> {
    let next = times::parse("next_contact_at", sent.form.get("next_contact_at"))?;
    let request = ReportContactFailedRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        failure: number(CONTACT, "failure", sent.form.get("failure"))?,
        next_contact_at: next.map(to_timestamp),
        remark: sent.form.text("remark"),
        ..Default::default()
    };
    let answer = sent.calls.appointments().report_contact_failed(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn contact_failed_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let failures: Vec<_> = CONTACT.iter().collect();
    let next = times::typed(sheet.now + Span::hours(4));
    html! {
        (filled.select("failure", language.pick("情况", "What happened"), &failures, Look {
            required: true,
            ..Look::default()
        }))
        (filled.input("next_contact_at", language.pick("下次联系时间", "Next attempt"), Look {
            kind: "datetime-local",
            value: &next,
            required: true,
            hint: language.pick("7 天以内。", "Within seven days."),
            ..Look::default()
        }))
        (filled.input("remark", language.pick("说明", "In words"), Look {
            max: REMARK_MAX,
            ..Look::default()
        }))
    }
}

pub(super) async fn travel(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = StartTravelRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        ..Default::default()
    };
    let answer = sent.calls.visits().start_travel(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) async fn check_in(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = CheckInRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        ..Default::default()
    };
    let answer = sent.calls.visits().check_in(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) async fn unable(sent: &Sent<'_>) -> Result<Done, Error> {
    let next = times::parse("next_contact_at", sent.form.get("next_contact_at"))?;
    let request = ReportUnableRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        appointment_id: sent.form.text("appointment_id"),
        reason: number(UNABLE, "reason", sent.form.get("reason"))?,
        remark: sent.form.text("remark"),
        next_contact_at: next.map(to_timestamp),
        ..Default::default()
    };
    let answer = sent.calls.visits().report_unable(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn unable_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let reasons: Vec<_> = UNABLE.iter().collect();
    html! {
        (visit(sheet))
        (filled.select("reason", language.pick("原因", "Reason"), &reasons, Look {
            required: true,
            ..Look::default()
        }))
        (filled.input("remark", language.pick("说明", "In words"), Look {
            max: REMARK_MAX,
            ..Look::default()
        }))
        (filled.input("next_contact_at", language.pick("下次联系时间", "Go on at"), Look {
            kind: "datetime-local",
            hint: language.pick(
                "7 天以内；不填则等下次预约。",
                "Within seven days; empty leaves it to the next booking.",
            ),
            ..Look::default()
        }))
    }
}

/// The visit that is meant: the one this page shows.
fn visit(sheet: &Sheet) -> Markup {
    let order = sheet.order.as_ref();
    let appointment = order.map_or("", |order| order.appointment_id.as_str());
    html! { input type="hidden" name="appointment_id" value=(appointment); }
}

/// A held slot, one on offer, or a time of one's own.
fn time_of_visit(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let own = language.pick("其他时间（与客户商定）", "Another time, agreed with the customer");
    let kind = "datetime-local";
    let has_typed = filled.error.is_some() && !filled.form.get("from").is_empty();
    html! {
        @if let Some(held) = held(sheet) {
            p.notice {
                (language.pick("已保留：", "Held: "))
                strong { (times::span(held.from, held.to, language)) } " "
                (times::due(held.until, sheet.now, language))
            }
            input type="hidden" name="hold_id" value=(held.id);
        } @else {
            (slots(sheet, filled, "radio"))
            details.inner open[has_typed] {
                summary { (own) }
                (filled.input("from", language.pick("从", "From"), Look { kind, ..Look::default() }))
                (filled.input("to", language.pick("到", "To"), Look { kind, ..Look::default() }))
            }
        }
    }
}

/// Times at which the technician could come, by day: one to pick, or several to tick.
fn slots(sheet: &Sheet, filled: &Filled<'_>, kind: &str) -> Markup {
    let language = filled.language;
    let windows = sheet.slots.iter().filter_map(|slot| {
        let (from, to) = times::ends(slot.window.as_ref())?;
        Some((slot.slot_id.as_str(), from, to))
    });
    let windows: Vec<_> = windows.collect();
    if windows.is_empty() {
        let none = language.pick("两周内没有空闲时段。", "No slot is free in the next two weeks.");
        return html! { p.hint { (none) } };
    }
    let again = filled.error.is_some();
    let is_picked = |id: &str| again && filled.form.all("slot_id").any(|picked| picked == id);
    let days: Vec<_> =
        windows.chunk_by(|one, next| one.1.shanghai_day() == next.1.shanghai_day()).collect();
    let (soon, later) = days.split_at(days.len().min(DAYS_AT_FIRST));
    let day = |day: &[(&str, Timestamp, Timestamp)]| {
        html! {
            fieldset.slots {
                legend { (times::day(day[0].1, language)) }
                @for (id, from, to) in day {
                    label {
                        input type=(kind) name="slot_id" value=(id) checked[is_picked(id)];
                        span { (times::hours(*from, *to)) }
                    }
                }
            }
        }
    };
    html! {
        @for one in soon { (day(one)) }
        @if !later.is_empty() {
            details.inner {
                summary { (language.pick("更晚的时段", "Later")) }
                @for one in later { (day(one)) }
            }
        }
    }
}
