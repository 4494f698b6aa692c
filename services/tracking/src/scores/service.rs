//! The score service: each method is a file of the handlers.

use parasol_api::tracking::v1::score_service_server::ScoreService;
use parasol_api::tracking::v1::{
    AnswerObjectionRequest, CloseFollowUpRequest, FollowUpStep, GetScorecardRequest,
    GetVocDigestRequest, GetVocReportRequest, ListCentrePointsRequest, ListCentrePointsResponse,
    ListFollowUpsRequest, ListFollowUpsResponse, ListIndicatorsRequest, ListIndicatorsResponse,
    ListObjectionsRequest, ListObjectionsResponse, ListRankingRequest, ListRankingResponse,
    ListScoreCasesRequest, ListScoreCasesResponse, PutBaselineRequest, PutBaselineResponse,
    RaiseObjectionRequest, ScoreObjection, Scorecard, VocDigest, VocReport,
};
use tonic::{Request, Response, Status};

use crate::Tracking;
use crate::handlers::{scores, voice};

#[tonic::async_trait]
impl ScoreService for Tracking {
    async fn list_indicators(
        &self,
        request: Request<ListIndicatorsRequest>,
    ) -> Result<Response<ListIndicatorsResponse>, Status> {
        Ok(Response::new(scores::list_indicators::handle(&request)?))
    }

    async fn get_scorecard(
        &self,
        request: Request<GetScorecardRequest>,
    ) -> Result<Response<Scorecard>, Status> {
        Ok(Response::new(scores::get_scorecard::handle(self, request).await?))
    }

    async fn list_score_cases(
        &self,
        request: Request<ListScoreCasesRequest>,
    ) -> Result<Response<ListScoreCasesResponse>, Status> {
        Ok(Response::new(scores::list_score_cases::handle(self, request).await?))
    }

    async fn list_ranking(
        &self,
        request: Request<ListRankingRequest>,
    ) -> Result<Response<ListRankingResponse>, Status> {
        Ok(Response::new(scores::list_ranking::handle(self, request).await?))
    }

    async fn raise_objection(
        &self,
        request: Request<RaiseObjectionRequest>,
    ) -> Result<Response<ScoreObjection>, Status> {
        Ok(Response::new(scores::raise_objection::handle(self, request).await?))
    }

    async fn answer_objection(
        &self,
        request: Request<AnswerObjectionRequest>,
    ) -> Result<Response<ScoreObjection>, Status> {
        Ok(Response::new(scores::answer_objection::handle(self, request).await?))
    }

    async fn list_objections(
        &self,
        request: Request<ListObjectionsRequest>,
    ) -> Result<Response<ListObjectionsResponse>, Status> {
        Ok(Response::new(scores::list_objections::handle(self, request).await?))
    }

    async fn list_centre_points(
        &self,
        request: Request<ListCentrePointsRequest>,
    ) -> Result<Response<ListCentrePointsResponse>, Status> {
        Ok(Response::new(scores::list_centre_points::handle(self, request).await?))
    }

    async fn put_baseline(
        &self,
        request: Request<PutBaselineRequest>,
    ) -> Result<Response<PutBaselineResponse>, Status> {
        Ok(Response::new(scores::put_baseline::handle(self, request).await?))
    }

    async fn get_voc_digest(
        &self,
        request: Request<GetVocDigestRequest>,
    ) -> Result<Response<VocDigest>, Status> {
        Ok(Response::new(voice::get_voc_digest::handle(self, request).await?))
    }

    async fn get_voc_report(
        &self,
        request: Request<GetVocReportRequest>,
    ) -> Result<Response<VocReport>, Status> {
        Ok(Response::new(voice::get_voc_report::handle(self, request).await?))
    }

    async fn list_follow_ups(
        &self,
        request: Request<ListFollowUpsRequest>,
    ) -> Result<Response<ListFollowUpsResponse>, Status> {
        Ok(Response::new(voice::list_follow_ups::handle(self, request).await?))
    }

    async fn close_follow_up(
        &self,
        request: Request<CloseFollowUpRequest>,
    ) -> Result<Response<FollowUpStep>, Status> {
        Ok(Response::new(voice::close_follow_up::handle(self, request).await?))
    }
}
