//! Naming technicians, and the centre with them.

use parasol_api::Reason;
use parasol_api::common::v1::MessageEffect;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::*;
use parasol_journey::event::Window;
use parasol_journey::ids::{AppointmentId, CaseId, WorkOrderId};
use parasol_journey::time::Span;
use parasol_journey::{ActorKind, Command, Fact, Stage};

use crate::world::{World, brand, by, centre, reason, same_bytes, start};

fn naming(world: &World, case: CaseId, technician: &str) -> AssignTechnicianRequest {
    AssignTechnicianRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        technician: technician.into(),
        ..AssignTechnicianRequest::default()
    }
}

fn renaming(world: &World, case: CaseId, technician: &str) -> ReassignTechnicianRequest {
    ReassignTechnicianRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        technician: technician.into(),
        reason: "在休假".into(),
        ..ReassignTechnicianRequest::default()
    }
}

#[tokio::test]
async fn a_centre_names_one_of_its_own_who_may_do_the_work() {
    let world = World::new().await;
    let (case, _) = world.accepted().await;
    let me = centre("a-1");
    for (technician, expected) in [
        ("a-2-t1", Reason::TechnicianUnknown),
        ("nobody", Reason::TechnicianUnknown),
        ("a-1-air", Reason::TechnicianNotCertified),
        ("a-1-old", Reason::TechnicianNotCertified),
    ] {
        let refused = world.dispatch.assign_technician(by(&me, naming(&world, case, technician)));
        assert_eq!(reason(refused.await), expected, "{technician}");
    }
    let request = naming(&world, case, "a-1-t1");
    let answer = world.dispatch.assign_technician(by(&me, request.clone())).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!(answer.effect(), MessageEffect::Applied);
    assert_eq!(world.case(case).await.technician().unwrap().as_str(), "a-1-t1");
    let again = world.dispatch.assign_technician(by(&me, request)).await.unwrap().into_inner();
    assert!(same_bytes(&answer, &again));
    let twice = world.dispatch.assign_technician(by(&me, naming(&world, case, "a-1-t2"))).await;
    assert_eq!(reason(twice), Reason::IllegalTransition);
}

#[tokio::test]
async fn who_comes_along_is_of_the_same_centre_and_may_do_the_work_too() {
    let world = World::new().await;
    let (case, _) = world.accepted().await;
    let me = centre("a-1");
    let crew = |helper: &str| AssignTechnicianRequest {
        helper: helper.into(),
        ..naming(&world, case, "a-1-t1")
    };
    for (helper, expected) in [
        ("a-1-t1", Reason::FieldInvalid),
        ("a-2-t1", Reason::TechnicianUnknown),
        ("nobody", Reason::TechnicianUnknown),
        ("a-1-air", Reason::TechnicianNotCertified),
        ("a-1-old", Reason::TechnicianNotCertified),
    ] {
        let refused = world.dispatch.assign_technician(by(&me, crew(helper))).await;
        assert_eq!(reason(refused), expected, "{helper}");
    }
    world.dispatch.assign_technician(by(&me, crew("a-1-t2"))).await.unwrap();
    let order = world.case(case).await.work_order.unwrap();
    assert_eq!(order.helper.unwrap().as_str(), "a-1-t2");
    let asked = GetWorkOrderRequest {
        key: Some(get_work_order_request::Key::WorkOrderId(order.id.to_string())),
    };
    let shown = world.dispatch.get_work_order(by(&me, asked)).await.unwrap().into_inner();
    assert_eq!((shown.technician.as_str(), shown.helper.as_str()), ("a-1-t1", "a-1-t2"));
    let alone = renaming(&world, case, "a-1-t2");
    world.dispatch.reassign_technician(by(&me, alone)).await.unwrap();
    assert_eq!(world.case(case).await.work_order.unwrap().helper, None);
}

#[tokio::test]
async fn a_licence_is_good_to_its_last_day() {
    let world = World::new().await;
    let (case, _) = world.accepted().await;
    world.clock.advance(Span::hours(15)).unwrap();
    let request = naming(&world, case, "a-1-t1");
    let refused = world.dispatch.assign_technician(by(&centre("a-1"), request)).await.unwrap_err();
    assert!(refused.message().contains("electrician"), "{refused:?}");
}

