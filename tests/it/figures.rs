//! The figures of a process that works: every metric that an alert or a panel may speak of is sent to the collector.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use parasol_runtime::metrics::{Counter, Gauge, Histogram};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::{Body as _, BoxFuture, Service, http};
use tonic::server::NamedService;
use tonic::transport::Server;

use crate::http::ask;
use crate::up::{Up, root};

/// How often it is looked whether everything has come; each look takes a millisecond or more.
const LOOKS_MAX: usize = 20_000;

/// Takes reports of metrics and keeps them as they come. It never says that it has, which is all the same to the sender.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<u8>>>);

impl NamedService for Collector {
    const NAME: &'static str = "opentelemetry.proto.collector.metrics.v1.MetricsService";
}

impl Service<http::Request<Body>> for Collector {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let (kept, mut body) = (Arc::clone(&self.0), request.into_body());
        Box::pin(async move {
            while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                if let Ok(data) = frame.into_data() {
                    kept.lock().expect("no holder panics").extend_from_slice(&data);
                }
            }
            Ok(Status::ok("").into_http())
        })
    }
}

impl Collector {
    /// One that listens, and where.
    #[expect(clippy::disallowed_methods, reason = "the test's runtime ends it")]
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let server = Server::builder().add_service(collector.clone());
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        (collector, address)
    }

    /// Which of these names have not come.
    fn lacks<'a>(&self, names: &[&'a str]) -> Vec<&'a str> {
        let kept = self.0.lock().expect("no holder panics");
        let came = |name: &&str| kept.windows(name.len()).any(|part| part == name.as_bytes());
        names.iter().copied().filter(|name| !came(name)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proc_every_metric_of_the_registry_is_told_by_a_process_that_works() {
    let (collector, address) = Collector::start().await;
    let data = tempfile::tempdir().expect("a temp folder");
    let settings = [("otlp.endpoint", address.as_str()), ("otlp.metrics_period_s", "1")];
    let up = Up::start(data.path(), &settings);
    let examples = root().join("examples");
    let examples = examples.to_str().expect("a path is text");
    assert!(up.run(&["import", "--grpc", &up.grpc, examples]).status.success());
    // Filed, offered, and filed again under the same id, which is answered from what was saved.
    up.offered().await;
    up.offered().await;
    let names = Counter::ALL.iter().map(|one| one.name());
    let names = names.chain(Histogram::ALL.iter().map(|one| one.name()));
    let names: Vec<_> = names.chain(Gauge::ALL.iter().map(|one| one.name())).collect();
    for _ in 0..LOOKS_MAX {
        if collector.lacks(&names).is_empty() {
            return;
        }
        ask(up.http, None, "GET /livez", "").await;
    }
    panic!("nobody told {:?}", collector.lacks(&names));
}
