//! Where traces and metrics of a cell go that is measured with tracing: a collector that takes everything and keeps
//! nothing.
//!
//! It stands in this process, so that what it costs is the driver's and not the cell's. What a real collector does with
//! what it gets is not measured here.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http_body_util::{BodyExt as _, Full};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, HeaderValue, Request, Response};
use tonic::server::NamedService;
use tower::Service;

/// A sink that runs until it is dropped.
pub struct Sink {
    address: SocketAddr,
    received: Arc<AtomicU64>,
    _task: JoinSet<()>,
}

impl Sink {
    /// Opens it on a free port of this machine.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let received = Arc::<AtomicU64>::default();
        let (traces, metrics) = (Traces(Arc::clone(&received)), Metrics(Arc::clone(&received)));
        let incoming = tonic::transport::server::TcpIncoming::from(listener);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let server = tonic::transport::Server::builder().add_service(traces);
            if let Err(error) = server.add_service(metrics).serve_with_incoming(incoming).await {
                tracing::warn!(%error, "the sink of traces failed");
            }
        });
        Ok(Self { address, received, _task: task })
    }

    /// Where it is, as `otlp.endpoint` wants it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Bytes it was sent.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }
}

macro_rules! takes_everything {
    ($service:ident, $name:literal) => {
        #[derive(Clone)]
        struct $service(Arc<AtomicU64>);

        impl NamedService for $service {
            const NAME: &'static str = $name;
        }

        impl Service<Request<Body>> for $service {
            type Response = Response<Body>;
            type Error = Infallible;
            type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: Request<Body>) -> Self::Future {
                take(Arc::clone(&self.0), request.into_body()).boxed()
            }
        }
    };
}

takes_everything!(Traces, "opentelemetry.proto.collector.trace.v1.TraceService");
takes_everything!(Metrics, "opentelemetry.proto.collector.metrics.v1.MetricsService");

async fn take(received: Arc<AtomicU64>, mut body: Body) -> Result<Response<Body>, Infallible> {
    while let Some(Ok(frame)) = body.frame().await {
        if let Ok(data) = frame.into_data() {
            received.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
    }
    // A message without fields, and that all is well.
    let mut status = HeaderMap::new();
    status.insert("grpc-status", HeaderValue::from_static("0"));
    let empty = Full::new(Bytes::from_static(&[0; 5]))
        .with_trailers(async move { Some(Ok::<_, Infallible>(status)) });
    let mut response = Response::new(Body::new(empty));
    let kind = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", kind);
    Ok(response)
}
