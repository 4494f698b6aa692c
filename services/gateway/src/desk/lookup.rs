//! Who calls: units, open cases, and the way to file another.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use form_urlencoded::Serializer;
use maud::{Markup, html};
use parasol_api::convert::timestamp;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::{Case, LookupCustomerRequest, LookupCustomerResponse, Unit};
use parasol_api::{Error, Language};

use super::home::search;
use super::{HOME, case_path};
use crate::Gateway;
use crate::staff::words::{money, party, stage};
use crate::web::controls::alert;
use crate::web::door::status;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::{Pick as _, category};
use crate::web::{Pages, failed, times};

/// `POST /desk/lookup`.
pub(super) async fn find(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let posted = match Posted::of(pages, request).await {
        Ok(posted) => posted,
        Err(door) => return *door,
    };
    let Posted { visitor, form, .. } = &posted;
    let found = posted.then(ask(pages, visitor, form.text("phone"))).await;
    page(pages, visitor, form, found)
}

async fn ask(
    pages: &Pages,
    visitor: &Visitor,
    phone: String,
) -> Result<LookupCustomerResponse, Error> {
    let language = visitor.guest.language.pick("zh", "en").to_owned();
    let mut client = IntakeServiceClient::new(pages.transport_of(visitor));
    let request = LookupCustomerRequest { phone, language };
    Ok(client.lookup_customer(request).await.map_err(failed)?.into_inner())
}

fn page(
    pages: &Pages,
    visitor: &Visitor,
    form: &Form,
    found: Result<LookupCustomerResponse, Error>,
) -> Response {
    let language = visitor.guest.language;
    let title = language.pick("用户查询", "Customer");
    let code = found.as_ref().map_or_else(status, |_| StatusCode::OK);
    let body = html! {
        p.back { a href=(HOME) { "‹ " (language.pick("客服台", "Desk")) } }
        @match &found {
            Ok(found) => {
                h1 { (found.name) " " (found.phone) }
                div.halves {
                    section.card {
                        h2 { (language.pick("未结束的服务单", "Open cases")) }
                        (cases(&found.open_cases, visitor))
                    }
                    section.card {
                        h2 { (language.pick("购买的商品", "Units")) }
                        (units(found, language))
                    }
                }
            },
            Err(error) => {
                h1 { (title) }
                (alert(error, language))
            },
        }
        (search(pages, visitor, form, found.as_ref().err()))
    };
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

fn cases(cases: &[Case], visitor: &Visitor) -> Markup {
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    html! {
        @if cases.is_empty() { p.empty { (language.pick("没有。", "None.")) } }
        ul.rows { @for case in cases { li {
            @let view = case.view.clone().unwrap_or_default();
            a.row href=(case_path(&view.case_id)) {
                span.top {
                    strong { (category(case.category(), language)) " " (case.brand) }
                    span.badge { (stage(view.stage(), language)) }
                }
                span.line { (case.description) }
                span.line {
                    (language.pick("轮到 ", "Turn: ")) (party(view.turn.unwrap_or_default().holder(), language))
                }
                @if let Some(due) = case.next_deadline.as_ref().and_then(|one| timestamp(one.due.as_ref()?)) {
                    span.line { (times::due(due, now, language)) }
                }
            }
        } } }
    }
}

fn units(found: &LookupCustomerResponse, language: Language) -> Markup {
    html! {
        @if found.units.is_empty() { p.empty { (language.pick("没有。", "None.")) } }
        ul.rows { @for unit in &found.units { li { div.row { (one(unit, found, language)) } } } }
    }
}

fn one(unit: &Unit, found: &LookupCustomerResponse, language: Language) -> Markup {
    let open = found.open_cases.iter().find(|case| case.order_line == unit.order_line);
    let open = open.and_then(|case| case.view.as_ref());
    let line = Serializer::new(String::new()).append_pair("line", &unit.order_line).finish();
    html! {
        span.top {
            strong { (language.pick(&unit.name_zh, &unit.name_en)) }
            span { (money(unit.price.as_ref())) }
        }
        span.line.quiet { (unit.serial) " · " (unit.order_line) }
        @if let Some(at) = unit.delivered_at.as_ref().and_then(timestamp) {
            span.line { (language.pick("签收 ", "Delivered ")) (times::at(at, language)) }
        }
        @match open {
            Some(view) => a.button href=(case_path(&view.case_id)) {
                (language.pick("打开服务单", "Open its case"))
            },
            None => a.button href={ (HOME) "/file?" (line) } {
                (language.pick("报修", "File a case"))
            },
        }
    }
}
