//! The agent's desk: who calls, what is due, and everything an agent may do to a case.
//!
//! For agents and managers, on a screen or a telephone. Looking a customer up by number shows units and open cases
//! at once; the queue has what is due first on top; the page of a case has the story, what is known about such
//! faults, and the steps that the journey leaves open to an agent. A page calls the same methods as every other
//! client, with the credential of whoever signed in.
//!
//! What it deliberately does not do: it decides nothing, keeps nothing, and puts no telephone number into an
//! address.

mod act;
mod acts;
mod case_page;
mod filing;
mod home;
mod knowledge;
mod lookup;
mod me;
mod voice;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::routing::{get, post};
use parasol_api::Role;

use crate::Gateway;
use crate::staff::flow::Ways;
use crate::staff::{SCRIPT, STYLE, live};
use crate::web::served;
use crate::web::site::Site;

/// Where the desk lies.
const HOME: &str = "/desk";

/// What its pages of many cases listen to.
const EVENTS: &str = "/desk/events";

/// Where its lists lead.
const WAYS: Ways = Ways { list: HOME, case: "/desk/cases/" };

/// The desk.
pub(crate) static SITE: Site = Site {
    home: HOME,
    roles: &[Role::Agent, Role::Manager],
    name: ("京伞客服台", "Parasol desk"),
    about: ("供客服与主管处理售后服务单。", "For agents and managers."),
    shows_subject: true,
    style: "/desk/desk.css",
    script: "/desk/desk.js",
    pages: |gateway| &gateway.desk,
};

/// The routes of the desk.
pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/desk", get(home::show))
        .route(
            EVENTS,
            get(async |State(gateway): State<Gateway>, request: Request| {
                live::of_many(SITE.pages, &gateway, request).await
            }),
        )
        .route("/desk/lookup", post(lookup::find))
        .route("/desk/file", get(filing::show).post(filing::file))
        .route("/desk/articles", get(knowledge::show))
        .route("/desk/cases/{case}", get(case_page::show))
        .route(
            "/desk/cases/{case}/events",
            get(async |gateway: State<Gateway>, case: Path<String>, request: Request| {
                live::of_case(SITE.pages, gateway, case, request).await
            }),
        )
        .route("/desk/cases/{case}/{act}", post(act::perform))
        .route(me::PATH, get(me::show))
        .route("/desk/desk.css", get(|| served("text/css", STYLE)))
        .route("/desk/desk.js", get(|| served("text/javascript", SCRIPT)))
        .merge(voice::routes())
        .merge(SITE.doors())
}

/// The page of a case.
fn case_path(case: &str) -> String {
    format!("{HOME}/cases/{case}")
}

#[cfg(test)]
mod tests;
