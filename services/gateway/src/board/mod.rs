//! The operations board: how everything stands, and what is stuck, for operators and managers.
//!
//! Open cases by stage and by whose turn it is, what is late and what is due within the hour, how partners can be
//! reached, and work that was given up, with the way to drive it again. It is live while somebody looks. Beside it
//! stand the retailer's people.
//!
//! What it deliberately does not do: it moves no case, and knows no customer's name.

mod objections;
mod overview;
mod parked;
mod partners;
mod people;

use axum::Router;
use axum::extract::{Request, State};
use axum::routing::{get, post};
use maud::{Markup, html};
use parasol_api::{Language, Role};

use crate::Gateway;
use crate::staff::flow::Ways;
use crate::staff::{SCRIPT, STYLE, live};
use crate::web::served;
use crate::web::site::Site;
use crate::web::words::Pick as _;

/// Where the board lies.
const HOME: &str = "/board";

/// What its pages listen to.
const EVENTS: &str = "/board/events";

/// The board.
pub(crate) static SITE: Site = Site {
    home: HOME,
    roles: &[Role::Operator, Role::Manager],
    name: ("京伞运行看板", "Parasol operations"),
    about: ("供运营与主管查看整体运行情况。", "For operators and managers: how everything stands."),
    shows_subject: true,
    style: "/board/board.css",
    script: "/board/board.js",
    pages: |gateway| &gateway.board,
};

/// Where its lists lead. Managers open a case at their desk; an operator has no business inside one.
const fn ways(role: Role) -> Ways {
    let case = if matches!(role, Role::Manager) { "/desk/cases/" } else { "" };
    Ways { list: "/board/cases", case }
}

/// The ways between the pages.
fn ways_of(here: &str, language: Language) -> Markup {
    let ways = [
        (HOME, language.pick("看板", "Board")),
        ("/board/people", language.pick("人员", "People")),
        ("/board/objections", language.pick("评分异议", "Objections")),
    ];
    html! {
        nav.tabs aria-label=(language.pick("页面", "Pages")) {
            @for (path, name) in ways {
                a href=(path) aria-current=[(path == here).then_some("page")] { (name) }
            }
        }
    }
}

/// The routes of the board.
pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/board", get(overview::show))
        .route(
            EVENTS,
            get(async |State(gateway): State<Gateway>, request: Request| {
                live::of_many(SITE.pages, &gateway, request).await
            }),
        )
        .route("/board/cases", get(overview::cases))
        .route("/board/redrive", post(parked::redrive))
        .route("/board/board.css", get(|| served("text/css", STYLE)))
        .route("/board/board.js", get(|| served("text/javascript", SCRIPT)))
        .route("/board/objections", get(objections::list))
        .route("/board/objections/{id}", post(objections::answer))
        .merge(people::routes())
        .merge(SITE.doors())
}

#[cfg(test)]
mod tests;
