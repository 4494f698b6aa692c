//! What a customer may still do to a case: cancel, reopen, chase, hand in a certificate.

use parasol_api::Reason;
use parasol_api::common::v1::{self as common, Party as WireParty, Stage as WireStage};
use parasol_api::convert::{Listed, to_timestamp};
use parasol_api::intake::v1::intake_service_server::IntakeService;
use parasol_api::intake::v1::{
    CancelCaseRequest, LinkCertificateRequest, RemindCaseRequest, ReopenCaseRequest,
};
use parasol_journey::deadline::Clock as Deadline;
use parasol_journey::event::{Decision, Path, Window};
use parasol_journey::ids::{AppointmentId, CaseId, DecisionId, OfferId, WorkOrderId};
use parasol_journey::time::Span;
use parasol_journey::vocab::{Cause, Conclusion, Function};
use parasol_journey::{ActorKind, Command, Stage};
use prost::Message;
use uuid::Uuid;

use crate::samples::{case_of, claim, file, order, world_with};
use crate::world::{World, agent, by, customer, fields, id, reason, start};

async fn filed() -> (World, CaseId) {
    let world = world_with([order(1)]).await;
    let case = case_of(&file(&world, &customer("u-1"), claim(1, 1)).await);
    (world, case)
}

/// Brings a technician to the door.
pub async fn bring_technician(world: &World, case: CaseId) {
    let triage = Command::Triage { path: Path::Inspection, rules: vec![] };
    world.give(case, ActorKind::Policy, triage).await;
    let (offer, centre) = (OfferId::new(Uuid::from_u128(2)), "aurora-hz-01".parse().unwrap());
    let make = Command::MakeOffer { offer, centre, network: None };
    world.give(case, ActorKind::Policy, make).await;
    let accept = Command::AcceptOffer {
        offer,
        work_order: WorkOrderId::new(Uuid::from_u128(3)),
        centre: Some("aurora-hz-01".parse().unwrap()),
        partner_order: None,
    };
    world.give(case, ActorKind::Centre, accept).await;
    let technician: parasol_journey::ids::TechnicianId = "t-1".parse().unwrap();
    let assign = Command::AssignTechnician { technician: technician.clone(), helper: None };
    world.give(case, ActorKind::Centre, assign).await;
    let now = world.clock.now();
    let book = Command::BookAppointment {
        appointment: AppointmentId::new(Uuid::from_u128(4)),
        technician,
        window: Window { start: now + Span::hours(1), end: now + Span::hours(3) },
    };
    world.give(case, ActorKind::Customer, book).await;
    world.wait(Span::hours(1));
    world
        .give(
            case,
            ActorKind::Technician,
            Command::CheckIn { distance_m: None, mock_location: false, arrived_at: None },
        )
        .await;
}

/// Denies the claim and lets the customer accept it.
pub async fn close(world: &World, case: CaseId) {
    let decision = Decision {
        id: DecisionId::new(Uuid::from_u128(1)),
        policy: "cn-2026.1".to_owned(),
        rules: vec!["R61".to_owned()],
        offered: vec![],
        certificate: None,
        overrides: false,
    };
    let triage = Command::Triage { path: Path::NoVisit, rules: vec![] };
    world.give(case, ActorKind::Policy, triage).await;
    world.give(case, ActorKind::Policy, Command::Deny { decision }).await;
    world.give(case, ActorKind::Customer, Command::AcceptDenial).await;
}

fn cancel(case: CaseId, request: u128) -> CancelCaseRequest {
    CancelCaseRequest {
        request_id: id(request),
        case_id: case.to_string(),
        reason: "不需要了".to_owned(),
        ..CancelCaseRequest::default()
    }
}

fn reopen(case: CaseId, request: u128) -> ReopenCaseRequest {
    ReopenCaseRequest {
        request_id: id(request),
        case_id: case.to_string(),
        reason: "还是坏的".to_owned(),
        ..ReopenCaseRequest::default()
    }
}

fn remind(case: CaseId, request: u128) -> RemindCaseRequest {
    RemindCaseRequest {
        request_id: id(request),
        case_id: case.to_string(),
        ..RemindCaseRequest::default()
    }
}

#[tokio::test]
async fn a_cancellation_ends_the_case_and_frees_the_unit() {
    let (world, case) = filed().await;
    let me = customer("u-1");
    let answer = world.intake.cancel_case(by(&me, cancel(case, 2))).await.unwrap().into_inner();
    assert_eq!(answer.case.as_ref().unwrap().stage(), WireStage::Cancelled);
    assert!(!answer.awaits_acknowledgement);
    let said = world.desk.store.reveal(case.uuid(), "cancellation").await.unwrap().unwrap();
    assert!(said.contains("不需要了"));
    let again = world.intake.cancel_case(by(&me, cancel(case, 2))).await.unwrap().into_inner();
    assert_eq!(again.encode_to_vec(), answer.encode_to_vec());
    let late = world.intake.cancel_case(by(&me, cancel(case, 3))).await;
    assert_eq!(reason(late), Reason::CaseEnded);
    assert!(!file(&world, &me, claim(1, 4)).await.existing);
}

