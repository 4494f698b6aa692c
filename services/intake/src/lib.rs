//! Intake: where a case begins.
//!
//! Owns the retailer's orders, the question what a customer is owed for a unit, the filing of cases
//! and what a customer may do to one afterwards, the photos and films of a case, and the triage that
//! says which way a case goes; and what the retailer's people work with: the flow of open cases, notes, merged
//! cases, articles.
//!
//! What it deliberately does not do: it chooses no centre, decides no claim and shows no story of a
//! case; it knows no brand or centre beyond the ids in its orders.

mod evidence;
mod filings;
pub mod flow;
mod handlers;
mod knowledge;
mod mail;
mod migration;
mod orders;
mod person;
mod projection;
mod sold;
mod tables;
mod views;
mod words;
mod workers;

use std::sync::Arc;

use parasol_api::intake::v1::intake_service_server::{IntakeService, IntakeServiceServer};
use parasol_api::intake::v1::knowledge_service_server::KnowledgeServiceServer;
use parasol_api::intake::v1::order_service_server::{OrderService, OrderServiceServer};
use parasol_api::intake::v1::*;
use parasol_api::{Error, Reason};
use parasol_casebook::{Aside, Handler, Projector};
use parasol_desk::Desk;
use parasol_evidence::Archive;
use parasol_journey::task::Role;
use parasol_policy::Shelf;
use tonic::service::RoutesBuilder;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

pub use evidence::{Sweep, Swept};
pub use migration::migrations;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    desk: Desk,
    shelf: Shelf,
    archive: Archive,
    places: evidence::Places,
}

impl Intake {
    /// A service that reads and writes through the desk, keeps evidence in the archive and judges by the
    /// pack that comes with the program.
    pub fn new(desk: Desk, archive: Archive) -> Self {
        let places = evidence::Places::default();
        Self { desk, shelf: Shelf::builtin(), archive, places }
    }

    /// The same, judging by the packs on a shelf: new cases by the one in force on the day they are
    /// filed, others by the one they were filed under.
    #[must_use]
    pub fn with_shelf(self, shelf: Shelf) -> Self {
        Self { shelf, ..self }
    }

    /// Adds its gRPC services.
    pub fn add_routes(&self, routes: &mut RoutesBuilder) {
        let server = IntakeServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = KnowledgeServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
        let server = OrderServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
    }

    /// What removes the content that no evidence refers to. Its loop is the node's.
    pub fn sweep(&self) -> Sweep {
        Sweep::new(self.desk.clone(), self.archive.shelf.clone())
    }

    /// The follower that keeps the rows of open cases, as one process runs it; `holder` names the process and
    /// `epoch` the feed.
    pub fn follower(&self, epoch: Uuid, holder: Uuid) -> flow::Follower {
        flow::Follower::new(self.desk.clone(), epoch, holder)
    }

    /// The work it does: triage.
    pub fn work(&self) -> Option<(Role, Arc<dyn Handler>)> {
        let triage = workers::Triage::new(self.desk.submitter.clone(), self.shelf.clone());
        Some((Role::Intake, Arc::new(triage)))
    }
}

/// Where evidence of a case on legal hold is put when it is erased.
pub const EVIDENCE_ASIDE: Aside =
    Aside { table: "evidence", aside: "evidence_withheld", subject: "case_id" };

/// Keeps intake's index of cases in step with the log; for the committer of every process.
pub fn projector() -> Arc<dyn Projector> {
    Arc::new(projection::CaseIndex)
}

/// A query that failed, as the caller reads it.
fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Reason::StoreUnavailable).because(error)
}

#[tonic::async_trait]
impl IntakeService for Intake {
    async fn check_entitlement(
        &self,
        request: Request<CheckEntitlementRequest>,
    ) -> Result<Response<CheckEntitlementResponse>, Status> {
        Ok(Response::new(handlers::check_entitlement::handle(self, request).await?))
    }

    async fn file_case(
        &self,
        request: Request<FileCaseRequest>,
    ) -> Result<Response<FileCaseResponse>, Status> {
        Ok(Response::new(handlers::file_case::handle(self, request).await?))
    }

    async fn get_case(&self, request: Request<GetCaseRequest>) -> Result<Response<Case>, Status> {
        Ok(Response::new(handlers::get_case::handle(self, request).await?))
    }

    async fn list_cases(
        &self,
        request: Request<ListCasesRequest>,
    ) -> Result<Response<ListCasesResponse>, Status> {
        Ok(Response::new(handlers::list_cases::handle(self, request).await?))
    }

    async fn list_units(
        &self,
        request: Request<ListUnitsRequest>,
    ) -> Result<Response<ListUnitsResponse>, Status> {
        Ok(Response::new(handlers::list_units::handle(self, request).await?))
    }

