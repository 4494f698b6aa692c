//! The overview, the list of own cases, and the page of one.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::Language;
use parasol_api::admin::v1::{Flow, FlowOrder, StageFlow};

use super::{EVENTS, HOME, WAYS, tabs};
use crate::Gateway;
use crate::staff::flow::{self, FEW, Wanted};
use crate::staff::words::short;
use crate::staff::{let_in, live, story};
use crate::web::door::failure;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::words::Pick as _;

/// `GET /steward`.
pub(super) async fn overview(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.steward;
    let (_, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let transport = || pages.transport_of(&visitor);
    let by = |order| Wanted { order, ..Wanted::default() };
    let (late, due) = (by(FlowOrder::Late), by(FlowOrder::Due));
    let read = tokio::try_join!(
        flow::counts(transport()),
        flow::rows(transport(), &late, FEW, language),
        flow::rows(transport(), &due, FEW, language),
    );
    let (counted, late, due) = match read {
        Ok(read) => read,
        Err(error) => return failure(&visitor.guest, &error),
    };
    let t = |zh, en| language.pick(zh, en);
    let title = t("概览", "Overview");
    let part = |id: &str, heading: &str, body: Markup| {
        html! {
            section.card {
                h2 { (heading) }
                div id=(id) data-live { (body) }
            }
        }
    };
    let body = html! {
        h1 { (title) }
        (tabs(HOME, language))
        (live::kept(EVENTS, &visitor))
        div #tiles data-live { (tiles(&counted, language)) }
        div.halves {
            (part("stages", t("按环节", "By stage"), flow::stages(&counted, WAYS, now, language)))
            (part("turns", t("轮到谁", "Whose turn"), flow::turns(&counted, WAYS, now, language)))
        }
        div.halves {
            (part("late", t("已超时", "Late now"), flow::list(&late.rows, WAYS, now, language)))
            (part("due", t("最先到期", "Due first"), flow::list(&due.rows, WAYS, now, language)))
        }
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, &visitor)
}

fn tiles(counted: &Flow, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let sum = |of: fn(&StageFlow) -> i64| counted.stages.iter().map(of).sum::<i64>();
    let late = sum(|one| one.late);
    html! {
        ul.tiles {
            li { strong { (sum(|one| one.cases)) } (t("未结束的服务单", "open cases")) }
            li { strong { span.late[late > 0] { (late) } } (t("已超时", "late")) }
            li { strong { (sum(|one| one.due_soon)) } (t("一小时内到期", "due within the hour")) }
        }
    }
}

/// `GET /steward/cases`.
pub(super) async fn cases(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.steward;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let wanted = Wanted::of(&Form::of_query(parts.uri.query()));
    let found = match flow::rows(pages.transport_of(&visitor), &wanted, 0, language).await {
        Ok(found) => found,
        Err(error) => return failure(&visitor.guest, &error),
    };
    let title = language.pick("服务单", "Cases");
    let heading = wanted.title(language);
    let orders = [FlowOrder::Due, FlowOrder::Late, FlowOrder::Turn];
    let body = html! {
        h1 { (title) }
        (tabs("/steward/cases", language))
        (live::kept(EVENTS, &visitor))
        nav.tabs aria-label=(language.pick("排序", "Order")) {
            @for order in orders {
                @let list = Wanted { order, ..Wanted::default() };
                a href=(list.path(WAYS.list)) aria-current=[(order == wanted.order).then_some("page")] {
                    (list.title(language))
                }
            }
        }
        section.card {
            h2 { (heading) }
            div #rows data-live { (flow::list(&found.rows, WAYS, now, language)) }
            (flow::more(&wanted, &found.next_page_token, WAYS.list, language))
        }
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, &visitor)
}

/// `GET /steward/cases/{case}`.
pub(super) async fn case(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.steward;
    let (_, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let language = visitor.guest.language;
    let told = match story::timeline(pages.transport_of(&visitor), &case, language).await {
        Ok(told) => told,
        Err(error) => return failure(&visitor.guest, &error),
    };
    let title = format!("{} …{}", language.pick("服务单", "Case"), short(&case));
    let body = html! {
        p.back { a href=(WAYS.list) { "‹ " (language.pick("服务单", "Cases")) } }
        h1 { (title) }
        (story::kept(&told, &format!("{}{case}/events", WAYS.case), &visitor))
        div.halves {
            (story::parties(&told, language))
            div #story data-live { (story::story(&told, language)) }
        }
    };
    Page { title: &title, head: html! {}, body }.for_visitor(StatusCode::OK, &visitor)
}