#[tokio::test]
async fn with_somebody_at_the_door_a_cancellation_is_asked_for() {
    let (world, case) = filed().await;
    bring_technician(&world, case).await;
    let answer = world.intake.cancel_case(by(&customer("u-1"), cancel(case, 2))).await;
    let answer = answer.unwrap().into_inner();
    assert!(answer.awaits_acknowledgement);
    assert_eq!(answer.case.unwrap().stage(), WireStage::CancelRequested);
    assert!(file(&world, &customer("u-1"), claim(1, 3)).await.existing);
}

#[tokio::test]
async fn a_closed_case_is_reopened_once_and_in_time() {
    let (world, case) = filed().await;
    let me = customer("u-1");
    let open = world.intake.reopen_case(by(&me, reopen(case, 2))).await;
    assert_eq!(reason(open), Reason::IllegalTransition);
    close(&world, case).await;
    let answer = world.intake.reopen_case(by(&me, reopen(case, 3))).await.unwrap().into_inner();
    assert_eq!(answer.case.unwrap().stage(), WireStage::Disputed);
    let said = world.desk.store.reveal(case.uuid(), "appeal").await.unwrap().unwrap();
    assert!(said.contains("还是坏的"));
    assert!(file(&world, &me, claim(1, 4)).await.existing, "the unit has its open case again");

    world.miss(case, Deadline::DisputeReply).await;
    let decision = Decision {
        id: DecisionId::new(Uuid::from_u128(9)),
        policy: "cn-2026.1".to_owned(),
        rules: vec!["R61".to_owned()],
        offered: vec![],
        certificate: None,
        overrides: false,
    };
    world.give(case, ActorKind::Policy, Command::Deny { decision }).await;
    world.give(case, ActorKind::Customer, Command::AcceptDenial).await;
    let twice = world.intake.reopen_case(by(&me, reopen(case, 5))).await;
    assert_eq!(reason(twice), Reason::DisputeHeard);
}

#[tokio::test]
async fn an_appeal_comes_too_late_or_after_a_newer_case() {
    let (world, case) = filed().await;
    let me = customer("u-1");
    close(&world, case).await;
    let newer = case_of(&file(&world, &me, claim(1, 2)).await);
    let taken = world.intake.reopen_case(by(&me, reopen(case, 3))).await;
    assert_eq!(reason(taken), Reason::UnitHasOpenCase);
    assert_eq!(world.case(case).await.stage, Stage::Closed);
    world.intake.cancel_case(by(&me, cancel(newer, 4))).await.unwrap();
    world.wait(Span::days(8));
    let late = world.intake.reopen_case(by(&me, reopen(case, 5))).await;
    assert_eq!(reason(late), Reason::AppealWindowOver);
}

#[tokio::test]
async fn a_chase_names_who_has_to_answer_and_by_when() {
    let (world, case) = filed().await;
    let me = customer("u-1");
    let mut chase = remind(case, 2);
    chase.message = "什么时候来?".to_owned();
    let answer = world.intake.remind_case(by(&me, chase.clone())).await.unwrap().into_inner();
    assert_eq!((answer.reminded(), answer.reminders), (WireParty::Retailer, 1));
    assert_eq!(answer.answer_due, Some(to_timestamp(start() + Span::hours(24))));
    world.wait(Span::hours(1));
    let second = world.intake.remind_case(by(&me, remind(case, 3))).await.unwrap().into_inner();
    assert_eq!((second.answer_due, second.reminders), (answer.answer_due, 2));
    let again = world.intake.remind_case(by(&me, chase)).await.unwrap().into_inner();
    assert_eq!(again.encode_to_vec(), answer.encode_to_vec());
    world.intake.cancel_case(by(&me, cancel(case, 4))).await.unwrap();
    let ended = world.intake.remind_case(by(&me, remind(case, 5))).await;
    assert_eq!(reason(ended), Reason::CaseEnded);
}

#[tokio::test]
async fn a_write_over_an_older_version_is_refused_with_the_current_one() {
    let (world, case) = filed().await;
    let stale = RemindCaseRequest { etag: "\"7\"".into(), ..remind(case, 2) };
    let refused = world.intake.remind_case(by(&customer("u-1"), stale)).await.unwrap_err();
    let refused = parasol_api::Error::from_status(&refused);
    assert_eq!(refused.reason(), Reason::VersionConflict);
    assert_eq!(refused.metadata()["current_etag"], "\"1\"");
    let fresh = RemindCaseRequest { etag: "\"1\"".into(), ..remind(case, 3) };
    world.intake.remind_case(by(&customer("u-1"), fresh)).await.unwrap();
}

