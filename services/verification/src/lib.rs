//! Verification: certificates come in, decisions go out, and what was decided is carried out.
//!
//! Owns the gRPC services for verdicts, decisions, settlement, calendars and the retailer's people, the work of deciding, paying and
//! ordering replacements, the ledger with its claims and statements, the indexes of certificates and
//! decisions, and the seals of certificates. What a customer is owed is
//! the policy's to say and which step may follow which is the journey's; this crate lays the facts of a
//! case before the one and turns the outcome into a command for the other.
//!
//! It deliberately knows nothing about who a customer is: facts are made of the case alone.

mod authority;
mod calendars;
mod certificates;
pub mod charges;
pub mod claims;
mod facts;
mod hand;
mod handlers;
pub mod ledger;
mod listed;
mod marks;
mod migration;
mod packs;
pub mod payment;
mod projection;
pub mod rates;
mod record;
mod replay;
mod ruling;
mod seals;
pub mod settlement;
mod settlement_views;
mod shown;
pub mod staff;
pub mod tables;
mod views;
pub mod warehouse;
mod words;
mod workers;

use std::sync::Arc;

use parasol_api::admin::v1::policy_service_server::{PolicyService, PolicyServiceServer};
use parasol_api::admin::v1::staff_service_server::{StaffService, StaffServiceServer};
use parasol_api::admin::v1::{
    CertifyStaffRequest, DecertifyStaffRequest, GetStaffFiguresRequest, GetStaffRequest,
    ListStaffChangesRequest, ListStaffChangesResponse, ListStaffRankingRequest,
    ListStaffRankingResponse, ListStaffRequest, ListStaffResponse, RegisterStaffRequest,
    RestoreStaffRequest, StaffFigures, StaffMember, SuspendStaffRequest, UpdateStaffRequest,
};
use parasol_api::admin::v1::{
    DelegateAuthorityRequest, DelegateAuthorityResponse, EndDelegationRequest,
    EndDelegationResponse, ImportCalendarRequest, ImportCalendarResponse, ListAuthorityRequest,
    ListAuthorityResponse, ListAuthorityUseRequest, ListAuthorityUseResponse, ListCalendarsRequest,
    ListCalendarsResponse, ListDelegationsRequest, ListDelegationsResponse, ListPoliciesRequest,
    ListPoliciesResponse, PublishPolicyRequest, PublishPolicyResponse, PutAuthorityRequest,
    PutAuthorityResponse, PutPersonRequest, PutPersonResponse, ValidatePolicyRequest,
    ValidatePolicyResponse,
};
use parasol_api::common::v1::Decision;
use parasol_api::partner::v1::verdict_service_server::{VerdictService, VerdictServiceServer};
use parasol_api::partner::v1::{
    ConfirmCertificateRequest, ConfirmCertificateResponse, ContestCertificateRequest,
    ContestCertificateResponse, GetDecisionRequest, ListDecisionsRequest, ListDecisionsResponse,
    ListFaultTrendsRequest, ListFaultTrendsResponse, SubmitCertificateRequest,
    SubmitCertificateResponse,
};
use parasol_api::verification::v1::decision_service_server::{
    DecisionService, DecisionServiceServer,
};
use parasol_api::verification::v1::settlement_service_server::{
    SettlementService, SettlementServiceServer,
};
use parasol_api::verification::v1::{
    AcceptQuoteRequest, AcceptQuoteResponse, ApproveDecisionRequest, ApproveDecisionResponse,
    AwaitInDisputeRequest, AwaitInDisputeResponse, ConvenePanelRequest, ConvenePanelResponse,
    Dispute, GetDisputeRequest, GrantGoodwillRequest, GrantGoodwillResponse, ListProposalsRequest,
    ListProposalsResponse, OrderSecondInspectionRequest, OrderSecondInspectionResponse,
    QuoteRepairRequest, QuoteRepairResponse, ReportAtLabRequest, ReportAtLabResponse,
    SubmitDisputeEvidenceRequest, SubmitDisputeEvidenceResponse, SubmitOpinionRequest,
    SubmitOpinionResponse,
};
use parasol_api::verification::v1::{
    AnswerDenialRequest, AnswerDenialResponse, ChooseRemedyRequest, ChooseRemedyResponse,
    ConfirmOutcomeRequest, ConfirmOutcomeResponse, DecideManuallyRequest, DecideManuallyResponse,
    DecisionExplanation, ExplainDecisionRequest, OpenDisputeRequest, OpenDisputeResponse,
    RejectOutcomeRequest, RejectOutcomeResponse, ReplayDecisionRequest, ReplayDecisionResponse,
    ReplyToDisputeRequest, ReplyToDisputeResponse, ReportPickupRequest, ReportPickupResponse,
    ReportReplacementRequest, ReportReplacementResponse,
};
use parasol_api::verification::v1::{
    GetBalancesRequest, GetBalancesResponse, GetClaimEvidenceRequest, GetClaimRequest,
    GetClaimResponse, GetStatementRequest, GetStatementResponse, ListClaimChangesRequest,
    ListClaimChangesResponse, ListClaimsRequest, ListClaimsResponse, ListPaymentsRequest,
    ListPaymentsResponse, ListRatesRequest, ListRatesResponse, NotifyPaymentRequest,
    NotifyPaymentResponse, PutRatesRequest, PutRatesResponse, ReconcileProviderRequest,
    ReconcileProviderResponse, RecordFundsRequest, RecordFundsResponse, ResolveClaimRequest,
    ResolveClaimResponse, RespondToClaimRequest, RespondToClaimResponse,
};
use parasol_bell::{Bell, Ring};
use parasol_casebook::{Handler, Projector};
use parasol_desk::Desk;
use parasol_journey::task::Role;
use parasol_journey::time::Timestamp;
use parasol_policy::Shelf;
use parasol_runtime::identity::{Principal, Staff};
use parasol_runtime::transport::Transport;
use sea_orm_migration::MigrationTrait;
use tonic::service::RoutesBuilder;
use tonic::{Request, Response, Status};

