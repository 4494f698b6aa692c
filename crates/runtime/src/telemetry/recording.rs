//! Stand-ins for a collector: tests read back what would have been exported.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tower::{Service, ServiceExt};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

use crate::config::{Config, Sources};
use crate::metrics::{Label, Metrics};
use crate::shutdown::Shutdown;
use crate::transport::{Transport, server};

/// Records spans of the thread it is in charge of.
pub(crate) struct Recorder {
    exporter: InMemorySpanExporter,
    provider: SdkTracerProvider,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        Self { exporter, provider }
    }

    /// Takes charge of this thread until the guard is dropped.
    pub(crate) fn take_over(&self) -> tracing::subscriber::DefaultGuard {
        let layer = super::span_layer(&self.provider);
        tracing::subscriber::set_default(Registry::default().with(layer))
    }

    pub(crate) fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        let _charge = self.take_over();
        work()
    }

    /// The one finished span of this name.
    pub(crate) fn span(&self, name: &str) -> SpanData {
        let mut spans = self.exporter.get_finished_spans().unwrap();
        spans.retain(|span| span.name == name);
        assert_eq!(spans.len(), 1, "spans named {name}");
        spans.remove(0)
    }
}

/// Records figures.
pub(crate) struct Figures {
    exporter: InMemoryMetricExporter,
    provider: SdkMeterProvider,
}

impl Figures {
    pub(crate) fn new() -> Self {
        let exporter = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(exporter.clone()).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        Self { exporter, provider }
    }

    pub(crate) fn metrics(&self) -> Metrics {
        Metrics::new(&self.provider.meter("parasol"))
    }

    /// Every figure as a line, sorted: name, labels, and value, or count and sum.
    pub(crate) fn read(&self) -> Vec<String> {
        self.exporter.reset();
        self.provider.force_flush().unwrap();
        let reports = self.exporter.get_finished_metrics().unwrap();
        let scopes = reports.iter().flat_map(|report| report.scope_metrics());
        let mut lines: Vec<String> = scopes
            .flat_map(|scope| scope.metrics())
            .flat_map(|metric| {
                values(metric.data()).map(move |line| metric.name().to_owned() + &line)
            })
            .collect();
        lines.sort();
        lines
    }
}

fn values(data: &AggregatedMetrics) -> impl Iterator<Item = String> {
    let lines: Vec<String> = match data {
        AggregatedMetrics::U64(MetricData::Sum(sum)) => {
            let points = sum.data_points();
            points.map(|p| format!("{} {}", labels(p.attributes()), p.value())).collect()
        }
        AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
            let points = gauge.data_points();
            points.map(|p| format!("{} {}", labels(p.attributes()), p.value())).collect()
        }
        AggregatedMetrics::F64(MetricData::Histogram(histogram)) => histogram
            .data_points()
            .map(|p| format!("{} {} of {}", labels(p.attributes()), p.count(), p.sum()))
            .collect(),
        other => panic!("no such instrument is in use: {other:?}"),
    };
    lines.into_iter()
}

fn labels<'a>(labels: impl Iterator<Item = &'a Label>) -> String {
    let mut texts: Vec<String> = labels.map(|l| format!("{}={}", l.key, l.value)).collect();
    texts.sort();
    format!("{{{}}}", texts.join(","))
}

/// An OTLP collector that keeps what it receives, as bytes.
pub(crate) struct Collector {
    port: u16,
    traces: Received,
    figures: Received,
}

type Received = Arc<Mutex<Vec<u8>>>;

#[derive(Clone)]
struct Traces(Received);

#[derive(Clone)]
struct FigureReports(Received);

impl NamedService for Traces {
    const NAME: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";
}

impl NamedService for FigureReports {
    const NAME: &'static str = "opentelemetry.proto.collector.metrics.v1.MetricsService";
}

macro_rules! keeps_what_it_receives {
    ($service:ident) => {
        impl Service<Request<Body>> for $service {
            type Response = Response<Body>;
            type Error = Infallible;
            type Future = futures::future::BoxFuture<'static, Result<Response<Body>, Infallible>>;

            fn poll_ready(
                &mut self,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Result<(), Infallible>> {
                std::task::Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: Request<Body>) -> Self::Future {
                Box::pin(keep(self.0.clone(), request.into_body()))
            }
        }
    };
}

keeps_what_it_receives!(Traces);
keeps_what_it_receives!(FigureReports);

async fn keep(received: Received, mut body: Body) -> Result<Response<Body>, Infallible> {
    while let Some(frame) = next_frame(&mut body).await {
        if let Ok(data) = frame.into_data() {
            received.lock().unwrap().extend_from_slice(&data);
        }
    }
    let mut response = Response::new(Body::new(EmptyMessage(0)));
    response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    Ok(response)
}

async fn next_frame(body: &mut Body) -> Option<Frame<bytes::Bytes>> {
    let polled = std::future::poll_fn(|cx| std::pin::Pin::new(&mut *body).poll_frame(cx));
    polled.await.map(Result::unwrap)
}

/// A message without fields, then trailers that say that all is well.
struct EmptyMessage(u8);

impl HttpBody for EmptyMessage {
    type Data = bytes::Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<bytes::Bytes>, Infallible>>> {
        self.0 += 1;
        let frame = match self.0 {
            1 => Frame::data(bytes::Bytes::from_static(&[0; 5])),
            2 => {
                let status = ("grpc-status".parse().unwrap(), "0".parse().unwrap());
                Frame::trailers(HeaderMap::from_iter([status]))
            }
            _ => return std::task::Poll::Ready(None),
        };
        std::task::Poll::Ready(Some(Ok(frame)))
    }
}

impl Collector {
    #[expect(clippy::disallowed_methods, reason = "the test's runtime ends the collector")]
    pub(crate) async fn start() -> Self {
        let (traces, figures) = (Received::default(), Received::default());
        let routes =
            Routes::new(Traces(traces.clone())).add_service(FigureReports(figures.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let limits = Config::load(&Sources::default()).unwrap().limits;
        let service = ServiceExt::<Request<Body>>::map_err(routes, |never| match never {});
        let service = Transport::new(service);
        tokio::spawn(async move {
            server::serve(listener, service, &limits, &Shutdown::new()).await.unwrap()
        });
        Self { port, traces, figures }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The trace reports and the metric reports, with what is not text made readable.
    pub(crate) fn received(&self) -> (String, String) {
        let text =
            |received: &Received| String::from_utf8_lossy(&received.lock().unwrap()).into_owned();
        (text(&self.traces), text(&self.figures))
    }
}
