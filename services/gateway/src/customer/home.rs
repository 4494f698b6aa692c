//! The front page: what is under way, what is mine, what is over.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures::join;
use maud::{Markup, html};
use parasol_api::Language;
use parasol_api::common::v1::Party;
use parasol_api::convert::timestamp;
use parasol_api::intake::v1::{Case, OwnedUnit, Unit};
use parasol_journey::time::Timestamp;

use super::calls::Calls;
use super::words::{party, stage};
use super::{case_path, picture, preferences};
use crate::Gateway;
use crate::web::door::{closed, failure};
use crate::web::page::Page;
use crate::web::session::Visitor;
use crate::web::times;
use crate::web::words::{Pick as _, category};

/// `GET /my`.
pub(super) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.customer;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(pages, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(pages, guest, true),
    };
    let calls = Calls::of(pages, &visitor);
    let (cases, units) = join!(calls.cases(), calls.units());
    let (cases, units) = match (cases, units) {
        (Ok(cases), Ok(units)) => (cases, units.units),
        (Err(error), _) | (_, Err(error)) => return failure(&visitor.guest, &error),
    };
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let title = language.pick("我的服务", "My service");
    let (ended, open): (Vec<_>, Vec<_>) = cases.iter().partition(|case| case.ended_at.is_some());
    let body = html! {
        h1 { (title) }
        p { a.button.main.wide href="/my/file" { (language.pick("报修", "Report a problem")) } }
        @if open.is_empty() {
            p.empty { (language.pick("现在没有进行中的服务。", "Nothing is under way.")) }
        } @else {
            section aria-labelledby="open-title" {
                h2 #open-title { (language.pick("进行中", "Under way")) }
                ul.rows { @for case in open { li { (row(case, now, language)) } } }
            }
        }
        @if !units.is_empty() {
            section aria-labelledby="units-title" {
                h2 #units-title { (language.pick("我的家电", "My appliances")) }
                ul.rows { @for one in &units { li { (owned(one, language)) } } }
            }
        }
        @if !ended.is_empty() {
            details.card {
                summary { (language.pick("已结束的服务", "Ended cases")) " (" (ended.len()) ")" }
                ul.rows { @for case in ended { li { (row(case, now, language)) } } }
            }
        }
        (beside(language))
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, &visitor)
}

/// The ways to what is beside the cases.
fn beside(language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        nav.more aria-label=(t("更多", "More")) {
            ul {
                li { a href=(preferences::AT) { (t("通知设置", "What you are told")) } }
                li { a href="/ranking" { (t("品牌售后排行", "How brands do after the sale")) } }
            }
        }
    }
}

fn row(case: &Case, now: Timestamp, language: Language) -> Markup {
    let view = case.view.clone().unwrap_or_default();
    let holder = view.turn.map_or(Party::Unspecified, |turn| turn.holder());
    let mine = holder == Party::Customer;
    let due = case.next_deadline.as_ref().and_then(|next| timestamp(next.due.as_ref()?));
    html! {
        a.row.mine[mine] href=(case_path(&view.case_id, "")) {
            span.emblem { (picture::unit(case.category())) }
            span.what {
                strong { (category(case.category(), language)) }
                span.hint { (case.sku) }
            }
            span.where {
                span.badge { (stage(view.stage(), true, language)) }
                @if case.ended_at.is_none() {
                    span.hint {
                        @if mine { (language.pick("轮到您", "your turn")) }
                        @else { (language.pick("轮到", "with ")) (party(holder, language)) }
                    }
                    @if let Some(due) = due.filter(|_| mine) {
                        span.hint { (times::due(due, now, language)) }
                    }
                }
            }
        }
    }
}

fn owned(one: &OwnedUnit, language: Language) -> Markup {
    let unit = one.unit.clone().unwrap_or_default();
    html! {
        div.row {
            span.emblem { (picture::unit(unit.category())) }
            (what(&unit, language))
            span.where {
                @if one.open_case_id.is_empty() {
                    a.button href={ "/my/file?line=" (encoded(&unit.order_line)) } {
                        (language.pick("报修", "Report"))
                        span.heard { " " (named(&unit, language)) }
                    }
                } @else {
                    a href=(case_path(&one.open_case_id, "")) {
                        (language.pick("查看进展", "See how it goes"))
                        span.heard { " " (named(&unit, language)) }
                    }
                }
            }
        }
    }
}

/// What a unit is called.
pub(super) fn named(unit: &Unit, language: Language) -> String {
    let name = language.pick(&unit.name_zh, &unit.name_en);
    match name.is_empty() {
        true => format!("{} {}", category(unit.category(), language), unit.model),
        false => name.clone(),
    }
}

/// A unit in two lines: its name; model and when it came.
pub(super) fn what(unit: &Unit, language: Language) -> Markup {
    html! {
        span.what {
            strong { (named(unit, language)) }
            span.hint {
                (unit.model)
                @if let Some(at) = unit.delivered_at.as_ref().and_then(timestamp) {
                    " · " (language.pick("送达 ", "delivered ")) (times::day(at, language))
                }
            }
        }
    }
}

/// A text as a part of a query.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
