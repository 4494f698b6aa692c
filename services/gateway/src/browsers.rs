//! Programs in browsers: gRPC-Web, and calls from pages of another origin.
//!
//! The same methods as gRPC has on its own port, over HTTP/1.1, with messages in base64 or as they are and the
//! trailers at the end of the body. A call proves who makes it by its `authorization` header, as every other one
//! does; cookies of the pages are worth nothing here, so that another site can do nothing with them. A stream lives
//! as long as its connection, a minute and what is under way; whoever watches goes on from the last token.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use parasol_runtime::transport::Transport;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::{Layer as _, ServiceExt as _};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// What the content type of a gRPC-Web call begins with.
const GRPC_WEB: &str = "application/grpc-web";
/// What a program may send beside what browsers send by themselves.
const ASKED: [HeaderName; 8] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    HeaderName::from_static("x-grpc-web"),
    HeaderName::from_static("x-user-agent"),
    HeaderName::from_static("grpc-timeout"),
    HeaderName::from_static("if-match"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("traceparent"),
];
/// What it may read of an answer.
const TOLD: [HeaderName; 4] = [
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
    HeaderName::from_static("etag"),
];

/// The routes with gRPC-Web beside them. Pages of these origins may call it, and REST; of others none may.
pub(crate) fn beside(router: Router, transport: Transport, origins: &[HeaderValue]) -> Router {
    let web = GrpcWebLayer::new().layer(transport);
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
