//! Signing in and out.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use maud::html;
use parasol_api::{Error, Reason};

use super::Pages;
use super::controls::{Filled, Look, alert};
use super::form::{Form, TOKEN};
use super::page::{Page, redirect};
use super::session::{self, Guest, Visitor};
use super::words::Pick as _;

/// Characters of a credential.
const CREDENTIAL_MAX: usize = 4096;

/// `GET …/sign-in`.
pub(crate) async fn show(pages: Pages, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let next = Form::of_query(parts.uri.query()).text("next");
    let guest = Guest::of(&pages, &parts);
    page(&pages, guest, StatusCode::OK, &next, None)
}

/// `POST …/sign-in`.
pub(crate) async fn sign_in(pages: Pages, request: Request) -> Response {
    let pages = &pages;
    let (parts, body) = request.into_parts();
    let mut guest = Guest::of(pages, &parts);
    let form = match Form::read(&parts.headers, body).await {
        Ok(form) => form,
        Err(error) => return page(pages, guest, StatusCode::BAD_REQUEST, "", Some(&error)),
    };
    let next = form.text("next");
    if guest.foreign || !session::owns_door(pages, &parts.headers, form.get(TOKEN)) {
        return page(pages, guest, StatusCode::FORBIDDEN, &next, Some(&stale()));
    }
    match session::open(pages, &guest, form.get("credential")).await {
        Some(cookie) => {
            guest.cookies.push(cookie);
            redirect(session::onward(guest.site, &next), &guest)
        }
        None => {
            let error = Error::new(Reason::Unauthenticated);
            page(pages, guest, StatusCode::UNAUTHORIZED, &next, Some(&error))
        }
    }
}

/// `POST …/sign-out`.
pub(crate) async fn sign_out(pages: Pages, request: Request) -> Response {
    let pages = &pages;
    let home = pages.site.home;
    let (parts, body) = request.into_parts();
    let mut visitor = match Visitor::of(pages, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return redirect(&format!("{home}/sign-in"), &guest),
    };
    let form = Form::read(&parts.headers, body).await.unwrap_or_default();
    if !visitor.owns(pages, form.get(TOKEN)) {
        return redirect(home, &visitor.guest);
    }
    let cookie = session::close(&visitor.guest);
    visitor.guest.cookies.push(cookie);
    redirect(&format!("{home}/sign-in"), &visitor.guest)
}

/// The answer to somebody who has not signed in, or did long ago. What is asked for by GET is come back to.
pub(crate) fn closed(pages: &Pages, guest: Guest, is_get: bool) -> Response {
    if is_get && guest.foreign {
        return step_inside(&guest);
    }
    if is_get {
        let to = session::sign_in_path(guest.site, &guest.path);
        return redirect(&to, &guest);
    }
    let error = Error::new(Reason::Unauthenticated);
    let next = guest.path.rsplit_once('/').map(|(case, _)| case.to_owned());
    page(pages, guest, StatusCode::UNAUTHORIZED, &next.unwrap_or_default(), Some(&error))
}

/// A strict cookie does not come with a link from another site. A page of ours asks again at once, and
/// then it comes if there is one.
fn step_inside(guest: &Guest) -> Response {
    let title = guest.language.pick("请稍候", "One moment");
    let to = session::onward(guest.site, &guest.path);
    let body = html! { p { a href=(to) { (guest.language.pick("继续", "Go on")) } } };
    let mut response = Page { title, head: html! {}, body }.for_guest(StatusCode::OK, guest);
    if let Ok(refresh) = HeaderValue::try_from(format!("0; url={to}")) {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    response
}

/// A page that says no more than what went wrong.
pub(crate) fn failure(guest: &Guest, error: &Error) -> Response {
    let title = guest.language.pick("出错了", "Something went wrong");
    let body = html! { h1 { (title) } (alert(error, guest.language)) };
    Page { title, head: html! {}, body }.for_guest(status(error), guest)
}

/// The status of a page with an error on it.
pub(crate) fn status(error: &Error) -> StatusCode {
    use parasol_api::Kind;
    match error.kind() {
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::PermissionDenied => StatusCode::FORBIDDEN,
        Kind::InvalidArgument | Kind::OutOfRange => StatusCode::BAD_REQUEST,
        Kind::AlreadyExists | Kind::Aborted | Kind::FailedPrecondition => StatusCode::CONFLICT,
        Kind::ResourceExhausted | Kind::Unavailable | Kind::DeadlineExceeded => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Kind::Unimplemented | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A form that is not of this session: an old page, or another site's.
pub(crate) fn stale() -> Error {
    Error::new(Reason::FormStale)
}

fn page(
    pages: &Pages,
    mut guest: Guest,
    status: StatusCode,
    next: &str,
    error: Option<&Error>,
) -> Response {
    let language = guest.language;
    let token = guest.door(pages);
    // A credential is never written back into a page.
    let filled = Filled { of: "door", language, form: &Form::default(), error: None };
    let title = language.pick("登录", "Sign in");
    let hint = language.pick(
        "粘贴平台发给您的凭证。登录 12 小时内有效，凭证不会保存在页面里。",
        "Paste the credential the platform gave you. You stay signed in for 12 hours at most.",
    );
    let look =
        Look { kind: "password", hint, required: true, max: CREDENTIAL_MAX, ..Look::default() };
    let body = html! {
        h1 { (title) }
        p { (language.pick(guest.site.about.0, guest.site.about.1)) }
        @if let Some(error) = error { (alert(error, language)) }
        form.card #door method="post" action={ (guest.site.home) "/sign-in" } {
            input type="hidden" name=(TOKEN) value=(token);
            input type="hidden" name="next" value=(session::onward(guest.site, next));
            (filled.input("credential", language.pick("凭证", "Credential"), look))
            button.main { (title) }
        }
    };
    Page { title, head: html! {}, body }.for_guest(status, &guest)
}
