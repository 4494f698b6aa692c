//! Parts and units on the move during a repair.

use parasol_api::Reason;
use parasol_api::common::v1::{MessageEffect, PartLine};
use parasol_api::convert::to_timestamp;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::*;
use parasol_journey::certificate::{
    Certificate, EvidenceItem, EvidenceKind, Exterior, Handling, Level, Packaging,
};
use parasol_journey::event::{Decision, OfferedRemedy, Window};
use parasol_journey::ids::{AppointmentId, CaseId, CertificateId, DecisionId};
use parasol_journey::time::Span;
use parasol_journey::vocab::{Cause, Conclusion, Function, Party, Remedy};
use parasol_journey::{ActorKind, Command, Fact, Stage};
use parasol_runtime::identity::{Principal, Role};

use crate::seeing::work_order_of;
use crate::world::{World, brand, by, centre, reason, same_bytes, start};

/// Takes an accepted case of `a-1` to the decision, by a real course.
pub async fn inspected(world: &World, case: CaseId) {
    let technician = || "a-1-t1".parse().unwrap();
    let now = world.clock.now();
    let window = Window { start: now + Span::hours(1), end: now + Span::hours(3) };
    let appointment = AppointmentId::new(world.desk.ids.next());
    let (field, technician_) = (ActorKind::Centre, ActorKind::Technician);
    let assign = Command::AssignTechnician { technician: technician(), helper: None };
    world.give(case, field, assign).await;
    let book = Command::BookAppointment { appointment, technician: technician(), window };
    world.give(case, field, book).await;
    world
        .give(
            case,
            technician_,
            Command::CheckIn { distance_m: None, mock_location: false, arrived_at: None },
        )
        .await;
    let photo = |kind| EvidenceItem { kind, sha256: "ab".repeat(32), taken_at: world.clock.now() };
    let certificate = Certificate {
        id: CertificateId::new(world.desk.ids.next()),
        level: Level::First,
        technician: Some(technician()),
        inspected_at: world.clock.now(),
        serial: "SN0001".parse().unwrap(),
        packaging: Packaging::Intact,
        exterior: Exterior::Intact,
        function: Function::Fault,
        fault_code: "F01".into(),
        cause: Cause::Product,
        evidence: vec![photo(EvidenceKind::Nameplate), photo(EvidenceKind::Fault)],
        handling: Handling::None,
        customer_signed: true,
        conclusion: Conclusion::Repairable,
        serial_explained: false,
        cause_sign: false,
        danger: false,
        supersedes: None,
        words: String::new(),
    };
    let submit = Command::SubmitCertificate { certificate: Box::new(certificate) };
    world.give(case, technician_, submit).await;
    assert_eq!(world.case(case).await.stage, Stage::Deciding);
}

/// A case that `a-1` repairs.
pub async fn in_repair(world: &World) -> CaseId {
    let (case, _) = world.accepted().await;
    inspected(world, case).await;
    let decision = Decision {
        id: DecisionId::new(world.desk.ids.next()),
        policy: "cn-2026.1".into(),
        rules: vec!["R30".into()],
        offered: vec![OfferedRemedy {
            remedy: Remedy::Repair,
            amount_fen: 0,
            payer: "brand".into(),
            recourse: String::new(),
        }],
        certificate: None,
        overrides: false,
    };
    world.give(case, ActorKind::Policy, Command::Decide { decision }).await;
    assert_eq!(world.case(case).await.stage, Stage::Repairing);
    case
}

fn parts(world: &World, case: CaseId) -> RequestPartsRequest {
    RequestPartsRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        lines: vec![PartLine { part_no: "C-1".into(), name: "压缩机".into(), quantity: 1 }],
        ..RequestPartsRequest::default()
    }
}

fn received(world: &World, case: CaseId, goods: i32) -> ReportReceivedRequest {
    ReportReceivedRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        goods,
        ..ReportReceivedRequest::default()
    }
}

