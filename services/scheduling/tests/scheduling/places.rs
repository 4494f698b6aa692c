//! Where a case is, and how far from there a technician checks in.

use parasol_api::Reason;
use parasol_api::common::v1::GeoPoint;
use parasol_api::technician::v1::CheckInRequest;
use parasol_api::technician::v1::visit_service_server::VisitService as _;
use parasol_casebook::Point;
use parasol_desk::{customer_id, location};
use parasol_journey::event::Fact;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_scheduling::Place;

use crate::course::*;
use crate::world::*;

const HOME: &str = r#"{"name":"张三","phone":"13800008000","address":"文三路1号","county":"330106","location":{"lat":30272000,"lon":120147000}}"#;
const ELSEWHERE: &str =
    r#"{"description":"不制冷","address":{"county":"330106","street":"二路2号"}}"#;
const BY_THE_LAKE: &str = r#"{"description":"不制冷","address":{"county":"330106","street":"二路2号","location":{"lat":30242400,"lon":120169300}}}"#;

fn at_home() -> Point {
    Point { lat: 30_272_000, lon: 120_147_000 }
}

async fn place(world: &World, case: CaseId) -> Place {
    world.scheduling.place(&world.case(case).await).await.unwrap()
}

/// What the log says of the arrival: metres, and whether the position was simulated.
async fn arrival(world: &World, case: CaseId) -> (Option<u32>, bool) {
    let log = world.desk.store.log_after(case, 0, 100).await.unwrap();
    let mut arrivals = log.iter().filter_map(|logged| match logged.event.fact {
        Fact::CheckedIn { distance_m, mock_location, .. } => Some((distance_m, mock_location)),
        _ => None,
    });
    arrivals.next_back().unwrap()
}

async fn booked(world: &World) -> CaseId {
    let case = world.with_technician(TECHNICIAN).await;
    book(world, case, "08T09:00", "08T11:00").await.unwrap();
    world.wait_until(at("2026-06-08T09:10"));
    case
}

fn arrive(world: &World, case: CaseId, position: Option<Point>) -> CheckInRequest {
    CheckInRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        position: position.map(location::to_wire),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_address_has_a_place_or_its_county_has_one_or_nobody_knows() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    assert_eq!(place(&world, case).await, Place::Unknown);
    // What was learned is remembered for half a minute.
    world.network.set_middle(Some((30.26, 120.13)));
    assert_eq!(place(&world, case).await, Place::Unknown);
    world.wait(Span::minutes(1));
    let middle = Point { lat: 30_260_000, lon: 120_130_000 };
    assert_eq!(place(&world, case).await, Place::County(middle));
    let asked = world.network.asked();
    assert_eq!(place(&world, case).await, Place::County(middle));
    assert_eq!(world.network.asked(), asked);
    world.wait(Span::minutes(1));
    world.network.set_middle(Some((0.0, 0.0)));
    assert_eq!(place(&world, case).await, Place::Unknown, "zero and zero is no middle");

    world.keep(customer_id(CUSTOMER).uuid(), "customer", HOME).await;
    assert_eq!(place(&world, case).await, Place::Exact(at_home()));
    // A unit that stands elsewhere is not at home.
    world.keep(case.uuid(), "filing", ELSEWHERE).await;
    assert_eq!(place(&world, case).await, Place::Unknown);
    world.keep(case.uuid(), "filing", BY_THE_LAKE).await;
    assert_eq!(
        place(&world, case).await.point(),
        Some(Point { lat: 30_242_400, lon: 120_169_300 })
    );
}

#[tokio::test]
async fn an_arrival_is_measured_against_the_address_and_refused_for_no_distance() {
    for (north, metres) in [(0, 0), (4_497, 500), (4_506, 501), (1_000_000, 111_195)] {
        let world = World::new().await;
        world.keep(customer_id(CUSTOMER).uuid(), "customer", HOME).await;
        let case = booked(&world).await;
        let stands = Point { lat: at_home().lat + north, ..at_home() };
        let request = arrive(&world, case, Some(stands));
        world.scheduling.check_in(ask(&technician(), request)).await.unwrap();
        assert_eq!(arrival(&world, case).await, (Some(metres), false));
    }
}

#[tokio::test]
async fn nobody_is_far_from_a_door_whose_place_is_not_known() {
    let world = World::new().await;
    world.network.set_middle(Some((30.26, 120.13)));
    let case = booked(&world).await;
    let request = arrive(&world, case, Some(at_home()));
    world.scheduling.check_in(ask(&technician(), request)).await.unwrap();
    assert_eq!(arrival(&world, case).await, (None, false));
}

#[tokio::test]
async fn a_simulated_position_is_noted_and_refuses_nothing() {
    let world = World::new().await;
    world.keep(customer_id(CUSTOMER).uuid(), "customer", HOME).await;
    let case = booked(&world).await;
    let honest = arrive(&world, case, None);
    let request = CheckInRequest { mock_location: true, ..honest };
    world.scheduling.check_in(ask(&technician(), request)).await.unwrap();
    assert_eq!(arrival(&world, case).await, (None, true));
}

#[tokio::test]
async fn a_stranger_learns_nothing_from_a_position() {
    let world = World::new().await;
    world.keep(customer_id(CUSTOMER).uuid(), "customer", HOME).await;
    let case = booked(&world).await;
    for outsider in outsiders() {
        let request = arrive(&world, case, Some(at_home()));
        let refused = world.scheduling.check_in(ask(&outsider, request)).await;
        assert_eq!(reason(refused), Reason::NotFound, "{outsider}");
    }
    let nowhere = CheckInRequest {
        position: Some(GeoPoint { lat: 90.5, lon: 0.0 }),
        ..arrive(&world, case, None)
    };
    let refused = world.scheduling.check_in(ask(&technician(), nowhere)).await;
    assert_eq!(reason(refused), Reason::FieldInvalid);
}
