//! `VisitService` without its stream.

use parasol_api::common::v1::{self, GeoPoint, MessageEffect, Stage, UnableReason};
use parasol_api::convert::to_timestamp;
use parasol_api::technician::v1::visit_service_server::VisitService as _;
use parasol_api::technician::v1::{
    CheckInRequest, CompleteRepairRequest, CompleteVisitRequest, RenewCompletionCodeRequest,
    ReportUnableRequest, StartTravelRequest, WaiveCompletionCodeRequest,
};
use parasol_api::{Error, Reason};
use parasol_journey::event::{Ending, Fact};
use parasol_journey::ids::{CaseId, CertificateId};
use parasol_journey::time::Span;
use parasol_journey::{ActorKind, Command};
use parasol_runtime::identity::{Principal, Role};
use tonic::Status;

use crate::course::*;
use crate::world::*;

async fn booked(world: &World) -> (CaseId, String) {
    let case = world.with_technician(TECHNICIAN).await;
    let booked = book(world, case, "08T09:00", "08T11:00").await.unwrap();
    (case, booked.appointment_id)
}

fn travel_request(world: &World, case: CaseId, appointment: &str) -> StartTravelRequest {
    StartTravelRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        appointment_id: appointment.to_owned(),
        ..Default::default()
    }
}

fn check_in_request(world: &World, case: CaseId, appointment: &str) -> CheckInRequest {
    CheckInRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        appointment_id: appointment.to_owned(),
        position: Some(GeoPoint { lat: 30.27, lon: 120.15 }),
        photo_sha256: "a".repeat(64),
        ..Default::default()
    }
}

fn code_request(world: &World, case: CaseId, code: &str) -> CompleteVisitRequest {
    CompleteVisitRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        completion_code: code.to_owned(),
        ..Default::default()
    }
}

fn repair_request(world: &World, case: CaseId, function: v1::Function) -> CompleteRepairRequest {
    CompleteRepairRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        summary: "换了继电器".to_owned(),
        function: function.into(),
        ..Default::default()
    }
}

fn error(status: Status) -> Error {
    Error::from_status(&status)
}

#[tokio::test]
async fn from_the_way_there_to_the_completion_code() {
    let world = World::new().await;
    let (case, appointment) = booked(&world).await;
    let by = technician();
    let travel = travel_request(&world, case, "");
    let answer = world.scheduling.start_travel(ask(&by, travel)).await.unwrap().into_inner();
    assert_eq!(answer.effect(), MessageEffect::Applied);
    assert_eq!(world.states().await, ["en_route"]);

    world.wait_until(at("2026-06-08T09:10"));
    let arrive = check_in_request(&world, case, &appointment);
    let answer = world.scheduling.check_in(ask(&by, arrive)).await.unwrap().into_inner();
    assert_eq!(answer.case.unwrap().stage(), Stage::OnSite);
    assert_eq!(world.states().await, ["in_progress"]);

    let submitted = submit(&world, &by, case, certificate(world.clock.now())).await.unwrap();
    assert!(!submitted.held);
    let id: CertificateId = submitted.certificate_id.parse().unwrap();
    assert_eq!(world.case(case).await.finding().unwrap().id, id);
    let texts = world.revealed(id.uuid(), "certificate").await.unwrap();
    assert_eq!(texts["finding"], "压缩机不启动");
    assert_eq!(texts["parts_used"][0]["part_no"], "P-1");

    world.decide_repair(case).await;
    let repaired = repair_request(&world, case, v1::Function::Normal);
    let answer = world.scheduling.complete_repair(ask(&by, repaired)).await.unwrap().into_inner();
    assert_eq!(answer.completion_code_hint, "138****8000");
    let kept = world.revealed(case.uuid(), "repair").await.unwrap();
    assert_eq!(kept["summary"], "换了继电器");
    assert_eq!(world.states().await, ["in_progress"]);

    let code = world.desk.completion_code(case, 0);
    let complete = code_request(&world, case, &code);
    let answer = world.scheduling.complete_visit(ask(&by, complete)).await.unwrap().into_inner();
    assert_eq!(answer.case.unwrap().stage(), Stage::Closed);
    assert_eq!(world.states().await, ["completed"]);
    assert_eq!(world.cells().await, 4, "the past stays booked");
}

