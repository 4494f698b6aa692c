//! Who is let in at the HTTP port. Every request takes a place before anything of it is read or worked on, or is
//! refused at once; so no route can forget to ask.
//!
//! Callers with a good credential share the places by tenant and priority, as gRPC calls do ([`Share`]). What is
//! open for long, streams and photos on their way in, has places of its own, so that who watches takes none from who
//! works. Everybody else (signed callbacks whose signature is not known yet, public pages, shared links, doors) has a
//! small number of places in common, shared by the door they come by, and little time for a body: they can keep each
//! other waiting, and never a caller with a credential. Probes take none.
//!
//! A place is held until the answer has been handed over. What a caller may do is not judged here.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http_body::{Body as HttpBody, Frame, SizeHint};
use parasol_api::{Error, Reason};
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::{Bearers, Principal, TokenKey};
use parasol_runtime::metrics::{Counter, Label, Metrics};
use parasol_runtime::transport::admission::{Admission, Place, Share, is_import};
use parasol_runtime::transport::auth::bearer;
use parasol_runtime::transport::contract;
use tokio::time::timeout;

use crate::browsers::GRPC_WEB;
use crate::web::{Web, live, session};
use crate::{language, pages, rest};

/// Calls under way of callers with a credential.
const CALLS_MAX: usize = 200;
/// Their streams, and forms with photos on their way in.
const STREAMS_MAX: usize = 200;
/// Calls under way of everybody else.
const UNSIGNED_MAX: usize = 32;
/// Pages behind shared links that are told of changes.
const UNSIGNED_STREAMS_MAX: usize = 64;
/// What all of them have in common; less than the connections of the port, so that probes are always answered.
pub(crate) const PLACES: usize = CALLS_MAX + STREAMS_MAX + UNSIGNED_MAX + UNSIGNED_STREAMS_MAX;
/// How long the body of a caller without a credential may take to come.
const UNSIGNED_READING_MAX: Duration = Duration::from_secs(5);

/// Where callers without a credential come in; each door has its share of their places.
const DOORS: [&str; 12] = [
    "/v1/callbacks",
    "/v1/notices",
    "/v1/mail",
    "/v1/calendars",
    "/portal",
    "/my",
    "/s",
    "/survey",
    "/ranking",
    "/board",
    "/desk",
    "/steward",
];

/// The places of the port. Clones share them.
#[derive(Clone)]
pub(crate) struct Edge {
    calls: Admission,
    streams: Admission,
    unsigned: Admission,
    unsigned_streams: Admission,
    bearers: Bearers,
    key: Arc<TokenKey>,
    clock: Clock,
    metrics: Metrics,
}

/// What a request is, as far as its head tells.
#[derive(Clone, Debug)]
struct Asked {
    /// A stream, or a form with photos.
    is_long: bool,
    /// Rows by the thousand.
    is_import: bool,
    /// The door it comes by, where it has no credential.
    door: &'static str,
}

/// Who sent a request.
enum Who {
    /// Somebody whose credential is good.
    Known(Principal),
    /// Whoever a token of an issuer names, once that one's keys have been looked at.
    Later(String),
    /// Nobody, or somebody whose credential is worth nothing.
    Nobody,
}

/// The place of a request, which it takes along; clones are of the same place.
#[derive(Clone)]
pub(crate) struct Held {
    edge: Edge,
    asked: Asked,
    place: Arc<Mutex<Place>>,
}

impl Edge {
    /// The places of a process whose pages need `web`.
    pub(crate) fn new(web: &Web) -> Self {
        let Web { key, bearers, clock, metrics, .. } = web.clone();
        let [calls, streams, unsigned, unsigned_streams] =
            [CALLS_MAX, STREAMS_MAX, UNSIGNED_MAX, UNSIGNED_STREAMS_MAX].map(Admission::of);
        Self { calls, streams, unsigned, unsigned_streams, bearers, key, clock, metrics }
    }