#[tokio::test]
async fn what_is_anothers_is_not_found() {
    let world = World::new().await;
    let (case, _) = world.accepted().await;
    for who in [centre("a-2"), centre("b-1"), brand("boreal")] {
        let refused = world.dispatch.assign_technician(by(&who, naming(&world, case, "a-1-t1")));
        assert_eq!(reason(refused.await), Reason::NotFound);
        let refused =
            world.dispatch.reassign_technician(by(&who, renaming(&world, case, "a-1-t1")));
        assert_eq!(reason(refused.await), Reason::NotFound);
    }
    let unknown = CaseId::new(world.desk.ids.next());
    let refused =
        world.dispatch.assign_technician(by(&centre("a-1"), naming(&world, unknown, "t")));
    assert_eq!(reason(refused.await), Reason::NotFound);
}

#[tokio::test]
async fn before_accepting_there_is_nobody_to_name() {
    let world = World::new().await;
    let (case, _) = world.offered().await;
    let refused =
        world.dispatch.assign_technician(by(&centre("a-1"), naming(&world, case, "a-1-t1")));
    assert_eq!(reason(refused.await), Reason::IllegalTransition);
}

#[tokio::test]
async fn a_brand_names_centre_and_technician_in_one_step() {
    let world = World::new().await;
    let (case, offer) = world.offered().await;
    let work_order = WorkOrderId::new(world.desk.ids.next());
    let accept = Command::AcceptOffer { offer, work_order, centre: None, partner_order: None };
    world.give(case, ActorKind::Brand, accept).await;
    assert_eq!(world.case(case).await.stage, Stage::Accepted);
    let me = brand("aurora");
    let with = |centre: &str, technician: &str| AssignTechnicianRequest {
        centre: centre.into(),
        ..naming(&world, case, technician)
    };
    for (request, expected) in [
        (with("", "a-1-t1"), Reason::CentreUnknown),
        (with("b-1", "a-1-t1"), Reason::CentreUnknown),
        (with("a-2", "a-1-t1"), Reason::TechnicianUnknown),
    ] {
        let refused = world.dispatch.assign_technician(by(&me, request)).await;
        assert_eq!(reason(refused), expected);
    }
    // Nobody has the work yet, the centre that was asked least of all.
    let early = world.dispatch.assign_technician(by(&centre("a-1"), with("a-1", "a-1-t1"))).await;
    assert_eq!(reason(early), Reason::NotFound);

    let before = world.case(case).await.version;
    world.dispatch.assign_technician(by(&me, with("a-2", "a-2-t1"))).await.unwrap();
    let log = world.desk.store.log_after(case, before, 10).await.unwrap();
    let facts: Vec<_> = log.iter().map(|logged| &logged.event.fact).collect();
    assert!(matches!(
        facts[..],
        [Fact::CentreAssigned { centre }, Fact::TechnicianAssigned { technician, .. }]
            if centre.as_str() == "a-2" && technician.as_str() == "a-2-t1"
    ));
    let another = world.dispatch.assign_technician(by(&me, with("a-3", "a-2-t1"))).await;
    assert_eq!(reason(another), Reason::IllegalTransition);
}

#[tokio::test]
async fn another_technician_comes_and_the_visit_is_released() {
    let world = World::new().await;
    let (case, _) = world.accepted().await;
    let me = centre("a-1");
    let early = world.dispatch.reassign_technician(by(&me, renaming(&world, case, "a-1-t2"))).await;
    assert_eq!(reason(early), Reason::IllegalTransition);
    world.dispatch.assign_technician(by(&me, naming(&world, case, "a-1-t1"))).await.unwrap();
    let book = Command::BookAppointment {
        appointment: AppointmentId::new(world.desk.ids.next()),
        technician: "a-1-t1".parse().unwrap(),
        window: Window { start: start() + Span::hours(3), end: start() + Span::hours(5) },
    };
    world.give(case, ActorKind::Customer, book).await;
    let silent =
        ReassignTechnicianRequest { reason: String::new(), ..renaming(&world, case, "a-1-t2") };
    let refused = world.dispatch.reassign_technician(by(&me, silent)).await;
    assert_eq!(reason(refused), Reason::FieldInvalid);
    let old = world.dispatch.reassign_technician(by(&me, renaming(&world, case, "a-1-old"))).await;
    assert_eq!(reason(old), Reason::TechnicianNotCertified);

    let request = renaming(&world, case, "a-1-t2");
    let answer = world.dispatch.reassign_technician(by(&me, request.clone())).await.unwrap();
    let again = world.dispatch.reassign_technician(by(&me, request)).await.unwrap();
    assert!(same_bytes(answer.get_ref(), again.get_ref()));
    let after = world.case(case).await;
    assert_eq!(after.technician().unwrap().as_str(), "a-1-t2");
    assert!(after.visit.is_none());
    let kept = world.desk.store.reveal(case.uuid(), "reassign_reason").await.unwrap();
    assert!(kept.unwrap().contains("休假"));
}
