//! Probes: whether the process lives, and whether it takes work.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use parasol_runtime::health::Health;

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
    state_of(&gateway.health)
}

/// The probes alone, for a process that shows no pages: `/livez` and `/readyz`.
pub fn probes(health: Health) -> Router {
    let ready = get(|State(health): State<Health>| async move { state_of(&health) });
    Router::new().route("/livez", get(live)).route("/readyz", ready).with_state(health)
}

fn state_of(health: &Health) -> Response {
    let snapshot = health.snapshot();
    let status = if snapshot.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [FRESH], Json(snapshot)).into_response()
}
