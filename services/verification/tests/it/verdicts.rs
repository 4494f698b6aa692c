//! Certificates as partners send them: accepted, held, late, refused, repeated, foreign.

use parasol_api::common::v1::{CertificateLevel, MessageEffect};
use parasol_api::convert::{etag, to_timestamp};
use parasol_api::partner::v1::verdict_service_server::VerdictService as _;
use parasol_api::partner::v1::{
    ConfirmCertificateRequest, ContestCertificateRequest, SubmitCertificateRequest,
    SubmitCertificateResponse,
};
use parasol_api::{Reason, Role};
use parasol_journey::ids::{CaseId, CertificateId};
use parasol_journey::time::Span;
use parasol_journey::vocab::Remedy;
use parasol_journey::{ActorKind, Command, Stage};
use sea_orm::{ConnectionTrait as _, Statement};
use tonic::Status;

use crate::world::{World, by, by_brand, fields, filing, reason, refused};

impl World {
    pub fn submission(&self, case: CaseId) -> SubmitCertificateRequest {
        SubmitCertificateRequest {
            request_id: self.id(),
            case_id: case.to_string(),
            certificate: Some(self.certificate()),
            ..SubmitCertificateRequest::default()
        }
    }

    async fn send(
        &self,
        role: Role,
        subject: &str,
        request: SubmitCertificateRequest,
    ) -> Result<SubmitCertificateResponse, Status> {
        let answer = self.service.submit_certificate(by(role, subject, request)).await;
        answer.map(tonic::Response::into_inner)
    }
}

#[tokio::test]
async fn a_certificate_is_stored_with_its_texts_in_the_vault() {
    let world = World::new().await;
    let id = world.on_site(filing(100, Remedy::Repair)).await;
    let answer = world.send(Role::Centre, "aurora-nj-01", world.submission(id)).await.unwrap();
    assert!(!answer.held);
    let case = world.case(id).await;
    assert_eq!(answer.case.unwrap().etag, etag(case.version));
    let certificate: CertificateId = answer.certificate_id.parse().unwrap();
    assert_eq!(case.finding().unwrap().id, certificate);
    let told = world.desk.store.reveal(certificate.uuid(), "certificate").await.unwrap().unwrap();
    assert!(told.contains("the compressor does not start"));
    let log = serde_json::to_string(&world.log(id).await).unwrap();
    assert!(!log.contains("compressor"), "free text is in the log");
    let reader = world.desk.store.reader();
    let query = "SELECT level FROM certificates";
    let query = Statement::from_string(reader.get_database_backend(), query);
    let row = reader.query_one_raw(query).await.unwrap().expect("it is indexed");
    assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "first");
}

#[tokio::test]
async fn a_repetition_answers_the_same_bytes_and_another_body_is_refused() {
    let world = World::new().await;
    let id = world.on_site(filing(100, Remedy::Repair)).await;
    let request = world.submission(id);
    let first = world.send(Role::Centre, "aurora-nj-01", request.clone()).await.unwrap();
    world.work().await;
    let again = world.send(Role::Centre, "aurora-nj-01", request.clone()).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(world.case(id).await.certificates.len(), 1);
    let mut other = request;
    other.partner_order_no = "P-2".to_owned();
    let reused = world.send(Role::Centre, "aurora-nj-01", other).await;
    assert_eq!(reason(reused), Reason::RequestIdReused);
}

#[tokio::test]
async fn a_late_certificate_is_kept_and_moves_nothing() {
    let world = World::new().await;
    let id = world.on_site(filing(100, Remedy::Repair)).await;
    world.send(Role::Centre, "aurora-nj-01", world.submission(id)).await.unwrap();
    world.work().await;
    let before = world.case(id).await;
    let late = world.send(Role::Centre, "aurora-nj-01", world.submission(id)).await.unwrap();
    assert_eq!(late.effect(), MessageEffect::KeptAsEvidence);
    let after = world.case(id).await;
    assert_eq!((after.stage, after.certificates.len()), (before.stage, 1));
    assert_eq!(after.version, before.version + 1);
}

