//! REST/JSON for those who cannot do gRPC: the same methods, made from the contract.
//!
//! Which verb and path a method has is said in its proto file (`google.api.http`); nothing here names a
//! method. A call is turned into the protobuf message, goes through the same layers as a gRPC call with
//! the caller's own credential, and comes back as JSON in protobuf's own mapping: field names in
//! lowerCamelCase (proto names are taken too), 64-bit integers as strings, times in RFC 3339, fields that
//! hold their default left out. Failures are problems (RFC 9457) with the reasons of the error registry.
//!
//! Four headers stand for fields, where a method has them: `Idempotency-Key` for `request_id`, `If-Match`
//! for `etag`, `Accept-Language` for `language`, `Last-Event-ID` for the place a stream goes on from.
//!
//! A method may name one field as its body (`body: "data"`, `response_body: "data"`): then a file is sent or
//! answered as it is, and nothing of it is JSON ([`raw`]).
//!
//! What it deliberately does not do: it knows no session and sets no cookie, so no page of another site
//! can call it on somebody's behalf.

mod answer;
mod calendar;
mod callbacks;
mod mail;
mod notices;
mod openapi;
mod problem;
mod raw;
mod request;
mod route;
mod wire;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method as Verb, header};
use axum::response::{IntoResponse as _, Response};
use futures::future::BoxFuture;
use http::request::Parts;
use parasol_api::{Error, Language, Reason};
use parasol_runtime::transport::Transport;

pub use callbacks::{Callbacks, Vouches};
pub(crate) use openapi::document;
pub(crate) use wire::STREAM_MAX;

use self::problem::Problem;
use self::route::{Found, Routes};
use crate::language::{self, Wanted};

/// The most bytes of a body that holds one message a line.
const LINES_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long a body may take to come.
const READING_MAX: Duration = Duration::from_secs(20);
/// The most messages in such a body.
const LINES_MAX: usize = 20_001;

/// The methods that have an HTTP form.
static ROUTES: LazyLock<Routes> =
    LazyLock::new(|| Routes::of(parasol_api::descriptor::pool()).expect("the contract was tested"));

/// Whether a call to a gRPC path would be let in with these headers.
pub type Admits =
    Arc<dyn Fn(&str, &HeaderMap) -> BoxFuture<'static, Result<(), Error>> + Send + Sync>;

/// The REST side of the gateway. Cheap to clone.
#[derive(Clone)]
pub struct Rest {
    transport: Transport,
    admits: Admits,
    callbacks: Callbacks,
    /// The largest single message, bytes.
    message_bytes: usize,
    /// Origins of pages that may call from a browser.
    origins: Arc<[HeaderValue]>,
}

impl Rest {
    /// Calls services over `transport`. A body is read only for callers that `admits` lets in, and a message
    /// in it may have `message_bytes`. Callbacks prove themselves by their signature.
    pub fn new(
        transport: Transport,
        admits: Admits,
        callbacks: Callbacks,
        message_bytes: usize,
    ) -> Self {
        // A form that cannot be served is found at the start and not by the first caller.
        LazyLock::force(&ROUTES);
        Self { transport, admits, callbacks, message_bytes, origins: Arc::default() }
    }

    /// The same, for programs on pages of these origins too; what is none is left out.
    #[must_use]
    pub fn for_origins(self, origins: &[String]) -> Self {
        let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
        Self { origins: origins.collect(), ..self }
    }

    /// What other calls of programs share with it: the way to the services, and the origins of pages that may call
    /// from a browser.
    pub(crate) fn shared(&self) -> (Transport, Arc<[HeaderValue]>) {
        (self.transport.clone(), Arc::clone(&self.origins))
    }
}

/// The gRPC path of the method that a call by REST is one of.
pub(crate) fn method_at(verb: &Verb, path: &str) -> Option<String> {
    match ROUTES.find(verb, path) {
        Found::Method(route, _) => Some(route.grpc_path()),
        Found::OtherVerbs(_) | Found::Nothing => None,
    }
}

/// A failure as programs read it, of a call whose path is not repeated.
pub(crate) fn problem(error: &Error, language: Language) -> Response {
    Problem::of(error, language, "").into_response()
}

/// Any call below `/v1/`.
pub(crate) async fn call(State(gateway): State<crate::Gateway>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match answer(&gateway.rest, &parts, body).await {
        Ok(response) => response,
        Err(error) => Problem::of(&error, language::of_headers(&parts.headers), parts.uri.path())
            .into_response(),
    }
}

