//! The register, and registering somebody.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::admin::v1::{ListStaffRequest, ListStaffResponse, StaffMember};
use parasol_api::{Error, Language};

use super::acts::{self, REGISTER};
use super::{PATH, changes, client};
use crate::Gateway;
use crate::board::ways_of;
use crate::staff::forms::{Fold, Refused};
use crate::staff::let_in;
use crate::staff::people::{ROLES, certified_for, label};
use crate::web::controls::alert;
use crate::web::door::{failure, status};
use crate::web::form::Form;
use crate::web::page::{Page, redirect};
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed};

/// Rows of a page.
const PAGE: i32 = 50;

/// `GET /board/people`.
pub(in crate::board) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.board;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    shown(pages, &visitor, &query, None).await
}

async fn read(pages: &Pages, visitor: &Visitor, query: &Form) -> Result<ListStaffResponse, Error> {
    let request = ListStaffRequest {
        page_size: PAGE,
        page_token: query.text("page"),
        unit: query.text("unit"),
        team: query.text("team"),
        suspended_only: query.get("list") == "suspended",
    };
    Ok(client(pages, visitor).list_staff(request).await.map_err(failed)?.into_inner())
}

async fn shown(
    pages: &Pages,
    visitor: &Visitor,
    query: &Form,
    refused: Option<&Refused>,
) -> Response {
    let found = match read(pages, visitor, query).await {
        Ok(found) => found,
        Err(error) => return failure(&visitor.guest, &error),
    };
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = t("人员", "People");
    let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
    let suspended = query.get("list") == "suspended";
    let fold = Fold {
        name: REGISTER,
        title: t("登记人员", "Register somebody"),
        to: PATH,
        etag: "",
        open: found.members.is_empty() && !suspended,
        grave: false,
    };
    let body = html! {
        h1 { (title) }
        (ways_of(PATH, language))
        @if let Some(refused) = refused { (alert(&refused.error, language)) }
        nav.tabs aria-label=(t("筛选", "Which")) {
            a href=(PATH) aria-current=[(!suspended).then_some("page")] { (t("全部", "All")) }
            a href={ (PATH) "?list=suspended" } aria-current=[suspended.then_some("page")] {
                (t("已停用", "Suspended"))
            }
            a href="/board/people-ranking" { (t("排名", "Ranking")) }
        }
        section.card {
            h2 { (t("登记在册", "The register")) }
            @if found.members.is_empty() { p.empty { (t("没有。", "Nobody.")) } }
            ul.rows { @for one in &found.members { li { (row(one, language)) } } }
            @if !found.next_page_token.is_empty() {
                @let next = form_urlencoded::Serializer::new(String::new())
                    .append_pair("list", query.get("list")).append_pair("page", &found.next_page_token).finish();
                p { a.button href={ (PATH) "?" (next) } { (t("下一页", "More")) } }
            }
        }
        @if changes(visitor) {
            (fold.show(pages, visitor, refused, acts::registration))
        }
    };
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

fn row(one: &StaffMember, language: Language) -> Markup {
    let held: Vec<_> = one.certifications.iter().map(|one| certified_for(one, language)).collect();
    html! {
        a.row href={ (PATH) "/" (one.subject) } {
            span.top {
                strong { (one.subject) @if !one.name.is_empty() { " " (one.name) } }
                span.badge { (label(ROLES, one.role, language)) }
            }
            span.line {
                (one.unit) @if !one.team.is_empty() { " · " (one.team) }
                " · " (language.pick("评分 ", "score ")) (one.score)
            }
            @if !held.is_empty() { span.line.quiet { (held.join(language.pick("、", ", "))) } }
            @if one.suspension.is_some() {
                span.line.late { (language.pick("已停用", "Suspended")) }
            }
        }
    }
}

/// `POST /board/people`.
pub(in crate::board) async fn register(
    State(gateway): State<Gateway>,
    request: Request,
) -> Response {
    let pages = &gateway.board;
    let sent = match Posted::of(pages, request).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    match sent.then(acts::register(pages, &sent)).await {
        Ok(one) => {
            let to = format!("{PATH}/{}?done={REGISTER}", one.subject);
            redirect(&to, &sent.visitor.guest)
        }
        Err(error) => {
            let (visitor, refused) = sent.refused(REGISTER, error);
            shown(pages, &visitor, &Form::default(), Some(&refused)).await
        }
    }
}
