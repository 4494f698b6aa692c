//! Programs in browsers: gRPC-Web, and calls from pages of another origin.
//!
//! The same methods as gRPC has on its own port, over HTTP/1.1, with messages in base64 or as they are and the
//! trailers at the end of the body. A call proves who makes it by its `authorization` header, as every other one
//! does; cookies of the pages are worth nothing here, so that another site can do nothing with them. Calls share the
//! places of REST, and a stream ends when one of REST does; whoever watches goes on from the last token.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http_body::{Body as HttpBody, Frame};
use parasol_api::{Error, Reason};
use parasol_runtime::transport::Transport;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;
use tonic::body::Body;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::rest::{Rest, STREAM_MAX};

/// What the content type of a gRPC-Web call begins with.
const GRPC_WEB: &str = "application/grpc-web";
/// What a program may send beside what browsers send by themselves.
const ASKED: [HeaderName; 9] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    HeaderName::from_static("x-grpc-web"),
    HeaderName::from_static("x-user-agent"),
    HeaderName::from_static("grpc-timeout"),
    HeaderName::from_static("if-match"),
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("traceparent"),
];
/// What it may read of an answer.
const TOLD: [HeaderName; 5] = [
    RETRY_AFTER,
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
    HeaderName::from_static("etag"),
];

/// The routes with gRPC-Web beside them, over what REST calls. Pages of its origins may call both; of others none may.
pub(crate) fn beside(router: Router, rest: &Rest) -> Router {
    let (transport, places, origins) = rest.shared();
    let web = GrpcWebLayer::new().layer(bounded(transport, places));
    let router = router.layer(from_fn_with_state(web, divert));
    if origins.is_empty() {
        return router;
    }
    router.layer(
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins.iter().cloned()))
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(ASKED)
            .expose_headers(TOLD),
    )
}

/// Calls by gRPC-Web go to the services, everything else to its route.
async fn divert(
    State(web): State<GrpcWebService<Transport>>,
    request: Request,
    next: Next,
) -> Response {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with(GRPC_WEB)) {
        return next.run(request).await;
    }
    match web.oneshot(request).await {
        Ok(response) => response.map(axum::body::Body::new),
        Err(status) => status.into_http::<axum::body::Body>(),
    }
}

/// The services, for as many calls at a time as there are places.
fn bounded(transport: Transport, places: Arc<Semaphore>) -> Transport {
    Transport::new(service_fn(move |request: http::Request<Body>| {
        let (transport, place) = (transport.clone(), Arc::clone(&places).try_acquire_owned());
        async move {
            let Ok(place) = place else {
                return Ok(Status::from(Error::new(Reason::Overloaded)).into_http());
            };
            let answer = transport.oneshot(request).await?;
            Ok(answer.map(|body| Body::new(Answer::new(body, place))))
        }
    }))
}

/// An answer that has the place of its call, and ends in time: one that ends can be told from one that broke.
struct Answer {
    body: Body,
    over: BoxFuture<'static, ()>,
    has_ended: bool,
    _place: OwnedSemaphorePermit,
}

impl Answer {
    fn new(body: Body, place: OwnedSemaphorePermit) -> Self {
        let over = tokio::time::timeout(STREAM_MAX, std::future::pending::<()>());
        Self { body, over: over.map(drop).boxed(), has_ended: false, _place: place }
    }
}

impl HttpBody for Answer {
    type Data = <Body as HttpBody>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let Self { body, over, has_ended, .. } = &mut *self;
        if *has_ended {
            return Poll::Ready(None);
        }
        match Pin::new(body).poll_frame(cx) {
            Poll::Pending if over.poll_unpin(cx).is_ready() => {
                *has_ended = true;
                let ok = (HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"));
                Poll::Ready(Some(Ok(Frame::trailers(HeaderMap::from_iter([ok])))))
            }
            polled => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended || self.body.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_in_good_order_and_its_place_is_free() {
        let places = Arc::new(Semaphore::new(1));
        let silent = Transport::new(service_fn(async |_: http::Request<Body>| {
            let nothing = futures::stream::pending::<Result<Frame<bytes::Bytes>, Status>>();
            Ok(http::Response::new(Body::new(http_body_util::StreamBody::new(nothing))))
        }));
        let transport = bounded(silent, Arc::clone(&places));
        let call = || transport.clone().oneshot(http::Request::new(Body::empty()));
        let mut first = call().await.unwrap();
        let second = call().await.unwrap();
        let refused = Status::from_header_map(second.headers()).expect("a status in the head");
        assert_eq!(Error::from_status(&refused).reason(), Reason::Overloaded);

        let last = first.body_mut().frame().await.expect("a frame").unwrap();
        assert_eq!(last.into_trailers().unwrap()["grpc-status"], "0");
        assert!(first.body_mut().frame().await.is_none());
        drop(first);
        assert_eq!(places.available_permits(), 1);
    }
}