#[tokio::test]
async fn a_wrong_code_is_counted_and_said_and_a_repetition_is_neither_counted_nor_forgotten() {
    let world = World::new().await;
    let case = in_repair(&world).await;
    let right = world.desk.completion_code(case, 0);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let first = code_request(&world, case, wrong);
    for _ in 0..3 {
        let refused = world.scheduling.complete_visit(ask(&technician(), first.clone())).await;
        let refused = error(refused.unwrap_err());
        assert_eq!(refused.reason(), Reason::CodeWrong);
        assert_eq!(refused.metadata()["attempts_left"], "4");
    }
    assert_eq!(world.case(case).await.wrong_codes, 1);
    for left in (0..4).rev() {
        let request = code_request(&world, case, wrong);
        let refused = world.scheduling.complete_visit(ask(&technician(), request)).await;
        assert_eq!(error(refused.unwrap_err()).metadata()["attempts_left"], left.to_string());
    }
    let request = code_request(&world, case, &right);
    let locked = world.scheduling.complete_visit(ask(&technician(), request)).await;
    assert_eq!(reason(locked), Reason::CodeLocked);
    for malformed in ["", "12345", "1234567", "12345a", "１２３４５６"] {
        let request = code_request(&world, case, malformed);
        let refused = world.scheduling.complete_visit(ask(&technician(), request)).await;
        assert_eq!(reason(refused), Reason::FieldInvalid);
    }
}

#[tokio::test]
async fn a_right_code_after_a_wrong_one_closes() {
    let world = World::new().await;
    let case = in_repair(&world).await;
    let right = world.desk.completion_code(case, 0);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let request = code_request(&world, case, wrong);
    world.scheduling.complete_visit(ask(&technician(), request)).await.unwrap_err();
    let request = code_request(&world, case, &right);
    let done = world.scheduling.complete_visit(ask(&brand(), request)).await.unwrap();
    assert_eq!(done.into_inner().case.unwrap().stage(), Stage::Closed);
}

#[tokio::test]
async fn a_new_code_unlocks_the_visit_and_makes_the_old_one_wrong() {
    let world = World::new().await;
    let case = in_repair(&world).await;
    let old = world.desk.completion_code(case, 0);
    let renew = || RenewCompletionCodeRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        ..Default::default()
    };
    let wrong = if old == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        let request = code_request(&world, case, wrong);
        world.scheduling.complete_visit(ask(&technician(), request)).await.unwrap_err();
    }
    let first = renew();
    for _ in 0..2 {
        let answer = world.scheduling.renew_completion_code(ask(&customer(), first.clone())).await;
        assert_eq!(answer.unwrap().into_inner().renewals_left, 4, "asked twice, renewed once");
    }
    let soon = world.scheduling.renew_completion_code(ask(&technician(), renew())).await;
    assert_eq!(reason(soon), Reason::CodeRenewedTooOften);
    world.wait(Span::minutes(1));
    world.scheduling.renew_completion_code(ask(&technician(), renew())).await.unwrap();

    let refused =
        world.scheduling.complete_visit(ask(&technician(), code_request(&world, case, &old)));
    assert_eq!(reason(refused.await), Reason::CodeWrong);
    let now = world.desk.completion_code(case, 2);
    let done =
        world.scheduling.complete_visit(ask(&technician(), code_request(&world, case, &now)));
    assert_eq!(done.await.unwrap().into_inner().case.unwrap().stage(), Stage::Closed);
}

#[tokio::test]
async fn an_agent_ends_the_visit_of_a_customer_without_a_code_and_says_why() {
    let world = World::new().await;
    let case = in_repair(&world).await;
    let waive = |reason: v1::NoCodeReason, remark: &str| WaiveCompletionCodeRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        reason: reason.into(),
        remark: remark.to_owned(),
        ..Default::default()
    };
    for (reason_given, remark) in
        [(v1::NoCodeReason::Unspecified, "x"), (v1::NoCodeReason::PhoneLost, "")]
    {
        let refused = waive(reason_given, remark);
        let refused = world.scheduling.waive_completion_code(ask(&agent(), refused)).await;
        assert_eq!(reason(refused), Reason::FieldInvalid);
    }
    let request = waive(v1::NoCodeReason::PhoneLost, "手机丢失，核对了订单号");
    let done = world.scheduling.waive_completion_code(ask(&agent(), request)).await.unwrap();
    assert_eq!(done.into_inner().case.unwrap().stage(), Stage::Closed);
    let kept = world.revealed(case.uuid(), "no_code_remark").await.unwrap();
    assert_eq!(kept["text"], "手机丢失，核对了订单号");
    assert_eq!(world.case(case).await.ending.unwrap().0, Ending::CodeWaived);
}

