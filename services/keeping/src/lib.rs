//! Keeping: what is kept about people, how long, who was shown it, and what may not be destroyed meanwhile.
//!
//! Owns the table of retention ([`policy`]) and the duty that carries it out ([`retention`]), legal holds ([`holds`]), the
//! log of reveals ([`reveals`]), and who a person is in the vault ([`person`]). It writes nothing personal but why a hold
//! was placed. It erases nobody on request: that is an operator's, with a journal beside the database.

mod handlers;
pub mod holds;
mod migration;
pub mod person;
pub mod policy;
mod projection;
pub mod retention;
pub mod reveals;
mod tables;

use std::sync::Arc;

use parasol_api::admin::v1::privacy_service_server::{PrivacyService, PrivacyServiceServer};
use parasol_api::admin::v1::{
    GetPersonalDataRequest, GetPersonalDataResponse, LiftHoldRequest, LiftHoldResponse,
    ListHoldsRequest, ListHoldsResponse, ListRevealsRequest, ListRevealsResponse, PlaceHoldRequest,
    PlaceHoldResponse,
};
use parasol_api::{Error, Reason};
use parasol_casebook::Projector;
use parasol_desk::Desk;
use parasol_runtime::config::Retention as Lengths;
use parasol_runtime::transport::Transport;
use tonic::service::RoutesBuilder;
use tonic::{Request, Response, Status};
use uuid::Uuid;

pub use migration::migrations;
use person::Whose;
use retention::Retention;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Keeping {
    desk: Desk,
    peers: Transport,
    whose: &'static Whose,
    lengths: Lengths,
}

/// Keeps the list of ended cases in step with the log.
pub fn projector() -> Arc<dyn Projector> {
    Arc::new(projection::Ended)
}

impl Keeping {
    /// A service that reads what `whose` leads to, and has photos erased over `peers`.
    pub fn new(desk: Desk, peers: Transport, whose: &'static Whose, lengths: Lengths) -> Self {
        Self { desk, peers, whose, lengths }
    }

    /// Adds what it serves.
    pub fn add_routes(&self, routes: &mut RoutesBuilder) {
        let server = PrivacyServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
    }

    /// The duty of retention; `holder` names the process.
    pub fn retention(&self, holder: Uuid) -> Retention {
        let (desk, peers) = (self.desk.clone(), self.peers.clone());
        Retention::new(desk, peers, self.whose, self.lengths, holder)
    }
}

#[tonic::async_trait]
impl PrivacyService for Keeping {
    async fn place_hold(
        &self,
        request: Request<PlaceHoldRequest>,
    ) -> Result<Response<PlaceHoldResponse>, Status> {
        Ok(Response::new(handlers::place_hold::handle(self, request).await?))
    }

    async fn lift_hold(
        &self,
        request: Request<LiftHoldRequest>,
    ) -> Result<Response<LiftHoldResponse>, Status> {
        Ok(Response::new(handlers::lift_hold::handle(self, request).await?))
    }

    async fn list_holds(
        &self,
        request: Request<ListHoldsRequest>,
    ) -> Result<Response<ListHoldsResponse>, Status> {
        Ok(Response::new(handlers::list_holds::handle(self, request).await?))
    }

    async fn list_reveals(
        &self,
        request: Request<ListRevealsRequest>,
    ) -> Result<Response<ListRevealsResponse>, Status> {
        Ok(Response::new(handlers::list_reveals::handle(self, request).await?))
    }

    async fn get_personal_data(
        &self,
        request: Request<GetPersonalDataRequest>,
    ) -> Result<Response<GetPersonalDataResponse>, Status> {
        Ok(Response::new(handlers::get_personal_data::handle(self, request).await?))
    }
}

/// A query that failed, as the caller reads it.
fn store_error(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Reason::StoreUnavailable).because(error)
}