/// A technician's calendar at its private link.
pub(crate) async fn calendar(
    State(gateway): State<crate::Gateway>,
    Path(file): Path<String>,
    Wanted(language): Wanted,
    headers: HeaderMap,
) -> Response {
    match calendar::answer(&gateway.rest, &file, language, &headers).await {
        Ok(response) => response,
        // The path is the secret, so the problem does not repeat it.
        Err(error) => Problem::of(&error, language, "").into_response(),
    }
}

/// A receipt of whoever carries notices.
pub(crate) async fn receipt(State(gateway): State<crate::Gateway>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match notices::receipt(&gateway.rest, &parts.headers, body).await {
        Ok(response) => response,
        Err(error) => Problem::of(&error, language::of_headers(&parts.headers), parts.uri.path())
            .into_response(),
    }
}

/// The page behind the link by which a customer wants no more notices of a kind.
pub(crate) async fn unsubscribe_page(Wanted(language): Wanted) -> Response {
    notices::ask(language)
}

/// Somebody wants no more of them.
pub(crate) async fn unsubscribe(
    State(gateway): State<crate::Gateway>,
    Path(token): Path<String>,
    Wanted(language): Wanted,
) -> Response {
    match notices::unsubscribe(&gateway.rest, token, language).await {
        Ok(response) => response,
        // The path is the secret, so the problem does not repeat it.
        Err(error) => Problem::of(&error, language, "").into_response(),
    }
}

/// A callback of a partner.
pub(crate) async fn callback(
    State(gateway): State<crate::Gateway>,
    Path(partner): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    match callbacks::take(&gateway.rest, &partner, &parts, body).await {
        Ok(response) => response,
        Err(error) => Problem::of(&error, language::of_headers(&parts.headers), parts.uri.path())
            .into_response(),
    }
}

/// An e-mail of the operator's mail gateway.
pub(crate) async fn mail(State(gateway): State<crate::Gateway>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match mail::take(&gateway.rest, &parts, body).await {
        Ok(response) => response,
        Err(error) => Problem::of(&error, language::of_headers(&parts.headers), parts.uri.path())
            .into_response(),
    }
}

async fn answer(rest: &Rest, parts: &Parts, body: Body) -> Result<Response, Error> {
    let found = match ROUTES.find(&parts.method, parts.uri.path()) {
        Found::Method(route, path) => (route, path),
        Found::OtherVerbs(verbs) => return Ok(problem::other_verbs(&verbs)),
        Found::Nothing => return Err(Error::new(Reason::NotFound)),
    };
    let (route, path) = found;
    (rest.admits)(&route.grpc_path(), &parts.headers).await?;
    if let Some(field) = &route.raw_body {
        let head = request::head(route, &path, parts)?;
        return raw::send(rest, route, field, (parts, head, body)).await;
    }
    let messages = request::messages(rest, route, &path, parts, body).await?;
    let metadata = passed_on(&parts.headers);
    if let Some(field) = &route.raw_answer {
        return raw::fetch(rest, route, field, messages, metadata).await;
    }
    let form = answer::Form::of(route, &parts.headers);
    wire::call(&rest.transport, route, messages, metadata, form).await
}

/// The headers that a gRPC call carries too: who calls, and in which trace.
fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let names = [header::AUTHORIZATION.as_str(), "traceparent", "tracestate"];
    let kept = names.into_iter().filter_map(|name| {
        let name = http::HeaderName::from_static(name);
        Some((name.clone(), headers.get(&name)?.clone()))
    });
    kept.collect()
}

/// The routes, for the document about them.
fn routes() -> &'static Routes {
    &ROUTES
}

/// A REST side that reaches nobody.
#[cfg(test)]
pub(crate) fn for_tests() -> Rest {
    let nobody = tower::service_fn(|_| async {
        Err::<http::Response<tonic::body::Body>, _>(tonic::Status::unavailable("nobody is here"))
    });
    let transport = Transport::new(nobody);
    let callbacks = Callbacks::new(transport.clone(), Arc::new(|_| String::new()));
    Rest::new(transport, Arc::new(|_, _| Box::pin(std::future::ready(Ok(())))), callbacks, 1 << 20)
}

#[cfg(test)]
mod tests;