#[tokio::test]
async fn a_repair_that_did_not_help_goes_back_to_the_decision() {
    let world = World::new().await;
    let case = in_repair(&world).await;
    let untested = repair_request(&world, case, v1::Function::Untested);
    let refused = world.scheduling.complete_repair(ask(&technician(), untested)).await;
    assert_eq!(reason(refused), Reason::FieldInvalid);
    let failed = repair_request(&world, case, v1::Function::Fault);
    let answer = world.scheduling.complete_repair(ask(&technician(), failed)).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!(answer.case.unwrap().stage(), Stage::Deciding);
    assert_eq!(answer.completion_code_hint, "");
    assert_eq!(world.case(case).await.repairs.failed, 1);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_one_is_refused_with_every_fault() {
    let world = World::new().await;
    let (case, _) = booked(&world).await;
    check_in(&world, case).await;
    let now = world.clock.now();
    let by = technician();
    let mut bad = certificate(now);
    bad.evidence[0].kind = v1::EvidenceKind::Fault.into();
    bad.fault_code.clear();
    bad.inspected_at = Some(to_timestamp(now - Span::hours(1)));
    let refused = error(submit(&world, &by, case, bad).await.unwrap_err());
    assert_eq!(refused.reason(), Reason::CertificateInvalid);
    let faults: Vec<_> = refused.violations().iter().map(|one| &*one.description).collect();
    assert_eq!(faults, ["nameplate_photo_missing", "fault_code_missing", "inspected_before_visit"]);

    let mut other = certificate(now);
    other.technician = COLLEAGUE.to_owned();
    let refused = error(submit(&world, &by, case, other).await.unwrap_err());
    assert_eq!(refused.violations()[0].description, "technician_not_assigned");

    let mut early = certificate(now);
    early.evidence[0].taken_at = Some(to_timestamp(now + Span::minutes(1)));
    let refused = error(submit(&world, &by, case, early).await.unwrap_err());
    assert_eq!(refused.violations()[0].field, "certificate.evidence[0].taken_at");
}

#[tokio::test]
async fn nobody_chooses_the_weight_of_an_own_certificate() {
    let world = World::new().await;
    let (case, _) = booked(&world).await;
    check_in(&world, case).await;
    for level in [v1::CertificateLevel::Second, v1::CertificateLevel::Lab] {
        let mut certificate = certificate(world.clock.now());
        certificate.level = level.into();
        let refused = error(submit(&world, &technician(), case, certificate).await.unwrap_err());
        assert_eq!(refused.reason(), Reason::CertificateInvalid);
        assert_eq!(refused.violations()[0].description, "level_not_due");
    }
    assert_eq!(world.case(case).await.stage.as_str(), "on_site");

    // A second inspection by another centre is one without being told.
    submit(&world, &technician(), case, certificate(world.clock.now())).await.unwrap();
    world.give(case, Command::OrderSecondInspection { rules: vec!["R1".into()] }).await;
    assert_eq!(world.states().await, ["completed"]);
    world.dispatch(case, OTHER_CENTRE).await;
    world.assign(case, STRANGER).await;
    book(&world, case, "08T13:00", "08T15:00").await.unwrap();
    check_in(&world, case).await;
    let second = Principal::new(Role::Technician, STRANGER);
    submit(&world, &second, case, certificate(world.clock.now())).await.unwrap();
    let finding = world.case(case).await.finding().unwrap().finding.clone();
    assert_eq!(finding.level.as_str(), "second");
}

#[tokio::test]
async fn a_serial_that_differs_waits_for_the_brand() {
    let world = World::new().await;
    let (case, _) = booked(&world).await;
    check_in(&world, case).await;
    let mut certificate = certificate(world.clock.now());
    certificate.serial_inside = "SN0002".to_owned();
    let submitted = submit(&world, &centre(), case, certificate).await.unwrap();
    assert!(submitted.held);
}

#[tokio::test]
async fn a_certificate_needs_a_visit() {
    let world = World::new().await;
    let (case, _) = booked(&world).await;
    let now = world.clock.now();
    let refused = error(submit(&world, &technician(), case, certificate(now)).await.unwrap_err());
    assert_eq!(refused.reason(), Reason::IllegalTransition);
    assert!(!refused.metadata()["open"].contains("submit_certificate"));
}

#[tokio::test]
async fn a_visit_that_cannot_be_finished_frees_the_rest_of_its_time() {
    let world = World::new().await;
    let (case, appointment) = booked(&world).await;
    check_in(&world, case).await;
    let request = |next: Option<Span>| ReportUnableRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        appointment_id: appointment.clone(),
        reason: UnableReason::NoPowerOrWater.into(),
        remark: "停电".to_owned(),
        next_contact_at: next.map(|next| to_timestamp(world.clock.now() + next)),
        ..Default::default()
    };
    for next in [Span::ZERO, Span::days(8)] {
        let refused = world.scheduling.report_unable(ask(&technician(), request(Some(next)))).await;
        assert_eq!(reason(refused), Reason::FieldInvalid);
    }
    let good = request(Some(Span::days(1)));
    let answer = world.scheduling.report_unable(ask(&technician(), good.clone())).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!(answer.case.as_ref().unwrap().stage(), Stage::TechnicianAssigned);
    assert_eq!(answer.effect, i32::from(MessageEffect::Applied));
    assert_eq!((world.cells().await, world.states().await), (0, vec!["unable".to_owned()]));
    let visit: parasol_journey::ids::AppointmentId = appointment.parse().unwrap();
    assert_eq!(world.revealed(visit.uuid(), "unable_remark").await.unwrap()["text"], "停电");

    // The same request is the same answer even after its next contact has passed.
    world.wait(Span::days(2));
    let again = world.scheduling.report_unable(ask(&technician(), good)).await.unwrap();
    assert_eq!(again.into_inner(), answer);
}

