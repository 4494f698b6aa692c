//! The HTTP side: what a person, a probe or a program without gRPC finds on the second port.
//!
//! Owns the probes, the pages of errors in both languages, a front page that says where everything is,
//! [REST](Rest), the contract's methods as JSON, gRPC-Web for programs in browsers, the portal, pages for partners without a
//! system of their own, the customer's pages, the public [`ranking`] of brands, those of the retailer's people and of brands ([`board`], [`desk`],
//! [`steward`]), and the files of the reference [client](installer) for technicians. It decides nothing and reads
//! no table. Who gets a place at the port is said in one place ([`edge`]).

mod board;
mod browsers;
mod customer;
mod desk;
mod edge;
mod installer;
mod language;
mod pages;
mod portal;
mod probes;
mod ranking;
mod rest;
mod serve;
mod staff;
mod steward;
mod web;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};
use parasol_runtime::health::Health;

use crate::edge::Edge;
use crate::web::Pages;
use crate::web::moves::Moves;

pub use probes::probes;
pub use rest::{Callbacks, Rest, Vouches};
pub use serve::serve;
pub use web::Web;

/// What the routes need.
#[derive(Clone)]
struct Gateway {
    health: Health,
    /// Where gRPC is spoken, as it is shown.
    grpc: Arc<str>,
    rest: Rest,
    portal: Pages,
    customer: Pages,
    shared: Pages,
    survey: Pages,
    ranking: Pages,
    board: Pages,
    desk: Pages,
    steward: Pages,
    /// What moves in cases, for pages that show many of them.
    moves: Moves,
}

/// All routes: `/`, `/errors`, `/errors/{REASON}`, `/livez`, `/readyz`, `/openapi.json`, callbacks of partners
/// at `/v1/callbacks/{partner}`, technicians' calendars at `/v1/calendars/{token}.ics`, REST below `/v1/`, the
/// portal below `/portal`, the customer's pages below `/my`, `/s` and `/survey`, the public ranking below `/ranking`, the operations board below `/board`, the
/// agent's desk below `/desk`, the brand's pages below `/steward`, e-mail of a mail gateway at `/v1/mail`, and the
/// client for technicians below `/installer/`; a call by gRPC-Web at any path is one. `grpc` is shown on the front page.
pub fn router(health: Health, grpc: SocketAddr, rest: Rest, web: Web) -> Router {
    let [portal, customer, shared] =
        [&portal::SITE, &customer::SITE, &customer::SHARED_SITE].map(|site| Pages::new(site, &web));
    let [survey, ranking] =
        [&customer::SURVEY_SITE, &ranking::SITE].map(|site| Pages::new(site, &web));
    let [board, desk, steward] =
        [&board::SITE, &desk::SITE, &steward::SITE].map(|site| Pages::new(site, &web));
    let grpc = grpc.to_string().into();
    let (moves, edge) = (Moves::new(&web), Edge::new(&web));
    let state = Gateway {
        health,
        grpc,
        rest,
        portal,
        customer,
        shared,
        survey,
        ranking,
        board,
        desk,
        steward,
        moves,
    };
    let router = Router::new()
        .route("/", get(pages::front))
        .route("/errors", get(pages::errors))
        .route("/errors/{reason}", get(pages::error))
        .route("/style.css", get(pages::style))
        .route("/livez", get(probes::live))
        .route("/readyz", get(probes::ready))
        .route("/openapi.json", get(rest::document))
        .route("/v1/callbacks/{partner}", post(rest::callback))
        .route("/v1/calendars/{file}", get(rest::calendar))
        .route("/v1/notices/receipts", post(rest::receipt))
        .route(
            "/v1/notices/unsubscribe/{token}",
            get(rest::unsubscribe_page).post(rest::unsubscribe),
        )
        .route("/v1/mail", post(rest::mail))
        .route("/v1/{*path}", any(rest::call))
        .merge(portal::routes())
        .merge(customer::routes())
        .merge(ranking::routes())
        .merge(board::routes())
        .merge(desk::routes())
        .merge(steward::routes())
        .merge(installer::routes())
        .fallback(pages::nothing_here)
        .with_state(state.clone());
    browsers::beside(router, &state.rest, edge)
}

#[cfg(test)]
mod tests;
