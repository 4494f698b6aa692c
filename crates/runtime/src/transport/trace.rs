//! One span and one duration for each call, whatever comes of it.
//!
//! The span continues the caller's trace (W3C headers) and is named after the method. A code that
//! says that the caller was wrong is an ordinary outcome; only codes that say that we were wrong
//! make the span an error and a log line.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::body::{Onlooker, watched};
use super::{Access, Layers};
use crate::clock::Stopwatch;
use crate::identity::Role;
use crate::metrics::{Histogram, Label, Metrics};
use crate::trace_context;

/// The longest method name that is recorded, in bytes.
const METHOD_BYTES_MAX: usize = 128;

/// Records calls.
#[derive(Clone)]
pub struct TraceLayer {
    metrics: Metrics,
    access: Access,
}

impl TraceLayer {
    /// The layer as `layers` wants it.
    pub fn new(layers: &Layers) -> Self {
        Self { metrics: layers.metrics.clone(), access: layers.access }
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Trace { inner, layer: self.clone() }
    }
}

/// A service whose calls are recorded.
#[derive(Clone)]
pub struct Trace<S> {
    inner: S,
    layer: TraceLayer,
}

impl<S> Service<Request<Body>> for Trace<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let mut record = Record::begin(&self.layer, &request);
        let span = record.span.clone();
        let response = span.in_scope(|| self.inner.call(request));
        let work = async move {
            let response = response.await?;
            if let Some(status) = Status::from_header_map(response.headers()) {
                record.end(status.code());
            } else if response.body().is_end_stream() {
                record.end(Code::Ok);
            }
            Ok(response.map(|body| watched(body, record)))
        };
        Box::pin(work.instrument(span))
    }
}

/// The record of one call. Dropped before the end it says that the caller left.
struct Record {
    span: Span,
    method: String,
    layer: TraceLayer,
    since: Stopwatch,
    ended: bool,
}

impl Record {
    fn begin(layer: &TraceLayer, request: &Request<Body>) -> Self {
        let path = request.uri().path().trim_start_matches('/');
        let end = path.floor_char_boundary(METHOD_BYTES_MAX);
        let method = path[..end].to_owned();
        let span = tracing::info_span!(
            "rpc",
            otel.name = method,
            otel.kind = "server",
            otel.status_code = Empty,
            rpc.system.name = "grpc",
            rpc.method = method,
            rpc.response.status_code = Empty,
        );
        trace_context::continue_from(&span, request.headers());
        Self { span, method, layer: layer.clone(), since: Stopwatch::start(), ended: false }
    }

    fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let name = code_name(code);
        self.span.record("rpc.response.status_code", name);
        if is_our_fault(code) {
            self.span.record("otel.status_code", "ERROR");
            tracing::warn!(parent: &self.span, code = name, "a call failed");
        }
        let method = if self.is_known() { self.method.clone() } else { "unknown".to_owned() };
        let labels =
            [Label::new("rpc.method", method), Label::new("rpc.response.status_code", name)];
        let seconds = self.since.elapsed().as_secs_f64();
        self.layer.metrics.observe(Histogram::CallDuration, seconds, &labels);
    }

    /// Whether anybody may call this method. One that nobody may is a name that a caller made up,
    /// which must not become a label.
    fn is_known(&self) -> bool {
        let path = format!("/{}", self.method);
        let mut callers = Role::ALL.iter().copied().map(Some).chain([None]);
        callers.any(|caller| (self.layer.access)(&path, caller))
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

impl Onlooker for Record {
    fn poll(
        &mut self,
        mut body: Pin<&mut Body>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<<Body as HttpBody>::Data>, Status>>> {
        let frame = ready!(self.span.in_scope(|| body.as_mut().poll_frame(cx)));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    let status = Status::from_header_map(trailers);
                    self.end(status.map_or(Code::Unknown, |status| status.code()));
                } else if body.is_end_stream() {
                    self.end(Code::Ok);
                }
            }
            Some(Err(status)) => self.end(status.code()),
            // A body that just ends is that of a page, not of a call.
            None => self.end(Code::Ok),
        }
        Poll::Ready(frame)
    }
}

/// Whether a code says that the service failed, rather than its caller.
fn is_our_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

/// The name of a code as OpenTelemetry's conventions write it.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::Status as SpanStatus;
    use opentelemetry_sdk::trace::SpanData;

    use super::*;
    use crate::telemetry::recording::{Figures, Recorder};
    use crate::transport::probe::{Bench, call};

    const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn code_of(span: &SpanData) -> String {
        let mut values = span.attributes.iter();
        let found = values.find(|pair| pair.key.as_str() == "rpc.response.status_code");
        found.unwrap().value.to_string()
    }

    #[tokio::test]
    async fn a_span_continues_the_callers_trace_and_tells_the_outcome() {
        let recorder = Recorder::new();
        let _charge = recorder.take_over();
        let bench = Bench::start().await;
        let cases = [
            ("Whoami", "OK", false),
            ("Streamed", "OK", false),
            ("Refuse", "NOT_FOUND", false),
            ("PanicLater", "INTERNAL", true),
            ("PanicInStream", "INTERNAL", true),
        ];
        for (method, code, is_error) in cases {
            let path = format!("/test.Probe/{method}");
            call(&bench.local, &path, &[("traceparent", CALLER)]).await;
            let span = recorder.span(&path[1..]);
            assert_eq!(
                span.span_context.trace_id().to_string(),
                "4bf92f3577b34da6a3ce929d0e0e4736"
            );
            assert_eq!(code_of(&span), code, "{method}");
            assert_eq!(span.status != SpanStatus::Unset, is_error, "{method}");
        }
    }

    #[tokio::test]
    async fn a_trace_crosses_the_wire() {
        let recorder = Recorder::new();
        let _charge = recorder.take_over();
        let bench = Bench::start().await;
        let caller = tracing::info_span!("caller");
        call(&bench.remote, "/test.Probe/Whoami", &[]).instrument(caller.clone()).await;
        drop(caller);
        let (caller, called) = (recorder.span("caller"), recorder.span("test.Probe/Whoami"));
        assert_eq!(called.parent_span_id, caller.span_context.span_id());
    }

    #[tokio::test]
    async fn a_caller_that_leaves_is_recorded() {
        let recorder = Recorder::new();
        let _charge = recorder.take_over();
        let bench = Bench::start().await;
        let mut leaving = Box::pin(call(&bench.local, "/test.Probe/Stuck", &[]));
        assert!(futures::poll!(leaving.as_mut()).is_pending());
        drop(leaving);
        assert_eq!(code_of(&recorder.span("test.Probe/Stuck")), "CANCELLED");
    }

    #[tokio::test]
    async fn names_that_callers_make_up_are_no_labels() {
        let figures = Figures::new();
        let metrics = figures.metrics();
        let bench = Bench::with(|layers| layers.metrics = metrics).await;
        for path in ["/test.Probe/Whoami", "/no.Such/Method", "/no.Such/Other"] {
            call(&bench.local, path, &[]).await;
        }
        let counts: Vec<String> = figures
            .read()
            .iter()
            .filter_map(|line| Some(line.rsplit_once(" of ")?.0.to_owned()))
            .collect();
        let name = "rpc.server.call.duration";
        let expected = [
            format!("{name}{{rpc.method=test.Probe/Whoami,rpc.response.status_code=OK}} 1"),
            format!("{name}{{rpc.method=unknown,rpc.response.status_code=UNAUTHENTICATED}} 2"),
        ];
        assert_eq!(counts, expected);
    }
}