    async fn cancel_case(
        &self,
        request: Request<CancelCaseRequest>,
    ) -> Result<Response<CancelCaseResponse>, Status> {
        Ok(Response::new(handlers::cancel_case::handle(self, request).await?))
    }

    async fn reopen_case(
        &self,
        request: Request<ReopenCaseRequest>,
    ) -> Result<Response<ReopenCaseResponse>, Status> {
        Ok(Response::new(handlers::reopen_case::handle(self, request).await?))
    }

    async fn remind_case(
        &self,
        request: Request<RemindCaseRequest>,
    ) -> Result<Response<RemindCaseResponse>, Status> {
        Ok(Response::new(handlers::remind_case::handle(self, request).await?))
    }

    async fn link_certificate(
        &self,
        request: Request<LinkCertificateRequest>,
    ) -> Result<Response<LinkCertificateResponse>, Status> {
        Ok(Response::new(handlers::link_certificate::handle(self, request).await?))
    }

    async fn finish_guidance(
        &self,
        request: Request<FinishGuidanceRequest>,
    ) -> Result<Response<FinishGuidanceResponse>, Status> {
        Ok(Response::new(handlers::finish_guidance::handle(self, request).await?))
    }

    async fn answer_reminder(
        &self,
        request: Request<AnswerReminderRequest>,
    ) -> Result<Response<AnswerReminderResponse>, Status> {
        Ok(Response::new(handlers::answer_reminder::handle(self, request).await?))
    }

    async fn review_linked_certificate(
        &self,
        request: Request<ReviewLinkedCertificateRequest>,
    ) -> Result<Response<ReviewLinkedCertificateResponse>, Status> {
        Ok(Response::new(handlers::review_linked_certificate::handle(self, request).await?))
    }

    async fn add_note(
        &self,
        request: Request<AddNoteRequest>,
    ) -> Result<Response<AddNoteResponse>, Status> {
        Ok(Response::new(handlers::add_note::handle(self, request).await?))
    }

    async fn merge_case(
        &self,
        request: Request<MergeCaseRequest>,
    ) -> Result<Response<MergeCaseResponse>, Status> {
        Ok(Response::new(handlers::merge_case::handle(self, request).await?))
    }

    async fn list_merged(
        &self,
        request: Request<ListMergedRequest>,
    ) -> Result<Response<ListMergedResponse>, Status> {
        Ok(Response::new(handlers::list_merged::handle(self, request).await?))
    }

    async fn get_mail_mark(
        &self,
        request: Request<GetMailMarkRequest>,
    ) -> Result<Response<MailMark>, Status> {
        Ok(Response::new(handlers::get_mail_mark::handle(self, request).await?))
    }

    async fn receive_mail(
        &self,
        request: Request<ReceiveMailRequest>,
    ) -> Result<Response<ReceiveMailResponse>, Status> {
        Ok(Response::new(handlers::receive_mail::handle(self, request).await?))
    }

    async fn lookup_customer(
        &self,
        request: Request<LookupCustomerRequest>,
    ) -> Result<Response<LookupCustomerResponse>, Status> {
        Ok(Response::new(handlers::lookup_customer::handle(self, request).await?))
    }

    async fn upload_evidence(
        &self,
        request: Request<Streaming<UploadEvidenceRequest>>,
    ) -> Result<Response<UploadEvidenceResponse>, Status> {
        Ok(Response::new(handlers::upload_evidence::handle(self, request).await?))
    }

    async fn list_evidence(
        &self,
        request: Request<ListEvidenceRequest>,
    ) -> Result<Response<ListEvidenceResponse>, Status> {
        Ok(Response::new(handlers::list_evidence::handle(self, request).await?))
    }

    async fn erase_evidence(
        &self,
        request: Request<EraseEvidenceRequest>,
    ) -> Result<Response<EraseEvidenceResponse>, Status> {
        Ok(Response::new(handlers::erase_evidence::handle(self, request).await?))
    }

    type GetEvidenceStream = handlers::get_evidence::Content;

    async fn get_evidence(
        &self,
        request: Request<GetEvidenceRequest>,
    ) -> Result<Response<Self::GetEvidenceStream>, Status> {
        Ok(Response::new(handlers::get_evidence::handle(self, request).await?))
    }
}

#[tonic::async_trait]
impl OrderService for Intake {
    async fn import_orders(
        &self,
        request: Request<Streaming<ImportOrdersRequest>>,
    ) -> Result<Response<ImportOrdersResponse>, Status> {
        Ok(Response::new(handlers::import_orders::handle(self, request).await?))
    }

    async fn get_unit(
        &self,
        request: Request<GetUnitRequest>,
    ) -> Result<Response<UnitHistory>, Status> {
        Ok(Response::new(handlers::get_unit::handle(self, request).await?))
    }
}
