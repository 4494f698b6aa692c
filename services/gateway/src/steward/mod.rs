//! The brand steward: how a brand's own cases stand, what each party took, and what breaks.
//!
//! A brand sees the open cases of its units counted by stage and by whose turn it is, each with the time its turn
//! has taken, the story of each case with the time of every party, its score with the cases behind each figure and
//! what is going to be published, its place in each category, what it is charged, and faults by model and batch in
//! groups that no unit can be told from. What a brand has to *do* is in the [portal](crate::portal).
//!
//! What it deliberately does not do: it shows nothing of another brand and nobody's name or address.

mod charges;
mod faults;
mod objections;
mod pages;
mod ranking;
mod score_cases;
mod scores;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::routing::get;
use maud::{Markup, html};
use parasol_api::{Language, Role};

use crate::Gateway;
use crate::staff::flow::Ways;
use crate::staff::{SCRIPT, STYLE, live};
use crate::web::served;
use crate::web::site::Site;
use crate::web::words::Pick as _;

/// Where the pages lie.
const HOME: &str = "/steward";

/// What its pages of many cases listen to.
const EVENTS: &str = "/steward/events";

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
        .route(
            EVENTS,
            get(async |State(gateway): State<Gateway>, request: Request| {
                live::of_many(SITE.pages, &gateway, request).await
            }),
        )
        .route("/steward/cases", get(pages::cases))
        .route(
            "/steward/cases/{case}/events",
            get(async |gateway: State<Gateway>, case: Path<String>, request: Request| {
                live::of_case(SITE.pages, gateway, case, request).await
            }),
        )
        .route("/steward/cases/{case}", get(pages::case))
        .route("/steward/faults", get(faults::show))
        .route("/steward/scores", get(scores::show))
        .route("/steward/scores/cases", get(score_cases::show))
        .route("/steward/objections", get(objections::list).post(objections::raise))
        .route("/steward/ranking", get(ranking::show))
        .route("/steward/charges", get(charges::show))
        .route("/steward/steward.css", get(|| served("text/css", STYLE)))
        .route("/steward/steward.js", get(|| served("text/javascript", SCRIPT)))
        .merge(SITE.doors())
}

/// The ways between the pages.
fn tabs(here: &str, language: Language) -> Markup {
    let tabs = [
        (HOME, language.pick("概览", "Overview")),
        ("/steward/cases", language.pick("服务单", "Cases")),
        ("/steward/scores", language.pick("评分", "Scores")),
        ("/steward/objections", language.pick("异议", "Objections")),
        ("/steward/ranking", language.pick("排名", "Ranking")),
        ("/steward/charges", language.pick("扣款", "Chargebacks")),
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
