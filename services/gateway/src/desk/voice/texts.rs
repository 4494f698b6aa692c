//! What customers wrote in surveys: each text is somebody's to read.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::tracking::v1::{
    AssignVoiceRequest, ListVoicesRequest, ListVoicesResponse, ReadVoiceRequest, Voice,
};
use parasol_api::{Error, Language, Reason};

use super::{PAGE, instant, more, voices, ways};
use crate::Gateway;
use crate::desk::case_path;
use crate::staff::forms::{Fold, Refused, done};
use crate::staff::let_in;
use crate::staff::words::short;
use crate::web::controls::{Look, alert};
use crate::web::door::{failure, status};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::page::{Page, redirect};
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::{Pick as _, category};
use crate::web::{Pages, failed, times};

/// Where they lie.
const PATH: &str = "/desk/voices";

/// `GET /desk/voices`.
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
    let which = query.get("list");
    let asked = ListVoicesRequest {
        with_read: which == "all",
        assignee: if which == "mine" { visitor.principal.subject.clone() } else { String::new() },
        page_size: PAGE,
        page_token: query.text("page"),
    };
    match voices(pages, visitor).list_voices(asked).await {
        Ok(found) => page(pages, visitor, query, (&found.into_inner(), refused)),
        Err(status) => failure(&visitor.guest, &failed(status)),
    }
}

fn page(
    pages: &Pages,
    visitor: &Visitor,
    query: &Form,
    (found, refused): (&ListVoicesResponse, Option<&Refused>),
) -> Response {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = t("回访原话", "Survey texts");
    let which = query.get("list");
    let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
    let lists = [
        ("", t("未读，旧的在前", "Unread, the oldest first")),
        ("mine", t("我的未读", "Mine to read")),
        ("all", t("全部", "All")),
    ];
    let body = html! {
        h1 { (title) }
        (ways(PATH, visitor))
        (done(query, &[
            ("assign", t("已指派。", "It has a reader.")),
            ("read", t("已标记为已读。", "Marked as read.")),
        ]))
        @if let Some(refused) = refused { (alert(&refused.error, language)) }
        nav.tabs aria-label=(t("筛选", "Which")) {
            @for (word, name) in lists {
                @let to = if word.is_empty() { PATH.to_owned() } else { format!("{PATH}?list={word}") };
                a href=(to) aria-current=[(word == which).then_some("page")] { (name) }
            }
        }
        @if found.voices.is_empty() { p.empty { (t("没有。", "None.")) } }
        @for one in &found.voices { (text(pages, visitor, one, refused)) }
        (more(PATH, &[("list", which)], &found.next_page_token, language))
    };
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

fn text(pages: &Pages, visitor: &Visitor, one: &Voice, refused: Option<&Refused>) -> Markup {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let is_own = one.assignee == visitor.principal.subject;
    let is_read = one.read_at.is_some();
    html! {
        section.card {
            h2 { (category(one.category(), language)) " " (one.brand) " · " (stars(one.csat, language)) }
            blockquote { (one.text) }
            p.hint {
                @if let Some(at) = instant(one.at.as_ref()) { (times::at(at, language)) " · " }
                a href=(case_path(&one.case_id)) { "…" (short(&one.case_id)) } " · "
                @if one.assignee.is_empty() { (t("无人负责", "nobody's yet")) } @else { (one.assignee) }
                @if let Some(at) = instant(one.read_at.as_ref()) {
                    " · " (t("已读 ", "read ")) (times::at(at, language))
                }
            }
            @if !is_read {
                @if is_own {
                    @let to = format!("{PATH}/{}/read", one.voice_id);
                    @let name = format!("read-{}", one.voice_id);
                    @let fold = Fold {
                        name: &name, title: t("标记为已读", "Mark as read"), to: &to, etag: &one.etag,
                        open: true, grave: false,
                    };
                    (fold.show(pages, visitor, refused, |_| html! {}))
                }
                @let to = format!("{PATH}/{}/assign", one.voice_id);
                @let name = format!("assign-{}", one.voice_id);
                @let fold = Fold {
                    name: &name, title: t("指派给谁读", "Give it to a reader"), to: &to, etag: &one.etag,
                    open: one.assignee.is_empty(), grave: false,
                };
                (fold.show(pages, visitor, refused, |filled| filled.input(
                    "assignee", t("给谁（账号）", "To whom, by account"), Look {
                        value: &visitor.principal.subject, max: FOREIGN_NUMBER_MAX, ..Look::default()
                    })))
            }
        }
    }
}

/// How content somebody was, one to five.
fn stars(csat: i32, language: Language) -> Markup {
    let full = usize::try_from(csat.clamp(0, 5)).unwrap_or_default();
    let words = language.pick(format!("满意度 {csat}（满分 5）"), format!("{csat} of 5"));
    html! {
        span.stars role="img" aria-label=(words) { ("★".repeat(full)) ("☆".repeat(5 - full)) }
    }
}

/// `POST /desk/voices/{id}/{act}`.
pub(in crate::desk) async fn perform(
    State(gateway): State<Gateway>,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Response {
    let pages = &gateway.desk;
    let sent = match Posted::of(pages, request).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    match sent.then(send(pages, &sent, &name, &id)).await {
        Ok(()) => redirect(&format!("{PATH}?done={name}"), &sent.visitor.guest),
        Err(error) => {
            let (visitor, refused) = sent.refused(&format!("{name}-{id}"), error);
            shown(pages, &visitor, &Form::default(), Some(&refused)).await
        }
    }
}

async fn send(pages: &Pages, sent: &Posted, act: &str, id: &str) -> Result<(), Error> {
    let form = &sent.form;
    let (request_id, etag, voice_id) = (form.text(REQUEST_ID), form.text("etag"), id.to_owned());
    let mut client = voices(pages, &sent.visitor);
    match act {
        "assign" => {
            let assignee = form.text("assignee");
            let request = AssignVoiceRequest { request_id, voice_id, etag, assignee };
            client.assign_voice(request).await.map_err(failed)?;
        }
        "read" => {
            let request = ReadVoiceRequest { request_id, voice_id, etag };
            client.read_voice(request).await.map_err(failed)?;
        }
        _ => return Err(Error::new(Reason::NotFound)),
    }
    Ok(())
}
