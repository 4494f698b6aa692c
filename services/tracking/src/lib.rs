//! Tracking: the story of a case, as each of its readers may see it, live.
//!
//! Owns headlines, the turn account, who is shown with name and number, and the resumable watch. It
//! has no tables and writes nothing: everything shown is a fold of the log, read again each time, with
//! people's names fetched from the network by reference.

mod handlers;
mod headline;
mod migration;
mod people;
mod token;
mod views;

use parasol_api::tracking::v1::tracking_service_server::{TrackingService, TrackingServiceServer};
use parasol_api::tracking::v1::{GetTimelineRequest, Timeline, WatchCaseRequest};
use parasol_bell::Bell;
use parasol_desk::Desk;
use parasol_runtime::shutdown::Shutdown;
use parasol_runtime::transport::Transport;
use tonic::service::RoutesBuilder;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use handlers::watch_case::WatchStream;
pub use migration::migrations;
use people::People;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Tracking {
    desk: Desk,
    bell: Bell,
    people: People,
    shutdown: Shutdown,
    epoch: Uuid,
}

impl Tracking {
    /// A service that reads from the desk's store and asks the network service over `peers`.
    /// `epoch` is the store's feed epoch: watch tokens of another epoch are refused.
    pub fn new(desk: Desk, bell: Bell, peers: Transport, shutdown: Shutdown, epoch: Uuid) -> Self {
        Self { desk, bell, people: People::new(peers), shutdown, epoch }
    }

    /// Adds the gRPC service.
    pub fn add_routes(&self, routes: &mut RoutesBuilder) {
        let server = TrackingServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
    }
}

#[tonic::async_trait]
impl TrackingService for Tracking {
    async fn get_timeline(
        &self,
        request: Request<GetTimelineRequest>,
    ) -> Result<Response<Timeline>, Status> {
        Ok(handlers::get_timeline::handle(self, request).await?)
    }

    type WatchCaseStream = WatchStream;

    async fn watch_case(
        &self,
        request: Request<WatchCaseRequest>,
    ) -> Result<Response<WatchStream>, Status> {
        Ok(handlers::watch_case::handle(self, request).await?)
    }
}