pub use calendars::calendar_in_force;
pub use packs::load_packs;
pub use replay::replay_all;
pub use seals::{Audit, Problem, SealKeys, audit, seals};
pub use staff::Roll;

use payment::cashier::Cashier;
use payment::{LocalPayments, PaymentProvider};
use settlement::Settlement;
use warehouse::{LocalWarehouse, Warehouse};

/// How much money each role may give by its own decision, in fen, as long as no grant says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority {
    /// An agent at the front line: 40,000 yuan unless set otherwise.
    pub agent_fen: i64,
    /// A manager: 200,000 yuan unless set otherwise.
    pub manager_fen: i64,
}

impl Default for Authority {
    fn default() -> Self {
        Self { agent_fen: 4_000_000, manager_fen: 20_000_000 }
    }
}

/// The world outside: who moves money, who ships goods, and how far agents may go.
#[derive(Clone)]
pub struct Ports {
    /// Pays refunds and compensations.
    pub payments: Arc<dyn PaymentProvider>,
    /// Ships replacements.
    pub warehouse: Arc<dyn Warehouse>,
    /// Limits of decisions by hand.
    pub authority: Authority,
}

impl Ports {
    /// A provider and a warehouse inside this process, for the embedded mode.
    pub fn local() -> Self {
        Self {
            payments: Arc::new(LocalPayments::default()),
            warehouse: Arc::new(LocalWarehouse::default()),
            authority: Authority::default(),
        }
    }
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Verification {
    desk: Desk,
    ports: Ports,
    shelf: Shelf,
    /// The way to intake, for its evidence; `None` where nobody else runs.
    intake: Option<Transport>,
    /// The register of the retailer's people, as the edge of this process has it.
    roll: Roll,
    /// Tells other processes of changes of it.
    bell: Bell,
}

impl Verification {
    /// A service that works at this desk, with a provider and a warehouse inside this process.
    pub fn new(desk: Desk) -> Self {
        let (roll, bell) = (Roll::new(desk.store.clone(), Staff::default()), Bell::in_process());
        Self { desk, ports: Ports::local(), shelf: Shelf::builtin(), intake: None, roll, bell }
    }

    /// The same, keeping the register that an edge asks, and telling other processes by a bell.
    #[must_use]
    pub fn with_staff(self, staff: Staff, bell: Bell) -> Self {
        Self { roll: Roll::new(self.desk.store.clone(), staff), bell, ..self }
    }

    /// Keeps this process's copy of the register in step. Whoever runs the service lets it look.
    pub fn roll(&self) -> Roll {
        self.roll.clone()
    }

    /// The register has changed: this process looks before it answers, the others when they hear of it.
    async fn register_changed(&self) {
        if let Err(error) = self.roll.run_once().await {
            tracing::warn!(%error, "the register could not be read; it is looked at again in a second");
        }
        self.bell.ring(Ring::Staff);
    }