    fn who(&self, headers: &HeaderMap) -> Who {
        if headers.contains_key(AUTHORIZATION) {
            let Some(token) = bearer(headers) else { return Who::Nobody };
            return match self.bearers.read_now(token) {
                Some(Ok((principal, _))) => Who::Known(principal),
                Some(Err(_)) => Who::Nobody,
                None => Who::Later(token.to_owned()),
            };
        }
        let session = session::credential(headers);
        let known = session.and_then(|token| self.key.verify(token, self.clock.now()).ok());
        known.map_or(Who::Nobody, Who::Known)
    }

    /// A place for a request and whether it has a credential.
    async fn let_in(&self, who: Who, asked: Asked) -> Result<(Held, bool), Error> {
        match who {
            Who::Known(principal) => {
                let place = self.signed(&principal, &asked)?;
                Ok((self.held(asked, place), true))
            }
            Who::Nobody => {
                let place = self.unsigned(&asked)?;
                Ok((self.held(asked, place), false))
            }
            Who::Later(token) => {
                // Until its issuer has been asked, which may take seconds, a token is worth nothing.
                let place = self.unsigned(&asked)?;
                let held = self.held(asked, place);
                let read = self.bearers.read(&token).await;
                let known = match &read {
                    Ok((principal, _)) => held.pass_to(principal).map(|()| true)?,
                    Err(_) => false,
                };
                Ok((held, known))
            }
        }
    }

    fn held(&self, asked: Asked, place: Place) -> Held {
        Held { edge: self.clone(), asked, place: Arc::new(Mutex::new(place)) }
    }

    fn signed(&self, principal: &Principal, asked: &Asked) -> Result<Place, Error> {
        let places = if asked.is_long { &self.streams } else { &self.calls };
        let share = Share::of(principal, asked.is_import);
        let priority = share.priority();
        places.place(share).ok_or_else(|| self.refused(priority))
    }

    fn unsigned(&self, asked: &Asked) -> Result<Place, Error> {
        let places = if asked.is_long { &self.unsigned_streams } else { &self.unsigned };
        let place = places.place(Share::unsigned(asked.door));
        place.ok_or_else(|| self.refused("unsigned"))
    }

    fn refused(&self, priority: &'static str) -> Error {
        self.metrics.count(Counter::CallsShed, 1, &[Label::new("priority", priority)]);
        Error::new(Reason::Overloaded)
    }
}

impl Asked {
    fn of(parts: &Parts) -> Self {
        let path = parts.uri.path();
        let method = match shape(&parts.headers, path) {
            Shape::Web(_) => Some(path.to_owned()),
            Shape::Problem => rest::method_at(&parts.method, path),
            Shape::Listener | Shape::Page => None,
        };
        let (is_import, is_long) = match &method {
            Some(method) => (is_import(method), contract::is_streaming(method)),
            None => (false, is_long_page(&parts.headers)),
        };
        let door = if method.is_some() { "calls" } else { door(path) };
        Self { is_long: is_long && !is_import, is_import, door }
    }
}

/// Whether a page is told of changes, or a form brings photos. Who says so and does neither takes another place, and
/// has no more of them.
fn is_long_page(headers: &HeaderMap) -> bool {
    let says = |name: HeaderName, text: &str| {
        let said = headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        said.is_some_and(|said| said.starts_with(text))
    };
    says(ACCEPT, "text/event-stream") || says(CONTENT_TYPE, "multipart/form-data")
}

/// The set of pages, or the kind of call, that a path belongs to; calls of methods aside, and the rest is one.
fn door(path: &str) -> &'static str {
    let leads = |door: &&&str| {
        let rest = path.strip_prefix(**door);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    DOORS.iter().find(leads).copied().unwrap_or_default()
}

impl Held {
    /// From now on the request is one of somebody who has proved who they are: their share takes it over, and the place
    /// it had is free.
    ///
    /// # Errors
    /// `OVERLOADED` where they have their share already.
    pub(crate) fn pass_to(&self, principal: &Principal) -> Result<(), Error> {
        let place = self.edge.signed(principal, &self.asked)?;
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = place;
        Ok(())
    }
}

