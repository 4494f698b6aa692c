//! The partner portal: pages on which a brand or a centre without a system of its own works a day.
//!
//! Plain HTML that works without a script; every page is light or dark, Chinese or English, and made for
//! a phone first. A page calls the same methods as every other client, with the credential of whoever
//! signed in, so it may do what that caller may do and sees what that caller sees. Which forms are shown
//! follows from the transition table of the journey; whether a step is good is the services' to say.
//!
//! What it deliberately does not do: it decides nothing, keeps nothing, neither a list of people nor a session
//! of its own (see [`session`]) nor a photo ([`upload`]), and reads no table.

mod act;
mod acts;
mod calls;
mod case_page;
mod choices;
mod controls;
mod door;
mod events;
mod facts;
mod form;
mod list;
mod page;
mod photos;
mod session;
mod times;
mod upload;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::TokenKey;
use parasol_runtime::ids::IdSource;
use parasol_runtime::transport::Transport;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Gateway;

/// The most requests to the portal under way at a time; a page makes a handful of calls.
const PAGES_MAX: usize = 64;

/// Bytes of a form with photos.
const UPLOAD_BYTES_MAX: usize = 96 * 1024 * 1024;

/// Where the portal lies.
const HOME: &str = "/portal";

/// What the portal needs. Cheap to clone.
#[derive(Clone)]
pub struct Portal {
    /// The way to the services, as for every client of this process.
    pub transport: Transport,
    /// Checks credentials, and signs sessions and forms.
    pub key: Arc<TokenKey>,
    /// Tells what time it is.
    pub clock: Clock,
    /// Makes request ids and what a browser is told apart by.
    pub ids: IdSource,
    places: Arc<Semaphore>,
    watched: Arc<Semaphore>,
}

impl Portal {
    /// A portal over `transport`.
    pub fn new(transport: Transport, key: Arc<TokenKey>, clock: Clock, ids: IdSource) -> Self {
        let [places, watched] =
            [PAGES_MAX, events::WATCHED_MAX].map(|most| Arc::new(Semaphore::new(most)));
        Self { transport, key, clock, ids, places, watched }
    }

    /// A place for a request; `None` when there is none.
    fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }
}

/// The routes of the portal.
pub(crate) fn routes() -> Router<Gateway> {
    let certificate = get(acts::certificate::show).post(acts::certificate::submit);
    Router::new()
        .route("/portal", get(list::show))
        .route("/portal/sign-in", get(door::show).post(door::sign_in))
        .route("/portal/sign-out", post(door::sign_out))
        .route("/portal/find", get(list::find))
        .route("/portal/events", get(events::of_list))
        .route("/portal/cases/{case}/events", get(events::of_case))
        .route("/portal/cases/{case}", get(case_page::show))
        .route("/portal/cases/{case}/{act}", post(act::perform))
        .route("/portal/cases/{case}/certificate", certificate)
        .route("/portal/photos/{photo}", get(photos::show))
        .route("/portal/portal.css", get(|| served("text/css", include_str!("portal.css"))))
        .route("/portal/portal.js", get(|| served("text/javascript", include_str!("portal.js"))))
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX))
}

/// A file that is the same for everybody.
async fn served(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (header::CACHE_CONTROL, "public, max-age=300".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (StatusCode::OK, headers, text).into_response()
}

#[cfg(test)]
pub(crate) fn for_tests() -> Portal {
    tests::alone()
}

#[cfg(test)]
mod tests;
