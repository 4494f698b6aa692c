//! Windows that can really be kept: ways, the end of the day, territories, limits, and why a window is
//! closed.

use parasol_api::admin::v1::Certified;
use parasol_api::common::v1::{GeoPoint, TimeWindow};
use parasol_api::convert::to_timestamp;
use parasol_api::partner::v1::appointment_service_server::AppointmentService as _;
use parasol_api::partner::v1::{FindSlotsRequest, FindSlotsResponse, SlotClosureReason as Why};
use parasol_api::{Error, Reason};
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::{Principal, Role};

use crate::course::*;
use crate::world::*;

/// In the middle of town, and 40 km to the north of it: more than two hours by the usual estimate.
pub const TOWN: (i64, i64) = (30_250_000, 120_160_000);
pub const NORTH: (i64, i64) = (30_610_000, 120_160_000);

/// A case with this technician whose unit stands there.
pub async fn case_at(world: &World, technician: &str, (lat, lon): (i64, i64)) -> CaseId {
    let case = world.with_technician(technician).await;
    put(world, case, (lat, lon)).await;
    case
}

pub async fn put(world: &World, case: CaseId, (lat, lon): (i64, i64)) {
    let place = format!(r#"{{"lat":{lat},"lon":{lon}}}"#);
    let body = format!(
        r#"{{"description":"不制冷","address":{{"county":"330106","street":"二路2号","location":{place}}}}}"#
    );
    world.keep(case.uuid(), "filing", &body).await;
}

pub async fn live_in_town(world: &World) {
    #[expect(clippy::cast_precision_loss, reason = "a place on earth")]
    let (lat, lon) = (TOWN.0 as f64 / 1e6, TOWN.1 as f64 / 1e6);
    for technician in [TECHNICIAN, COLLEAGUE, RESTLESS] {
        world.network.change(technician, |one| one.home = Some(GeoPoint { lat, lon }));
    }
}

async fn find(world: &World, who: &Principal, case: CaseId) -> FindSlotsResponse {
    let from = Some(to_timestamp(at("2026-06-09T00:00")));
    let request =
        FindSlotsRequest { case_id: case.to_string(), from, days: 1, with_closed: true, limit: 0 };
    world.scheduling.find_slots(ask(who, request)).await.unwrap().into_inner()
}

/// The windows of the answer: the open ones, and the closed ones with reasons and counts.
type Seen = (Vec<TimeWindow>, Vec<(TimeWindow, Vec<(Why, i32)>)>);

fn seen(answer: &FindSlotsResponse) -> Seen {
    let open = answer.slots.iter().map(|slot| slot.window.unwrap()).collect();
    let closed = answer.closed.iter().map(|closed| {
        let whys = closed.reasons.iter().map(|one| (one.reason(), one.technicians)).collect();
        (closed.window.unwrap(), whys)
    });
    (open, closed.collect())
}

pub fn morning() -> TimeWindow {
    window("09T08:30", "09T10:30")
}

pub fn noon() -> TimeWindow {
    window("09T13:00", "09T15:00")
}

pub fn afternoon() -> TimeWindow {
    window("09T15:00", "09T17:00")
}

#[tokio::test]
async fn a_window_is_closed_when_its_neighbours_are_too_far_away() {
    let world = World::new().await;
    live_in_town(&world).await;
    let far = case_at(&world, TECHNICIAN, NORTH).await;
    book(&world, far, "09T14:00", "09T15:00").await.unwrap();
    let near = case_at(&world, TECHNICIAN, TOWN).await;
    let (open, closed) = seen(&find(&world, &agent(), near).await);
    // Work from two to three, and more than two hours back to town: too late.
    assert_eq!(open, [morning()]);
    assert_eq!(closed, [(noon(), vec![(Why::Taken, 1)]), (afternoon(), vec![(Why::Travel, 1)])]);

    let next_door = case_at(&world, TECHNICIAN, NORTH).await;
    let (open, closed) = seen(&find(&world, &agent(), next_door).await);
    // Nobody is there by half past ten, and from three to four means home after six.
    assert_eq!(open, []);
    let whys: Vec<_> = closed.into_iter().map(|(_, whys)| whys).collect();
    assert_eq!(whys, [[(Why::OffDuty, 1)], [(Why::Taken, 1)], [(Why::OffDuty, 1)]]);
}

#[tokio::test]
async fn a_customer_reads_why_but_not_of_how_many() {
    let world = World::new().await;
    live_in_town(&world).await;
    let first = case_at(&world, TECHNICIAN, TOWN).await;
    book(&world, first, "09T13:00", "09T15:00").await.unwrap();
    let case = case_at(&world, TECHNICIAN, TOWN).await;
    let answer = find(&world, &customer(), case).await;
    assert_eq!(seen(&answer).1, [(noon(), vec![(Why::Taken, 0)])]);
    let slot = &answer.slots[0];
    assert_eq!((slot.begins_at, slot.detour_seconds, slot.technician.as_str()), (None, 0, ""));
    let slot = &find(&world, &agent(), case).await.slots[0];
    assert_eq!(slot.begins_at, Some(to_timestamp(at("2026-06-09T08:30"))));
}

#[tokio::test]
async fn before_one_is_named_the_centre_sees_who_could_come() {
    let world = World::new().await;
    live_in_town(&world).await;
    world.network.change(RESTLESS, |one| one.territory = vec!["330102".into()]);
    let taken = case_at(&world, TECHNICIAN, TOWN).await;
    book(&world, taken, "09T08:30", "09T10:30").await.unwrap();
    let case = world.with_centre(CENTRE).await;
    put(&world, case, TOWN).await;
    let centre = Principal::new(Role::Centre, CENTRE);
    let answer = find(&world, &centre, case).await;
    let slot = answer.slots.iter().find(|slot| slot.window == Some(morning())).unwrap();
    assert_eq!(slot.technician, COLLEAGUE, "the only one who is free and goes there");

    world.assign(case, COLLEAGUE).await;
    hold(&world, case, &slot.slot_id).await.unwrap();
    let other = world.with_centre(CENTRE).await;
    put(&world, other, TOWN).await;
    let closed = seen(&find(&world, &centre, other).await).1;
    let expected = vec![(Why::Taken, 2), (Why::OutsideTerritory, 1)];
    assert_eq!(closed, [(morning(), expected)]);
}

#[tokio::test]
async fn limits_of_technicians_and_of_centres_close_a_day() {
    let world = World::new().await;
    live_in_town(&world).await;
    let case = case_at(&world, TECHNICIAN, TOWN).await;
    let other = case_at(&world, TECHNICIAN, TOWN).await;
    book(&world, other, "09T08:30", "09T10:30").await.unwrap();
    assert_eq!(seen(&find(&world, &agent(), case).await).0, [noon(), afternoon()]);

    world.network.change(TECHNICIAN, |one| one.visits_a_day = 1);
    world.wait(parasol_journey::time::Span::minutes(1));
    let (open, closed) = seen(&find(&world, &agent(), case).await);
    assert_eq!(open, []);
    assert!(closed.iter().all(|(_, whys)| *whys == [(Why::DayFull, 1)]), "{closed:?}");

    world.network.change(TECHNICIAN, |one| one.visits_a_day = 0);
    world.network.set_capacity(1);
    world.wait(parasol_journey::time::Span::minutes(1));
    let (open, closed) = seen(&find(&world, &agent(), case).await);
    assert_eq!(open, []);
    assert!(closed.iter().all(|(_, whys)| *whys == [(Why::Capacity, 0)]), "{closed:?}");
    let own = seen(&find(&world, &agent(), other).await).0;
    assert_eq!(own, [noon(), afternoon()], "its own visit is not in its way");
}

#[tokio::test]
async fn without_a_licence_on_the_day_there_is_no_window() {
    let world = World::new().await;
    live_in_town(&world).await;
    let case = case_at(&world, TECHNICIAN, TOWN).await;
    let until =
        |day: &str| vec![Certified { category: 1, until: day.into(), ..Certified::default() }];
    world.network.change(TECHNICIAN, |one| one.certified = until("2026-06-08"));
    let (open, closed) = seen(&find(&world, &agent(), case).await);
    assert_eq!(open, []);
    assert!(closed.iter().all(|(_, whys)| *whys == [(Why::NotCertified, 1)]), "{closed:?}");
    world.network.change(TECHNICIAN, |one| one.certified = until("2026-06-09"));
    world.wait(parasol_journey::time::Span::minutes(1));
    assert_eq!(seen(&find(&world, &agent(), case).await).0.len(), 3);
}

#[tokio::test]
async fn a_slot_that_cannot_be_kept_any_more_is_not_booked() {
    let world = World::new().await;
    live_in_town(&world).await;
    let case = case_at(&world, TECHNICIAN, TOWN).await;
    let answer = find(&world, &customer(), case).await;
    let slot = answer.slots.iter().find(|slot| slot.window == Some(afternoon())).unwrap();
    let far = case_at(&world, TECHNICIAN, NORTH).await;
    book(&world, far, "09T14:00", "09T15:00").await.unwrap();
    let refused = hold(&world, case, &slot.slot_id).await.unwrap_err();
    assert_eq!(Error::from_status(&refused).reason(), Reason::SlotTaken);
    let morning = answer.slots.iter().find(|slot| slot.window == Some(morning())).unwrap();
    hold(&world, case, &morning.slot_id).await.unwrap();
}

#[tokio::test]
async fn a_crew_is_offered_what_both_can_keep() {
    let world = World::new().await;
    live_in_town(&world).await;
    let case = world.with_crew(TECHNICIAN, COLLEAGUE).await;
    put(&world, case, TOWN).await;
    assert_eq!(seen(&find(&world, &agent(), case).await).0.len(), 3);
    let other = case_at(&world, COLLEAGUE, TOWN).await;
    book(&world, other, "09T13:00", "09T15:00").await.unwrap();
    let (open, closed) = seen(&find(&world, &agent(), case).await);
    assert_eq!(open, [morning(), afternoon()]);
    assert_eq!(closed, [(noon(), vec![(Why::Taken, 1)])]);
}
