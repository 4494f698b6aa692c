//! What partners see, and when they stop seeing it.

use parasol_api::Reason;
use parasol_api::partner::v1::get_work_order_request::Key;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::work_order_change::Change;
use parasol_api::partner::v1::*;
use parasol_api::visibility::{Class, shown};
use parasol_journey::event::Window;
use parasol_journey::ids::{AppointmentId, CaseId, WorkOrderId};
use parasol_journey::time::Span;
use parasol_journey::{ActorKind, Command};
use parasol_runtime::identity::{Principal, Role};
use tonic::Status;

use crate::world::{STREET, World, XIHU, brand, by, centre, reason, start};

/// The live work order of a case, as somebody sees it.
pub async fn work_order_of(
    world: &World,
    who: &Principal,
    case: CaseId,
) -> Result<WorkOrder, Status> {
    let request = GetWorkOrderRequest { key: Some(Key::CaseId(case.to_string())) };
    Ok(world.dispatch.get_work_order(by(who, request)).await?.into_inner())
}

async fn by_id(world: &World, who: &Principal, id: &str) -> Result<WorkOrder, Status> {
    let request = GetWorkOrderRequest { key: Some(Key::WorkOrderId(id.to_owned())) };
    Ok(world.dispatch.get_work_order(by(who, request)).await?.into_inner())
}

/// Everything that is open for somebody, offers and work orders.
pub async fn everything_open(world: &World, who: &Principal) -> (Vec<Offer>, Vec<WorkOrder>) {
    let request = ListWorkOrdersRequest { page_size: 200, ..ListWorkOrdersRequest::default() };
    let answer = world.dispatch.list_work_orders(by(who, request)).await.unwrap().into_inner();
    let (mut offers, mut orders) = (Vec::new(), Vec::new());
    for change in answer.changes {
        match change.change.unwrap() {
            Change::Offer(offer) => offers.push(*offer),
            Change::WorkOrder(order) => orders.push(*order),
        }
    }
    (offers, orders)
}

#[tokio::test]
async fn an_offer_shows_the_area_and_no_number() {
    let world = World::new().await;
    let (case, id) = world.offered().await;
    let (offers, _) = everything_open(&world, &centre("a-1")).await;
    let [offer] = &offers[..] else { panic!("{offers:?}") };
    assert_eq!(offer.offer_id, id.to_string());
    assert_eq!(offer.case_id, case.to_string());
    assert_eq!(offer.state(), OfferState::Offered);
    assert_eq!(offer.county, XIHU);
    let seen = shown("parasol.partner.v1.Offer", Class::Brand, offer);
    assert_eq!(seen.description, "不制冷，请打 ***", "the edge takes numbers out");
    assert_eq!(offer.preferred_windows.len(), 1);
    assert!(offer.danger);
    let at = |instant| Some(parasol_api::convert::to_timestamp(instant));
    assert_eq!(offer.offered_at, at(start()));
    assert_eq!(offer.answer_by, at(start() + Span::hours(2)));
    assert_eq!(offer.visit_by, at(start() + Span::hours(48)));
    let text = format!("{offer:?}");
    assert!(
        !text.contains(STREET)
            && !text.contains("30.272")
            && !text.contains("小明")
            && !text.contains("8000")
    );
}

#[tokio::test]
async fn an_answered_offer_shows_nothing_of_the_customer() {
    let world = World::new().await;
    let (case, offer) = world.offered().await;
    world.sequence().await;
    let start = ListWorkOrdersRequest::default();
    let me = centre("a-1");
    let first = world.dispatch.list_work_orders(by(&me, start)).await.unwrap().into_inner();
    world.dispatch.decline_offer(by(&me, world.refusal(case, offer))).await.unwrap();
    world.sequence().await;
    let next = ListWorkOrdersRequest { cursor: first.cursor, ..ListWorkOrdersRequest::default() };
    let next = world.dispatch.list_work_orders(by(&me, next)).await.unwrap().into_inner();
    let [WorkOrderChange { change: Some(Change::Offer(offer)) }] = &next.changes[..] else {
        panic!("{:?}", next.changes)
    };
    assert_eq!(offer.state(), OfferState::Declined);
    assert!(offer.description.is_empty() && offer.preferred_windows.is_empty());
    assert_eq!(offer.offered_at, Some(parasol_api::convert::to_timestamp(crate::world::start())));
}

