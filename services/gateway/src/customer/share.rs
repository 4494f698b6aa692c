//! The page of a case for whoever was given a link: read-only, live, and nothing beside it.
//!
//! The link is the credential: it is in the address and nowhere else, so no cookie is set for it and no page is
//! allowed to tell it to another site.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use parasol_api::tracking::v1::GetTimelineRequest;
use parasol_api::{Error, Language, Reason};
use parasol_runtime::transport::local;

use super::SHARED;
use super::calls::Calls;
use super::case_page::Sheet;
use crate::Gateway;
use crate::web::controls::alert;
use crate::web::door::status;
use crate::web::live::{none, place_of, story};
use crate::web::page::Page;
use crate::web::session::Guest;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed, secret};

/// Characters of a link's token.
const TOKEN_MAX: usize = 2_048;

/// The clients of a link.
fn calls(pages: &Pages, token: &str, language: Language) -> Result<Calls, Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-~".contains(&byte);
    if token.is_empty() || token.len() > TOKEN_MAX || !token.bytes().all(plain) {
        return Err(Error::new(Reason::NotFound));
    }
    Ok(Calls::over(local::with_token(pages.transport.clone(), token), language))
}

/// `GET /s/{token}`.
pub(super) async fn show(
    State(gateway): State<Gateway>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.shared;
    let (parts, _) = request.into_parts();
    let guest = Guest::of(pages, &parts);
    let response = match sheet(pages, &token, &guest).await {
        Ok(sheet) => page(&sheet, &token, &guest),
        Err(error) => gone(&error, &guest),
    };
    secret(response)
}

async fn sheet(pages: &Pages, token: &str, guest: &Guest) -> Result<Sheet, Error> {
    let calls = calls(pages, token, guest.language)?;
    let language = guest.language.pick("zh", "en").to_owned();
    // The link itself says which case it opens.
    let request = GetTimelineRequest { case_id: String::new(), language };
    let told = calls.tracking().get_timeline(request).await.map_err(failed)?.into_inner();
    Ok(Sheet::of(told, None, guest.language, guest.now))
}

fn page(sheet: &Sheet, token: &str, guest: &Guest) -> Response {
    let language = sheet.language;
    let about = language.pick(
        "这是分享给您的服务进度，只能查看。",
        "This was shared with you. You can follow it, and change nothing.",
    );
    let body = html! {
        p.shared { (about) }
        (sheet.body(&format!("{SHARED}/{token}/events"), None))
    };
    let title = format!("{} · {}", sheet.stage_name(), sheet.title());
    Page { title: &title, head: html! {}, body }.for_guest(StatusCode::OK, guest)
}

/// A link that opens nothing: wrong, over, or taken back; which of them is not said.
fn gone(error: &Error, guest: &Guest) -> Response {
    let language = guest.language;
    let title = language.pick("链接已失效", "This link opens nothing");
    let closed = matches!(
        error.reason(),
        Reason::Unauthenticated | Reason::PermissionDenied | Reason::NotFound
    );
    let body = html! {
        h1 { (title) }
        @if closed {
            p { (language.pick(
                "它可能已过期或被收回。请向分享的人再要一个。",
                "It has run out or was taken back. Ask whoever shared it for another one.",
            )) }
        } @else { (alert(error, language)) }
    };
    let code = if closed { StatusCode::NOT_FOUND } else { status(error) };
    Page { title, head: html! {}, body }.for_guest(code, guest)
}

/// `GET /s/{token}/events`.
pub(super) async fn events(
    State(gateway): State<Gateway>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.shared;
    let (parts, _) = request.into_parts();
    let guest = Guest::of(pages, &parts);
    let Ok(calls) = calls(pages, &token, guest.language) else { return none() };
    story(calls.tracking(), String::new(), place_of(&parts), guest.language).await
}
