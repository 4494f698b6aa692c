//! Scheduling: real windows from real shifts, held and booked without an overlap, and the
//! technician's day from the way there to the completion code.
//!
//! Owns the cells of technicians' time, the list of appointments, slot ids, the stream of a day, and the
//! checklists with what was filled, the relay numbers of visits, and technicians' calendars.
//! Where a case stands is the journey's; who works when is the network's, asked over the wire; what a
//! certificate means is verification's, which reads it from the log. It has no worker: holds lapse
//! and windows are missed by the timer, and the projection frees the time in the same commit.

mod calendar;
mod cells;
mod checklists;
mod choice;
mod day;
mod handlers;
mod migration;
mod offline;
mod places;
mod planning;
mod positions;
mod projection;
pub mod relay;
mod report;
mod roster;
mod shifts;
mod slot_id;
mod stamp;
mod tables;
mod team;
mod views;

use std::sync::Arc;

use moka::sync::Cache;
use parasol_api::admin::v1::checklist_service_server::{ChecklistService, ChecklistServiceServer};
use parasol_api::admin::v1::{
    GetChecklistRequest, GetFilledChecklistRequest, GetFilledChecklistResponse,
    ListChecklistsRequest, ListChecklistsResponse, PublishChecklistRequest,
};
use parasol_api::common::v1::Checklist;
use parasol_api::partner::v1::appointment_service_server::{
    AppointmentService, AppointmentServiceServer,
};
use parasol_api::partner::v1::{
    BookAppointmentRequest, BookAppointmentResponse, CommitDayPlanRequest, CommitDayPlanResponse,
    DayPlan, ExpectPartsRequest, ExpectPartsResponse, FindSlotsRequest, FindSlotsResponse,
    FindUrgentSlotRequest, FindUrgentSlotResponse, GetDayPlanRequest, HandOverVisitRequest,
    HandOverVisitResponse, HoldSlotRequest, HoldSlotResponse, PlanDayRequest,
    ProposeWindowsRequest, ProposeWindowsResponse, ReleaseSlotRequest, ReleaseSlotResponse,
    ReleaseWindowsRequest, ReleaseWindowsResponse, ReportContactFailedRequest,
    ReportContactFailedResponse, ReportNoShowRequest, ReportNoShowResponse,
    RescheduleAppointmentRequest, RescheduleAppointmentResponse, StopDayPlanRequest,
    StopDayPlanResponse,
};
use parasol_api::technician::v1::visit_service_server::{VisitService, VisitServiceServer};
use parasol_api::technician::v1::{
    AcknowledgeCancelRequest, AcknowledgeCancelResponse, Calendar, CalendarLink, CheckInRequest,
    CheckInResponse, CompleteRepairRequest, CompleteRepairResponse, CompleteVisitRequest,
    CompleteVisitResponse, CreateCalendarLinkRequest, GetCalendarRequest, GetRelayNumberRequest,
    GetVisitPositionRequest, RefuseCancelRequest, RefuseCancelResponse, RelayNumber,
    RenewCompletionCodeRequest, RenewCompletionCodeResponse, ReportPositionRequest,
    ReportPositionResponse, ReportUnableRequest, ReportUnableResponse, RevokeCalendarLinkRequest,
    RevokeCalendarLinkResponse, StartTravelRequest, StartTravelResponse, StreamMyDayRequest,
    SubmitInspectionRequest, SubmitInspectionResponse, SyncActionsRequest, SyncActionsResponse,
    VisitPosition, WaiveCompletionCodeRequest, WaiveCompletionCodeResponse,
};
use parasol_api::{Error, Reason};
use parasol_bell::Bell;
use parasol_casebook::{Point, Projector};
use parasol_desk::Desk;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_routing::Solver;
use parasol_routing::solver::Induction;
use parasol_routing::travel::{Roads, Travel};
use parasol_runtime::shutdown::Shutdown;
use parasol_runtime::transport::Transport;
use tonic::service::RoutesBuilder;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

pub use migration::migrations;
pub use places::{Place, metres};

use day::DayStream;
use handlers::{appointment, calendar as calendars, checklist, visit};
use planning::Making;
use relay::RelayProvider;
use relay::exchange::Exchange;
use roster::Roster;

/// Cases whose places are remembered.
const PLACES_MAX: u64 = 100_000;

/// A solver of day plans.
pub type PlanSolver = &'static (dyn Solver + Send + Sync);

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Scheduling {
    desk: Desk,
    bell: Bell,
    roster: Roster,
    shutdown: Shutdown,
    travel: Arc<dyn Travel>,
    solver: PlanSolver,
    making: Making,
    /// Where cases are, for a while, see `team/load.rs`.
    places: Cache<CaseId, (Timestamp, Option<Point>)>,
}

impl Scheduling {
    /// A service that works at `desk`, hears of changes by `bell`, asks the network service over
    /// `peers` for technicians, and ends its streams when `shutdown` begins.
    pub fn new(desk: Desk, bell: Bell, peers: Transport, shutdown: Shutdown) -> Self {
        let roster = Roster::new(peers, desk.clock.clone());
        let (places, making) = (Cache::new(PLACES_MAX), Making::default());
        let travel = Arc::new(Roads::CITY);
        Self { desk, bell, roster, shutdown, travel, solver: &Induction, making, places }
    }

