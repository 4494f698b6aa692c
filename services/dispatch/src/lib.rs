//! Dispatch: brings work to brands and centres and takes their answers.
//!
//! Owns the service network as it was imported, the choice of a centre, offers and work orders as their
//! partners see them, the parts they order, what partners have sent, the webhooks their changes are sent to, their
//! API keys, and the passes of the conformance kit. Every answer of a partner is one step of the case; this
//! crate's tables are indexes that follow from the log, kept by its [`projector`] whoever moved the case.
//!
//! What it deliberately does not do: it books no visit, judges no certificate and decides nothing about
//! remedies; it reads other services' data only where the case or the vault holds it.

mod api_keys;
mod callbacks;
mod changes;
mod choosing;
mod handlers;
mod health;
mod import;
mod messages;
mod migration;
mod network;
mod partner;
mod parts;
mod projection;
mod reasons;
mod risk;
mod stamp;
mod states;
mod tables;
mod views;
mod webhooks;
mod workers;

use std::sync::Arc;

use parasol_api::admin::v1::conformance_service_server::ConformanceServiceServer;
use parasol_api::admin::v1::credential_service_server::CredentialServiceServer;
use parasol_api::admin::v1::network_service_server::NetworkServiceServer;
use parasol_api::partner::v1::offer_service_server::OfferServiceServer;
use parasol_api::{Error, Reason};
use parasol_bell::Bell;
use parasol_casebook::{Handler, Projector};
use parasol_desk::Desk;
use parasol_journey::task::Role;
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::Principal;
use parasol_runtime::shutdown::Shutdown;
use parasol_runtime::transport::Transport;
use tokio::sync::Notify;
use tonic::service::RoutesBuilder;
use uuid::Uuid;

use crate::messages::Recorder;
use crate::network::Directory;
use crate::webhooks::Claims;
use crate::workers::CentreScores;

pub use api_keys::Register as ApiKeyRegister;
pub use changes::{OfferStream, Pace};
pub use choosing::Weights;
pub use handlers::NetworkStream;
pub use migration::migrations;
pub use webhooks::{Post, Reach, Sending, signed};
pub use workers::{Sweep, Swept};

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Dispatch {
    desk: Desk,
    bell: Bell,
    shutdown: Shutdown,
    epoch: Uuid,
    pace: Pace,
    reach: Reach,
    messages: Arc<Recorder>,
    weights: Weights,
    scores: CentreScores,
    directory: Directory,
    suspended: Arc<Notify>,
    claims: Option<Claims>,
    api_keys: ApiKeyRegister,
}

impl Dispatch {
    /// A service that reads and writes through the desk. `epoch` is the store's feed epoch: cursors of
    /// another epoch are refused.
    pub fn new(desk: Desk, bell: Bell, shutdown: Shutdown, epoch: Uuid) -> Self {
        let (pace, reach, weights) = (Pace::default(), Reach::default(), Weights::default());
        let directory = Directory::new(desk.store.clone());
        let (messages, suspended, claims) = (Arc::default(), Arc::default(), None);
        let scores = CentreScores::new(None);
        let api_keys = ApiKeyRegister::new(desk.clone());
        Self {
            desk,
            bell,
            shutdown,
            epoch,
            pace,
            reach,
            messages,
            weights,
            scores,
            directory,
            suspended,
            claims,
            api_keys,
        }
    }

    /// The same service with webhooks that also tell of claims, which verification knows of.
    #[must_use]
    pub fn asking(self, verification: Transport) -> Self {
        Self { claims: Some(Claims::new(verification)), ..self }
    }

    /// The same service with streams at another pace.
    #[must_use]
    pub fn paced(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// The same service with webhooks within another reach.
    #[must_use]
    pub fn reaching(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    /// The same service with other weights for the choice of a centre.
    #[must_use]
    pub fn weighing(self, weights: Weights) -> Self {
        Self { weights, ..self }
    }

    /// The same service with centres chosen by their published scores, asked over `way`.
    #[must_use]
    pub fn scored_over(self, way: Transport) -> Self {
        Self { scores: CentreScores::new(Some(way)), ..self }
    }

    /// What moves offers on that wait for somebody who is suspended. Its loop is the node's.
    pub fn sweep(&self) -> Sweep {
        Sweep::new(self.desk.clone())
    }

    /// Rings when somebody was suspended through this process.
    pub fn suspensions(&self) -> Arc<Notify> {
        Arc::clone(&self.suspended)
    }

    /// What sends changes to webhooks; `holder` names this process. Its loop is the node's.
    pub fn post(&self, holder: Uuid) -> Post {
        self.post_with(Sending::new(self.reach), holder)
    }

    /// The same with other patience.
    pub fn post_with(&self, sending: Sending, holder: Uuid) -> Post {
        Post::new(self.desk.clone(), self.epoch, sending, self.claims.clone(), holder)
    }

    /// The API keys that this process lets in, and what keeps them in step. Its loops are the node's.
    pub fn api_keys(&self) -> &ApiKeyRegister {
        &self.api_keys
    }

    /// Writes some of the messages of partners that wait to be noted; says whether there are more.
    ///
    /// # Errors
    /// What the store says.
    pub async fn note_messages(&self) -> Result<bool, Error> {
        self.messages.run_once(&self.desk).await
    }

    /// Moves on some of the offers that nobody can hear of, as their brands' rules say; answers with how many.
    ///
    /// # Errors
    /// What the store says.
    pub async fn reroute(&self, now: Timestamp) -> Result<u64, Error> {
        health::reroute(self, now).await
    }

    /// Adds its gRPC services.
    pub fn add_routes(&self, routes: &mut RoutesBuilder) {
        let server = OfferServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = NetworkServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = CredentialServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = ConformanceServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
    }

    /// The work it does: choosing a centre.
    pub fn work(&self) -> Option<(Role, Arc<dyn Handler>)> {
        let Desk { store, clock, ids, .. } = self.desk.clone();
        let by = (self.weights, self.scores.clone());
        let worker = workers::ChooseCentre::new(store, clock, ids, self.directory.clone(), by);
        Some((Role::Dispatch, Arc::new(worker)))
    }

    fn place<'a>(&'a self, principal: &'a Principal) -> changes::Place<'a> {
        changes::Place { key: &self.desk.key, principal, epoch: self.epoch }
    }
}

/// Keeps this service's tables in step with the log; for the committer of every process.
pub fn projector() -> Arc<dyn Projector> {
    Arc::new(projection::Projection)
}

/// A query that failed, as the caller reads it.
fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Reason::StoreUnavailable).because(error)
}
