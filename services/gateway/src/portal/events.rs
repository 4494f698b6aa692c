//! Server-sent events for the script of a page: that something has changed, once, and nothing of what.
//!
//! The page is then asked for again by whoever looks, as any page is. A stream ends after fifty seconds,
//! so that connections stay young; the browser takes it up again from the same place.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use form_urlencoded::Serializer;
use futures::{StreamExt as _, stream};
use maud::{Markup, html};
use parasol_api::partner::v1::stream_offers_response::Change;
use parasol_api::partner::v1::{StreamOffersRequest, StreamOffersResponse};
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::watch_case_response::Event;
use parasol_api::tracking::v1::{WatchCaseRequest, WatchCaseResponse};
use parasol_api::{Error, Language};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tonic::Streaming;

use super::HOME;
use super::calls::{Calls, failed};
use super::form::Form;
use super::session::Visitor;
use super::words::Pick as _;
use crate::Gateway;

/// Pages that are told of changes at a time.
pub(super) const WATCHED_MAX: usize = 100;
/// How long a page is told of changes before its browser asks again.
const WATCH_MAX: Duration = Duration::from_secs(50);

/// The field with the place that a page is as new as.
const FROM: &str = "from";

/// A message of a stream that tells either of a change or only that the stream lives.
trait Told {
    fn is_change(&self) -> bool;
}

impl Told for StreamOffersResponse {
    fn is_change(&self) -> bool {
        !matches!(self.change, Some(Change::Bookmark(_)) | None)
    }
}

impl Told for WatchCaseResponse {
    fn is_change(&self) -> bool {
        !matches!(self.event, Some(Event::Bookmark(_)) | None)
    }
}

/// What a page carries for the script: where to listen, and what is said when something changed.
pub(super) fn live(path: &str, place: &str, language: Language) -> Markup {
    let from = Serializer::new(String::new()).append_pair(FROM, place).finish();
    html! {
        @if !place.is_empty() {
            p #live.notice hidden role="status" data-events={ (HOME) (path) "?" (from) } {
                (language.pick("有更新。", "Something changed. "))
                a href="" { (language.pick("刷新页面", "Show it")) }
            }
        }
    }
}

/// `GET /portal/events`: whether the list has changed.
pub(super) async fn of_list(State(gateway): State<Gateway>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let cursor = Form::of_query(parts.uri.query()).text(FROM);
    let Some((calls, place)) = admitted(&gateway, &parts) else { return none() };
    let request = StreamOffersRequest { cursor };
    match calls.offers().stream_offers(request).await.map_err(failed) {
        Ok(messages) => told(messages.into_inner(), place),
        Err(error) => refused(&error),
    }
}

/// `GET /portal/cases/{case}/events`: whether a case has.
pub(super) async fn of_case(
    State(gateway): State<Gateway>,
    Path(case_id): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let resume_token = Form::of_query(parts.uri.query()).text(FROM);
    let Some((calls, place)) = admitted(&gateway, &parts) else { return none() };
    let request = WatchCaseRequest { case_id, resume_token, ..Default::default() };
    let mut client = TrackingServiceClient::new(calls.transport());
    match client.watch_case(request).await.map_err(failed) {
        Ok(messages) => told(messages.into_inner(), place),
        Err(error) => refused(&error),
    }
}

/// The calls of whoever signed in, with a place of its own: a page that is only watched takes none of
/// those that are worked on.
fn admitted(
    gateway: &Gateway,
    parts: &http::request::Parts,
) -> Option<(Calls, OwnedSemaphorePermit)> {
    let visitor = Visitor::of(&gateway.portal, parts).ok()?;
    let place = Arc::clone(&gateway.portal.watched).try_acquire_owned().ok()?;
    Some((Calls::of(&gateway.portal, &visitor), place))
}

/// Tells a browser to listen no more: there is nobody signed in, or no place.
fn none() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

fn refused(error: &Error) -> Response {
    tracing::debug!(%error, "a page cannot be told of changes");
    none()
}

fn told<M: Told + Send + 'static>(messages: Streaming<M>, place: OwnedSemaphorePermit) -> Response {
    let lines = stream::unfold(Some((messages, place)), |listening| async {
        let (mut messages, place) = listening?;
        let line = match messages.message().await {
            Ok(Some(message)) if message.is_change() => "event: changed\ndata: -\n\n",
            Ok(Some(_)) => return Some((": quiet\n\n", Some((messages, place)))),
            // The browser asks again.
            Ok(None) | Err(_) => return None,
        };
        Some((line, None))
    });
    let over = timeout(WATCH_MAX, std::future::pending::<()>());
    let lines = lines.take_until(Box::pin(over)).map(Ok::<_, Infallible>);
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::OK, headers, Body::from_stream(lines)).into_response()
}
