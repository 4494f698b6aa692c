//! Panics: a handler that panics answers `INTERNAL` and harms nobody else.
//!
//! Without this a panic would unwind into the caller's own task in process, and look like a
//! cancelled call over TCP. The panic's text stays in the log, under an incident id that the caller
//! is told.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use super::body::{Onlooker, watched};
use super::{Layers, Refusal};
use crate::ids::IdSource;
use crate::metrics::{Counter, Metrics};
use crate::panics::panic_text;

/// Catches panics of handlers and of the streams they return.
#[derive(Clone)]
pub struct CatchPanicLayer {
    ids: IdSource,
    metrics: Metrics,
}

impl CatchPanicLayer {
    /// The layer as `layers` wants it.
    pub fn new(layers: &Layers) -> Self {
        let Layers { ids, metrics, .. } = layers.clone();
        Self { ids, metrics }
    }

    fn report(&self, panic: &(dyn Any + Send)) -> Status {
        let incident = self.ids.next();
        tracing::error!(%incident, error = panic_text(panic), "a call panicked");
        self.metrics.count(Counter::Panics, 1, &[]);
        Refusal::Panicked { incident }.into()
    }
}

impl<S> Layer<S> for CatchPanicLayer {
    type Service = CatchPanic<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CatchPanic { inner, layer: self.clone() }
    }
}

/// A service whose panics are answers.
#[derive(Clone)]
pub struct CatchPanic<S> {
    inner: S,
    layer: CatchPanicLayer,
}

impl<S> Service<Request<Body>> for CatchPanic<S>
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
        let layer = self.layer.clone();
        // Nothing of a call that panicked is used again, so nothing half-done can be seen.
        let begun = catch_unwind(AssertUnwindSafe(|| self.inner.call(request)));
        Box::pin(async move {
            let outcome = match begun {
                Ok(response) => AssertUnwindSafe(response).catch_unwind().await,
                Err(panic) => Err(panic),
            };
            match outcome {
                Ok(Ok(response)) => Ok(response.map(|body| watched(body, Stream { layer }))),
                Ok(Err(error)) => Err(error),
                Err(panic) => Ok(layer.report(panic.as_ref()).into_http()),
            }
        })
    }
}

/// Ends a stream that panics with trailers that say so.
struct Stream {
    layer: CatchPanicLayer,
}

impl Onlooker for Stream {
    fn poll(
        &mut self,
        mut body: Pin<&mut Body>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<<Body as HttpBody>::Data>, Status>>> {
        match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll_frame(cx))) {
            Ok(polled) => polled,
            Err(panic) => {
                body.set(Body::empty());
                let status = self.layer.report(panic.as_ref());
                let mut trailers = HeaderMap::new();
                let told = status.add_header(&mut trailers).map(|()| Frame::trailers(trailers));
                Poll::Ready(Some(told))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use parasol_api::Reason;
    use tonic::Code;

    use crate::telemetry::recording::Figures;
    use crate::transport::probe::{Bench, call};

    #[tokio::test]
    async fn a_panic_is_an_internal_error_without_its_text_and_the_server_lives() {
        let figures = Figures::new();
        let metrics = figures.metrics();
        let bench = Bench::with(|layers| layers.metrics = metrics).await;
        let ways =
            ["/test.Probe/PanicAtOnce", "/test.Probe/PanicLater", "/test.Probe/PanicInStream"];
        for transport in bench.both() {
            for way in ways {
                let answer = call(&transport, way, &[]).await;
                assert_eq!(answer.code, Code::Internal, "{way}");
                assert_eq!(answer.error.reason(), Reason::Internal);
                assert!(answer.error.metadata().contains_key("incident"), "{answer:?}");
                assert!(!format!("{answer:?}").contains("secret"), "{answer:?}");
            }
            assert_eq!(call(&transport, "/test.Probe/Whoami", &[]).await.code, Code::Ok);
        }
        let panics = figures.read();
        assert!(panics.contains(&"parasol.panics{} 6".to_owned()), "{panics:?}");
    }
}
