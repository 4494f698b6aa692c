//! Booked visits that lose the technician they were booked for.

use parasol_api::Reason;
use parasol_api::admin::v1::network_service_server::NetworkService as _;
use parasol_api::admin::v1::*;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::{AssignTechnicianRequest, ReassignTechnicianRequest};
use parasol_journey::event::Window;
use parasol_journey::ids::{AppointmentId, CaseId};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::UnableReason;
use parasol_journey::{ActorKind, Command};
use parasol_runtime::identity::Principal;
use prost_types::FieldMask;

use crate::world::{World, a_lasting_technician, brand, by, centre, operator, reason};

const TECHNICIAN: &str = "a-1-t2";

fn monday() -> Window {
    let at = |text: &str| Timestamp::parse(&format!("2026-06-15T{text}:00+08:00")).unwrap();
    Window { start: at("09:00"), end: at("11:00") }
}

/// A case whose visit is booked for the Monday after next.
async fn booked(world: &World) -> CaseId {
    let (case, _) = world.accepted().await;
    let request = AssignTechnicianRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        technician: TECHNICIAN.into(),
        ..Default::default()
    };
    world.dispatch.assign_technician(by(&centre("a-1"), request)).await.unwrap();
    let appointment = AppointmentId::new(world.desk.ids.next());
    let (technician, window) = (TECHNICIAN.parse().unwrap(), monday());
    let command = Command::BookAppointment { appointment, technician, window };
    world.give(case, ActorKind::Customer, command).await;
    case
}

async fn update(world: &World, change: impl FnOnce(&mut Technician), field: &str) {
    let mut technician = a_lasting_technician(TECHNICIAN, "a-1");
    change(&mut technician);
    let request = UpdateTechnicianRequest {
        request_id: world.desk.ids.next().to_string(),
        technician: Some(technician),
        update_mask: Some(FieldMask { paths: vec![field.to_owned()] }),
        etag: String::new(),
    };
    world.dispatch.update_technician(by(&operator(), request)).await.unwrap();
}

async fn at_risk(world: &World, who: &Principal) -> Vec<(String, RiskCause)> {
    let request = ListWorkAtRiskRequest::default();
    let answer = world.dispatch.list_work_at_risk(by(who, request)).await.unwrap();
    let work = answer.into_inner().work;
    work.iter().map(|one| (one.case_id.clone(), one.cause())).collect()
}

#[tokio::test]
async fn a_visit_is_listed_while_its_technician_cannot_make_it() {
    let world = World::new().await;
    let case = booked(&world).await;
    let listed = async || at_risk(&world, &operator()).await;
    let because = |cause| vec![(case.to_string(), cause)];
    assert_eq!(listed().await, []);

    update(&world, |one| one.certificates[0].valid_until = "2026-06-14".into(), "certificates")
        .await;
    assert_eq!(listed().await, because(RiskCause::TechnicianNotCertified));
    update(&world, |one| one.certificates[0].valid_until = "2026-06-15".into(), "certificates")
        .await;
    assert_eq!(listed().await, [], "a licence is good to its last day");

    let away =
        Absence { from: "2026-06-15".into(), until: "2026-06-15".into(), reason: "ill".into() };
    update(&world, |one| one.absences = vec![away], "absences").await;
    assert_eq!(listed().await, because(RiskCause::TechnicianAway));
    update(&world, |_| {}, "absences").await;
    update(&world, |one| one.shifts[0].from = "09:30".into(), "shifts").await;
    assert_eq!(listed().await, because(RiskCause::TechnicianOffShift));
    update(&world, |_| {}, "shifts").await;
    assert_eq!(listed().await, []);

    let suspend = SuspendTechnicianRequest {
        request_id: world.desk.ids.next().to_string(),
        technician: TECHNICIAN.into(),
        reason: SuspensionReason::Licence.into(),
        ..Default::default()
    };
    world.dispatch.suspend_technician(by(&operator(), suspend)).await.unwrap();
    assert_eq!(listed().await, because(RiskCause::TechnicianSuspended));
}

