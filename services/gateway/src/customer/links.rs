//! Links to a case for somebody who has no account: made, shown once, and taken back.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::Error;
use parasol_api::convert::timestamp;
use parasol_api::tracking::v1::{
    CreateShareLinkRequest, ListShareLinksRequest, RevokeShareLinkRequest, ShareLink,
};

use super::calls::Calls;
use super::case_path;
use crate::Gateway;
use crate::web::controls::{Filled, alert, hidden};
use crate::web::door::{closed, failure, status};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::page::Page;
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed, times};

/// The field with the link that is taken back.
const LINK: &str = "link_id";

/// `GET /my/cases/{case}/links`.
pub(super) async fn show(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.customer;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(pages, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(pages, guest, true),
    };
    page(pages, &visitor, &case, Ok(None), &Form::default()).await
}

/// `POST /my/cases/{case}/links`: makes a link, or takes the one back that the form names. A link that was made is
/// shown on the page that answers and nowhere again: the house itself does not keep it.
pub(super) async fn change(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.customer;
    let posted = match Posted::of(pages, request).await {
        Ok(posted) => posted,
        Err(door) => return *door,
    };
    let Posted { visitor, form, .. } = &posted;
    let changed = posted.then(changed(&Calls::of(pages, visitor), &case, form)).await;
    page(pages, visitor, &case, changed, form).await
}

async fn changed(calls: &Calls, case: &str, form: &Form) -> Result<Option<ShareLink>, Error> {
    let (request_id, case_id) = (form.text(REQUEST_ID), case.to_owned());
    let mut tracking = calls.tracking();
    if form.get(LINK).is_empty() {
        let request = CreateShareLinkRequest { request_id, case_id, ..Default::default() };
        let made = tracking.create_share_link(request).await.map_err(failed)?;
        return Ok(Some(made.into_inner()));
    }
    let link_id = form.text(LINK);
    let request = RevokeShareLinkRequest { request_id, case_id, link_id, ..Default::default() };
    tracking.revoke_share_link(request).await.map_err(failed)?;
    Ok(None)
}

async fn page(
    pages: &Pages,
    visitor: &Visitor,
    case: &str,
    changed: Result<Option<ShareLink>, Error>,
    form: &Form,
) -> Response {
    let language = visitor.guest.language;
    let calls = Calls::of(pages, visitor);
    let request = ListShareLinksRequest { case_id: case.to_owned() };
    let links = match calls.tracking().list_share_links(request).await.map_err(failed) {
        Ok(links) => links.into_inner().links,
        Err(error) => return failure(&visitor.guest, &error),
    };
    let error = changed.as_ref().err();
    let made = changed.as_ref().ok().and_then(Option::as_ref);
    let filled = Filled { of: "links", language, form, error };
    let title = language.pick("分享进度", "Share the progress");
    let about = language.pick(
        "拿到链接的人七天内可以查看进展，看不到电话和您说的话，也不能做任何操作。您可以随时收回。",
        "Whoever has the link can follow this case for seven days: no telephone numbers, nothing you wrote, \
         and nothing to press. You can take it back at any time.",
    );
    let good = links.iter().filter(|link| is_good(link, visitor));
    let body = html! {
        p.back { a href=(case_path(case, "")) { "‹ " (language.pick("返回", "Back to the case")) } }
        @if let Some(error) = error { (alert(error, language)) }
        h1 { (title) }
        p { (about) }
        @if let Some(link) = made { (fresh(link, language)) }
        form.card method="post" action=(case_path(case, "links")) data-once {
            (hidden(pages, visitor, &filled))
            button.main { (language.pick("生成链接", "Make a link")) }
        }
        @for link in good { (one(pages, visitor, case, link, &filled)) }
    };
    let code = error.map_or(StatusCode::OK, status);
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

fn is_good(link: &ShareLink, visitor: &Visitor) -> bool {
    let ends = link.expires_at.as_ref().and_then(timestamp);
    link.revoked_at.is_none() && ends.is_some_and(|ends| ends > visitor.guest.now)
}

/// A link that was just made, for once.
fn fresh(link: &ShareLink, language: parasol_api::Language) -> Markup {
    html! {
        div.notice role="status" {
            p { strong { (language.pick("链接已生成，只显示这一次：", "Here it is, this once:")) } }
            p { a #shared-link href=(link.path) { (link.path) } }
            button type="button" data-copy="shared-link" hidden { (language.pick("复制链接", "Copy the link")) }
        }
    }
}

fn one(
    pages: &Pages,
    visitor: &Visitor,
    case: &str,
    link: &ShareLink,
    filled: &Filled<'_>,
) -> Markup {
    let language = filled.language;
    html! {
        form.card method="post" action=(case_path(case, "links")) data-once {
            (hidden(pages, visitor, filled))
            input type="hidden" name=(LINK) value=(link.link_id);
            @if let Some(at) = link.created_at.as_ref().and_then(timestamp) {
                p { (language.pick("生成于 ", "Made ")) (times::at(at, language)) }
            }
            @if let Some(at) = link.expires_at.as_ref().and_then(timestamp) {
                p.hint { (language.pick("有效至 ", "Good until ")) (times::at(at, language)) }
            }
            button { (language.pick("收回", "Take it back")) }
        }
    }
}