    /// The same service, estimating ways by `travel`; without it, by the great circle with a factor for
    /// roads.
    #[must_use]
    pub fn travelling_by(self, travel: Arc<dyn Travel>) -> Self {
        Self { travel, ..self }
    }

    /// The same service, asking `solver` for day plans first; without it, the one that is ours. Where it has
    /// no notion of something that a day has, ours makes the plan.
    #[must_use]
    pub fn planning_by(self, solver: PlanSolver) -> Self {
        Self { solver, ..self }
    }

    /// What binds and frees relay numbers at a provider; to be run again and again. `holder` names the process.
    pub fn exchange(&self, provider: Arc<dyn RelayProvider>, holder: Uuid) -> Exchange {
        Exchange::new(self.clone(), provider, holder)
    }

    /// Adds the gRPC services of appointments, visits and checklists.
    pub fn add_routes(&self, routes: &mut RoutesBuilder) {
        let server = ChecklistServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = AppointmentServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = VisitServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
    }
}

/// Keeps this service's tables in step with the log; part of every commit.
pub fn projector() -> Arc<dyn Projector> {
    Arc::new(projection::Diary)
}

/// A query that failed, as the caller reads it.
fn store_error(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Reason::StoreUnavailable).because(error)
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl AppointmentService for Scheduling {
    async fn find_slots(&self, request: Request<FindSlotsRequest>) -> Answer<FindSlotsResponse> {
        Ok(Response::new(appointment::find_slots::handle(self, request).await?))
    }

    async fn hold_slot(&self, request: Request<HoldSlotRequest>) -> Answer<HoldSlotResponse> {
        Ok(Response::new(appointment::hold_slot::handle(self, request).await?))
    }

    async fn release_slot(
        &self,
        request: Request<ReleaseSlotRequest>,
    ) -> Answer<ReleaseSlotResponse> {
        Ok(Response::new(appointment::release_slot::handle(self, request).await?))
    }

    async fn propose_windows(
        &self,
        request: Request<ProposeWindowsRequest>,
    ) -> Answer<ProposeWindowsResponse> {
        Ok(Response::new(appointment::propose_windows::handle(self, request).await?))
    }

    async fn release_windows(
        &self,
        request: Request<ReleaseWindowsRequest>,
    ) -> Answer<ReleaseWindowsResponse> {
        Ok(Response::new(appointment::release_windows::handle(self, request).await?))
    }

    async fn book_appointment(
        &self,
        request: Request<BookAppointmentRequest>,
    ) -> Answer<BookAppointmentResponse> {
        Ok(Response::new(appointment::book::handle(self, request).await?))
    }

    async fn reschedule_appointment(
        &self,
        request: Request<RescheduleAppointmentRequest>,
    ) -> Answer<RescheduleAppointmentResponse> {
        Ok(Response::new(appointment::reschedule::handle(self, request).await?))
    }

    async fn find_urgent_slot(
        &self,
        request: Request<FindUrgentSlotRequest>,
    ) -> Answer<FindUrgentSlotResponse> {
        Ok(Response::new(appointment::find_urgent_slot::handle(self, request).await?))
    }

    async fn hand_over_visit(
        &self,
        request: Request<HandOverVisitRequest>,
    ) -> Answer<HandOverVisitResponse> {
        Ok(Response::new(appointment::hand_over_visit::handle(self, request).await?))
    }

    type PlanDayStream = appointment::plan_day::PlanStream;

    async fn plan_day(&self, request: Request<PlanDayRequest>) -> Answer<Self::PlanDayStream> {
        Ok(Response::new(Box::pin(appointment::plan_day::handle(self, request)).await?))
    }

    async fn stop_day_plan(
        &self,
        request: Request<StopDayPlanRequest>,
    ) -> Answer<StopDayPlanResponse> {
        Ok(Response::new(appointment::day_plans::stop(self, request).await?))
    }

    async fn get_day_plan(&self, request: Request<GetDayPlanRequest>) -> Answer<DayPlan> {
        Ok(Response::new(appointment::day_plans::get(self, request).await?))
    }

    async fn commit_day_plan(
        &self,
        request: Request<CommitDayPlanRequest>,
    ) -> Answer<CommitDayPlanResponse> {
        Ok(Response::new(Box::pin(appointment::day_plans::commit(self, request)).await?))
    }

    async fn report_contact_failed(
        &self,
        request: Request<ReportContactFailedRequest>,
    ) -> Answer<ReportContactFailedResponse> {
        Ok(Response::new(appointment::contact_failed::handle(self, request).await?))
    }

    async fn report_no_show(
        &self,
        request: Request<ReportNoShowRequest>,
    ) -> Answer<ReportNoShowResponse> {
        Ok(Response::new(appointment::no_show::handle(self, request).await?))
    }

    async fn expect_parts(
        &self,
        request: Request<ExpectPartsRequest>,
    ) -> Answer<ExpectPartsResponse> {
        Ok(Response::new(appointment::expect_parts::handle(self, request).await?))
    }
}