    /// What is granted at a time.
    async fn authority_at(
        &self,
        now: Timestamp,
    ) -> Result<authority::Register<'_>, parasol_api::Error> {
        let staff = self.roll.staff();
        authority::Register::read(&self.desk.store, staff, self.ports.authority, now).await
    }

    /// The same, reaching the outside through these ports.
    #[must_use]
    pub fn with_ports(self, ports: Ports) -> Self {
        Self { ports, ..self }
    }

    /// How much a caller may give alone, by who the credential says they are.
    async fn limit(&self, caller: &Principal) -> Result<authority::Limit, parasol_api::Error> {
        let register = self.authority_at(self.desk.clock.now()).await?;
        register.limit(caller.role, &caller.subject).await
    }

    /// What decisions by hand may not fall below.
    fn floor(&self) -> hand::Floor {
        let calendar = self.desk.submitter.rules().calendar;
        hand::Floor { shelf: self.shelf.clone(), calendar }
    }

    /// The same, asking intake for the evidence of cases.
    #[must_use]
    pub fn asking(self, intake: Transport) -> Self {
        Self { intake: Some(intake), ..self }
    }

    /// The same, deciding by the packs on a shelf, to which those it publishes are added.
    #[must_use]
    pub fn with_shelf(self, shelf: Shelf) -> Self {
        Self { shelf, ..self }
    }

    /// Adds the gRPC services.
    pub fn add_routes(&self, routes: &mut RoutesBuilder) {
        let server = VerdictServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = DecisionServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = PolicyServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = StaffServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = SettlementServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
    }

    /// Whoever makes this service's payments and keeps their legs.
    fn cashier(&self) -> Cashier {
        Cashier::new(self.desk.clone(), Arc::clone(&self.ports.payments))
    }

    /// What is due by the calendar: silence on claims, months to close, days to compare. Whoever runs the
    /// service makes passes over it.
    pub fn settlement(&self) -> Settlement {
        Settlement::new(self.desk.clone(), self.cashier())
    }

    /// The tasks this service does: deciding, paying, ordering replacements.
    pub fn work(&self) -> Option<(Role, Arc<dyn Handler>)> {
        Some((Role::Verification, Arc::new(workers::Hands::new(self))))
    }
}

/// Keeps this service's tables in step with the log.
pub fn projector() -> Arc<dyn Projector> {
    Arc::new(projection::Tables)
}

/// This service's migrations, oldest first.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(migration::Verification),
        Box::new(migration::Hearings),
        Box::new(migration::Settlement),
        Box::new(seals::Migration),
        Box::new(migration::Policies),
        Box::new(ledger::Books),
        Box::new(marks::Marks),
        Box::new(migration::People),
        Box::new(charges::Charges),
        Box::new(migration::Faults),
    ]
}

/// Hosts a gRPC service: each call goes to the file of its method. Methods that answer with a stream stand behind
/// the others.
macro_rules! host {
    ($service:ident { $($method:ident($request:ty) -> $response:ty;)+ } $({ $($stream:tt)+ })?) => {
        #[tonic::async_trait]
        impl $service for Verification {
            $($($stream)+)?
            $(async fn $method(
                &self,
                request: Request<$request>,
            ) -> Result<Response<$response>, Status> {
                Ok(Response::new(handlers::$method::handle(self, request).await?))
            })+
        }
    };
}

host!(VerdictService {
    submit_certificate(SubmitCertificateRequest) -> SubmitCertificateResponse;
    confirm_certificate(ConfirmCertificateRequest) -> ConfirmCertificateResponse;
    contest_certificate(ContestCertificateRequest) -> ContestCertificateResponse;
    get_decision(GetDecisionRequest) -> Decision;
    list_decisions(ListDecisionsRequest) -> ListDecisionsResponse;
    list_fault_trends(ListFaultTrendsRequest) -> ListFaultTrendsResponse;
});

