//! What brands object to in figures that are about to be published, each with its answer or the form for it.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::tracking::v1::score_service_client::ScoreServiceClient;
use parasol_api::tracking::v1::{
    AnswerObjectionRequest, ListObjectionsRequest, ListObjectionsResponse, ObjectionState,
    ScoreObjection,
};
use parasol_api::{Error, Reason};
use parasol_runtime::transport::Transport;

use super::{ways, ways_of};
use crate::Gateway;
use crate::staff::forms::{Fold, Refused, done};
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
const PATH: &str = "/board/objections";
/// Objections on a page, each with a form.
const PAGE: i32 = 20;

fn client(pages: &Pages, visitor: &Visitor) -> ScoreServiceClient<Transport> {
    ScoreServiceClient::new(pages.transport_of(visitor))
}

/// `GET /board/objections`.
pub(super) async fn list(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.board;
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
    let request = ListObjectionsRequest {
        open_only: query.get("list") != "all",
        page_size: PAGE,
        page_token: query.text("page"),
        ..ListObjectionsRequest::default()
    };
    match client(pages, visitor).list_objections(request).await {
        Ok(found) => page(pages, visitor, query, (&found.into_inner(), refused)),
        Err(status) => failure(&visitor.guest, &failed(status)),
    }
}

fn page(
    pages: &Pages,
    visitor: &Visitor,
    query: &Form,
    (found, refused): (&ListObjectionsResponse, Option<&Refused>),
) -> Response {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = t("评分异议", "Objections to scores");
    let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
    let all = query.get("list") == "all";
    let body = html! {
        h1 { (title) }
        (ways_of(PATH, language))
        (done(query, &[("answer", t("已答复。", "Answered."))]))
        @if let Some(refused) = refused { (alert(&refused.error, language)) }
        nav.tabs aria-label=(t("筛选", "Which")) {
            a href=(PATH) aria-current=[(!all).then_some("page")] { (t("待答复，旧的在前", "To answer, the oldest first")) }
            a href={ (PATH) "?list=all" } aria-current=[all.then_some("page")] { (t("全部", "All")) }
        }
        p.hint { (t("异议不改变数字：有误的，请在服务单内更正，数字随之更正。",
            "An objection moves no figure: what is wrong is put right in the case, and the figure follows.")) }
        @if found.objections.is_empty() { p.empty { (t("没有。", "None.")) } }
        @for one in &found.objections { (objection(pages, visitor, one, refused)) }
        @if !found.next_page_token.is_empty() {
            p { a.button href={ (PATH) "?list=" (query.get("list")) "&page=" (found.next_page_token) } {
                (t("下一页", "More"))
            } }
        }
    };
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

fn objection(
    pages: &Pages,
    visitor: &Visitor,
    one: &ScoreObjection,
    refused: Option<&Refused>,
) -> Markup {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let name = format!("answer-{}", one.objection_id);
    let fold = Fold {
        name: &name,
        title: t("答复", "Answer"),
        to: &format!("{PATH}/{}", one.objection_id),
        etag: &one.etag,
        open: false,
        grave: false,
    };
    html! {
        (objections::one(one, ways(visitor.principal.role).case, language))
        @if one.state() == ObjectionState::Raised {
            (fold.show(pages, visitor, refused, |filled| html! {
                (filled.radios("upheld", t("是否成立", "Is it right?"), &[
                    ("yes".to_owned(), html! { (t("成立", "Yes")) }),
                    ("no".to_owned(), html! { (t("不成立", "No")) }),
                ], ""))
                (filled.area("text", t("理由，以及在服务单内更正了什么", "Why, and what was put right in the case"), Look {
                    max: LONG_TEXT_MAX, required: true, ..Look::default()
                }))
            }))
        }
    }
}

/// `POST /board/objections/{id}`.
pub(super) async fn answer(
    State(gateway): State<Gateway>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.board;
    let sent = match Posted::of(pages, request).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    match sent.then(answered(pages, &sent, &id)).await {
        Ok(_) => redirect(&format!("{PATH}?done=answer"), &sent.visitor.guest),
        Err(error) => {
            let (visitor, refused) = sent.refused(&format!("answer-{id}"), error);
            shown(pages, &visitor, &Form::default(), Some(&refused)).await
        }
    }
}

async fn answered(pages: &Pages, sent: &Posted, id: &str) -> Result<ScoreObjection, Error> {
    let form = &sent.form;
    let upheld = match form.get("upheld") {
        "yes" => true,
        "no" => false,
        _ => return Err(Error::field("upheld", Reason::FieldInvalid, "yes or no")),
    };
    let request = AnswerObjectionRequest {
        request_id: form.text(REQUEST_ID),
        objection_id: id.to_owned(),
        etag: form.text("etag"),
        upheld,
        text: form.text("text"),
    };
    let answer = client(pages, &sent.visitor).answer_objection(request).await;
    Ok(answer.map_err(failed)?.into_inner())
}