#[tokio::test]
async fn a_message_about_a_visit_that_was_called_off_moves_nothing() {
    let world = World::new().await;
    let (case, appointment) = booked(&world).await;
    world.wait_until(at("2026-06-08T11:00"));
    world.let_deadlines_pass().await;
    let late = check_in_request(&world, case, &appointment);
    let kept = world.scheduling.check_in(ask(&technician(), late)).await.unwrap().into_inner();
    assert_eq!(kept.effect(), MessageEffect::KeptAsEvidence);
    assert_eq!(kept.case.unwrap().stage(), Stage::TechnicianAssigned);
    let log = world.desk.store.log_after(case, 0, 100).await.unwrap();
    let Fact::MessageKept { message, reason: why } = &log.last().unwrap().event.fact else {
        panic!("the message was not kept")
    };
    assert_eq!((message.as_str(), why.as_str()), ("check_in", "appointment_over"));

    // Without the name of the visit it is a step that does not fit.
    let unnamed = check_in_request(&world, case, "");
    let refused = world.scheduling.check_in(ask(&technician(), unnamed)).await;
    assert_eq!(reason(refused), Reason::IllegalTransition);
}

#[tokio::test]
async fn a_brands_own_code_says_why_a_visit_could_not_be_finished() {
    let world = World::new().await;
    let (case, appointment) = booked(&world).await;
    let request = |code: &str| ReportUnableRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        appointment_id: appointment.clone(),
        partner_reason: code.into(),
        next_contact_at: Some(to_timestamp(world.clock.now() + Span::days(1))),
        ..ReportUnableRequest::default()
    };
    let refused = world.scheduling.report_unable(ask(&technician(), request(""))).await;
    assert_eq!(reason(refused), Reason::FieldInvalid);
    let refused = world.scheduling.report_unable(ask(&technician(), request("D-1"))).await;
    let refused = Error::from_status(&refused.unwrap_err());
    assert_eq!(refused.reason(), Reason::ReasonUnmapped);
    assert!(refused.text().ends_with("known: U-1"), "a code of another list: {}", refused.text());
    let colleague = Principal::new(Role::Technician, COLLEAGUE);
    let hidden = world.scheduling.report_unable(ask(&colleague, request("D-1"))).await;
    assert_eq!(reason(hidden), Reason::NotFound);
    world.scheduling.report_unable(ask(&technician(), request("U-1"))).await.unwrap();
    let log = world.desk.store.log_after(case, 0, 100).await.unwrap();
    assert!(log.iter().any(|logged| matches!(
        logged.event.fact,
        Fact::VisitFailed { reason: parasol_journey::vocab::UnableReason::Weather, parts_at: None }
    )));
}