/// In which form somebody expects an answer.
enum Shape {
    /// gRPC-Web, with this content type.
    Web(HeaderValue),
    /// JSON.
    Problem,
    /// Server-sent events of a page.
    Listener,
    /// A page for people.
    Page,
}

fn shape(headers: &HeaderMap, path: &str) -> Shape {
    let kind = headers.get(CONTENT_TYPE).filter(|kind| kind.as_bytes().starts_with(GRPC_WEB));
    if let Some(kind) = kind {
        return Shape::Web(kind.clone());
    }
    // This link of a notice is followed by people.
    let is_page = !path.starts_with("/v1/") || path.starts_with("/v1/notices/unsubscribe/");
    match is_page {
        false => Shape::Problem,
        true if is_listener(headers) => Shape::Listener,
        true => Shape::Page,
    }
}

fn is_listener(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).map(HeaderValue::as_bytes);
    accepted.is_some_and(|accepted| accepted.starts_with(b"text/event-stream"))
}

/// The answer to somebody for whom there is no place, in the form they expect. Secrets stand in paths: none is repeated.
fn refusal(error: &Error, parts: &Parts) -> Response {
    match shape(&parts.headers, parts.uri.path()) {
        Shape::Web(kind) => {
            let mut response = tonic::Status::from(error.clone()).into_http::<Body>();
            response.headers_mut().insert(CONTENT_TYPE, kind);
            response
        }
        Shape::Problem => rest::problem(error, language::of_headers(&parts.headers)),
        Shape::Listener => live::none(),
        Shape::Page => {
            let seconds = error.retry_delay().map_or(1, |delay| delay.as_secs().max(1));
            let mut response = pages::busy(error, session::language_of(parts), seconds);
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
            response
        }
    }
}

/// Gives a request its place, or refuses it.
pub(crate) async fn keep(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    if matches!(parts.uri.path(), "/livez" | "/readyz") {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let let_in = edge.let_in(edge.who(&parts.headers), Asked::of(&parts)).await;
    let (held, is_known) = match let_in {
        Ok(let_in) => let_in,
        Err(error) => return refusal(&error, &parts),
    };
    parts.extensions.insert(held.clone());
    let body = if is_known { body } else { Body::new(Hasty::new(body)) };
    let response = next.run(Request::from_parts(parts, body)).await;
    response.map(|body| Body::new(Handed { body, _held: held }))
}

/// The body of a request: at most `max` bytes in at most `within`.
///
/// # Errors
/// `DEADLINE_EXCEEDED`; `MESSAGE_TOO_LARGE`, also for one that ends early.
pub(crate) async fn read(body: Body, max: usize, within: Duration) -> Result<Bytes, Error> {
    let late = || Error::new(Reason::DeadlineExceeded);
    let read = timeout(within, to_bytes(body, max)).await.map_err(|_| late())?;
    read.map_err(|error| {
        if is_late(&error) {
            return late();
        }
        let message = format!("the body ended early or has more than {max} bytes");
        Error::new(Reason::MessageTooLarge).message(message).because(error)
    })
}

/// Why a body of a caller without a credential ends before its end.
#[derive(Debug)]
struct Late;

impl std::fmt::Display for Late {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body took too long")
    }
}

impl std::error::Error for Late {}

fn is_late(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|cause| cause.is::<Late>())
}

/// A body that has little time to come, whoever reads it.
struct Hasty {
    body: Body,
    over: BoxFuture<'static, ()>,
}

impl Hasty {
    fn new(body: Body) -> Self {
        let over = timeout(UNSIGNED_READING_MAX, std::future::pending::<()>()).map(drop).boxed();
        Self { body, over }
    }
}

impl HttpBody for Hasty {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Pending if self.over.poll_unpin(cx).is_ready() => {
                Poll::Ready(Some(Err(axum::Error::new(Late))))
            }
            polled => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer with the place of its request.
struct Handed {
    body: Body,
    _held: Held,
}

impl HttpBody for Handed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