#[tokio::test]
async fn a_centre_that_lost_the_order_moves_nothing() {
    let world = World::new().await;
    let id = world.file(filing(100, Remedy::Repair)).await;
    world.triage(id, parasol_journey::event::Path::Inspection).await;
    let offer = parasol_journey::ids::OfferId::new(world.desk.ids.next());
    let centre = "aurora-nj-09".parse().unwrap();
    world.give(id, ActorKind::Policy, Command::MakeOffer { offer, centre, network: None }).await;
    let reason = parasol_journey::vocab::DeclineReason::Closed;
    world.give(id, ActorKind::Centre, Command::DeclineOffer { offer, reason }).await;
    world.visit(id, "aurora-nj-01").await;
    let late = world.send(Role::Centre, "aurora-nj-09", world.submission(id)).await.unwrap();
    assert_eq!(late.effect(), MessageEffect::KeptAsEvidence);
    assert_eq!(world.case(id).await.stage, Stage::OnSite);
}

#[tokio::test]
async fn a_certificate_before_the_visit_is_refused() {
    let world = World::new().await;
    let id = world.file(filing(100, Remedy::Repair)).await;
    let early = world.send(Role::Brand, "aurora", world.submission(id)).await;
    let error = refused(early);
    assert_eq!(error.reason(), Reason::IllegalTransition);
    assert_eq!(error.metadata()["stage"], "filed");
}

#[tokio::test]
async fn every_fault_is_named() {
    let world = World::new().await;
    let id = world.on_site(filing(100, Remedy::Repair)).await;
    let mut request = world.submission(id);
    let certificate = request.certificate.as_mut().unwrap();
    certificate.evidence.clear();
    certificate.fault_code.clear();
    certificate.inspected_at = Some(to_timestamp(world.clock.now() + Span::hours(1)));
    certificate.technician = "somebody-else".to_owned();
    certificate.level = CertificateLevel::Lab.into();
    let error = refused(world.send(Role::Centre, "aurora-nj-01", request).await);
    assert_eq!(error.reason(), Reason::CertificateInvalid);
    let mut faults: Vec<_> = error.violations().iter().map(|one| &*one.description).collect();
    faults.sort_unstable();
    let expected = [
        "fault_code_missing",
        "inspected_in_future",
        "level_not_due",
        "nameplate_photo_missing",
        "technician_not_assigned",
    ];
    assert_eq!(faults, expected);
    assert_eq!(world.case(id).await.stage, Stage::OnSite);
}

#[tokio::test]
async fn an_empty_request_and_a_bad_stamp_are_refused() {
    let world = World::new().await;
    let id = world.on_site(filing(100, Remedy::Repair)).await;
    let nothing = SubmitCertificateRequest::default();
    let nothing = world.send(Role::Centre, "aurora-nj-01", nothing).await;
    assert_eq!(reason(nothing), Reason::RequestIdMissing);
    let empty = SubmitCertificateRequest { request_id: world.id(), ..Default::default() };
    let error = refused(world.send(Role::Centre, "aurora-nj-01", empty).await);
    assert_eq!(fields(&error), ["case_id", "certificate"]);
    let future = Some(to_timestamp(world.clock.now() + Span::minutes(1)));
    let stamped = SubmitCertificateRequest {
        partner_order_no: "x".repeat(65),
        occurred_at: future,
        partner_sequence: -1,
        etag: "soon".to_owned(),
        ..world.submission(id)
    };
    let error = refused(world.send(Role::Centre, "aurora-nj-01", stamped).await);
    let expected = ["etag", "partner_order_no", "partner_sequence", "occurred_at"];
    assert_eq!(fields(&error), expected);
    let stale = SubmitCertificateRequest { etag: "\"2\"".to_owned(), ..world.submission(id) };
    let stale = world.send(Role::Centre, "aurora-nj-01", stale).await;
    assert_eq!(reason(stale), Reason::VersionConflict);
    let unsigned = tonic::Request::new(world.submission(id));
    let unsigned = world.service.submit_certificate(unsigned).await;
    assert_eq!(reason(unsigned), Reason::Unauthenticated);
}

