//! The frame of every page, and its headers.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use parasol_api::Language;

use super::form;
use super::session::{Guest, Visitor};
use super::words::Pick as _;

/// Nothing is loaded from elsewhere, nothing runs but what this side serves, and forms go nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' blob:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The umbrella of the house, beside its name.
const UMBRELLA: &str = "<svg class='mark' viewBox='0 0 24 24' width='24' height='24' aria-hidden='true'>\
    <path d='M3 12a9 9 0 0 1 18 0c-1.5-1.3-3-1.3-4.5 0-1.5-1.3-3-1.3-4.5 0-1.5-1.3-3-1.3-4.5 0-1.5-1.3-3-1.3\
    -4.5 0z'/><path d='M12 2v1M12 12v7a2 2 0 0 1-4 0'/></svg>";

/// What goes into the frame.
pub(crate) struct Page<'a> {
    /// In the window's title, and as the page's heading unless `body` has one.
    pub title: &'a str,
    /// What else the head holds.
    pub head: Markup,
    /// The page.
    pub body: Markup,
}

impl Page<'_> {
    /// The page for somebody who signed in.
    pub(crate) fn for_visitor(self, status: StatusCode, visitor: &Visitor) -> Response {
        self.answer(status, &visitor.guest, Some(visitor))
    }

    /// The page for anybody.
    pub(crate) fn for_guest(self, status: StatusCode, guest: &Guest) -> Response {
        self.answer(status, guest, None)
    }

    fn answer(self, status: StatusCode, guest: &Guest, visitor: Option<&Visitor>) -> Response {
        let html = self.html(guest, visitor).into_string();
        let mut response =
            (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
        let headers = response.headers_mut();
        let mut set = |name: HeaderName, value: &'static str| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        set(header::CONTENT_LANGUAGE, guest.language.tag());
        set(header::CONTENT_SECURITY_POLICY, POLICY);
        set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
        set(header::REFERRER_POLICY, "same-origin");
        set(header::VARY, "accept-language, cookie");
        private(headers);
        cookies(headers, guest);
        response
    }

    fn html(self, guest: &Guest, visitor: Option<&Visitor>) -> Markup {
        let (language, site) = (guest.language, guest.site);
        let (other, other_tag, other_name) = match language {
            Language::Zh => ("en", Language::En.tag(), "English"),
            Language::En => ("zh", Language::Zh.tag(), "中文"),
        };
        html! {
            (DOCTYPE)
            html lang=(language.tag()) data-now=(guest.now.micros() / 1_000) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) " · " (language.pick("京伞", "Parasol")) }
                    link rel="stylesheet" href=(site.style);
                    script src=(site.script) defer {}
                    (self.head)
                }
                body {
                    a.skip href="#main" { (language.pick("跳到正文", "Skip to the page")) }
                    header.bar {
                        (home(guest))
                        @if let Some(visitor) = visitor { (who(visitor)) }
                        a.language href={ (guest.path) "?lang=" (other) } lang=(other_tag)
                            hreflang=(other_tag) { (other_name) }
                    }
                    main #main tabindex="-1" { (self.body) }
                }
            }
        }
    }
}

/// The name in the bar: the way home, where there is one.
fn home(guest: &Guest) -> Markup {
    let (site, language) = (guest.site, guest.language);
    let name = html! { (PreEscaped(UMBRELLA)) (language.pick(site.name.0, site.name.1)) };
    html! {
        @if site.roles.is_empty() { span.home { (name) } } @else { a.home href=(site.home) { (name) } }
    }
}

/// Who is signed in, and the way out.
fn who(visitor: &Visitor) -> Markup {
    let language = visitor.guest.language;
    html! {
        @if visitor.guest.site.shows_subject { span.who { (visitor.principal.subject) } }
        form.out method="post" action={ (visitor.guest.site.home) "/sign-out" } {
            input type="hidden" name=(form::TOKEN) value=(visitor.form_token);
            button.plain { (language.pick("退出", "Sign out")) }
        }
    }
}

/// On to another page, by GET.
pub(crate) fn redirect(to: &str, guest: &Guest) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(to) = HeaderValue::try_from(to) {
        headers.insert(header::LOCATION, to);
    }
    private(headers);
    cookies(headers, guest);
    response
}

/// What is shown belongs to whoever is signed in, so nobody may keep it.
pub(crate) fn private(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

fn cookies(headers: &mut HeaderMap, guest: &Guest) {
    let values = guest.cookies.iter().filter_map(|cookie| HeaderValue::try_from(cookie).ok());
    values.for_each(|value| {
        headers.append(header::SET_COOKIE, value);
    });
}
