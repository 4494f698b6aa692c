//! Verification: certificates come in, decisions go out, and what was decided is carried out.
//!
//! Owns the gRPC services for verdicts, decisions, settlement and calendars, the work of deciding, paying and
//! ordering replacements, the ledger with its claims and statements, and the indexes of certificates and
//! decisions. What a customer is owed is
//! the policy's to say and which step may follow which is the journey's; this crate lays the facts of a
//! case before the one and turns the outcome into a command for the other.
//!
//! It deliberately knows nothing about who a customer is: facts are made of the case alone.

mod calendars;
mod certificates;
pub mod claims;
mod facts;
mod handlers;
pub mod ledger;
mod listed;
mod migration;
pub mod payment;
mod projection;
mod record;
mod ruling;
pub mod settlement;
mod settlement_views;
pub mod tables;
mod views;
pub mod warehouse;
mod words;
mod workers;

use std::sync::Arc;

use parasol_api::admin::v1::policy_service_server::{PolicyService, PolicyServiceServer};
use parasol_api::admin::v1::{
    ImportCalendarRequest, ImportCalendarResponse, ListCalendarsRequest, ListCalendarsResponse,
};
use parasol_api::common::v1::Decision;
use parasol_api::partner::v1::verdict_service_server::{VerdictService, VerdictServiceServer};
use parasol_api::partner::v1::{
    ConfirmCertificateRequest, ConfirmCertificateResponse, ContestCertificateRequest,
    ContestCertificateResponse, GetDecisionRequest, SubmitCertificateRequest,
    SubmitCertificateResponse,
};
use parasol_api::verification::v1::decision_service_server::{
    DecisionService, DecisionServiceServer,
};
use parasol_api::verification::v1::settlement_service_server::{
    SettlementService, SettlementServiceServer,
};
use parasol_api::verification::v1::{
    AnswerDenialRequest, AnswerDenialResponse, ChooseRemedyRequest, ChooseRemedyResponse,
    ConfirmOutcomeRequest, ConfirmOutcomeResponse, DecideManuallyRequest, DecideManuallyResponse,
    DecisionExplanation, ExplainDecisionRequest, OpenDisputeRequest, OpenDisputeResponse,
    RejectOutcomeRequest, RejectOutcomeResponse, ReplyToDisputeRequest, ReplyToDisputeResponse,
    ReportPickupRequest, ReportPickupResponse, ReportReplacementRequest, ReportReplacementResponse,
};
use parasol_api::verification::v1::{
    GetBalancesRequest, GetBalancesResponse, GetStatementRequest, GetStatementResponse,
    ListClaimsRequest, ListClaimsResponse, ListPaymentsRequest, ListPaymentsResponse,
    NotifyPaymentRequest, NotifyPaymentResponse, ReconcileProviderRequest,
    ReconcileProviderResponse, RecordFundsRequest, RecordFundsResponse, ResolveClaimRequest,
    ResolveClaimResponse, RespondToClaimRequest, RespondToClaimResponse,
};
use parasol_casebook::{Handler, Projector};
use parasol_desk::Desk;
use parasol_journey::task::Role;
use sea_orm_migration::MigrationTrait;
use tonic::service::RoutesBuilder;
use tonic::{Request, Response, Status};

pub use calendars::calendar_in_force;

use payment::cashier::Cashier;
use payment::{LocalPayments, PaymentProvider};
use ruling::Packs;
use settlement::Settlement;
use warehouse::{LocalWarehouse, Warehouse};

/// How much money each role may give by its own decision, in fen.
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
    packs: Packs,
}

impl Verification {
    /// A service that works at this desk, with a provider and a warehouse inside this process.
    pub fn new(desk: Desk) -> Self {
        Self { desk, ports: Ports::local(), packs: Packs::builtin() }
    }

    /// The same, reaching the outside through these ports.
    #[must_use]
    pub fn with_ports(self, ports: Ports) -> Self {
        Self { ports, ..self }
    }

    /// Adds the gRPC services.
    pub fn add_routes(&self, routes: &mut RoutesBuilder) {
        let server = VerdictServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = DecisionServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = PolicyServiceServer::new(self.clone());
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
    vec![Box::new(migration::Verification), Box::new(migration::Settlement)]
}

/// Hosts a gRPC service: each call goes to the file of its method.
macro_rules! host {
    ($service:ident { $($method:ident($request:ty) -> $response:ty;)+ }) => {
        #[tonic::async_trait]
        impl $service for Verification {
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
});

host!(DecisionService {
    choose_remedy(ChooseRemedyRequest) -> ChooseRemedyResponse;
    confirm_outcome(ConfirmOutcomeRequest) -> ConfirmOutcomeResponse;
    reject_outcome(RejectOutcomeRequest) -> RejectOutcomeResponse;
    answer_denial(AnswerDenialRequest) -> AnswerDenialResponse;
    open_dispute(OpenDisputeRequest) -> OpenDisputeResponse;
    reply_to_dispute(ReplyToDisputeRequest) -> ReplyToDisputeResponse;
    decide_manually(DecideManuallyRequest) -> DecideManuallyResponse;
    explain_decision(ExplainDecisionRequest) -> DecisionExplanation;
    report_pickup(ReportPickupRequest) -> ReportPickupResponse;
    report_replacement(ReportReplacementRequest) -> ReportReplacementResponse;
});

host!(SettlementService {
    list_claims(ListClaimsRequest) -> ListClaimsResponse;
    respond_to_claim(RespondToClaimRequest) -> RespondToClaimResponse;
    resolve_claim(ResolveClaimRequest) -> ResolveClaimResponse;
    get_statement(GetStatementRequest) -> GetStatementResponse;
    record_funds(RecordFundsRequest) -> RecordFundsResponse;
    get_balances(GetBalancesRequest) -> GetBalancesResponse;
    list_payments(ListPaymentsRequest) -> ListPaymentsResponse;
    reconcile_provider(ReconcileProviderRequest) -> ReconcileProviderResponse;
    notify_payment(NotifyPaymentRequest) -> NotifyPaymentResponse;
});

host!(PolicyService {
    import_calendar(ImportCalendarRequest) -> ImportCalendarResponse;
    list_calendars(ListCalendarsRequest) -> ListCalendarsResponse;
});