#[tokio::test]
async fn anothers_case_answers_like_an_unknown_one() {
    let world = World::new().await;
    let id = world.on_site(filing(100, Remedy::Repair)).await;
    let unknown = CaseId::new(world.desk.ids.next());
    let certificate_id = CertificateId::new(world.desk.ids.next()).to_string();
    for (case, brand) in [(id, "borealis"), (unknown, "aurora")] {
        let answer = world.send(Role::Brand, brand, world.submission(case)).await;
        assert_eq!(reason(answer), Reason::NotFound);
        let answer = world.send(Role::Centre, "borealis-1", world.submission(case)).await;
        assert_eq!(reason(answer), Reason::NotFound);
        let confirm = ConfirmCertificateRequest {
            request_id: world.id(),
            case_id: case.to_string(),
            certificate_id: certificate_id.clone(),
            ..ConfirmCertificateRequest::default()
        };
        let answer = world.service.confirm_certificate(by(Role::Brand, brand, confirm)).await;
        assert_eq!(reason(answer), Reason::NotFound);
        let contest = ContestCertificateRequest {
            request_id: world.id(),
            case_id: case.to_string(),
            certificate_id: certificate_id.clone(),
            reason: "no".to_owned(),
            cause: 1,
            ..ContestCertificateRequest::default()
        };
        let answer = world.service.contest_certificate(by(Role::Brand, brand, contest)).await;
        assert_eq!(reason(answer), Reason::NotFound);
    }
}

#[tokio::test]
async fn a_held_certificate_is_confirmed_once_and_a_second_word_is_late() {
    let world = World::new().await;
    let id = world.on_site(filing(245, Remedy::Repair)).await;
    let request =
        SubmitCertificateRequest { certificate: Some(world.blaming(true)), ..world.submission(id) };
    let answer = world.send(Role::Centre, "aurora-nj-01", request).await.unwrap();
    assert!(answer.held);
    let confirm = |certificate: &str| ConfirmCertificateRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        certificate_id: certificate.to_owned(),
        remark: "seen".to_owned(),
        ..ConfirmCertificateRequest::default()
    };
    let unknown = CertificateId::new(world.desk.ids.next()).to_string();
    let wrong = world.service.confirm_certificate(by_brand(confirm(&unknown))).await;
    assert_eq!(reason(wrong), Reason::CertificateUnknown);
    let first = confirm(&answer.certificate_id);
    let said = world.service.confirm_certificate(by_brand(first.clone())).await.unwrap();
    let said = said.into_inner();
    assert_eq!(said.effect(), MessageEffect::Applied);
    let repeated = world.service.confirm_certificate(by_brand(first)).await.unwrap().into_inner();
    assert_eq!(said, repeated);
    let contest = ContestCertificateRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        certificate_id: answer.certificate_id.clone(),
        reason: "on second thoughts".to_owned(),
        cause: 1,
        ..ContestCertificateRequest::default()
    };
    let late = world.service.contest_certificate(by_brand(contest)).await.unwrap().into_inner();
    assert_eq!(late.effect(), MessageEffect::KeptAsEvidence);
    assert!(!world.case(id).await.finding().unwrap().contested);
}

#[tokio::test]
async fn a_contest_needs_its_reason_and_its_cause() {
    let world = World::new().await;
    let empty = ContestCertificateRequest { request_id: world.id(), ..Default::default() };
    let error = refused(world.service.contest_certificate(by_brand(empty)).await);
    assert_eq!(fields(&error), ["case_id", "certificate_id", "reason", "cause"]);
    let empty = ConfirmCertificateRequest { request_id: world.id(), ..Default::default() };
    let error = refused(world.service.confirm_certificate(by_brand(empty)).await);
    assert_eq!(fields(&error), ["case_id", "certificate_id"]);
}

#[tokio::test]
async fn a_laboratory_hears_a_dispute_to_its_end() {
    let world = World::new().await;
    let id = world.denied().await;
    let closed = world.send(Role::Lab, "lab-1", world.submission(id)).await;
    assert_eq!(reason(closed), Reason::NotFound, "a laboratory sees disputes only");
    world.dispute(id).await;
    let answer = world.send(Role::Lab, "lab-1", world.submission(id)).await.unwrap();
    assert_eq!(answer.effect(), MessageEffect::Applied);
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::Repairing);
}
