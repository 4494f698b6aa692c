//! What all sets of pages share: who is let in, the frame, forms and their controls, photos, times, live updates.
//!
//! A set of pages is a [`Site`]: where it lies, who may enter, what it is called. It works without scripts, is a
//! client of the services like any other, and keeps nothing (see [`session`]).
//!
//! What it deliberately does not do: it knows no step of a case and no page.

pub(crate) mod choice;
pub(crate) mod controls;
pub(crate) mod door;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod form;
pub(crate) mod live;
pub(crate) mod moves;
pub(crate) mod page;
pub(crate) mod photos;
pub(crate) mod posted;
pub(crate) mod session;
pub(crate) mod site;
pub(crate) mod times;
pub(crate) mod upload;
pub(crate) mod words;

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use parasol_api::Error;
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::{Bearers, TokenKey};
use parasol_runtime::ids::IdSource;
use parasol_runtime::metrics::Metrics;
use parasol_runtime::transport::{Transport, local};
use tonic::Status;

use session::Visitor;
use site::Site;

/// Bytes of a form with photos.
pub(crate) const UPLOAD_BYTES_MAX: usize = 96 * 1024 * 1024;

/// What pages need of the process they run in. Cheap to clone.
#[derive(Clone)]
pub struct Web {
    /// The way to the services, as for every client of this process.
    pub transport: Transport,
    /// Checks sessions, and signs sessions and forms.
    pub key: Arc<TokenKey>,
    /// Checks the credentials that sessions are made from.
    pub bearers: Bearers,
    /// Tells what time it is.
    pub clock: Clock,
    /// Makes request ids and what a browser is told apart by.
    pub ids: IdSource,
    /// Counts who is turned away.
    pub metrics: Metrics,
}

/// The pages of one site. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pages {
    /// Where they lie, and for whom.
    pub site: &'static Site,
    /// The way to the services.
    pub transport: Transport,
    /// Checks sessions, and signs sessions and forms.
    pub key: Arc<TokenKey>,
    /// Checks the credentials that sessions are made from.
    pub bearers: Bearers,
    /// Tells what time it is.
    pub clock: Clock,
    /// Makes request ids.
    pub ids: IdSource,
}

impl Pages {
    /// The pages of `site`.
    pub(crate) fn new(site: &'static Site, web: &Web) -> Self {
        let Web { transport, key, bearers, clock, ids, .. } = web.clone();
        Self { site, transport, key, bearers, clock, ids }
    }

    /// The way to the services with the visitor's own credential.
    pub(crate) fn transport_of(&self, visitor: &Visitor) -> Transport {
        local::with_token(self.transport.clone(), &visitor.token)
    }
}

/// A failure as the error model has it.
pub(crate) fn failed(status: Status) -> Error {
    Error::from_status(&status)
}

/// A page whose address is a secret: it goes to nobody, not even to a page of ours.
pub(crate) fn secret(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}

/// A file that is the same for everybody.
pub(crate) async fn served(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (header::CACHE_CONTROL, "public, max-age=300".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (StatusCode::OK, headers, text).into_response()
}
