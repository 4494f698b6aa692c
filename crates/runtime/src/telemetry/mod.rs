//! Where logs, traces and metrics go.
//!
//! Logs go to standard error, always; standard output belongs to what a command prints. Traces and
//! metrics go over OTLP when an endpoint is set. This is the only module that knows exporters; what
//! is recorded is decided where it happens.

mod guard;
#[cfg(test)]
pub(crate) mod recording;

use std::io::IsTerminal;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, Registry};

pub use self::guard::Guard;
use crate::config::{Log, LogFormat, Otlp};
use crate::metrics::Metrics;

/// The longest one export may take before its data is given up.
const EXPORT_MAX: Duration = Duration::from_secs(10);

/// What this process calls itself in traces and metrics.
#[derive(Clone, Debug)]
pub struct Process {
    /// The version of the program.
    pub version: &'static str,
    /// What tells this process from its replicas, for example the host name and process id.
    pub instance: String,
}

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The log filter is none.
    #[error("log.level is no level and no filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The exporter refuses its endpoint.
    #[error("cannot export to otlp.endpoint: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Telemetry was set up before in this process.
    #[error("logging is set up already")]
    Twice(#[from] tracing::subscriber::SetGlobalDefaultError),
}

/// Sets logging and export up for the whole process, once. Call it inside the tokio runtime; the
/// exporter's connection lives there. Keep the guard until the end and shut it down last.
///
/// # Errors
/// When a setting does not work, or telemetry was set up before.
pub fn init(process: &Process, log: &Log, otlp: &Otlp) -> Result<(Guard, Metrics), TelemetryError> {
    let filter = EnvFilter::try_new(&log.level)?;
    let (guard, metrics) = exporters(process, otlp)?;
    let spans = guard.tracer().map(span_layer);
    let subscriber = Registry::default().with(lines(log.format).with_filter(filter)).with(spans);
    tracing::subscriber::set_global_default(subscriber)?;
    Ok((guard, metrics))
}

/// Log lines on standard error.
fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let terminal = std::io::stderr().is_terminal();
    // A line that cannot be written is lost; saying so on the same broken stream would panic.
    let layer =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
    match format {
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
        LogFormat::Auto if !terminal => layer.json().flatten_event(true).boxed(),
        LogFormat::Text | LogFormat::Auto => layer.with_ansi(terminal).boxed(),
    }
}

/// Traces and metrics over OTLP, or neither.
fn exporters(process: &Process, otlp: &Otlp) -> Result<(Guard, Metrics), TelemetryError> {
    if otlp.endpoint.is_empty() {
        return Ok((Guard::new(None, None), Metrics::silent()));
    }
    let resource = Resource::builder()
        .with_service_name("parasol")
        .with_attributes([
            KeyValue::new("service.version", process.version),
            KeyValue::new("service.instance.id", process.instance.clone()),
        ])
        .build();
    let spans = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(&otlp.endpoint)
        .with_timeout(EXPORT_MAX)
        .build()?;
    let sampler = Sampler::TraceIdRatioBased(otlp.sample_ratio);
    let tracer = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(sampler)))
        .with_resource(resource.clone())
        .with_batch_exporter(spans)
        .build();
    let figures = opentelemetry_otlp::MetricExporter::builder()
        .with_tonic()
        .with_endpoint(&otlp.endpoint)
        .with_timeout(EXPORT_MAX)
        .build()?;
    let period = Duration::from_secs(otlp.metrics_period_s);
    let meter = SdkMeterProvider::builder()
        .with_resource(resource)
        .with_reader(PeriodicReader::builder(figures).with_interval(period).build())
        .build();
    let metrics = Metrics::new(&meter.meter("parasol"));
    Ok((Guard::new(Some(tracer), Some(meter)), metrics))
}

/// Records spans of level info and above; their events too.
fn span_layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("parasol"))
        .with_location(false)
        .with_threads(false)
        .with_filter(FilterFn::new(is_exported))
}

/// Spans of the network stack are left out: exporting a span makes some, which would be exported
/// in their turn.
fn is_exported(metadata: &Metadata<'_>) -> bool {
    const STACK: [&str; 6] = ["h2", "hyper", "hyper_util", "opentelemetry", "tonic", "tower"];
    let target = metadata.target();
    let root = target.split("::").next().unwrap_or(target);
    let own = !STACK.contains(&root) && !root.starts_with("opentelemetry");
    own && *metadata.level() <= Level::INFO
}

#[cfg(test)]
mod tests {
    use super::recording::Collector;
    use super::*;
    use crate::clock::Stopwatch;
    use crate::config::{Config, Sources};
    use crate::metrics::Counter;

    fn settings(endpoint: String) -> (Process, Otlp) {
        let otlp = Config::load(&Sources::default()).unwrap().otlp;
        let process = Process { version: "0.0.0", instance: "test".to_owned() };
        (process, Otlp { endpoint, ..otlp })
    }

    #[tokio::test]
    async fn what_was_recorded_reaches_the_collector_before_the_end() {
        let collector = Collector::start().await;
        let (process, otlp) = settings(collector.endpoint());
        let (guard, metrics) = exporters(&process, &otlp).unwrap();
        let layer = span_layer(guard.tracer().unwrap());
        let charge = tracing::subscriber::set_default(Registry::default().with(layer));
        tracing::info_span!("a step").in_scope(|| metrics.count(Counter::Steps, 1, &[]));
        tracing::info_span!(target: "h2::proto", "a frame").in_scope(|| {});
        drop(charge);
        assert!(guard.shutdown(Duration::from_secs(10)).await);
        let (traces, figures) = collector.received();
        assert!(traces.contains("a step") && traces.contains("parasol"), "{traces}");
        assert!(!traces.contains("a frame"), "the network stack's own spans are left out");
        assert!(figures.contains("parasol.case.steps"), "{figures}");
    }

    #[tokio::test]
    async fn a_collector_that_does_not_answer_holds_nothing_up() {
        let (process, otlp) = settings("http://127.0.0.1:1".to_owned());
        for explicit in [true, false] {
            let (guard, metrics) = exporters(&process, &otlp).unwrap();
            metrics.count(Counter::Steps, 1, &[]);
            let since = Stopwatch::start();
            if explicit {
                assert!(!guard.shutdown(Duration::from_millis(50)).await);
            } else {
                drop(guard);
            }
            assert!(since.elapsed() < Duration::from_secs(4));
        }
    }

    #[tokio::test]
    async fn without_an_endpoint_nothing_is_exported_and_the_end_is_at_once() {
        let (process, otlp) = settings(String::new());
        let (guard, _) = exporters(&process, &otlp).unwrap();
        assert!(guard.tracer().is_none());
        assert!(guard.shutdown(Duration::ZERO).await);
    }
}
