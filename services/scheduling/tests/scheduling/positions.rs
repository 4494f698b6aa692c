//! Where a technician is, who sees it, and for how long.

use parasol_api::common::v1::GeoPoint;
use parasol_api::convert::to_timestamp;
use parasol_api::technician::v1::visit_service_client::VisitServiceClient;
use parasol_api::technician::v1::visit_service_server::VisitService as _;
use parasol_api::technician::v1::*;
use parasol_api::{Error, Reason};
use parasol_desk::customer_id;
use parasol_journey::ids::CaseId;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{ActorKind, Command};
use parasol_runtime::identity::{Principal, Role};
use tonic::{Request, Status};

use crate::course::*;
use crate::offline::wire;
use crate::world::*;

const HOME: &str = r#"{"name":"张三","phone":"13800008000","address":"文三路1号","county":"330106","location":{"lat":30272000,"lon":120147000}}"#;

struct Way {
    case: CaseId,
    appointment: String,
}

async fn booked(world: &World) -> Way {
    world.keep(customer_id(CUSTOMER).uuid(), "customer", HOME).await;
    let case = world.with_technician(TECHNICIAN).await;
    let appointment = book(world, case, "08T09:00", "08T11:00").await.unwrap().appointment_id;
    world.wait_until(at("2026-06-08T09:00"));
    Way { case, appointment }
}

async fn set_off(world: &World, way: &Way, arriving_at: Option<Timestamp>) {
    let request = StartTravelRequest {
        request_id: request_id(world),
        case_id: way.case.to_string(),
        arriving_at: arriving_at.map(to_timestamp),
        ..Default::default()
    };
    let answer = world.scheduling.start_travel(ask(&technician(), request)).await.unwrap();
    assert_eq!(answer.into_inner().arriving_at, arriving_at.map(to_timestamp), "it is echoed");
}

/// 1,112 metres south of the address.
fn south() -> GeoPoint {
    GeoPoint { lat: 30.262, lon: 120.147 }
}

/// Streams positions over gRPC.
async fn report(
    world: &World,
    by: &Principal,
    appointment: &str,
    positions: usize,
) -> Result<ReportPositionResponse, Status> {
    let by = by.clone();
    let mut client =
        VisitServiceClient::with_interceptor(wire(world), move |mut call: Request<()>| {
            call.extensions_mut().insert(by.clone());
            Ok(call)
        });
    let message = ReportPositionRequest {
        request_id: request_id(world),
        appointment_id: appointment.to_owned(),
        position: Some(south()),
    };
    let messages = futures::stream::iter(vec![message; positions]);
    Ok(client.report_position(messages).await?.into_inner())
}

async fn seen(world: &World, by: &Principal, case: CaseId) -> Result<VisitPosition, Reason> {
    let request = GetVisitPositionRequest { case_id: case.to_string() };
    let answer = world.scheduling.get_visit_position(ask(by, request)).await;
    answer.map(tonic::Response::into_inner).map_err(|status| Error::from_status(&status).reason())
}

async fn nothing_is_seen(world: &World, case: CaseId) {
    for who in [customer(), agent()] {
        let seen = seen(world, &who, case).await.unwrap();
        let shown = (seen.under_way, seen.position, seen.position_at, seen.arriving_at);
        assert_eq!(shown, (false, None, None, None));
    }
}

#[tokio::test]
async fn the_customer_who_waits_sees_the_technician_and_nobody_else_does() {
    let world = World::new().await;
    let way = booked(&world).await;
    set_off(&world, &way, None).await;
    let taken = report(&world, &technician(), &way.appointment, 3).await.unwrap();
    assert_eq!((taken.taken, taken.under_way), (3, true));
    for who in [customer(), agent()] {
        let seen = seen(&world, &who, way.case).await.unwrap();
        assert_eq!(seen.position, Some(south()));
        assert_eq!(seen.position_at, Some(to_timestamp(world.clock.now())));
        let expected = parasol_api::convert::timestamp(&seen.arriving_at.unwrap()).unwrap();
        // 1,112 metres, a third longer by road, at 24 km/h.
        let way = expected.since(world.clock.now()).micros() / 1_000_000;
        assert!((210..225).contains(&way), "{way}");
    }
    let stranger = Principal::new(Role::Customer, "user-2");
    assert_eq!(seen(&world, &stranger, way.case).await, Err(Reason::NotFound));
}

