//! The HTTP side: what a person or a probe finds with a browser on the second port.
//!
//! Owns the probes, the pages of errors in both languages, and a front page that says where
//! everything is. It knows no case, asks no service and needs no credential; pages need no script.

mod language;
mod pages;
mod probes;
mod serve;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use parasol_runtime::health::Health;

pub use serve::serve;

/// What the routes need.
#[derive(Clone)]
struct Gateway {
    health: Health,
    /// Where gRPC is spoken, as it is shown.
    grpc: Arc<str>,
}

/// All routes: `/`, `/errors`, `/errors/{REASON}`, `/livez`, `/readyz`. `grpc` is shown on the front
/// page.
pub fn router(health: Health, grpc: SocketAddr) -> Router {
    Router::new()
        .route("/", get(pages::front))
        .route("/errors", get(pages::errors))
        .route("/errors/{reason}", get(pages::error))
        .route("/style.css", get(pages::style))
        .route("/livez", get(probes::live))
        .route("/readyz", get(probes::ready))
        .fallback(pages::nothing_here)
        .with_state(Gateway { health, grpc: grpc.to_string().into() })
}

#[cfg(test)]
mod tests;