pub fn certificate() -> common::Certificate {
    let at = Some(to_timestamp(start() - Span::days(1)));
    common::Certificate {
        inspected_at: at,
        technician: "brand-t-7".into(),
        model: "RF-468".into(),
        serial_inside: "S-1".into(),
        packaging: common::Packaging::Missing.into(),
        exterior: common::Exterior::Intact.into(),
        function: Function::Fault.number(),
        fault_code: "E1".into(),
        finding: "压缩机不启动".into(),
        cause: Cause::Product.number(),
        evidence: vec![common::EvidenceItem {
            kind: common::EvidenceKind::Nameplate.into(),
            sha256: "0".repeat(64),
            taken_at: at,
        }],
        handling: common::OnSiteHandling::None.into(),
        signature: common::Signature::Signed.into(),
        conclusion: Conclusion::MeetsReturnExchange.number(),
        ..common::Certificate::default()
    }
}

pub fn link(
    case: CaseId,
    request: u128,
    certificate: common::Certificate,
) -> LinkCertificateRequest {
    LinkCertificateRequest {
        request_id: id(request),
        case_id: case.to_string(),
        etag: String::new(),
        certificate: Some(certificate),
    }
}

#[tokio::test]
async fn a_certificate_in_hand_waits_to_be_read() {
    let (world, case) = filed().await;
    let me = customer("u-1");
    let request = link(case, 2, certificate());
    let answer = world.intake.link_certificate(by(&me, request.clone())).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.case.as_ref().unwrap().stage(), WireStage::EvidenceLinked);
    let linked = world.case(case).await.linked_certificate.unwrap();
    assert_eq!(answer.certificate_id, linked.to_string());
    let kept = world.desk.store.reveal(linked.uuid(), "certificate").await.unwrap().unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(
        (&kept["finding"], &kept["linked"]["fault_code"]),
        (&"压缩机不启动".into(), &"E1".into())
    );
    let again = world.intake.link_certificate(by(&me, request)).await.unwrap().into_inner();
    assert_eq!(again.encode_to_vec(), answer.encode_to_vec());
    let twice = world.intake.link_certificate(by(&me, link(case, 3, certificate()))).await;
    assert_eq!(reason(twice), Reason::IllegalTransition);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_one_is_refused_whole() {
    let (world, case) = filed().await;
    let me = customer("u-1");
    let mut working = certificate();
    working.function = Function::Normal.number();
    working.evidence[0].kind = common::EvidenceKind::Fault.into();
    let refused = world.intake.link_certificate(by(&me, link(case, 2, working))).await.unwrap_err();
    let refused = parasol_api::Error::from_status(&refused);
    assert_eq!(refused.reason(), Reason::CertificateInvalid);
    let faults: Vec<_> = refused.violations().iter().map(|one| one.description.as_str()).collect();
    assert_eq!(faults, ["nameplate_photo_missing", "contradiction"]);
    let mut malformed = certificate();
    malformed.evidence[0].sha256.clear();
    malformed.cause = 0;
    let refused = world.intake.link_certificate(by(&me, link(case, 3, malformed))).await;
    assert_eq!(fields(refused), ["certificate.cause", "certificate.evidence[0].sha256"]);
    assert_eq!(world.case(case).await.version, 1);
}

#[tokio::test]
async fn the_case_of_somebody_else_is_like_none_and_empty_requests_are_refused() {
    let (world, case) = filed().await;
    let stranger = customer("u-2");
    let none = CaseId::new(Uuid::from_u128(404));
    for case in [case, none] {
        let found = [
            reason(world.intake.cancel_case(by(&stranger, cancel(case, 2))).await),
            reason(world.intake.reopen_case(by(&stranger, reopen(case, 3))).await),
            reason(world.intake.remind_case(by(&stranger, remind(case, 4))).await),
            reason(
                world.intake.link_certificate(by(&stranger, link(case, 5, certificate()))).await,
            ),
        ];
        assert_eq!(found, [Reason::NotFound; 4]);
    }
    assert_eq!(world.case(case).await.version, 1);
    let known = world.intake.remind_case(by(&agent(), remind(case, 6))).await;
    assert!(known.is_ok());

    let missing = Reason::RequestIdMissing;
    let me = customer("u-1");
    let empty = world.intake.cancel_case(by(&me, CancelCaseRequest::default())).await;
    assert_eq!(reason(empty), missing);
    let empty = world.intake.reopen_case(by(&me, ReopenCaseRequest::default())).await;
    assert_eq!(reason(empty), missing);
    let empty = world.intake.remind_case(by(&me, RemindCaseRequest::default())).await;
    assert_eq!(reason(empty), missing);
    let empty = world.intake.link_certificate(by(&me, LinkCertificateRequest::default())).await;
    assert_eq!(reason(empty), missing);
    let nothing = ReopenCaseRequest { request_id: id(9), ..ReopenCaseRequest::default() };
    let nothing = world.intake.reopen_case(by(&me, nothing)).await;
    assert_eq!(fields(nothing), ["case_id", "reason"]);
    let nobody = tonic::Request::new(cancel(case, 10));
    assert_eq!(reason(world.intake.cancel_case(nobody).await), Reason::Unauthenticated);
}
