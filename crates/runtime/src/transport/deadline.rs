//! Deadlines: a call that takes too long answers `DEADLINE_EXCEEDED`.
//!
//! tonic's own server enforces `grpc-timeout` only on a TCP connection and answers `CANCELLED`; in
//! process nothing does. This layer does it everywhere. It covers the time until the response
//! begins, which is all of a unary call; a stream ends itself at its own limit. The work of an
//! expired call is dropped, except what was handed to a task.

use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use super::{Refusal, refused};
use crate::clock::Stopwatch;
use crate::supervisor::pause;

const GRPC_TIMEOUT: &str = "grpc-timeout";

/// When a call must have answered; a handler finds it in its request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    since: Stopwatch,
    allowed: Duration,
}

impl Deadline {
    /// Time left; zero when the deadline has passed.
    pub fn left(&self) -> Duration {
        self.allowed.saturating_sub(self.since.elapsed())
    }
}

/// Puts a deadline on every call.
#[derive(Clone, Copy)]
pub struct DeadlineLayer {
    cap: Option<Duration>,
    uncapped: fn(&str) -> bool,
}

impl DeadlineLayer {
    /// The caller's deadline, but never more than `cap`.
    pub fn capped(cap: Duration) -> Self {
        Self { cap: Some(cap), ..Self::as_asked() }
    }

    /// The caller's deadline alone; for the calling side.
    pub fn as_asked() -> Self {
        Self { cap: None, uncapped: |_| false }
    }

    /// Methods, by path, that the cap does not cut.
    #[must_use]
    pub fn except(self, uncapped: fn(&str) -> bool) -> Self {
        Self { uncapped, ..self }
    }

    fn allowed(&self, path: &str, headers: &HeaderMap) -> Option<Duration> {
        let cap = self.cap.filter(|_| !(self.uncapped)(path));
        [asked(headers), cap].into_iter().flatten().min()
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = WithDeadline<S>;

    fn layer(&self, inner: S) -> Self::Service {
        WithDeadline { inner, layer: *self }
    }
}

/// A service whose calls have deadlines.
#[derive(Clone)]
pub struct WithDeadline<S> {
    inner: S,
    layer: DeadlineLayer,
}

impl<S> Service<Request<Body>> for WithDeadline<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let Some(allowed) = self.layer.allowed(request.uri().path(), request.headers()) else {
            return Box::pin(self.inner.call(request));
        };
        // The timer starts here and not at the first poll: it must be no later than the one that
        // tonic sets around this service, or tonic's CANCELLED would be told instead.
        let timer = pause(allowed);
        let deadline = Deadline { since: Stopwatch::start(), allowed };
        request.extensions_mut().insert(deadline);
        let response = self.inner.call(request);
        Box::pin(async move {
            tokio::select! {
                biased;
                response = response => match response {
                    Ok(response) if is_cancelled(&response) && deadline.left().is_zero() => {
                        Ok(refused(Refusal::DeadlineExceeded))
                    }
                    other => other,
                },
                () = timer => Ok(refused(Refusal::DeadlineExceeded)),
            }
        })
    }
}

/// Whether the answer is `CANCELLED`, as tonic says when its own timer was the faster one.
fn is_cancelled(response: &Response<Body>) -> bool {
    Status::from_header_map(response.headers())
        .is_some_and(|status| status.code() == Code::Cancelled)
}

/// The time a caller grants: up to eight digits and a unit (gRPC over HTTP/2, "Timeout"). A header
/// that is malformed grants nothing and asks for nothing.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(GRPC_TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::probe::{Answer, Bench, call};

    fn grants(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(GRPC_TIMEOUT, text.parse().unwrap());
        asked(&headers)
    }

    #[test]
    fn reads_what_the_protocol_allows_and_nothing_else() {
        assert_eq!(grants("20m"), Some(Duration::from_millis(20)));
        assert_eq!(grants("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        assert_eq!(grants("1n"), Some(Duration::from_nanos(1)));
        for wrong in ["", "m", "20", "20s", "999999999m", "-1m", "+1m", "1.5S"] {
            assert_eq!(grants(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_call_beyond_its_callers_deadline_is_told_so_on_both_transports() {
        let bench = Bench::start().await;
        for transport in bench.both() {
            let answer = call(&transport, "/test.Probe/Stuck", &[(GRPC_TIMEOUT, "20m")]).await;
            assert_eq!(answer.code, Code::DeadlineExceeded);
        }
    }

    #[tokio::test]
    async fn the_server_caps_what_callers_do_not() {
        let bench = Bench::with(|layers| layers.request_timeout = Duration::from_millis(20)).await;
        for transport in bench.both() {
            for headers in [&[][..], &[(GRPC_TIMEOUT, "1H")]] {
                let Answer { code, .. } = call(&transport, "/test.Probe/Stuck", headers).await;
                assert_eq!(code, Code::DeadlineExceeded);
            }
        }
    }

    #[tokio::test]
    async fn long_lived_methods_are_not_capped_but_keep_their_callers_deadline() {
        let bench = Bench::with(|layers| {
            layers.request_timeout = Duration::from_nanos(1);
            layers.long_lived = |path| path.ends_with("/Stuck") || path.ends_with("/Patience");
        })
        .await;
        for transport in bench.both() {
            let answer = call(&transport, "/test.Probe/Patience", &[]).await;
            assert_eq!((answer.code, answer.told.as_str()), (Code::Ok, "none"));
            let answer = call(&transport, "/test.Probe/Stuck", &[(GRPC_TIMEOUT, "20m")]).await;
            assert_eq!(answer.code, Code::DeadlineExceeded);
        }
    }

    #[tokio::test]
    async fn a_handler_can_see_how_much_time_is_left() {
        let bench = Bench::start().await;
        for transport in bench.both() {
            let answer = call(&transport, "/test.Probe/Patience", &[(GRPC_TIMEOUT, "9S")]).await;
            let left: u64 = answer.told.parse().unwrap();
            assert!((1..=9_000).contains(&left), "{left} ms of 9 s");
        }
    }
}