#[tokio::test]
async fn what_the_technician_said_counts_until_a_position_comes_and_when_said_anew() {
    let world = World::new().await;
    let way = booked(&world).await;
    let said = world.clock.now() + Span::minutes(40);
    set_off(&world, &way, Some(said)).await;
    let arriving = async || seen(&world, &customer(), way.case).await.unwrap().arriving_at;
    assert_eq!(arriving().await, Some(to_timestamp(said)));
    world.wait(Span::minutes(1));
    report(&world, &technician(), &way.appointment, 1).await.unwrap();
    assert_ne!(arriving().await, Some(to_timestamp(said)), "a newer position knows better");
    world.wait(Span::minutes(1));
    let later = said + Span::minutes(10);
    set_off(&world, &way, Some(later)).await;
    assert_eq!(arriving().await, Some(to_timestamp(later)), "a newer word knows better");
}

#[tokio::test]
async fn a_position_is_good_for_two_minutes() {
    let world = World::new().await;
    let way = booked(&world).await;
    set_off(&world, &way, None).await;
    report(&world, &technician(), &way.appointment, 1).await.unwrap();
    world.wait(Span::from_micros(119_999_999));
    assert!(seen(&world, &customer(), way.case).await.unwrap().position.is_some());
    world.wait(Span::from_micros(1));
    let late = seen(&world, &customer(), way.case).await.unwrap();
    assert_eq!((late.under_way, late.position, late.arriving_at), (true, None, None));
}

#[tokio::test]
async fn nothing_is_taken_or_seen_before_the_way_and_after_the_door() {
    let world = World::new().await;
    let way = booked(&world).await;
    let early = report(&world, &technician(), &way.appointment, 2).await.unwrap();
    assert_eq!((early.taken, early.under_way), (0, false));
    nothing_is_seen(&world, way.case).await;
    set_off(&world, &way, Some(world.clock.now() + Span::minutes(9))).await;
    report(&world, &technician(), &way.appointment, 1).await.unwrap();
    check_in(&world, way.case).await;
    nothing_is_seen(&world, way.case).await;
    let late = report(&world, &technician(), &way.appointment, 2).await.unwrap();
    assert_eq!((late.taken, late.under_way), (0, false));
}

#[tokio::test]
async fn nothing_is_seen_once_a_visit_is_called_off_or_handed_over() {
    let world = World::new().await;
    let way = booked(&world).await;
    set_off(&world, &way, None).await;
    report(&world, &technician(), &way.appointment, 1).await.unwrap();
    let hand_over = Command::HandOverVisit { technician: COLLEAGUE.parse().unwrap() };
    world.give_as(ActorKind::Centre, way.case, hand_over).await;
    nothing_is_seen(&world, way.case).await;
    let gone = report(&world, &technician(), &way.appointment, 1).await;
    let reason = gone.map_err(|status| Error::from_status(&status).reason());
    assert_eq!(reason, Err(Reason::NotFound));

    let world = World::new().await;
    let way = booked(&world).await;
    set_off(&world, &way, None).await;
    report(&world, &technician(), &way.appointment, 1).await.unwrap();
    let reassign =
        Command::ReassignTechnician { technician: COLLEAGUE.parse().unwrap(), helper: None };
    world.give_as(ActorKind::Centre, way.case, reassign).await;
    nothing_is_seen(&world, way.case).await;

    let world = World::new().await;
    let way = booked(&world).await;
    set_off(&world, &way, None).await;
    report(&world, &technician(), &way.appointment, 1).await.unwrap();
    world.give_as(ActorKind::Customer, way.case, Command::Cancel).await;
    nothing_is_seen(&world, way.case).await;
}

#[tokio::test]
async fn positions_for_anothers_visit_are_those_of_none() {
    let world = World::new().await;
    let way = booked(&world).await;
    set_off(&world, &way, None).await;
    let nobodys = parasol_journey::ids::AppointmentId::new(world.desk.ids.next()).to_string();
    for who in
        [Principal::new(Role::Technician, COLLEAGUE), Principal::new(Role::Technician, STRANGER)]
    {
        let mut told = Vec::new();
        for appointment in [way.appointment.as_str(), &nobodys] {
            let refused = report(&world, &who, appointment, 1).await.unwrap_err();
            told.push((Error::from_status(&refused).reason(), refused.message().to_owned()));
        }
        assert_eq!(told[0].0, Reason::NotFound);
        assert_eq!(told[0], told[1]);
    }
    assert_eq!(seen(&world, &customer(), way.case).await.unwrap().position, None);
}