#[tokio::test]
async fn a_message_older_than_one_that_was_applied_moves_nothing() {
    let world = World::new().await;
    let (case, appointment) = booked(&world).await;
    let numbered = |sequence| CheckInRequest {
        partner_sequence: sequence,
        ..check_in_request(&world, case, &appointment)
    };
    let travelled =
        StartTravelRequest { partner_sequence: 5, ..travel_request(&world, case, &appointment) };
    world.scheduling.start_travel(ask(&technician(), travelled)).await.unwrap();
    let stale = world.scheduling.check_in(ask(&technician(), numbered(4))).await.unwrap();
    assert_eq!(stale.get_ref().effect(), MessageEffect::KeptAsEvidence);
    assert_eq!(stale.into_inner().case.unwrap().stage(), Stage::Appointed);
    let log = world.desk.store.log_after(case, 0, 100).await.unwrap();
    let last = &log.last().unwrap().event;
    let Fact::MessageKept { message, reason: why } = &last.fact else {
        panic!("the message was not kept")
    };
    assert_eq!((message.as_str(), why.as_str()), ("check_in", "MESSAGE_STALE"));
    assert_eq!(last.heard.unwrap().sequence, 4);
    let news = world.scheduling.check_in(ask(&technician(), numbered(6))).await.unwrap();
    assert_eq!(news.into_inner().case.unwrap().stage(), Stage::OnSite);
}

#[tokio::test]
async fn after_a_reassignment_the_case_is_gone_for_whoever_had_it() {
    let world = World::new().await;
    let (case, appointment) = booked(&world).await;
    let travelled = travel_request(&world, case, &appointment);
    let before = world.scheduling.start_travel(ask(&technician(), travelled.clone())).await;
    let before = before.unwrap().into_inner();
    let reassign =
        Command::ReassignTechnician { technician: COLLEAGUE.parse().unwrap(), helper: None };
    world.give_as(ActorKind::Centre, case, reassign).await;
    for named in [appointment.as_str(), ""] {
        let late = check_in_request(&world, case, named);
        let refused = world.scheduling.check_in(ask(&technician(), late)).await;
        assert_eq!(reason(refused), Reason::NotFound);
    }
    // What was answered stays answered.
    let again = world.scheduling.start_travel(ask(&technician(), travelled)).await.unwrap();
    assert_eq!(again.into_inner(), before);
    // Whoever comes instead has nothing to say about a visit that never was theirs.
    let colleague = Principal::new(Role::Technician, COLLEAGUE);
    let foreign = check_in_request(&world, case, &appointment);
    let refused = world.scheduling.check_in(ask(&colleague, foreign)).await;
    assert_eq!(reason(refused), Reason::NotFound);
    // The centre still has the case, and its late message is evidence.
    let late = check_in_request(&world, case, &appointment);
    let kept = world.scheduling.check_in(ask(&centre(), late)).await.unwrap().into_inner();
    assert_eq!(kept.effect(), MessageEffect::KeptAsEvidence);
}

#[tokio::test]
async fn a_centre_that_was_passed_over_reports_nothing_about_anothers_visit() {
    let world = World::new().await;
    let (case, appointment) = booked(&world).await;
    world.give(case, Command::WithdrawOffer { reason: "ours".into() }).await;
    world.dispatch(case, OTHER_CENTRE).await;
    world.assign(case, STRANGER).await;
    let theirs = book(&world, case, "08T13:00", "08T15:00").await.unwrap().appointment_id;
    for named in ["", theirs.as_str()] {
        let request = check_in_request(&world, case, named);
        let refused = world.scheduling.check_in(ask(&centre(), request)).await;
        assert_eq!(reason(refused), Reason::NotFound);
    }
    let own = check_in_request(&world, case, &appointment);
    let kept = world.scheduling.check_in(ask(&centre(), own)).await.unwrap().into_inner();
    assert_eq!(kept.effect(), MessageEffect::KeptAsEvidence);
    let theirs = Principal::new(Role::Centre, OTHER_CENTRE);
    let request = check_in_request(&world, case, "");
    world.scheduling.check_in(ask(&theirs, request)).await.unwrap();
}

#[tokio::test]
async fn a_position_or_photo_that_is_none_is_refused() {
    let world = World::new().await;
    let (case, _) = booked(&world).await;
    for (lat, lon) in [(91.0, 0.0), (0.0, -181.0), (f64::NAN, 0.0)] {
        let position = Some(GeoPoint { lat, lon });
        let request = CheckInRequest { position, ..check_in_request(&world, case, "") };
        let refused = world.scheduling.check_in(ask(&technician(), request)).await;
        assert_eq!(reason(refused), Reason::FieldInvalid, "{lat} {lon}");
    }
    let request =
        CheckInRequest { photo_sha256: "x".to_owned(), ..check_in_request(&world, case, "") };
    let refused = world.scheduling.check_in(ask(&technician(), request)).await;
    assert_eq!(reason(refused), Reason::FieldInvalid);
}
