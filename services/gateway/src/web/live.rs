//! Server-sent events for the script of a page: that something has changed, once, and nothing of what.
//!
//! The page is then asked for again by whoever looks, as any page is. A stream ends after fifty seconds,
//! so that connections stay young; the browser takes it up again from the same place.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use form_urlencoded::Serializer;
use futures::{StreamExt as _, stream};
use maud::{Markup, html};
use parasol_api::{Error, Language};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tonic::Streaming;

use super::Pages;
use super::session::Visitor;
use super::words::Pick as _;

/// Pages that are told of changes at a time.
pub(crate) const WATCHED_MAX: usize = 100;
/// How long a page is told of changes before its browser asks again.
const WATCH_MAX: Duration = Duration::from_secs(50);

/// The field with the place that a page is as new as.
pub(crate) const FROM: &str = "from";

/// A message of a stream that tells either of a change or only that the stream lives.
pub(crate) trait Told {
    /// Whether it tells of a change.
    fn is_change(&self) -> bool;
}

/// What a page carries for the script: where to listen, and what is said when something changed.
pub(crate) fn live(path: &str, place: &str, language: Language) -> Markup {
    let from = Serializer::new(String::new()).append_pair(FROM, place).finish();
    html! {
        @if !place.is_empty() {
            p #live.notice hidden role="status" data-events={ (path) "?" (from) } {
                (language.pick("有更新。", "Something changed. "))
                a href="" { (language.pick("刷新页面", "Show it")) }
            }
        }
    }
}

/// Whoever signed in, with a place of its own: a page that is only watched takes none of
/// those that are worked on.
pub(crate) fn admitted(
    pages: &Pages,
    parts: &http::request::Parts,
) -> Option<(Visitor, OwnedSemaphorePermit)> {
    let visitor = Visitor::of(pages, parts).ok()?;
    let place = Arc::clone(&pages.watched).try_acquire_owned().ok()?;
    Some((visitor, place))
}

/// Tells a browser to listen no more: there is nobody signed in, or no place.
pub(crate) fn none() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

pub(crate) fn refused(error: &Error) -> Response {
    tracing::debug!(%error, "a page cannot be told of changes");
    none()
}

/// The lines of a stream that ends with the first change.
pub(crate) fn told<M: Told + Send + 'static>(
    messages: Streaming<M>,
    place: OwnedSemaphorePermit,
) -> Response {
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