#[tokio::test]
async fn a_licence_that_runs_out_stops_assignment_and_lists_the_visit_until_it_is_over() {
    let world = World::new().await;
    let case = booked(&world).await;
    update(&world, |one| one.certificates[0].valid_until = "2026-06-14".into(), "certificates")
        .await;
    let request = || ReassignTechnicianRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        technician: TECHNICIAN.into(),
        reason: "again".into(),
        ..Default::default()
    };
    let midnight = Timestamp::parse("2026-06-15T00:00:00+08:00").unwrap();
    world.clock.advance(midnight.since(world.clock.now())).unwrap();
    let refused = world.dispatch.reassign_technician(by(&centre("a-1"), request())).await;
    assert_eq!(reason(refused), Reason::TechnicianNotCertified);
    assert_eq!(at_risk(&world, &operator()).await.len(), 1);
    world.clock.advance(Span::hours(11)).unwrap();
    assert_eq!(at_risk(&world, &operator()).await, [], "what is over is no risk");
}

#[tokio::test]
async fn a_visit_is_listed_while_who_comes_along_cannot_make_it() {
    let world = World::new().await;
    let (case, _) = world.accepted().await;
    // The licence of a-1-t1 ends on the first day.
    let request = AssignTechnicianRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        technician: TECHNICIAN.into(),
        helper: "a-1-t1".into(),
        ..Default::default()
    };
    world.dispatch.assign_technician(by(&centre("a-1"), request)).await.unwrap();
    assert_eq!(at_risk(&world, &operator()).await, [], "no visit is booked");
    let appointment = AppointmentId::new(world.desk.ids.next());
    let (technician, window) = (TECHNICIAN.parse().unwrap(), monday());
    let command = Command::BookAppointment { appointment, technician, window };
    world.give(case, ActorKind::Customer, command).await;
    let listed = at_risk(&world, &operator()).await;
    assert_eq!(listed, [(case.to_string(), RiskCause::TechnicianNotCertified)]);
}

#[tokio::test]
async fn a_visit_is_listed_while_its_parts_come_later() {
    let world = World::new().await;
    let case = booked(&world).await;
    world.clock.advance(monday().start.since(world.clock.now())).unwrap();
    let unable = Command::ReportUnable {
        reason: UnableReason::PartsMissing,
        next_at: None,
        parts_at: Some(monday().start + Span::days(7)),
    };
    world.give(case, ActorKind::Technician, unable).await;
    let appointment = AppointmentId::new(world.desk.ids.next());
    let later = monday().start + Span::days(7);
    let window = Window { start: later, end: later + Span::hours(2) };
    let technician = TECHNICIAN.parse().unwrap();
    let again = Command::BookAppointment { appointment, technician, window };
    world.give(case, ActorKind::Customer, again).await;
    assert_eq!(at_risk(&world, &operator()).await, []);
    let late = Command::ExpectParts { arrives_at: later + Span::hours(1) };
    world.give(case, ActorKind::Centre, late).await;
    let listed = at_risk(&world, &operator()).await;
    assert_eq!(listed, [(case.to_string(), RiskCause::PartsNotThere)]);
}

#[tokio::test]
async fn partners_are_told_of_their_own_work_alone() {
    let world = World::new().await;
    booked(&world).await;
    update(&world, |one| one.certificates[0].valid_until = "2026-06-14".into(), "certificates")
        .await;
    for who in [centre("a-1"), brand("aurora")] {
        assert_eq!(at_risk(&world, &who).await.len(), 1, "{who}");
    }
    for who in [centre("a-2"), centre("b-1"), brand("boreal")] {
        assert_eq!(at_risk(&world, &who).await, [], "{who}");
    }
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended() {
    let world = World::new().await;
    let mut cases = Vec::new();
    for _ in 0..2 {
        cases.push(booked(&world).await.to_string());
    }
    update(&world, |one| one.certificates[0].valid_until = "2026-06-14".into(), "certificates")
        .await;
    let (mut found, mut page_token) = (Vec::new(), String::new());
    for _ in 0..3 {
        let request = ListWorkAtRiskRequest { page_size: 1, page_token };
        let page = world.dispatch.list_work_at_risk(by(&operator(), request)).await.unwrap();
        let page = page.into_inner();
        assert!(page.work.len() <= 1);
        found.extend(page.work.into_iter().map(|one| one.case_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!((found, page_token), (cases, String::new()));
}
