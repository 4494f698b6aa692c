//! Programs in browsers: gRPC-Web, and calls from pages of another origin.
//!
//! The same methods as gRPC has on its own port, over HTTP/1.1, with messages in base64 or as they are and the
//! trailers at the end of the body. A call proves who makes it by its `authorization` header, as every other one
//! does; cookies of the pages are worth nothing here, so that another site can do nothing with them. A stream ends when one of REST does; whoever watches goes on from the last token.

use std::pin::Pin;
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
use parasol_runtime::transport::Transport;
use tonic::Status;
use tonic::body::Body;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::edge::{self, Edge};
use crate::rest::{Rest, STREAM_MAX};

/// What the content type of a gRPC-Web call begins with.
pub(crate) const GRPC_WEB: &[u8] = b"application/grpc-web";
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
pub(crate) fn beside(router: Router, rest: &Rest, edge: Edge) -> Router {
    let (transport, origins) = rest.shared();
    let web = GrpcWebLayer::new().layer(bounded(transport));
    let router =
        router.layer(from_fn_with_state(web, divert)).layer(from_fn_with_state(edge, edge::keep));
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
    let kind = request.headers().get(CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(GRPC_WEB)) {
        return next.run(request).await;
    }
    match web.oneshot(request).await {
        Ok(response) => response.map(axum::body::Body::new),
        Err(status) => status.into_http::<axum::body::Body>(),
    }
}

/// The services, whose answers end in time.
fn bounded(transport: Transport) -> Transport {
    Transport::new(service_fn(move |request: http::Request<Body>| {
        let transport = transport.clone();
        async move {
            let answer = transport.oneshot(request).await?;
            Ok(answer.map(|body| Body::new(Answer::new(body))))
        }
    }))
}

/// An answer that ends in time: one that ends can be told from one that broke.
struct Answer {
    body: Body,
    over: BoxFuture<'static, ()>,
    has_ended: bool,
}

impl Answer {
    fn new(body: Body) -> Self {
        let over = tokio::time::timeout(STREAM_MAX, std::future::pending::<()>());
        Self { body, over: over.map(drop).boxed(), has_ended: false }
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
    async fn a_stream_ends_in_good_order() {
        let silent = Transport::new(service_fn(async |_: http::Request<Body>| {
            let nothing = futures::stream::pending::<Result<Frame<bytes::Bytes>, Status>>();
            Ok(http::Response::new(Body::new(http_body_util::StreamBody::new(nothing))))
        }));
        let transport = bounded(silent);
        let mut answer = transport.oneshot(http::Request::new(Body::empty())).await.unwrap();
        let last = answer.body_mut().frame().await.expect("a frame").unwrap();
        assert_eq!(last.into_trailers().unwrap()["grpc-status"], "0");
        assert!(answer.body_mut().frame().await.is_none());
    }
}