host!(DecisionService {
    choose_remedy(ChooseRemedyRequest) -> ChooseRemedyResponse;
    confirm_outcome(ConfirmOutcomeRequest) -> ConfirmOutcomeResponse;
    reject_outcome(RejectOutcomeRequest) -> RejectOutcomeResponse;
    answer_denial(AnswerDenialRequest) -> AnswerDenialResponse;
    open_dispute(OpenDisputeRequest) -> OpenDisputeResponse;
    reply_to_dispute(ReplyToDisputeRequest) -> ReplyToDisputeResponse;
    decide_manually(DecideManuallyRequest) -> DecideManuallyResponse;
    approve_decision(ApproveDecisionRequest) -> ApproveDecisionResponse;
    list_proposals(ListProposalsRequest) -> ListProposalsResponse;
    grant_goodwill(GrantGoodwillRequest) -> GrantGoodwillResponse;
    submit_dispute_evidence(SubmitDisputeEvidenceRequest) -> SubmitDisputeEvidenceResponse;
    await_in_dispute(AwaitInDisputeRequest) -> AwaitInDisputeResponse;
    report_at_lab(ReportAtLabRequest) -> ReportAtLabResponse;
    order_second_inspection(OrderSecondInspectionRequest) -> OrderSecondInspectionResponse;
    convene_panel(ConvenePanelRequest) -> ConvenePanelResponse;
    submit_opinion(SubmitOpinionRequest) -> SubmitOpinionResponse;
    quote_repair(QuoteRepairRequest) -> QuoteRepairResponse;
    accept_quote(AcceptQuoteRequest) -> AcceptQuoteResponse;
    get_dispute(GetDisputeRequest) -> Dispute;
    explain_decision(ExplainDecisionRequest) -> DecisionExplanation;
    replay_decision(ReplayDecisionRequest) -> ReplayDecisionResponse;
    report_pickup(ReportPickupRequest) -> ReportPickupResponse;
    report_replacement(ReportReplacementRequest) -> ReportReplacementResponse;
});

host!(SettlementService {
    list_claims(ListClaimsRequest) -> ListClaimsResponse;
    get_claim(GetClaimRequest) -> GetClaimResponse;
    list_claim_changes(ListClaimChangesRequest) -> ListClaimChangesResponse;
    respond_to_claim(RespondToClaimRequest) -> RespondToClaimResponse;
    resolve_claim(ResolveClaimRequest) -> ResolveClaimResponse;
    get_statement(GetStatementRequest) -> GetStatementResponse;
    record_funds(RecordFundsRequest) -> RecordFundsResponse;
    get_balances(GetBalancesRequest) -> GetBalancesResponse;
    list_payments(ListPaymentsRequest) -> ListPaymentsResponse;
    reconcile_provider(ReconcileProviderRequest) -> ReconcileProviderResponse;
    notify_payment(NotifyPaymentRequest) -> NotifyPaymentResponse;
    put_rates(PutRatesRequest) -> PutRatesResponse;
    list_rates(ListRatesRequest) -> ListRatesResponse;
} {
    type GetClaimEvidenceStream = handlers::get_claim_evidence::Content;

    async fn get_claim_evidence(
        &self,
        request: Request<GetClaimEvidenceRequest>,
    ) -> Result<Response<Self::GetClaimEvidenceStream>, Status> {
        Ok(Response::new(handlers::get_claim_evidence::handle(self, request).await?))
    }
});

host!(StaffService {
    register_staff(RegisterStaffRequest) -> StaffMember;
    update_staff(UpdateStaffRequest) -> StaffMember;
    suspend_staff(SuspendStaffRequest) -> StaffMember;
    restore_staff(RestoreStaffRequest) -> StaffMember;
    certify_staff(CertifyStaffRequest) -> StaffMember;
    decertify_staff(DecertifyStaffRequest) -> StaffMember;
    get_staff(GetStaffRequest) -> StaffMember;
    list_staff(ListStaffRequest) -> ListStaffResponse;
    list_staff_changes(ListStaffChangesRequest) -> ListStaffChangesResponse;
    get_staff_figures(GetStaffFiguresRequest) -> StaffFigures;
    list_staff_ranking(ListStaffRankingRequest) -> ListStaffRankingResponse;
});

host!(PolicyService {
    import_calendar(ImportCalendarRequest) -> ImportCalendarResponse;
    list_calendars(ListCalendarsRequest) -> ListCalendarsResponse;
    put_authority(PutAuthorityRequest) -> PutAuthorityResponse;
    list_authority(ListAuthorityRequest) -> ListAuthorityResponse;
    put_person(PutPersonRequest) -> PutPersonResponse;
    delegate_authority(DelegateAuthorityRequest) -> DelegateAuthorityResponse;
    end_delegation(EndDelegationRequest) -> EndDelegationResponse;
    list_delegations(ListDelegationsRequest) -> ListDelegationsResponse;
    list_authority_use(ListAuthorityUseRequest) -> ListAuthorityUseResponse;
    publish_policy(PublishPolicyRequest) -> PublishPolicyResponse;
    list_policies(ListPoliciesRequest) -> ListPoliciesResponse;
    validate_policy(ValidatePolicyRequest) -> ValidatePolicyResponse;
});
