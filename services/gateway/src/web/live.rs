//! Server-sent events for the script of a page: that something has changed, and nothing of what but a line
//! that is read aloud.
//!
//! The page is then asked for again by whoever looks, as any page is. A stream ends after fifty seconds,
//! so that connections stay young; the browser takes it up again from the same place.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use form_urlencoded::Serializer;
use futures::{Stream, StreamExt as _, stream};
use http::request::Parts;
use maud::{Markup, html};
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::watch_case_response::Event;
use parasol_api::tracking::v1::{WatchCaseRequest, WatchCaseResponse};
use parasol_api::{Error, Language, Reason};
use parasol_journey::time::Timestamp;
use parasol_runtime::transport::Transport;
use tokio::time::timeout;
use tonic::Streaming;

use super::form::Form;
use super::session::Visitor;
use super::words::Pick as _;
use super::{Pages, failed, times};

/// After how many seconds a page without a script asks for itself again.
pub(crate) const RELOAD_SECONDS: u64 = 60;
/// After how many milliseconds a browser takes a stream up again that ended.
const RETRY_MS: u64 = 1_500;

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

/// Whoever signed in.
pub(crate) fn admitted(pages: &Pages, parts: &Parts) -> Option<Visitor> {
    Visitor::of(pages, parts).ok()
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
pub(crate) fn told<M: Told + Send + 'static>(messages: Streaming<M>) -> Response {
    let lines = stream::unfold(Some(messages), |listening| async {
        let mut messages = listening?;
        let line = match messages.message().await {
            Ok(Some(message)) if message.is_change() => "event: changed\ndata: -\n\n",
            Ok(Some(_)) => return Some((": quiet\n\n", Some(messages))),
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

/// What a page carries for the script that keeps it live: where to listen, and a line that says how old what is
/// shown is. Without a script it says when the page was made.
pub(crate) fn freshness(events: &str, place: &str, now: Timestamp, language: Language) -> Markup {
    let from = Serializer::new(String::new()).append_pair(FROM, place).finish();
    let listens = (!place.is_empty()).then(|| format!("{events}?{from}"));
    html! {
        p #fresh.fresh data-events=[listens] data-at=(now.micros() / 1_000) {
            span.lamp aria-hidden="true" {}
            span.state { (language.pick("更新于 ", "As of ")) (times::at(now, language)) }
            noscript { " · " a href="" { (language.pick("刷新", "Refresh")) } }
        }
        p #heard.heard role="status" {}
        p #changed.notice hidden {
            (language.pick("有更新。", "Something changed. "))
            a href="" { (language.pick("显示", "Show it")) }
        }
    }
}

/// Where a listener goes on: where its browser says that it was cut off, else where its page was made.
pub(crate) fn place_of(parts: &Parts) -> String {
    let last = parts.headers.get("last-event-id").and_then(|id| id.to_str().ok());
    match last.filter(|last| !last.is_empty()) {
        Some(last) => last.to_owned(),
        None => Form::of_query(parts.uri.query()).text(FROM),
    }
}

/// The story of a case as a page listens to it: each entry's line as it happens, that the stream lives, and each
/// with the token to go on from. The stream ends after fifty seconds and is taken up again.
pub(crate) async fn story(
    mut client: TrackingServiceClient<Transport>,
    case_id: String,
    resume_token: String,
    language: Language,
) -> Response {
    let language = language.pick("zh", "en").to_owned();
    let request = WatchCaseRequest { case_id, resume_token, language };
    let messages = match client.watch_case(request).await.map_err(failed) {
        Ok(messages) => messages.into_inner(),
        // The page is newer than what it listens from: it is asked for again, whole.
        Err(error) if error.reason() == Reason::ResyncRequired => return lines(resync()),
        Err(error) => return refused(&error),
    };
    let first = format!("retry: {RETRY_MS}\n\n");
    let told = stream::unfold(Some(messages), |messages| async {
        let mut messages = messages?;
        match messages.message().await {
            Ok(Some(message)) => Some((line(&message), Some(messages))),
            Ok(None) => Some(("event: ended\ndata: -\n\n".to_owned(), None)),
            // The browser asks again.
            Err(_) => None,
        }
    });
    let over = timeout(WATCH_MAX, std::future::pending::<()>());
    lines(stream::once(async { first }).chain(told).take_until(Box::pin(over)))
}

/// A stream of lines that ends after fifty seconds and is taken up again.
pub(crate) fn lasting<S, F>(state: S, next: impl FnMut(S) -> F + Send + 'static) -> Response
where
    S: Send + 'static,
    F: Future<Output = Option<(String, S)>> + Send + 'static,
{
    let first = format!("retry: {RETRY_MS}\n\n");
    let over = timeout(WATCH_MAX, std::future::pending::<()>());
    let told = stream::unfold(state, next).take_until(Box::pin(over));
    lines(stream::once(async { first }).chain(told))
}

fn resync() -> impl Stream<Item = String> + Send {
    stream::once(async { "event: resync\ndata: -\n\n".to_owned() })
}

/// One message as an event.
fn line(message: &WatchCaseResponse) -> String {
    let id = match message.resume_token.as_str() {
        // In the middle of a step: nobody goes on from here.
        "" => String::new(),
        token => format!("id: {token}\n"),
    };
    match &message.event {
        Some(Event::Entry(entry)) => {
            let headline = entry.headline.replace(['\n', '\r'], " ");
            format!("event: changed\n{id}data: {headline}\n\n")
        }
        Some(Event::Bookmark(_)) | None => format!("event: alive\n{id}data: -\n\n"),
    }
}

fn lines(lines: impl Stream<Item = String> + Send + 'static) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    let body = Body::from_stream(lines.map(Ok::<_, Infallible>));
    (StatusCode::OK, headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use parasol_api::tracking::v1::TimelineEntry;

    use super::*;

    #[test]
    fn a_line_is_one_event_whatever_the_headline_holds() {
        let headline = "it\r\nevent: changed".to_owned();
        let entry = Box::new(TimelineEntry { headline, ..TimelineEntry::default() });
        let whole = |token: &str| WatchCaseResponse {
            event: Some(Event::Entry(entry.clone())),
            resume_token: token.to_owned(),
        };
        assert_eq!(line(&whole("t")), "event: changed\nid: t\ndata: it  event: changed\n\n");
        assert_eq!(line(&whole("")), "event: changed\ndata: it  event: changed\n\n");
        assert_eq!(line(&WatchCaseResponse::default()), "event: alive\ndata: -\n\n");
    }
}
