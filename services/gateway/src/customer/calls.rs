//! The calls a page makes, each with the credential of whoever signed in, or of a link.

use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::{
    Case, CheckEntitlementRequest, CheckEntitlementResponse, Evidence, GetCaseRequest,
    ListCasesRequest, ListEvidenceRequest, ListUnitsRequest, ListUnitsResponse,
};
use parasol_api::partner::v1::appointment_service_client::AppointmentServiceClient;
use parasol_api::partner::v1::{FindSlotsRequest, Slot};
use parasol_api::technician::v1::visit_service_client::VisitServiceClient;
use parasol_api::technician::v1::{GetVisitPositionRequest, VisitPosition};
use parasol_api::tracking::v1::score_service_client::ScoreServiceClient;
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::voice_service_client::VoiceServiceClient;
use parasol_api::tracking::v1::{
    FollowUp, GetSurveyRequest, GetTimelineRequest, ListFollowUpsRequest, Survey, Timeline,
};
use parasol_api::verification::v1::decision_service_client::DecisionServiceClient;
use parasol_api::verification::v1::{
    DecisionExplanation, Dispute, ExplainDecisionRequest, GetDisputeRequest,
};
use parasol_api::{Error, Language};
use parasol_runtime::transport::Transport;

use crate::web::session::Visitor;
use crate::web::{Pages, failed};

/// Cases and units that a front page shows.
const SHOWN_MAX: i32 = 50;
/// Slots that are offered.
const SLOTS: i32 = 24;

/// The clients of a visitor, with the language they read.
pub(super) struct Calls {
    transport: Transport,
    language: Language,
}

impl Calls {
    /// The clients of this visitor.
    pub(super) fn of(pages: &Pages, visitor: &Visitor) -> Self {
        Self { transport: pages.transport_of(visitor), language: visitor.guest.language }
    }

    /// Clients over a transport that carries a credential.
    pub(super) fn over(transport: Transport, language: Language) -> Self {
        Self { transport, language }
    }

    fn tag(&self) -> String {
        match self.language {
            Language::Zh => "zh".to_owned(),
            Language::En => "en".to_owned(),
        }
    }

    /// Filing, cases, evidence.
    pub(super) fn intake(&self) -> IntakeServiceClient<Transport> {
        IntakeServiceClient::new(self.transport.clone())
    }

    /// Appointments.
    pub(super) fn appointments(&self) -> AppointmentServiceClient<Transport> {
        AppointmentServiceClient::new(self.transport.clone())
    }

    /// Visits.
    pub(super) fn visits(&self) -> VisitServiceClient<Transport> {
        VisitServiceClient::new(self.transport.clone())
    }

    /// Decisions and disputes.
    pub(super) fn decisions(&self) -> DecisionServiceClient<Transport> {
        DecisionServiceClient::new(self.transport.clone())
    }

    /// The story.
    pub(super) fn tracking(&self) -> TrackingServiceClient<Transport> {
        TrackingServiceClient::new(self.transport.clone())
    }

    /// What customers say.
    pub(super) fn voices(&self) -> VoiceServiceClient<Transport> {
        VoiceServiceClient::new(self.transport.clone())
    }

    /// The way, for a call made elsewhere.
    pub(super) fn transport(&self) -> Transport {
        self.transport.clone()
    }

    /// The caller's units, the newest first.
    pub(super) async fn units(&self) -> Result<ListUnitsResponse, Error> {
        let request = ListUnitsRequest { page_size: SHOWN_MAX, ..Default::default() };
        Ok(self.intake().list_units(request).await.map_err(failed)?.into_inner())
    }

    /// The caller's cases, the newest first.
    pub(super) async fn cases(&self) -> Result<Vec<Case>, Error> {
        let language = self.tag();
        let request = ListCasesRequest { page_size: SHOWN_MAX, language, ..Default::default() };
        Ok(self.intake().list_cases(request).await.map_err(failed)?.into_inner().cases)
    }

    /// One case.
    pub(super) async fn case(&self, case: &str) -> Result<Case, Error> {
        let request = GetCaseRequest { case_id: case.to_owned(), language: self.tag() };
        Ok(self.intake().get_case(request).await.map_err(failed)?.into_inner())
    }

    /// What is owed for a unit.
    pub(super) async fn owed(&self, line: &str) -> Result<CheckEntitlementResponse, Error> {
        let order_line = line.to_owned();
        let request = CheckEntitlementRequest { order_line, kind: 0, language: self.tag() };
        Ok(self.intake().check_entitlement(request).await.map_err(failed)?.into_inner())
    }

    /// The story of a case.
    pub(super) async fn timeline(&self, case: &str) -> Result<Timeline, Error> {
        let request = GetTimelineRequest { case_id: case.to_owned(), language: self.tag() };
        Ok(self.tracking().get_timeline(request).await.map_err(failed)?.into_inner())
    }

    /// The survey of a case.
    pub(super) async fn survey(&self, case: &str) -> Result<Survey, Error> {
        let request = GetSurveyRequest { case_id: case.to_owned(), language: self.tag() };
        Ok(self.tracking().get_survey(request).await.map_err(failed)?.into_inner())
    }

    /// What somebody stays on in a case.
    pub(super) async fn follow_ups(&self, case: &str) -> Result<Vec<FollowUp>, Error> {
        let request = ListFollowUpsRequest { case_id: case.to_owned(), ..Default::default() };
        let mut scores = ScoreServiceClient::new(self.transport.clone());
        Ok(scores.list_follow_ups(request).await.map_err(failed)?.into_inner().follow_ups)
    }

    /// The evidence of a case.
    pub(super) async fn evidence(&self, case: &str) -> Result<Vec<Evidence>, Error> {
        let request = ListEvidenceRequest { case_id: case.to_owned() };
        Ok(self.intake().list_evidence(request).await.map_err(failed)?.into_inner().evidence)
    }

    /// Where the technician is.
    pub(super) async fn position(&self, case: &str) -> Result<VisitPosition, Error> {
        let request = GetVisitPositionRequest { case_id: case.to_owned() };
        Ok(self.visits().get_visit_position(request).await.map_err(failed)?.into_inner())
    }

    /// The last decision in words.
    pub(super) async fn explained(&self, case: &str) -> Result<DecisionExplanation, Error> {
        let request = ExplainDecisionRequest { case_id: case.to_owned(), language: self.tag() };
        Ok(self.decisions().explain_decision(request).await.map_err(failed)?.into_inner())
    }

    /// How a dispute stands.
    pub(super) async fn dispute(&self, case: &str) -> Result<Dispute, Error> {
        let request = GetDisputeRequest { case_id: case.to_owned() };
        Ok(self.decisions().get_dispute(request).await.map_err(failed)?.into_inner())
    }

    /// Times at which the technician could come, in the next two weeks.
    pub(super) async fn slots(&self, case: &str) -> Result<Vec<Slot>, Error> {
        let request = FindSlotsRequest {
            case_id: case.to_owned(),
            days: 14,
            limit: SLOTS,
            ..Default::default()
        };
        Ok(self.appointments().find_slots(request).await.map_err(failed)?.into_inner().slots)
    }
}