#[tokio::test]
async fn parts_are_ordered_shipped_and_received() {
    let world = World::new().await;
    let case = in_repair(&world).await;
    let technician = Principal::new(Role::Technician, "a-1-t1");
    let request = parts(&world, case);
    let answer = world.dispatch.request_parts(by(&technician, request.clone())).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!(answer.effect(), MessageEffect::Applied);
    let again = world.dispatch.request_parts(by(&technician, request)).await.unwrap();
    assert!(same_bytes(&answer, again.get_ref()));
    assert_eq!(world.case(case).await.turn.holder(), Some(Party::Brand));

    let shown = work_order_of(&world, &centre("a-1"), case).await.unwrap();
    let [order] = &shown.part_orders[..] else { panic!("{:?}", shown.part_orders) };
    assert_eq!(order.part_order_id, answer.part_order_id);
    assert_eq!((order.state(), order.lines[0].part_no.as_str()), (PartOrderState::Ordered, "C-1"));
    assert_eq!(order.expected_at, None);

    let expected_at = Some(to_timestamp(start() + Span::days(2)));
    let ship = ShipPartsRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        part_order_id: answer.part_order_id.clone(),
        carrier: "京东物流".into(),
        tracking_no: "JD0001".into(),
        expected_at,
        ..ShipPartsRequest::default()
    };
    let unknown = ShipPartsRequest {
        part_order_id: "part_01905af12b3c7def8123456789abcdef".into(),
        ..ship.clone()
    };
    let refused = world.dispatch.ship_parts(by(&brand("aurora"), unknown)).await;
    assert_eq!(reason(refused), Reason::NotFound);
    world.dispatch.ship_parts(by(&brand("aurora"), ship)).await.unwrap();
    let shown = work_order_of(&world, &brand("aurora"), case).await.unwrap();
    assert_eq!(shown.part_orders[0].state(), PartOrderState::Shipped);
    assert_eq!(shown.part_orders[0].expected_at, expected_at);

    let came =
        ReportReceivedRequest { part_order_id: answer.part_order_id, ..received(&world, case, 2) };
    world.dispatch.report_received(by(&centre("a-1"), came)).await.unwrap();
    let shown = work_order_of(&world, &centre("a-1"), case).await.unwrap();
    assert_eq!(shown.part_orders[0].state(), PartOrderState::Received);
}

#[tokio::test]
async fn parts_without_a_promise_arrive_by_the_law_at_the_latest() {
    let world = World::new().await;
    let case = in_repair(&world).await;
    let me = centre("a-1");
    let ordered = world.dispatch.request_parts(by(&me, parts(&world, case))).await.unwrap();
    let ship = ShipPartsRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        part_order_id: ordered.into_inner().part_order_id,
        ..ShipPartsRequest::default()
    };
    world.dispatch.ship_parts(by(&me, ship)).await.unwrap();
    let log = world.desk.store.log_after(case, 0, 100).await.unwrap();
    let shipped = log.iter().find_map(|logged| match logged.event.fact {
        Fact::PartsShipped { arrives_at } => Some(arrives_at),
        _ => None,
    });
    assert_eq!(shipped, Some(start() + Span::days(90)));
    let shown = work_order_of(&world, &me, case).await.unwrap();
    assert_eq!(shown.part_orders[0].expected_at, None, "nobody said");
}

#[tokio::test]
async fn a_unit_comes_to_the_workshop_and_goes_back() {
    let world = World::new().await;
    let case = in_repair(&world).await;
    let me = centre("a-1");
    let unit = |serial: &str| ReportReceivedRequest {
        serial: serial.into(),
        remark: "外壳有划痕".into(),
        ..received(&world, case, 1)
    };
    for wrong in ["", "SN0002"] {
        let refused = world.dispatch.report_received(by(&me, unit(wrong))).await;
        assert_eq!(reason(refused), Reason::FieldInvalid);
    }
    let request = unit("SN0001");
    let answer = world.dispatch.report_received(by(&me, request.clone())).await.unwrap();
    let again = world.dispatch.report_received(by(&me, request)).await.unwrap();
    assert!(same_bytes(answer.get_ref(), again.get_ref()));
    assert!(world.case(case).await.repairs.at_workshop);

    let back = ReportReturnedRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        serial: "SN0001".into(),
        ..ReportReturnedRequest::default()
    };
    let other = ReportReturnedRequest { serial: "SN0002".into(), ..back.clone() };
    let refused = world.dispatch.report_returned(by(&me, other)).await;
    assert_eq!(reason(refused), Reason::FieldInvalid);
    // A refused request saved nothing, so its id is still free.
    world.dispatch.report_returned(by(&me, back)).await.unwrap();
    assert!(!world.case(case).await.repairs.at_workshop);
}

#[tokio::test]
async fn outside_a_repair_and_for_others_nothing_moves() {
    let world = World::new().await;
    let (case, _) = world.accepted().await;
    let me = centre("a-1");
    let refused = world.dispatch.request_parts(by(&me, parts(&world, case))).await;
    assert_eq!(reason(refused), Reason::IllegalTransition);
    let came = ReportReceivedRequest { serial: "SN0001".into(), ..received(&world, case, 1) };
    let refused = world.dispatch.report_received(by(&me, came)).await;
    assert_eq!(reason(refused), Reason::IllegalTransition);

    let case = in_repair(&world).await;
    let empty = RequestPartsRequest { lines: Vec::new(), ..parts(&world, case) };
    assert_eq!(reason(world.dispatch.request_parts(by(&me, empty)).await), Reason::FieldInvalid);
    let ordered = world.dispatch.request_parts(by(&me, parts(&world, case))).await.unwrap();
    let id = ordered.into_inner().part_order_id;
    let strangers = [centre("a-2"), brand("boreal"), Principal::new(Role::Technician, "a-1-t2")];
    for who in strangers {
        let refused = world.dispatch.request_parts(by(&who, parts(&world, case))).await;
        assert_eq!(reason(refused), Reason::NotFound);
        let came = ReportReceivedRequest { part_order_id: id.clone(), ..received(&world, case, 2) };
        let refused = world.dispatch.report_received(by(&who, came)).await;
        assert_eq!(reason(refused), Reason::NotFound);
    }
}