#[tokio::test]
async fn a_work_order_shows_street_and_masked_name_until_the_case_ends() {
    let world = World::new().await;
    let (case, answer) = world.accepted().await;
    let id = answer.work_order.unwrap().work_order_id;
    for who in [centre("a-1"), brand("aurora")] {
        let order = work_order_of(&world, &who, case).await.unwrap();
        assert_eq!(order.work_order_id, id);
        let address = order.address.clone().unwrap();
        assert_eq!(address.street, STREET);
        assert_eq!(address.location.unwrap().lat, 30.272);
        // The edge masks it; see the contract's options.
        let seen = shown("parasol.partner.v1.WorkOrder", Class::Brand, &order);
        assert_eq!(seen.customer_name, "王**");
        assert_eq!(order.relay_phone, "");
        assert!(order.description.contains("不制冷"));
        assert_eq!(order.accepted_at, Some(parasol_api::convert::to_timestamp(start())));
        assert_eq!(order.next_deadline.unwrap().clock, "centre.assign");
    }
    world.give(case, ActorKind::Customer, Command::Cancel).await;
    for order in [
        work_order_of(&world, &centre("a-1"), case).await.unwrap(),
        by_id(&world, &brand("aurora"), &id).await.unwrap(),
    ] {
        assert_eq!(order.state(), WorkOrderState::Cancelled);
        assert_eq!(order.address.unwrap().street, "");
        assert!(order.customer_name.is_empty() && order.description.is_empty());
        assert_eq!(order.next_deadline, None);
    }
}

#[tokio::test]
async fn a_work_order_follows_its_visit() {
    let world = World::new().await;
    let (case, _) = world.accepted().await;
    let technician = Principal::new(Role::Technician, "a-1-t1");
    assert_eq!(reason(work_order_of(&world, &technician, case).await), Reason::NotFound);
    let window = Window { start: start() + Span::hours(3), end: start() + Span::hours(5) };
    let appointment = AppointmentId::new(world.desk.ids.next());
    let name = || "a-1-t1".parse().unwrap();
    let assign = Command::AssignTechnician { technician: name(), helper: None };
    world.give(case, ActorKind::Centre, assign).await;
    let book = Command::BookAppointment { appointment, technician: name(), window };
    world.give(case, ActorKind::Centre, book).await;
    let order = work_order_of(&world, &technician, case).await.unwrap();
    assert_eq!(order.state(), WorkOrderState::Planned);
    assert_eq!(order.appointment_id, appointment.to_string());
    assert_eq!(order.window, Some(parasol_api::convert::to_window(window)));
    world
        .give(
            case,
            ActorKind::Technician,
            Command::CheckIn { distance_m: None, mock_location: false, arrived_at: None },
        )
        .await;
    let order = work_order_of(&world, &technician, case).await.unwrap();
    assert_eq!(order.state(), WorkOrderState::InProgress);
}

#[tokio::test]
async fn a_work_order_that_left_its_case_says_how() {
    let world = World::new().await;
    let (case, answer) = world.accepted().await;
    let id = answer.work_order.unwrap().work_order_id;
    // The centre names nobody for four hours.
    world.wait(Span::hours(4)).await;
    let order = by_id(&world, &centre("a-1"), &id).await.unwrap();
    assert_eq!(order.state(), WorkOrderState::UnableToComplete);
    assert_eq!(order.address.unwrap().street, "");
    assert_eq!(reason(work_order_of(&world, &centre("a-1"), case).await), Reason::NotFound);

    let (case, answer) = world.accepted().await;
    let id = answer.work_order.unwrap().work_order_id;
    crate::repairing::inspected(&world, case).await;
    let second = Command::OrderSecondInspection { rules: vec!["R40".into()] };
    world.give(case, ActorKind::Policy, second).await;
    let order = by_id(&world, &centre("a-1"), &id).await.unwrap();
    assert_eq!(order.state(), WorkOrderState::Completed);
}

#[tokio::test]
async fn what_is_anothers_is_not_found() {
    let world = World::new().await;
    let (case, answer) = world.accepted().await;
    let id = answer.work_order.unwrap().work_order_id;
    let unknown = WorkOrderId::new(world.desk.ids.next()).to_string();
    assert_eq!(reason(by_id(&world, &centre("a-1"), &unknown).await), Reason::NotFound);
    for who in [
        centre("a-2"),
        brand("boreal"),
        Principal::new(Role::Technician, "a-1-t1"),
        Principal::new(Role::Agent, "ag-1"),
    ] {
        assert_eq!(reason(by_id(&world, &who, &id).await), Reason::NotFound);
        assert_eq!(reason(work_order_of(&world, &who, case).await), Reason::NotFound);
        let request = ListWorkOrdersRequest::default();
        if let Ok(list) = world.dispatch.list_work_orders(by(&who, request)).await {
            assert!(list.get_ref().changes.is_empty());
        }
    }
}
