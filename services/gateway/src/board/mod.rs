//! The operations board: how everything stands, and what is stuck, for operators and managers.
//!
//! Open cases by stage and by whose turn it is, what is late and what is due within the hour, how partners can be
//! reached, and work that was given up, with the way to drive it again. It renews itself while somebody looks.
//!
//! What it deliberately does not do: it moves no case, and knows nobody's name.

mod overview;
mod parked;
mod partners;

use axum::Router;
use axum::routing::{get, post};
use parasol_api::Role;

use crate::Gateway;
use crate::staff::flow::Ways;
use crate::staff::{SCRIPT, STYLE};
use crate::web::served;
use crate::web::site::Site;

/// Where the board lies.
const HOME: &str = "/board";

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

/// The routes of the board.
pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/board", get(overview::show))
        .route("/board/cases", get(overview::cases))
        .route("/board/redrive", post(parked::redrive))
        .route("/board/board.css", get(|| served("text/css", STYLE)))
        .route("/board/board.js", get(|| served("text/javascript", SCRIPT)))
        .merge(SITE.doors())
}

#[cfg(test)]
mod tests;
