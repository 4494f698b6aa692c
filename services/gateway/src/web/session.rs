//! Who is at the other end: a signed cookie, and the token that ties forms to it.
//!
//! The cookie holds a credential of this cell for the caller who signed in, made from the one that was handed over,
//! an issuer's as well as our own,
//! and good for twelve hours at most, so what is stolen from a browser is worth that and no more. It is
//! signed like every credential; nothing is kept on this side, so signing out forgets the cookie and
//! revokes nothing.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use form_urlencoded::Serializer;
use parasol_api::Language;
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::identity::Principal;

use super::Pages;
use super::site::Site;
use crate::language;

/// How long a session lasts.
const SESSION_MAX: Span = Span::hours(12);

/// The cookie of a session.
const SESSION: &str = "parasol_session";
/// The cookie of the chosen language.
const LANGUAGE: &str = "parasol_language";
/// The cookie that a sign-in form is tied to.
const DOOR: &str = "parasol_door";

/// What the token of a form is signed for.
const FORM_DOMAIN: &str = "web.form";

/// Somebody who looks, signed in or not.
pub(crate) struct Guest {
    /// At which pages.
    pub site: &'static Site,
    /// In which language.
    pub language: Language,
    /// Whether the way here is TLS, as the proxy in front says.
    pub secure: bool,
    /// Whether another site led here.
    pub foreign: bool,
    /// The address asked for, without its query.
    pub path: String,
    /// The moment the request is answered at.
    pub now: Timestamp,
    /// The cookies to set with the answer.
    pub cookies: Vec<String>,
}

/// Somebody who signed in.
pub(crate) struct Visitor {
    /// How they look.
    pub guest: Guest,
    /// Who they are.
    pub principal: Principal,
    /// Their credential.
    pub token: String,
    /// What every form of theirs must carry.
    pub form_token: String,
}

impl Guest {
    /// Whoever sent this head.
    pub(crate) fn of(pages: &Pages, parts: &Parts) -> Self {
        let asked = asked_language(parts);
        let proto = parts.headers.get("x-forwarded-proto");
        let mut guest = Self {
            site: pages.site,
            language: language_of(parts),
            secure: proto.is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https")),
            foreign: is_foreign(&parts.headers),
            path: parts.uri.path().to_owned(),
            now: pages.clock.now(),
            cookies: Vec::new(),
        };
        if let Some(asked) = asked {
            guest.cookies.push(guest.cookie(LANGUAGE, asked.tag(), Span::days(365)));
        }
        guest
    }

    /// A cookie for these pages alone; an age of nothing forgets it.
    fn cookie(&self, name: &str, value: &str, age: Span) -> String {
        let seconds = age.micros() / 1_000_000;
        let home = self.site.home;
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={value}; Path={home}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
    }

    /// A new cookie to tie a sign-in form to, and the token the form must carry.
    pub(crate) fn door(&mut self, pages: &Pages) -> String {
        let mut random = [0; 16];
        pages.ids.fill(&mut random);
        let value = hex::encode(random);
        self.cookies.push(self.cookie(DOOR, &value, Span::hours(1)));
        form_token(pages, &value)
    }
}

impl Visitor {
    /// Whoever sent this head, if they signed in; else they are a guest.
    pub(crate) fn of(pages: &Pages, parts: &Parts) -> Result<Self, Guest> {
        let guest = Guest::of(pages, parts);
        let token = credential(&parts.headers).map(str::to_owned);
        let known = token.and_then(|token| {
            let principal = pages.key.verify(&token, guest.now).ok()?;
            pages.site.admits(&principal).then_some((token, principal))
        });
        let Some((token, principal)) = known else { return Err(guest) };
        let form_token = form_token(pages, &token);
        Ok(Self { guest, principal, token, form_token })
    }

    /// Whether a form carries the token of this session, and no other site made the browser send it.
    pub(crate) fn owns(&self, pages: &Pages, sent: &str) -> bool {
        !self.guest.foreign && is_form_token(pages, &self.token, sent)
    }
}

/// A session from a credential, as a cookie; `None` when it is no credential for these pages.
pub(crate) async fn open(pages: &Pages, guest: &Guest, credential: &str) -> Option<String> {
    let narrowed = pages.bearers.narrow(credential.trim(), SESSION_MAX).await;
    let (token, principal, ends) = narrowed.ok()?;
    pages.site.admits(&principal).then(|| guest.cookie(SESSION, &token, ends.since(guest.now)))
}

/// The cookie that ends a session.
pub(crate) fn close(guest: &Guest) -> String {
    guest.cookie(SESSION, "", Span::ZERO)
}

/// Whether a sign-in form carries the token of its cookie.
pub(crate) fn owns_door(pages: &Pages, headers: &HeaderMap, sent: &str) -> bool {
    cookie(headers, DOOR).is_some_and(|value| is_form_token(pages, value, sent))
}

/// Whether a browser says that another site made it send this. Browsers that say nothing are judged by
/// the form's token alone.
fn is_foreign(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    site.is_some_and(|site| site != b"same-origin" && site != b"none")
}

/// An address of these pages that a sign-in may lead on to; their front page for anything else.
pub(crate) fn onward<'a>(site: &Site, path: &'a str) -> &'a str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte);
    let ours =
        path.strip_prefix(site.home).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if ours && path.bytes().all(plain) && !path.contains("//") { path } else { site.home }
}

/// The sign-in page that leads on to `path`.
pub(crate) fn sign_in_path(site: &Site, path: &str) -> String {
    let next = Serializer::new(String::new()).append_pair("next", onward(site, path)).finish();
    format!("{}/sign-in?{next}", site.home)
}

fn form_token(pages: &Pages, bound_to: &str) -> String {
    hex::encode(pages.key.mac(FORM_DOMAIN, bound_to.as_bytes()))
}

fn is_form_token(pages: &Pages, bound_to: &str, sent: &str) -> bool {
    let sent = hex::decode(sent).unwrap_or_default();
    pages.key.verify_mac(FORM_DOMAIN, bound_to.as_bytes(), &sent)
}

/// The language that somebody wants: the one asked for, else the one chosen before, else their browser's.
pub(crate) fn language_of(parts: &Parts) -> Language {
    let kept = || cookie(&parts.headers, LANGUAGE).and_then(Language::of_tag);
    let known = asked_language(parts).or_else(kept);
    known.unwrap_or_else(|| language::of_headers(&parts.headers))
}

/// The credential of a session, whatever it is worth.
pub(crate) fn credential(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, SESSION)
}

fn asked_language(parts: &Parts) -> Option<Language> {
    let query = parts.uri.query().unwrap_or_default();
    let pairs = form_urlencoded::parse(query.as_bytes());
    let tags = pairs.filter(|(name, _)| name == "lang").map(|(_, tag)| Language::of_tag(&tag));
    tags.last().flatten()
}

/// The value of a cookie.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| known.trim() == name).map(|(_, value)| value.trim())
}
