//! The voice service: each method is a file of the handlers.

use parasol_api::tracking::v1::voice_service_server::VoiceService;
use parasol_api::tracking::v1::{
    ActOnComplaintRequest, AssignComplaintRequest, AssignFollowUpRequest, AssignVoiceRequest,
    AttendSeatRequest, BookSeatRequest, CloseComplaintRequest, ComplaintStep,
    ConfirmFollowUpRequest, EscalateFollowUpRequest, FollowUpStep, LinkProjectCaseRequest,
    LinkProjectCaseResponse, ListComplaintsRequest, ListComplaintsResponse,
    ListProductNoticesRequest, ListProductNoticesResponse, ListProjectsRequest,
    ListProjectsResponse, ListSeatsRequest, ListSeatsResponse, ListVoicesRequest,
    ListVoicesResponse, NoteFollowUpRequest, OpenComplaintRequest, OpenFollowUpRequest, Project,
    PutProjectRequest, ReadVoiceRequest, Seat, SeatView, VerifyComplaintRequest, Voice,
};
use tonic::{Request, Response, Status};

use crate::Tracking;
use crate::handlers::voice;

#[tonic::async_trait]
impl VoiceService for Tracking {
    async fn open_follow_up(
        &self,
        request: Request<OpenFollowUpRequest>,
    ) -> Result<Response<FollowUpStep>, Status> {
        Ok(Response::new(voice::open_follow_up::handle(self, request).await?))
    }

    async fn assign_follow_up(
        &self,
        request: Request<AssignFollowUpRequest>,
    ) -> Result<Response<FollowUpStep>, Status> {
        Ok(Response::new(voice::assign_follow_up::handle(self, request).await?))
    }

    async fn note_follow_up(
        &self,
        request: Request<NoteFollowUpRequest>,
    ) -> Result<Response<FollowUpStep>, Status> {
        Ok(Response::new(voice::note_follow_up::handle(self, request).await?))
    }

    async fn escalate_follow_up(
        &self,
        request: Request<EscalateFollowUpRequest>,
    ) -> Result<Response<FollowUpStep>, Status> {
        Ok(Response::new(voice::escalate_follow_up::handle(self, request).await?))
    }

    async fn confirm_follow_up(
        &self,
        request: Request<ConfirmFollowUpRequest>,
    ) -> Result<Response<FollowUpStep>, Status> {
        Ok(Response::new(voice::confirm_follow_up::handle(self, request).await?))
    }

    async fn list_voices(
        &self,
        request: Request<ListVoicesRequest>,
    ) -> Result<Response<ListVoicesResponse>, Status> {
        Ok(Response::new(voice::list_voices::handle(self, request).await?))
    }

    async fn assign_voice(
        &self,
        request: Request<AssignVoiceRequest>,
    ) -> Result<Response<Voice>, Status> {
        Ok(Response::new(voice::assign_voice::handle(self, request).await?))
    }

    async fn read_voice(
        &self,
        request: Request<ReadVoiceRequest>,
    ) -> Result<Response<Voice>, Status> {
        Ok(Response::new(voice::read_voice::handle(self, request).await?))
    }

    async fn open_complaint(
        &self,
        request: Request<OpenComplaintRequest>,
    ) -> Result<Response<ComplaintStep>, Status> {
        Ok(Response::new(voice::open_complaint::handle(self, request).await?))
    }

    async fn assign_complaint(
        &self,
        request: Request<AssignComplaintRequest>,
    ) -> Result<Response<ComplaintStep>, Status> {
        Ok(Response::new(voice::assign_complaint::handle(self, request).await?))
    }

    async fn act_on_complaint(
        &self,
        request: Request<ActOnComplaintRequest>,
    ) -> Result<Response<ComplaintStep>, Status> {
        Ok(Response::new(voice::act_on_complaint::handle(self, request).await?))
    }

    async fn verify_complaint(
        &self,
        request: Request<VerifyComplaintRequest>,
    ) -> Result<Response<ComplaintStep>, Status> {
        Ok(Response::new(voice::verify_complaint::handle(self, request).await?))
    }

    async fn close_complaint(
        &self,
        request: Request<CloseComplaintRequest>,
    ) -> Result<Response<ComplaintStep>, Status> {
        Ok(Response::new(voice::close_complaint::handle(self, request).await?))
    }

    async fn list_complaints(
        &self,
        request: Request<ListComplaintsRequest>,
    ) -> Result<Response<ListComplaintsResponse>, Status> {
        Ok(Response::new(voice::list_complaints::handle(self, request).await?))
    }

    async fn put_project(
        &self,
        request: Request<PutProjectRequest>,
    ) -> Result<Response<Project>, Status> {
        Ok(Response::new(voice::put_project::handle(self, request).await?))
    }

    async fn link_project_case(
        &self,
        request: Request<LinkProjectCaseRequest>,
    ) -> Result<Response<LinkProjectCaseResponse>, Status> {
        Ok(Response::new(voice::link_project_case::handle(self, request).await?))
    }

    async fn list_projects(
        &self,
        request: Request<ListProjectsRequest>,
    ) -> Result<Response<ListProjectsResponse>, Status> {
        Ok(Response::new(voice::list_projects::handle(self, request).await?))
    }

    async fn list_product_notices(
        &self,
        request: Request<ListProductNoticesRequest>,
    ) -> Result<Response<ListProductNoticesResponse>, Status> {
        Ok(Response::new(voice::list_product_notices::handle(self, request).await?))
    }

    async fn book_seat(&self, request: Request<BookSeatRequest>) -> Result<Response<Seat>, Status> {
        Ok(Response::new(voice::book_seat::handle(self, request).await?))
    }

    async fn attend_seat(
        &self,
        request: Request<AttendSeatRequest>,
    ) -> Result<Response<SeatView>, Status> {
        Ok(Response::new(voice::attend_seat::handle(self, request).await?))
    }

    async fn list_seats(
        &self,
        request: Request<ListSeatsRequest>,
    ) -> Result<Response<ListSeatsResponse>, Status> {
        Ok(Response::new(voice::list_seats::handle(self, request).await?))
    }
}
