//! Photos and films of a case: added on a page of their own, one at a time where a script can, and shown.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use parasol_api::Error;

use super::calls::Calls;
use super::case_page::Sheet;
use super::{cards, case_path};
use crate::Gateway;
use crate::web::controls::{Filled, alert, hidden};
use crate::web::door::{closed, failure, status};
use crate::web::form::Form;
use crate::web::page::{Page, redirect};
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, photos};

/// `GET /my/cases/{case}/photos`.
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
    page(pages, &visitor, &case, Form::of_query(parts.uri.query()), None).await
}

/// `POST /my/cases/{case}/photos`: each photo is a piece of evidence as soon as it has come, so what was taken
/// stays whatever becomes of the others.
pub(super) async fn add(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.customer;
    let posted = match Posted::with_photos(pages, &case, request).await {
        Ok(posted) => posted,
        Err(door) => return *door,
    };
    let visitor = &posted.visitor;
    // The photos came in with the form.
    match posted.good() {
        Ok(()) => redirect(&format!("{}?done=photos", case_path(&case, "")), &visitor.guest),
        Err(error) => page(pages, visitor, &case, Form::default(), Some(&error)).await,
    }
}

async fn page(
    pages: &Pages,
    visitor: &Visitor,
    case: &str,
    query: Form,
    error: Option<&Error>,
) -> Response {
    let sheet = match Sheet::gather(pages, visitor, case, query).await {
        Ok(sheet) => sheet,
        Err(error) => return failure(&visitor.guest, &error),
    };
    let language = sheet.language;
    let title = language.pick("照片与视频", "Photos and films");
    let filled = Filled { of: "photos", language, form: &Form::default(), error: None };
    let about = language.pick(
        "拍清楚故障的样子、机身铭牌和外观，能少跑一趟。照片会自动去除位置等信息。",
        "A clear picture of the fault, the nameplate and the outside may spare a visit. Places and other \
         data in a photo are taken out.",
    );
    let sent = language.pick("上传", "Upload");
    let body = html! {
        p.back { a href=(case_path(case, "")) { "‹ " (sheet.title()) } }
        @if let Some(error) = error { (alert(error, language)) }
        h1 { (title) }
        p { (about) }
        (cards::pieces(&sheet, sheet.evidence.len()))
        form.card method="post" action=(case_path(case, "photos")) enctype="multipart/form-data"
            data-photos=(case) {
            (hidden(pages, visitor, &filled))
            (photos::inputs(&filled, ""))
            button.main { (sent) }
            p #progress role="status" {}
        }
        p { a href=(case_path(case, "")) { (language.pick("以后再说", "Later")) } }
    };
    let code = error.map_or(StatusCode::OK, status);
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

/// `GET /my/cases/{case}/evidence/{piece}`: the piece itself.
pub(super) async fn content(
    State(gateway): State<Gateway>,
    Path((_, piece)): Path<(String, String)>,
    request: Request,
) -> Response {
    let pages = &gateway.customer;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(pages, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(pages, guest, true),
    };
    let transport = Calls::of(pages, &visitor).transport();
    let found = photos::content(transport, piece).await;
    found.unwrap_or_else(|error| failure(&visitor.guest, &error))
}
