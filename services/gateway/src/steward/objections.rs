//! What a brand objects to before a month is published, and what it was answered.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::tracking::v1::{ListObjectionsRequest, RaiseObjectionRequest, ScoreObjection};
use parasol_api::{Error, Listed as _};
use parasol_journey::vocab::Category;

use super::scores::client;
use super::{WAYS, tabs};
use crate::Gateway;
use crate::staff::forms::{Fold, Refused, done};
use crate::staff::words::short;
use crate::staff::{let_in, objections};
use crate::web::controls::{Look, alert};
use crate::web::door::{failure, status};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::page::{Page, redirect};
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed};

/// Where they lie.
pub(super) const PATH: &str = "/steward/objections";
/// Objections on a page.
const PAGE: i32 = 50;
/// The fields that say what an objection is about.
const ABOUT: [&str; 4] = ["month", "category", "indicator", "case"];

/// `GET /steward/objections`: what there is, and the form where the address says what it is about.
pub(super) async fn list(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.steward;
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
    about: &Form,
    refused: Option<&Refused>,
) -> Response {
    let request = ListObjectionsRequest {
        page_size: PAGE,
        page_token: about.text("page"),
        ..ListObjectionsRequest::default()
    };
    let found = match client(pages, visitor).list_objections(request).await {
        Ok(found) => found.into_inner(),
        Err(status) => return failure(&visitor.guest, &failed(status)),
    };
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = t("异议", "Objections");
    let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
    let body = html! {
        h1 { (title) }
        (tabs(PATH, language))
        (done(about, &[("object", t("异议已提出，等待平台答复。", "The objection is raised; the retailer answers it."))]))
        @if let Some(refused) = refused { (alert(&refused.error, language)) }
        @if !about.get("case").is_empty() { (form(pages, visitor, about, refused)) }
        @if found.objections.is_empty() { p.empty { (t("没有异议。", "No objections.")) } }
        ul.rows { @for one in &found.objections { li { (objections::one(one, WAYS.case, language)) } } }
        @if !found.next_page_token.is_empty() {
            p { a.button href={ (PATH) "?page=" (found.next_page_token) } { (t("下一页", "More")) } }
        }
    };
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

fn form(pages: &Pages, visitor: &Visitor, about: &Form, refused: Option<&Refused>) -> Markup {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let fold = Fold {
        name: "object",
        title: t("提出异议", "Object"),
        to: PATH,
        etag: "",
        open: true,
        grave: false,
    };
    fold.show(pages, visitor, refused, |filled| {
        html! {
            p { (t("服务单 …", "Case …")) (short(about.get("case"))) " · " code { (about.get("indicator")) }
                " · " (about.get("month")) }
            @for name in ABOUT { input type="hidden" name=(name) value=(about.get(name)); }
            (filled.area("text", t("为什么不应这样计入", "Why it should not count so"), Look {
                max: LONG_TEXT_MAX, required: true,
                hint: t("异议本身不改变数字；服务单记录更正后数字随之更正。",
                    "An objection moves no figure; what is put right in the case does."),
                ..Look::default()
            }))
        }
    })
}

/// `POST /steward/objections`.
pub(super) async fn raise(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.steward;
    let sent = match Posted::of(pages, request).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    match sent.then(raised(pages, &sent)).await {
        Ok(_) => redirect(&format!("{PATH}?done=object"), &sent.visitor.guest),
        Err(error) => {
            let (visitor, refused) = sent.refused("object", error);
            shown(pages, &visitor, &refused.form, Some(&refused)).await
        }
    }
}

async fn raised(pages: &Pages, sent: &Posted) -> Result<ScoreObjection, Error> {
    let form = &sent.form;
    let request = RaiseObjectionRequest {
        request_id: form.text(REQUEST_ID),
        category: Category::parse(form.get("category")).map_or(0, |one| one.number()),
        period: form.text("month"),
        indicator: form.text("indicator"),
        case_id: form.text("case"),
        text: form.text("text"),
    };
    let answer = client(pages, &sent.visitor).raise_objection(request).await;
    Ok(answer.map_err(failed)?.into_inner())
}
