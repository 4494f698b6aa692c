//! Centres are chosen by their published scores where there are any, and as before where there are none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parasol_api::tracking::v1::score_service_server::{ScoreService, ScoreServiceServer};
use parasol_api::tracking::v1::{
    AnswerObjectionRequest, CentrePoints, CloseFollowUpRequest, FollowUpStep, GetScorecardRequest,
    GetVocDigestRequest, GetVocReportRequest, ListCentrePointsRequest, ListCentrePointsResponse,
    ListFollowUpsRequest, ListFollowUpsResponse, ListIndicatorsRequest, ListIndicatorsResponse,
    ListObjectionsRequest, ListObjectionsResponse, ListRankingRequest, ListRankingResponse,
    ListScoreCasesRequest, ListScoreCasesResponse, PutBaselineRequest, PutBaselineResponse,
    RaiseObjectionRequest, ScoreObjection, Scorecard, VocDigest, VocReport,
};
use parasol_api::{Error, Reason};
use parasol_dispatch::Weights;
use parasol_journey::time::Span;
use parasol_runtime::transport::Transport;
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use tower::ServiceExt;

use crate::world::World;

/// Scores that are told while somebody answers.
#[derive(Clone, Default)]
struct Scores(Arc<Told>);

#[derive(Default)]
struct Told {
    points: Vec<(&'static str, i32)>,
    is_away: AtomicBool,
    asked: AtomicUsize,
}

impl Scores {
    fn of(points: &[(&'static str, i32)]) -> Self {
        Self(Arc::new(Told { points: points.to_vec(), ..Told::default() }))
    }

    fn transport(&self) -> Transport {
        let routes = Routes::new(ScoreServiceServer::new(self.clone())).prepare();
        let routes = ServiceExt::<http::Request<tonic::body::Body>>::map_err(
            routes,
            |never: std::convert::Infallible| match never {},
        );
        Transport::new(routes)
    }
}

fn away<T>() -> Result<Response<T>, Status> {
    Err(Error::new(Reason::StoreUnavailable).into())
}

#[tonic::async_trait]
impl ScoreService for Scores {
    async fn list_centre_points(
        &self,
        request: Request<ListCentrePointsRequest>,
    ) -> Result<Response<ListCentrePointsResponse>, Status> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        if self.0.is_away.load(Ordering::SeqCst) {
            return away();
        }
        let asked = request.into_inner().centres;
        let known =
            self.0.points.iter().filter(|(centre, _)| asked.iter().any(|one| one == centre));
        let told = known
            .map(|(centre, points)| CentrePoints { centre: (*centre).to_owned(), points: *points });
        let centres = told.collect();
        Ok(Response::new(ListCentrePointsResponse { period: "2026-05".into(), centres }))
    }

    async fn list_indicators(
        &self,
        _: Request<ListIndicatorsRequest>,
    ) -> Result<Response<ListIndicatorsResponse>, Status> {
        away()
    }

    async fn get_scorecard(
        &self,
        _: Request<GetScorecardRequest>,
    ) -> Result<Response<Scorecard>, Status> {
        away()
    }

    async fn list_score_cases(
        &self,
        _: Request<ListScoreCasesRequest>,
    ) -> Result<Response<ListScoreCasesResponse>, Status> {
        away()
    }

    async fn list_ranking(
        &self,
        _: Request<ListRankingRequest>,
    ) -> Result<Response<ListRankingResponse>, Status> {
        away()
    }

    async fn put_baseline(
        &self,
        _: Request<PutBaselineRequest>,
    ) -> Result<Response<PutBaselineResponse>, Status> {
        away()
    }

    async fn raise_objection(
        &self,
        _: Request<RaiseObjectionRequest>,
    ) -> Result<Response<ScoreObjection>, Status> {
        away()
    }

    async fn answer_objection(
        &self,
        _: Request<AnswerObjectionRequest>,
    ) -> Result<Response<ScoreObjection>, Status> {
        away()
    }

    async fn list_objections(
        &self,
        _: Request<ListObjectionsRequest>,
    ) -> Result<Response<ListObjectionsResponse>, Status> {
        away()
    }

    async fn get_voc_digest(
        &self,
        _: Request<GetVocDigestRequest>,
    ) -> Result<Response<VocDigest>, Status> {
        away()
    }

    async fn get_voc_report(
        &self,
        _: Request<GetVocReportRequest>,
    ) -> Result<Response<VocReport>, Status> {
        away()
    }

    async fn list_follow_ups(
        &self,
        _: Request<ListFollowUpsRequest>,
    ) -> Result<Response<ListFollowUpsResponse>, Status> {
        away()
    }

    async fn close_follow_up(
        &self,
        _: Request<CloseFollowUpRequest>,
    ) -> Result<Response<FollowUpStep>, Status> {
        away()
    }
}

/// Only the score counts.
const BY_SCORE: Weights = Weights { distance: 0, load: 0, score: 1, history: 0 };

async fn chosen(world: &World) -> String {
    let case = world.file().await;
    world.choose().await;
    world.case(case).await.offer.unwrap().centre.to_string()
}

#[tokio::test]
async fn the_published_score_decides_and_is_asked_for_once_in_ten_minutes() {
    let scores = Scores::of(&[("a-1", 400), ("a-2", 900), ("a-3", 100)]);
    let mut world = World::new().await;
    world.dispatch = world.dispatch.clone().weighing(BY_SCORE).scored_over(scores.transport());
    assert_eq!(chosen(&world).await, "a-2");
    assert_eq!(chosen(&world).await, "a-2");
    assert_eq!(scores.0.asked.load(Ordering::SeqCst), 1);
    world.wait(Span::minutes(11)).await;
    chosen(&world).await;
    assert_eq!(scores.0.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn nobody_waits_for_scores_that_nobody_tells() {
    let scores = Scores::of(&[("a-2", 900)]);
    scores.0.is_away.store(true, Ordering::SeqCst);
    let plain = World::new().await;
    let before = chosen(&plain).await;
    let mut world = World::new().await;
    world.dispatch = world.dispatch.clone().scored_over(scores.transport());
    assert_eq!(chosen(&world).await, before, "as without scores");
    // What was not answered is asked for again.
    scores.0.is_away.store(false, Ordering::SeqCst);
    world.dispatch = world.dispatch.clone().weighing(BY_SCORE);
    assert_eq!(chosen(&world).await, "a-2");
}
