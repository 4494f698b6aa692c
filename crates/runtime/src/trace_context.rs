//! How a trace crosses process borders and days.
//!
//! Within one call the trace continues: W3C `traceparent` and `tracestate` headers. Between the
//! steps of a case it does not: a step stores its `traceparent`, and the step that follows from it,
//! perhaps days later, starts a trace of its own that *links* to the stored one. A case is thus a
//! chain of short traces, not one endless trace. Without an OpenTelemetry layer all of this does
//! nothing.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

const TRACEPARENT: &str = "traceparent";

/// Writes the current span's trace context into the headers of an outgoing call; gRPC metadata
/// gives its headers by `as_mut`.
pub fn inject(headers: &mut HeaderMap) {
    let context = Span::current().context();
    TraceContextPropagator::new().inject_context(&context, &mut Outgoing(headers));
}

/// Makes `span` continue the trace an incoming call names, if it names one. Only works before the
/// span is entered for the first time.
pub fn continue_from(span: &Span, headers: &HeaderMap) {
    let parent = TraceContextPropagator::new().extract(&Incoming(headers));
    if parent.span().span_context().is_valid() {
        // It fails only where nothing records spans, and there nothing is lost.
        let _ = span.set_parent(parent);
    }
}

/// The current span as a W3C `traceparent` text, to be stored with what the span causes. `None`
/// when no trace is being recorded.
pub fn current_traceparent() -> Option<String> {
    let mut headers = HashMap::new();
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut headers);
    headers.remove(TRACEPARENT)
}

/// Links `span` to the span whose `traceparent` was stored. A text that is none is passed over:
/// a trace is never worth failing for.
pub fn link_to(span: &Span, traceparent: &str) {
    let stored = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let origin = TraceContextPropagator::new().extract(&stored).span().span_context().clone();
    if origin.is_valid() {
        span.add_link(origin);
    }
}

/// Whether a span is kept and sent, by the sampling of the trace that it belongs to.
pub fn is_kept(span: &Span) -> bool {
    span.context().span().span_context().is_sampled()
}

struct Incoming<'a>(&'a HeaderMap);

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct Outgoing<'a>(&'a mut HeaderMap);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::recording::Recorder;

    const STORED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_stored_traceparent_becomes_a_link_and_not_a_parent() {
        let recorder = Recorder::new();
        let stored = recorder.run(|| {
            let step = tracing::info_span!("next step");
            link_to(&step, STORED);
            link_to(&step, "not a traceparent");
            step.in_scope(current_traceparent)
        });
        let span = recorder.span("next step");
        let links: Vec<String> =
            span.links.iter().map(|link| link.span_context.trace_id().to_string()).collect();
        assert_eq!(links, ["4bf92f3577b34da6a3ce929d0e0e4736"]);
        assert_ne!(span.span_context.trace_id().to_string(), links[0]);
        let own = format!("00-{}-{}-01", span.span_context.trace_id(), span.span_context.span_id());
        assert_eq!(stored, Some(own));
    }

    #[test]
    fn a_call_continues_its_callers_trace() {
        let recorder = Recorder::new();
        recorder.run(|| {
            let mut headers = HeaderMap::new();
            tracing::info_span!("caller").in_scope(|| inject(&mut headers));
            let called = tracing::info_span!("called");
            continue_from(&called, &headers);
            called.in_scope(|| {});
        });
        let (caller, called) = (recorder.span("caller"), recorder.span("called"));
        assert_eq!(called.parent_span_id, caller.span_context.span_id());
        assert_eq!(called.span_context.trace_id(), caller.span_context.trace_id());
    }

    #[test]
    fn without_a_recorder_nothing_is_stored_and_nothing_fails() {
        let mut headers = HeaderMap::new();
        inject(&mut headers);
        assert!(headers.is_empty());
        assert_eq!(current_traceparent(), None);
        link_to(&Span::current(), STORED);
        assert!(!is_kept(&Span::current()));
    }

    #[test]
    fn a_span_that_is_kept_says_so_and_is_linked_afterwards_all_the_same() {
        let recorder = Recorder::new();
        recorder.run(|| {
            let step = tracing::info_span!("next step");
            assert!(is_kept(&step));
            link_to(&step, STORED);
        });
        assert_eq!(recorder.span("next step").links.len(), 1);
    }
}
