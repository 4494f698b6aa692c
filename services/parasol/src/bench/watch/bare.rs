//! The yardstick: the same method of the contract, served by tonic alone out of memory.

use std::net::SocketAddr;
use std::sync::Arc;

use futures::StreamExt as _;
use parasol_api::Error;
use parasol_api::Reason;
use parasol_api::tracking::v1::tracking_service_server::{TrackingService, TrackingServiceServer};
use parasol_api::tracking::v1::watch_case_response::Event as Sent;
use parasol_api::tracking::v1::{
    AnswerSurveyRequest, AnswerSurveyResponse, CreateShareLinkRequest, CreateSurveyLinkRequest,
    GetSurveyRequest, GetTimelineRequest, ListShareLinksRequest, ListShareLinksResponse,
    RevokeShareLinkRequest, ShareLink, Survey, SurveyLink, Timeline, TimelineEntry,
    WatchCaseRequest, WatchCaseResponse, WatchCasesRequest, WatchCasesResponse,
};
use tokio::net::TcpListener;
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinSet;
use tokio_stream::wrappers::BroadcastStream;
use tonic::{Request, Response, Status};

use super::{BareStream, case_of};

/// The header that says which case is watched.
pub const CASE: &str = "bench-case";
/// Messages a reader may be behind.
const BACKLOG: usize = 16;

type Channels = Arc<Vec<broadcast::Sender<WatchCaseResponse>>>;

/// A running server.
pub struct Server {
    address: SocketAddr,
    channels: Channels,
    stop: Arc<Notify>,
    /// Ends when it is dropped.
    task: JoinSet<()>,
}

impl Server {
    /// Starts it, with a channel for each case.
    pub async fn start(cases: usize) -> anyhow::Result<Self> {
        let channels: Channels =
            Arc::new((0..cases).map(|_| broadcast::channel(BACKLOG).0).collect());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let stop = Arc::new(Notify::new());
        let incoming =
            tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true));
        let service = TrackingServiceServer::new(Bare(Arc::clone(&channels)));
        let ending = Arc::clone(&stop);
        let serving = async move {
            let server = tonic::transport::Server::builder().add_service(service);
            let served = server.serve_with_incoming_shutdown(incoming, ending.notified()).await;
            if let Err(error) = served {
                tracing::warn!(%error, "the yardstick's server failed");
            }
        };
        let mut task = JoinSet::new();
        task.spawn(serving);
        Ok(Self { address, channels, stop, task })
    }

    /// Where it is.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Tells the watchers of a case, in a message like those of the product.
    pub fn tell(&self, case: usize, seq: i64) {
        let entry = TimelineEntry {
            seq,
            headline: "记录已更新".to_owned(),
            stage_label: "已派单".to_owned(),
            ..TimelineEntry::default()
        };
        let event = Some(Sent::Entry(Box::new(entry)));
        let _ =
            self.channels[case].send(WatchCaseResponse { event, resume_token: "0".repeat(144) });
    }

    /// Stops it.
    pub async fn stop(mut self) {
        self.stop.notify_one();
        self.task.shutdown().await;
    }
}

struct Bare(Channels);

fn no_such() -> Status {
    Error::new(Reason::NotFound).into()
}

#[tonic::async_trait]
impl TrackingService for Bare {
    type WatchCaseStream = BareStream;
    type WatchCasesStream =
        std::pin::Pin<Box<dyn futures::Stream<Item = Result<WatchCasesResponse, Status>> + Send>>;

    async fn watch_case(
        &self,
        request: Request<WatchCaseRequest>,
    ) -> Result<Response<BareStream>, Status> {
        let channel = case_of(&request).and_then(|case| self.0.get(case)).ok_or_else(no_such)?;
        let told = BroadcastStream::new(channel.subscribe());
        let told = told.filter_map(|told| std::future::ready(told.ok().map(Ok)));
        Ok(Response::new(Box::pin(told)))
    }

    async fn get_timeline(
        &self,
        _: Request<GetTimelineRequest>,
    ) -> Result<Response<Timeline>, Status> {
        Err(no_such())
    }

    async fn watch_cases(
        &self,
        _: Request<WatchCasesRequest>,
    ) -> Result<Response<Self::WatchCasesStream>, Status> {
        Err(no_such())
    }

    async fn create_share_link(
        &self,
        _: Request<CreateShareLinkRequest>,
    ) -> Result<Response<ShareLink>, Status> {
        Err(no_such())
    }

    async fn revoke_share_link(
        &self,
        _: Request<RevokeShareLinkRequest>,
    ) -> Result<Response<ShareLink>, Status> {
        Err(no_such())
    }

    async fn list_share_links(
        &self,
        _: Request<ListShareLinksRequest>,
    ) -> Result<Response<ListShareLinksResponse>, Status> {
        Err(no_such())
    }

    async fn get_survey(&self, _: Request<GetSurveyRequest>) -> Result<Response<Survey>, Status> {
        Err(no_such())
    }

    async fn answer_survey(
        &self,
        _: Request<AnswerSurveyRequest>,
    ) -> Result<Response<AnswerSurveyResponse>, Status> {
        Err(no_such())
    }

    async fn create_survey_link(
        &self,
        _: Request<CreateSurveyLinkRequest>,
    ) -> Result<Response<SurveyLink>, Status> {
        Err(no_such())
    }
}
