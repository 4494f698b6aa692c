//! Tracking: the story of a case, as each of its readers may see it, live.
//!
//! Owns headlines, the turn account, who is shown with name and number, how old what is said is and how it will go on,
//! the resumable watches, share links, and the [notices] that customers get without asking. It moves no case, but for
//! saying in its log that its customer was told: everything shown is a fold of the log, with people's names fetched from
//! the network by reference.
//!
//! Beside the case it owns [scores], which are counted from the logs of all cases, and the [voice of the
//! customer](voice): surveys, follow-ups, complaints and what comes of them.

mod forecast;
mod freshness;
mod handlers;
mod headline;
mod links;
mod migration;
pub mod notices;
mod people;
pub mod scores;
mod tables;
mod views;
pub mod voice;
mod watching;

use std::sync::Arc;

use futures::FutureExt as _;
use parasol_api::tracking::v1::score_service_server::ScoreServiceServer;
use parasol_api::tracking::v1::tracking_service_server::{TrackingService, TrackingServiceServer};
use parasol_api::tracking::v1::voice_service_server::VoiceServiceServer;
use parasol_api::tracking::v1::{
    AnswerSurveyRequest, AnswerSurveyResponse, CreateShareLinkRequest, CreateSurveyLinkRequest,
    GetSurveyRequest, GetTimelineRequest, ListShareLinksRequest, ListShareLinksResponse,
    RevokeShareLinkRequest, ShareLink, Survey, SurveyLink, Timeline, WatchCaseRequest,
    WatchCasesRequest,
};
use parasol_api::{Error, Language};
use parasol_bell::Listener;
use parasol_casebook::{Change, Projector, RowOp};
use parasol_desk::{CaseReaders, Desk};
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::Role;
use parasol_runtime::identity::link::Links as ResolveLinks;
use parasol_runtime::shutdown::Shutdown;
use parasol_runtime::transport::Transport;
use tonic::service::RoutesBuilder;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use links::Links;
pub use migration::migrations;
use people::People;
use views::Reader;
use watching::feed::Feed;
use watching::many::CasesStream;
use watching::one::WatchStream;
use watching::story::Stories;

/// Rings taken together at most before what rang is read.
const RINGS_MAX: usize = 1_024;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Tracking {
    desk: Desk,
    people: People,
    shutdown: Shutdown,
    epoch: Uuid,
    links: Links,
    stories: Stories,
    feed: Feed,
}

/// Keeps this service's tables in step with the log.
pub fn projector() -> Arc<dyn Projector> {
    Arc::new(Tables)
}

/// All tables of this service that follow from the log.
struct Tables;

impl Projector for Tables {
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>) {
        CaseReaders.project(change, rows);
        notices::Planner.project(change, rows);
    }
}

impl Tracking {
    /// A service that reads from the desk's store and asks the network service over `peers`.
    /// `epoch` is the store's feed epoch: watch tokens of another epoch are refused.
    pub fn new(desk: Desk, peers: Transport, shutdown: Shutdown, epoch: Uuid) -> Self {
        let stories = Stories::new(desk.store.clone());
        let feed = Feed::new(desk.store.clone(), stories.clone());
        let (people, links) = (People::new(peers), Links::new());
        Self { desk, people, shutdown, epoch, links, stories, feed }
    }

    /// As whom the holders of share links call, for the layer that lets callers in.
    pub fn share_links(&self) -> ResolveLinks {
        links::resolve(self.desk.clone())
    }

    /// Hears what rings and reads what is new in the cases that are watched, until stopping begins. One ear for all
    /// watchers of the process.
    ///
    /// # Errors
    /// What the store says; what was heard is read the next time.
    pub async fn follow_bell(&self, rings: &mut Listener) -> Result<(), Error> {
        loop {
            tokio::select! {
                () = self.shutdown.stopping() => return Ok(()),
                () = self.stories.woken() => {}
                heard = rings.next() => self.stories.hear(heard),
            }
            // Whatever rang meanwhile is read with it.
            for _ in 0..RINGS_MAX {
                let Some(heard) = rings.next().now_or_never() else { break };
                self.stories.hear(heard);
            }
            self.stories.refresh().await?;
        }
    }

    /// Tells watchers what was numbered in the feed since the last pass; whether there may be more.
    ///
    /// # Errors
    /// What the store says; the next pass begins at the same place.
    pub async fn follow_feed(&self, now: Timestamp) -> Result<bool, Error> {
        self.feed.run_once(now).await
    }

    /// How many cases are watched through this process, for measurements.
    pub fn watched_cases(&self) -> usize {
        self.stories.count()
    }

    fn reader(&self, role: Role, language: Language) -> Reader<'_> {
        Reader { people: &self.people, store: &self.desk.store, role, language }
    }

    /// The notices of this service, sent and taken as the settings say.
    pub fn notices(&self, settings: notices::Settings) -> notices::Notices {
        notices::Notices::new(self.desk.clone(), self.people.clone(), settings)
    }

    /// The counting of scores; `holder` names the process.
    pub fn scorer(&self, holder: Uuid) -> scores::follow::Scorer {
        scores::follow::Scorer::new(self.desk.clone(), self.epoch, holder)
    }

    /// What time brings to follow-ups and reports.
    pub fn rounds(&self) -> voice::rounds::Rounds {
        voice::rounds::Rounds::new(self.desk.clone())
    }

    /// Adds the gRPC services.
    pub fn add_routes(&self, routes: &mut RoutesBuilder) {
        let server = TrackingServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = ScoreServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = VoiceServiceServer::new(self.clone());
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
        Ok(watching::one::open(self, request).await?)
    }

    type WatchCasesStream = CasesStream;

    async fn watch_cases(
        &self,
        request: Request<WatchCasesRequest>,
    ) -> Result<Response<CasesStream>, Status> {
        Ok(watching::many::open(self, request).await?)
    }

    async fn create_share_link(
        &self,
        request: Request<CreateShareLinkRequest>,
    ) -> Result<Response<ShareLink>, Status> {
        Ok(Response::new(handlers::create_share_link::handle(self, request).await?))
    }

    async fn revoke_share_link(
        &self,
        request: Request<RevokeShareLinkRequest>,
    ) -> Result<Response<ShareLink>, Status> {
        Ok(Response::new(handlers::revoke_share_link::handle(self, request).await?))
    }

    async fn list_share_links(
        &self,
        request: Request<ListShareLinksRequest>,
    ) -> Result<Response<ListShareLinksResponse>, Status> {
        Ok(Response::new(handlers::list_share_links::handle(self, request).await?))
    }
    async fn get_survey(
        &self,
        request: Request<GetSurveyRequest>,
    ) -> Result<Response<Survey>, Status> {
        Ok(Response::new(handlers::survey::get_survey::handle(self, request).await?))
    }

    async fn answer_survey(
        &self,
        request: Request<AnswerSurveyRequest>,
    ) -> Result<Response<AnswerSurveyResponse>, Status> {
        Ok(Response::new(handlers::survey::answer_survey::handle(self, request).await?))
    }

    async fn create_survey_link(
        &self,
        request: Request<CreateSurveyLinkRequest>,
    ) -> Result<Response<SurveyLink>, Status> {
        Ok(Response::new(handlers::survey::create_survey_link::handle(self, request).await?))
    }
}
