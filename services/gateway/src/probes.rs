//! Probes: whether the process lives, and whether it takes work.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::Gateway;

/// A probe's answer is of this moment.
const FRESH: (header::HeaderName, &str) = (header::CACHE_CONTROL, "no-store");

/// The process answers, and asks nothing and nobody to do so: a dead dependency must not get a
/// healthy process killed.
pub(crate) async fn live() -> Response {
    ([FRESH], "ok\n").into_response()
}

/// The conditions of readiness, each with its state; 503 while one is missing or stopping has begun.
pub(crate) async fn ready(State(gateway): State<Gateway>) -> Response {
    let snapshot = gateway.health.snapshot();
    let status = if snapshot.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [FRESH], Json(snapshot)).into_response()
}
