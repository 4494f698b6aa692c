//! Listening seats (旁听): a manager follows a real case, booked, counted, and without anybody's name.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{Months, NaiveDate};
use maud::{Markup, html};
use parasol_api::convert::to_timestamp;
use parasol_api::tracking::v1::{
    AttendSeatRequest, BookSeatRequest, ListSeatsRequest, ListSeatsResponse, Seat, SeatView,
};
use parasol_api::{Error, Language};
use parasol_journey::time::{Span, Timestamp};

use super::{instant, voices, ways};
use crate::Gateway;
use crate::staff::forms::{Fold, Refused, done};
use crate::staff::let_in;
use crate::staff::words::{party, short, stage};
use crate::web::controls::{Filled, Look, alert, hidden};
use crate::web::door::{failure, status};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::page::{Page, redirect};
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::{Pick as _, category};
use crate::web::{Pages, failed, times};

/// Where they lie.
const PATH: &str = "/desk/seats";
/// Characters of a case's number.
const CASE_ID_MAX: usize = 64;
/// How long a seat can be taken, as the contract has it.
const OPEN_FOR: Span = Span::hours(2);

/// `GET /desk/seats`.
pub(in crate::desk) async fn list(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    shown(pages, &visitor, &query, None).await
}

async fn shown(
    pages: &Pages,
    visitor: &Visitor,
    query: &Form,
    refused: Option<&Refused>,
) -> Response {
    let present = visitor.guest.now.shanghai_day().format("%Y-%m").to_string();
    let month = Some(query.text("month")).filter(|month| !month.is_empty()).unwrap_or(present);
    let request = ListSeatsRequest { period: month.clone(), person: String::new() };
    let found = match voices(pages, visitor).list_seats(request).await {
        Ok(found) => found.into_inner(),
        Err(status) => return failure(&visitor.guest, &failed(status)),
    };
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = t("旁听", "Listening seats");
    let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
    let fold = Fold {
        name: "book",
        title: t("预约旁听", "Book a seat"),
        to: PATH,
        etag: "",
        open: !query.get("case").is_empty() || found.seats.is_empty(),
        grave: false,
    };
    let tomorrow = times::typed(visitor.guest.now + Span::days(1));
    let body = html! {
        h1 { (title) }
        (ways(PATH, visitor))
        (done(query, &[("book", t("已预约。", "The seat is booked."))]))
        @if let Some(refused) = refused { (alert(&refused.error, language)) }
        nav.tabs aria-label=(t("月份", "Month")) {
            @for one in around(&month) {
                a href={ (PATH) "?month=" (one) } aria-current=[(one == month).then_some("page")] { (one) }
            }
        }
        (counted(&found, language))
        @if found.seats.is_empty() { p.empty { (t("本月没有预约。", "No seat is booked in this month.")) } }
        ul.rows { @for seat in &found.seats { li { (row(pages, visitor, seat)) } } }
        (fold.show(pages, visitor, refused, |filled| html! {
            (filled.input("case_id", t("服务单号", "The case"), Look {
                value: query.get("case"), max: CASE_ID_MAX, required: true, ..Look::default()
            }))
            (filled.input("at", t("时间", "When"), Look {
                kind: "datetime-local", value: &tomorrow, required: true,
                hint: t("60 天以内；到时起 2 小时内可旁听。", "Within 60 days; it can be taken for two hours."),
                ..Look::default()
            }))
        }))
    };
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

/// A month between its neighbours; alone where it is none.
fn around(month: &str) -> Vec<String> {
    let first = NaiveDate::parse_from_str(&format!("{month}-01"), "%Y-%m-%d");
    let Ok(first) = first else { return vec![month.to_owned()] };
    let one = Months::new(1);
    let all = [first.checked_sub_months(one), Some(first), first.checked_add_months(one)];
    all.into_iter().flatten().map(|day| day.format("%Y-%m").to_string()).collect()
}

fn counted(found: &ListSeatsResponse, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        ul.tiles {
            li { strong { (found.attended) " / " (found.expected) } (t("已旁听 / 每月应旁听", "attended of what a month asks for")) }
            li { strong { (found.seats.len()) " / " (found.quota) } (t("已预约 / 每月上限", "booked of the month's quota")) }
        }
    }
}

