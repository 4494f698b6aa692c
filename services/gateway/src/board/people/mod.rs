//! The retailer's people: registered, put out of use at once, certified, with what may be given by whom and what
//! became of their work. Operators change, managers look.

mod acts;
mod list;
mod one;
mod ranking;

use axum::Router;
use axum::routing::{get, post};
use parasol_api::Role;
use parasol_api::admin::v1::staff_service_client::StaffServiceClient;
use parasol_runtime::transport::Transport;

use crate::Gateway;
use crate::web::Pages;
use crate::web::session::Visitor;

/// Where they lie.
const PATH: &str = "/board/people";

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/board/people", get(list::show).post(list::register))
        .route("/board/people/{subject}", get(one::show))
        .route("/board/people/{subject}/{act}", post(one::perform))
        .route("/board/people-ranking", get(ranking::show))
}

fn client(pages: &Pages, visitor: &Visitor) -> StaffServiceClient<Transport> {
    StaffServiceClient::new(pages.transport_of(visitor))
}

/// Whether a visitor may change the register.
fn changes(visitor: &Visitor) -> bool {
    visitor.principal.role == Role::Operator
}

#[cfg(test)]
mod tests;
