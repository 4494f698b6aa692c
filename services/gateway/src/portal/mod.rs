//! The partner portal: pages on which a brand or a centre without a system of its own works a day.
//!
//! Plain HTML that works without a script; every page is light or dark, Chinese or English, and made for
//! a phone first. A page calls the same methods as every other client, with the credential of whoever
//! signed in, so it may do what that caller may do and sees what that caller sees. Which forms are shown
//! follows from the transition table of the journey; whether a step is good is the services' to say.
//!
//! What it deliberately does not do: it decides nothing, keeps nothing, neither a list of people nor a session
//! of its own (see [`session`](crate::web::session)) nor a photo ([`upload`](crate::web::upload)), and reads no table.

mod act;
mod acts;
mod calls;
mod case_page;
mod choices;
pub(crate) mod claims;
mod events;
mod facts;
mod list;
mod words;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use parasol_api::Role;

use crate::Gateway;
use crate::web::site::Site;
use crate::web::{
    Pages, UPLOAD_BYTES_MAX, controls, door, form, page, served, session, times, upload,
};

/// Where the portal lies.
const HOME: &str = "/portal";

/// The portal.
pub(crate) static SITE: Site = Site {
    home: HOME,
    roles: &[Role::Brand, Role::Centre],
    name: ("京伞工作台", "Parasol portal"),
    about: ("供厂家与服务网点处理售后服务单。", "For brands and service centres."),
    shows_subject: true,
    style: "/portal/portal.css",
    script: "/portal/portal.js",
    pages: |gateway| &gateway.portal,
};

/// Its style, on the base that all pages share.
const STYLE: &str = concat!(include_str!("../web/base.css"), include_str!("portal.css"));
/// Its script, likewise.
const SCRIPT: &str = concat!(include_str!("../web/base.js"), include_str!("portal.js"));

/// The pages of the portal.
type Portal = Pages;

/// The routes of the portal.
pub(crate) fn routes() -> Router<Gateway> {
    let certificate = get(acts::certificate::show).post(acts::certificate::submit);
    Router::new()
        .route("/portal", get(list::show))
        .route("/portal/find", get(list::find))
        .route("/portal/events", get(events::of_list))
        .route("/portal/cases/{case}/events", get(events::of_case))
        .route("/portal/cases/{case}", get(case_page::show))
        .route("/portal/cases/{case}/{act}", post(act::perform))
        .route("/portal/cases/{case}/certificate", certificate)
        .route("/portal/claims", get(claims::list))
        .route("/portal/claims/{claim}", get(claims::show_one))
        .route("/portal/claims/{claim}/evidence/{evidence}", get(claims::evidence))
        .route("/portal/claims/{claim}/{answer}", post(claims::respond))
        .route("/portal/statements", get(claims::show_statement))
        .route("/portal/statements/{file}", get(claims::csv))
        .route("/portal/portal.css", get(|| served("text/css", STYLE)))
        .route("/portal/portal.js", get(|| served("text/javascript", SCRIPT)))
        .merge(SITE.doors())
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX))
}

#[cfg(test)]
mod tests;