fn row(pages: &Pages, visitor: &Visitor, seat: &Seat) -> Markup {
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let at = instant(seat.at.as_ref());
    let attended = instant(seat.attended_at.as_ref());
    html! {
        div.row {
            span.top {
                strong { @if let Some(at) = at { (times::at(at, language)) } }
                span.badge { (state(at, attended, now, language)) }
            }
            span.line.quiet { (language.pick("服务单 …", "Case …")) (short(&seat.case_id)) }
            @if at.is_some_and(|at| at <= now && now < at + OPEN_FOR) {
                @let filled = Filled {
                    of: &seat.seat_id, language, form: &Form::default(), error: None,
                };
                form method="post" action={ (PATH) "/" (seat.seat_id) } {
                    (hidden(pages, visitor, &filled))
                    button.main { (language.pick("开始旁听", "Take the seat")) }
                }
            }
        }
    }
}

fn state(
    at: Option<Timestamp>,
    attended: Option<Timestamp>,
    now: Timestamp,
    language: Language,
) -> &'static str {
    match (at, attended) {
        (_, Some(_)) => language.pick("已旁听", "attended"),
        (Some(at), None) if at > now => language.pick("未到时间", "to come"),
        (Some(at), None) if now < at + OPEN_FOR => language.pick("现在可旁听", "open now"),
        _ => language.pick("已错过", "missed"),
    }
}

/// `POST /desk/seats`.
pub(in crate::desk) async fn book(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let sent = match Posted::of(pages, request).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    match sent.then(booked(pages, &sent)).await {
        Ok(seat) => {
            let at = instant(seat.at.as_ref()).unwrap_or(sent.visitor.guest.now);
            let month = at.shanghai_day().format("%Y-%m");
            redirect(&format!("{PATH}?month={month}&done=book"), &sent.visitor.guest)
        }
        Err(error) => {
            let (visitor, refused) = sent.refused("book", error);
            shown(pages, &visitor, &Form::default(), Some(&refused)).await
        }
    }
}

async fn booked(pages: &Pages, sent: &Posted) -> Result<Seat, Error> {
    let request = BookSeatRequest {
        request_id: sent.form.text(REQUEST_ID),
        case_id: sent.form.text("case_id"),
        at: times::parse("at", sent.form.get("at"))?.map(to_timestamp),
    };
    Ok(voices(pages, &sent.visitor).book_seat(request).await.map_err(failed)?.into_inner())
}

/// `POST /desk/seats/{id}`: the case, without anybody in it. Posted again it shows the same.
pub(in crate::desk) async fn attend(
    State(gateway): State<Gateway>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.desk;
    let sent = match Posted::of(pages, request).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    match sent.then(attended(pages, &sent, id)).await {
        Ok(view) => case(&view, &sent.visitor),
        Err(error) => {
            let (visitor, refused) = sent.refused("attend", error);
            shown(pages, &visitor, &Form::default(), Some(&refused)).await
        }
    }
}

async fn attended(pages: &Pages, sent: &Posted, seat_id: String) -> Result<SeatView, Error> {
    let language = sent.visitor.guest.language.pick("zh", "en").to_owned();
    let request_id = sent.form.text(REQUEST_ID);
    let request = AttendSeatRequest { request_id, seat_id, language };
    Ok(voices(pages, &sent.visitor).attend_seat(request).await.map_err(failed)?.into_inner())
}

fn case(view: &SeatView, visitor: &Visitor) -> Response {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = format!("{} {}", category(view.category(), language), view.brand);
    let body = html! {
        p.back { a href=(PATH) { "‹ " (t("旁听", "Listening seats")) } }
        h1 { (title) }
        p.hint { (t("没有姓名、电话、地址、序列号与任何人的原话。已计入旁听。",
            "No names, numbers, addresses, serials or words of anybody. The attendance is counted.")) }
        section.card {
            ol.story reversed { @for entry in view.entries.iter().rev() { li {
                span { (entry.headline) }
                span.hint {
                    @if let Some(at) = instant(entry.at.as_ref()) { (times::at(at, language)) " · " }
                    (stage(entry.stage(), language))
                    @if entry.turn_holder != 0 {
                        " · " (t("轮到 ", "turn: ")) (party(entry.turn_holder(), language))
                    }
                }
            } } }
        }
    };
    Page { title: &title, head: html! {}, body }.for_visitor(StatusCode::OK, visitor)
}