#[tonic::async_trait]
impl VisitService for Scheduling {
    type StreamMyDayStream = DayStream;

    async fn stream_my_day(&self, request: Request<StreamMyDayRequest>) -> Answer<DayStream> {
        Ok(Response::new(visit::stream_my_day::handle(self, request).await?))
    }

    async fn start_travel(
        &self,
        request: Request<StartTravelRequest>,
    ) -> Answer<StartTravelResponse> {
        Ok(Response::new(visit::start_travel::handle(self, request, None).await?))
    }

    async fn check_in(&self, request: Request<CheckInRequest>) -> Answer<CheckInResponse> {
        Ok(Response::new(visit::check_in::handle(self, request, None).await?))
    }

    async fn submit_inspection(
        &self,
        request: Request<SubmitInspectionRequest>,
    ) -> Answer<SubmitInspectionResponse> {
        Ok(Response::new(visit::submit_inspection::handle(self, request, None).await?))
    }

    async fn complete_repair(
        &self,
        request: Request<CompleteRepairRequest>,
    ) -> Answer<CompleteRepairResponse> {
        Ok(Response::new(visit::complete_repair::handle(self, request, None).await?))
    }

    async fn complete_visit(
        &self,
        request: Request<CompleteVisitRequest>,
    ) -> Answer<CompleteVisitResponse> {
        Ok(Response::new(visit::complete_visit::handle(self, request, None).await?))
    }

    async fn create_calendar_link(
        &self,
        request: Request<CreateCalendarLinkRequest>,
    ) -> Answer<CalendarLink> {
        Ok(Response::new(calendars::create_link::handle(self, request).await?))
    }

    async fn revoke_calendar_link(
        &self,
        request: Request<RevokeCalendarLinkRequest>,
    ) -> Answer<RevokeCalendarLinkResponse> {
        Ok(Response::new(calendars::revoke_link::handle(self, request).await?))
    }

    async fn get_calendar(&self, request: Request<GetCalendarRequest>) -> Answer<Calendar> {
        Ok(Response::new(calendars::get::handle(self, request).await?))
    }

    async fn get_relay_number(
        &self,
        request: Request<GetRelayNumberRequest>,
    ) -> Answer<RelayNumber> {
        Ok(Response::new(visit::get_relay_number::handle(self, request).await?))
    }

    async fn report_position(
        &self,
        request: Request<Streaming<ReportPositionRequest>>,
    ) -> Answer<ReportPositionResponse> {
        Ok(Response::new(visit::report_position::handle(self, request).await?))
    }

    async fn get_visit_position(
        &self,
        request: Request<GetVisitPositionRequest>,
    ) -> Answer<VisitPosition> {
        Ok(Response::new(visit::get_visit_position::handle(self, request).await?))
    }

    async fn sync_actions(
        &self,
        request: Request<SyncActionsRequest>,
    ) -> Answer<SyncActionsResponse> {
        Ok(Response::new(visit::sync_actions::handle(self, request).await?))
    }

    async fn renew_completion_code(
        &self,
        request: Request<RenewCompletionCodeRequest>,
    ) -> Answer<RenewCompletionCodeResponse> {
        Ok(Response::new(visit::renew_code::handle(self, request).await?))
    }

    async fn waive_completion_code(
        &self,
        request: Request<WaiveCompletionCodeRequest>,
    ) -> Answer<WaiveCompletionCodeResponse> {
        Ok(Response::new(visit::waive_code::handle(self, request).await?))
    }

    async fn report_unable(
        &self,
        request: Request<ReportUnableRequest>,
    ) -> Answer<ReportUnableResponse> {
        Ok(Response::new(visit::report_unable::handle(self, request, None).await?))
    }

    async fn acknowledge_cancel(
        &self,
        request: Request<AcknowledgeCancelRequest>,
    ) -> Answer<AcknowledgeCancelResponse> {
        Ok(Response::new(visit::cancel::acknowledge(self, request).await?))
    }

    async fn refuse_cancel(
        &self,
        request: Request<RefuseCancelRequest>,
    ) -> Answer<RefuseCancelResponse> {
        Ok(Response::new(visit::cancel::refuse(self, request).await?))
    }
}

#[tonic::async_trait]
impl ChecklistService for Scheduling {
    async fn publish_checklist(
        &self,
        request: Request<PublishChecklistRequest>,
    ) -> Answer<Checklist> {
        Ok(Response::new(checklist::publish::handle(self, request).await?))
    }

    async fn get_checklist(&self, request: Request<GetChecklistRequest>) -> Answer<Checklist> {
        Ok(Response::new(checklist::get::handle(self, request).await?))
    }

    async fn list_checklists(
        &self,
        request: Request<ListChecklistsRequest>,
    ) -> Answer<ListChecklistsResponse> {
        Ok(Response::new(checklist::list::handle(self, request).await?))
    }

    async fn get_filled_checklist(
        &self,
        request: Request<GetFilledChecklistRequest>,
    ) -> Answer<GetFilledChecklistResponse> {
        Ok(Response::new(checklist::get_filled::handle(self, request).await?))
    }
}
