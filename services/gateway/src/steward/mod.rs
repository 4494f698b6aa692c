//! The brand steward: how a brand's own cases stand, what each party took, and what breaks.
//!
//! A brand sees the open cases of its units counted by stage and by whose turn it is, each with the time its turn
//! has taken, the story of each case with the time of every party, and faults by model and batch in groups that
//! no unit can be told from. What a brand has to *do* is in the [portal](crate::portal).
//!
//! What it deliberately does not do: it shows nothing of another brand and nobody's name or address.

mod faults;
mod pages;

use axum::Router;
use axum::routing::get;
use maud::{Markup, html};
use parasol_api::{Language, Role};

use crate::Gateway;
use crate::staff::flow::Ways;
use crate::staff::{SCRIPT, STYLE};
use crate::web::served;
use crate::web::site::Site;
use crate::web::words::Pick as _;

/// Where the pages lie.
const HOME: &str = "/steward";

/// Where its lists lead.
const WAYS: Ways = Ways { list: "/steward/cases", case: "/steward/cases/" };

/// The pages.
pub(crate) static SITE: Site = Site {
    home: HOME,
    roles: &[Role::Brand],
    name: ("京伞品牌管家", "Parasol for brands"),
    about: (
        "供厂家查看自有商品的服务情况与故障趋势。",
        "For brands: how the service of their units stands, and what breaks.",
    ),
    shows_subject: true,
    style: "/steward/steward.css",
    script: "/steward/steward.js",
    pages: |gateway| &gateway.steward,
};

/// The routes of the pages.
pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/steward", get(pages::overview))
        .route("/steward/cases", get(pages::cases))
        .route("/steward/cases/{case}", get(pages::case))
        .route("/steward/faults", get(faults::show))
        .route("/steward/steward.css", get(|| served("text/css", STYLE)))
        .route("/steward/steward.js", get(|| served("text/javascript", SCRIPT)))
        .merge(SITE.doors())
}

/// The ways between the pages.
fn tabs(here: &str, language: Language) -> Markup {
    let tabs = [
        (HOME, language.pick("概览", "Overview")),
        ("/steward/cases", language.pick("服务单", "Cases")),
        ("/steward/faults", language.pick("故障趋势", "Faults")),
        ("/portal", language.pick("待办工单", "Work to do")),
    ];
    html! {
        nav.tabs aria-label=(language.pick("页面", "Pages")) {
            @for (path, name) in tabs {
                a href=(path) aria-current=[(path == here).then_some("page")] { (name) }
            }
        }
    }
}

#[cfg(test)]
mod tests;