fn part_step<M>(world: &World, case: CaseId, make: impl Fn(String, String) -> M) -> M {
    make(world.desk.ids.next().to_string(), case.to_string())
}

#[tokio::test]
async fn parts_come_late_are_built_in_and_the_defective_one_goes_back() {
    Box::pin(parts_run_their_course(World::new().await)).await;
}

#[tokio::test]
async fn parts_come_late_are_built_in_and_the_defective_one_goes_back_on_a_server() {
    Box::pin(parts_run_their_course(World::on_postgres("d_parts").await)).await;
}

async fn parts_run_their_course(world: World) {
    let case = in_repair(&world).await;
    let (me, maker) = (centre("a-1"), brand("aurora"));
    let technician = Principal::new(Role::Technician, "a-1-t1");
    let ordered = world.dispatch.request_parts(by(&me, parts(&world, case))).await.unwrap();
    let part = ordered.into_inner().part_order_id;
    let later = |expected_at| {
        part_step(&world, case, |request_id, case_id| ReportBackorderRequest {
            request_id,
            case_id,
            part_order_id: part.clone(),
            expected_at,
            ..ReportBackorderRequest::default()
        })
    };
    for wrong in [None, Some(start()), Some(start() + Span::days(400))] {
        let refused =
            world.dispatch.report_backorder(by(&maker, later(wrong.map(to_timestamp)))).await;
        assert_eq!(reason(refused), Reason::FieldInvalid);
    }
    let day = Some(to_timestamp(start() + Span::days(20)));
    let late = later(day);
    let told = world.dispatch.report_backorder(by(&maker, late.clone())).await.unwrap();
    let shown = work_order_of(&world, &me, case).await.unwrap();
    assert_eq!(shown.part_orders[0].state(), PartOrderState::Backordered);
    assert_eq!(shown.part_orders[0].expected_at, day);
    assert_eq!(world.case(case).await.turn.holder(), Some(Party::Brand));

    world.clock.advance(Span::days(21)).unwrap();
    // The day has passed, and the message that named it came through.
    let again = world.dispatch.report_backorder(by(&maker, late)).await.unwrap();
    assert!(same_bytes(told.get_ref(), again.get_ref()));
    let receive = part_step(&world, case, |request_id, case_id| ReceivePartsRequest {
        request_id,
        case_id,
        part_order_id: part.clone(),
        ..ReceivePartsRequest::default()
    });
    let answer = world.dispatch.receive_parts(by(&technician, receive.clone())).await.unwrap();
    let again = world.dispatch.receive_parts(by(&technician, receive.clone())).await.unwrap();
    assert!(same_bytes(answer.get_ref(), again.get_ref()));
    let repaired = world.case(case).await;
    assert_eq!(repaired.turn.holder(), Some(Party::Technician));
    assert_eq!(repaired.repairs.parts_spent, Span::days(21));
    let request_id = world.desk.ids.next().to_string();
    let twice = ReceivePartsRequest { request_id, ..receive };
    let refused = world.dispatch.receive_parts(by(&technician, twice)).await;
    assert_eq!(reason(refused), Reason::PartNotAwaited);

    let install = part_step(&world, case, |request_id, case_id| InstallPartsRequest {
        request_id,
        case_id,
        part_order_id: part.clone(),
        return_defective: true,
        ..InstallPartsRequest::default()
    });
    world.dispatch.install_parts(by(&technician, install)).await.unwrap();
    let shown = work_order_of(&world, &me, case).await.unwrap();
    let return_by = Some(to_timestamp(world.clock.now() + Span::days(30)));
    assert_eq!(shown.part_orders[0].state(), PartOrderState::Returning);
    assert_eq!(shown.part_orders[0].return_by, return_by);
    world.give(case, ActorKind::Technician, Command::CompleteVisit { matches: true }).await;
    assert_eq!(world.case(case).await.stage, Stage::Closed);

    let back = part_step(&world, case, |request_id, case_id| ReturnPartsRequest {
        request_id,
        case_id,
        part_order_id: part.clone(),
        carrier: "京东物流".into(),
        tracking_no: "JD0002".into(),
        ..ReturnPartsRequest::default()
    });
    for who in [centre("a-2"), brand("boreal")] {
        let refused = world.dispatch.return_parts(by(&who, back.clone())).await;
        assert_eq!(reason(refused), Reason::NotFound);
    }
    world.dispatch.return_parts(by(&me, back)).await.unwrap();
    let ended = world.case(case).await;
    assert_eq!((ended.stage, ended.parts.len()), (Stage::Closed, 0));
}
