//! The customer's pages: what is mine, filing a case in a few taps, and the live page of a case.
//!
//! Built for a phone in one hand, light or dark, Chinese or English, for a keyboard and a screen reader as well.
//! Every page works without a script; scripts add live updates, drafts that outlive a closed tab, and photos made
//! small before they travel. A page calls the same methods as every other client, with the credential of whoever
//! signed in; which steps are offered follows from the transition table of the journey.
//!
//! What it deliberately does not do: it decides nothing, keeps nothing, and knows no rule of the services. A link
//! that was shared opens [one page](share), read-only; the link of a notice opens a [survey].

mod act;
mod acts;
mod calls;
mod cards;
mod case_page;
mod events;
mod evidence;
mod filing;
mod follow_up;
mod home;
mod links;
mod picture;
mod preferences;
mod quote;
mod share;
mod story;
mod survey;
mod track;
mod words;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use parasol_api::Role;

use crate::Gateway;
use crate::web::site::Site;
use crate::web::{UPLOAD_BYTES_MAX, served};

/// Where the pages lie.
const HOME: &str = "/my";
/// Where shared links lie.
const SHARED: &str = "/s";
/// Where surveys lie that are answered by the link of a notice.
const SURVEYS: &str = "/survey";

const NAME: (&str, &str) = ("京伞", "Parasol");
const STYLE_AT: &str = "/my/customer.css";
const SCRIPT_AT: &str = "/my/customer.js";

/// The customer's pages.
pub(crate) static SITE: Site = Site {
    home: HOME,
    roles: &[Role::Customer],
    name: NAME,
    about: (
        "查看您的售后服务，或为您的家电报修。",
        "Follow your service cases, or report a problem with an appliance.",
    ),
    shows_subject: false,
    style: STYLE_AT,
    script: SCRIPT_AT,
    pages: |gateway| &gateway.customer,
};

/// The page of whoever was given a link.
pub(crate) static SHARED_SITE: Site = Site {
    home: SHARED,
    roles: &[],
    name: NAME,
    about: ("", ""),
    shows_subject: false,
    style: STYLE_AT,
    script: SCRIPT_AT,
    pages: |gateway| &gateway.shared,
};

/// The pages of whoever was asked how it was.
pub(crate) static SURVEY_SITE: Site = Site {
    home: SURVEYS,
    roles: &[],
    name: NAME,
    about: ("", ""),
    shows_subject: false,
    style: STYLE_AT,
    script: SCRIPT_AT,
    pages: |gateway| &gateway.survey,
};

/// The style, on the base that all pages share.
const STYLE: &str = concat!(
    include_str!("../web/base.css"),
    include_str!("customer.css"),
    include_str!("filing/filing.css"),
    include_str!("survey/survey.css")
);
/// The script, likewise.
const SCRIPT: &str = concat!(
    include_str!("../web/base.js"),
    include_str!("../web/live.js"),
    include_str!("filing/draft.js"),
    include_str!("filing/photos.js")
);

/// The routes of the customer's pages and of shared links.
pub(crate) fn routes() -> Router<Gateway> {
    let one = get(act::show).post(act::perform);
    Router::new()
        .route("/my", get(home::show))
        .route("/my/file", get(filing::show).post(filing::step))
        .route("/my/cases/{case}", get(case_page::show))
        .route("/my/cases/{case}/events", get(events::of_case))
        .route("/my/cases/{case}/photos", get(evidence::show).post(evidence::add))
        .route("/my/cases/{case}/links", get(links::show).post(links::change))
        .route("/my/cases/{case}/survey", get(survey::own::show).post(survey::own::give))
        .route("/my/cases/{case}/follow-up", get(follow_up::show).post(follow_up::say))
        .route("/my/cases/{case}/evidence/{piece}", get(evidence::content))
        .route("/my/cases/{case}/{act}", one)
        .route(preferences::AT, get(preferences::show).post(preferences::change))
        .route("/survey/{token}", get(survey::by_link::show).post(survey::by_link::give))
        .route("/s/{token}", get(share::show))
        .route("/s/{token}/events", get(share::events))
        .route(STYLE_AT, get(|| served("text/css", STYLE)))
        .route(SCRIPT_AT, get(|| served("text/javascript", SCRIPT)))
        .merge(SITE.doors())
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX))
}

/// The address of a case's page, or of something below it.
fn case_path(case: &str, more: &str) -> String {
    match more {
        "" => format!("{HOME}/cases/{case}"),
        more => format!("{HOME}/cases/{case}/{more}"),
    }
}

#[cfg(test)]
mod tests;
