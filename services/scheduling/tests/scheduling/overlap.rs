//! Many at once want the time of one technician.

use std::ops::Range;

use futures::future::join_all;
use parasol_api::common::v1::TimeWindow;
use parasol_api::convert::{timestamp, to_timestamp};
use parasol_api::partner::v1::appointment_service_server::AppointmentService as _;
use parasol_api::partner::v1::book_appointment_request::Slot;
use parasol_api::partner::v1::{BookAppointmentRequest, BookAppointmentResponse};
use parasol_api::{Error, Reason};
use parasol_journey::time::{MINUTE, Span};
use parasol_testkit::Postgres;
use tonic::Status;

use crate::course::*;
use crate::world::*;

/// Bookings in flight at once.
const BOOKINGS: i64 = 50;

type Outcome = Result<BookAppointmentResponse, Status>;

/// Windows around a midnight: overlapping, touching, crossing it, and empty ones.
fn windows() -> Vec<TimeWindow> {
    let midnight = at("2026-06-09T00:00");
    let places = (0..BOOKINGS).map(|n| {
        // Some 20 half hours for fifty; every seventh is empty, every fifth is crooked.
        let start = midnight + Span::minutes(30 * ((n * 7) % 20 - 10) + 10 * i64::from(n % 5 == 0));
        let length = if n % 7 == 6 { 0 } else { 30 * (1 + n % 3) };
        (start, start + Span::minutes(length))
    });
    let wire =
        |(from, to)| TimeWindow { from: Some(to_timestamp(from)), to: Some(to_timestamp(to)) };
    places.map(wire).collect()
}

fn half_hours(window: &TimeWindow) -> Range<i64> {
    let micros = |wire: &Option<_>| timestamp(wire.as_ref().unwrap()).unwrap().micros();
    let (from, to) = (micros(&window.from), micros(&window.to));
    from.div_euclid(30 * MINUTE)..(to - 1).div_euclid(30 * MINUTE) + 1
}

fn meet(a: &Range<i64>, b: &Range<i64>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Books every window for a case of its own, each request twice at once, over all `worlds`.
async fn book_all(worlds: &[World]) -> Vec<(BookAppointmentRequest, [Outcome; 2])> {
    let mut requests = Vec::new();
    for window in windows() {
        let case = worlds[0].with_technician(RESTLESS).await;
        requests.push(book_request(&worlds[0], case, Slot::Window(window)));
    }
    let booked = requests.into_iter().enumerate().map(|(place, request)| async move {
        let once = |place: usize| {
            let (scheduling, call) =
                (&worlds[place % worlds.len()].scheduling, ask(&customer(), request.clone()));
            async move { scheduling.book_appointment(call).await.map(tonic::Response::into_inner) }
        };
        let (first, second) = tokio::join!(once(place), once(place + 1));
        (request, [first, second])
    });
    join_all(booked).await
}

async fn nobody_is_booked_over_anybody(worlds: &[World]) {
    let outcomes = book_all(worlds).await;
    let mut taken: Vec<Range<i64>> = Vec::new();
    let mut refused = Vec::new();
    for (request, [first, second]) in &outcomes {
        let Some(Slot::Window(window)) = &request.slot else { unreachable!() };
        match (first, second) {
            (Ok(first), Ok(second)) => {
                assert_eq!(first, second, "a repeated request is one booking");
                assert_eq!(first.window.as_ref(), Some(window));
                taken.push(half_hours(window));
            }
            (Err(first), Err(second)) => {
                let reasons = [first, second].map(|error| Error::from_status(error).reason());
                let expected = match window.from == window.to {
                    true => Reason::WindowInvalid,
                    false => Reason::SlotTaken,
                };
                assert_eq!(reasons, [expected; 2]);
                refused.extend((window.from != window.to).then(|| half_hours(window)));
            }
            mixed => panic!("one request, two outcomes: {mixed:?}"),
        }
    }
    for (place, one) in taken.iter().enumerate() {
        assert!(taken[place + 1..].iter().all(|other| !meet(one, other)), "an overlap at {one:?}");
    }
    for one in &refused {
        assert!(taken.iter().any(|other| meet(one, other)), "{one:?} was free and refused");
    }
    let touching = taken.iter().any(|one| taken.iter().any(|other| one.end == other.start));
    assert!(touching && !refused.is_empty(), "the windows are not crowded enough to prove much");
    let midnight = at("2026-06-09T00:00").micros() / (30 * MINUTE);
    assert!(windows().iter().map(half_hours).any(|one| one.start < midnight && midnight < one.end));
    let cells: i64 = taken.iter().map(|one| one.end - one.start).sum();
    assert_eq!(i64::try_from(worlds[0].cells().await).unwrap(), cells);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once_on_the_embedded_store() {
    nobody_is_booked_over_anybody(&[World::new().await]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once_from_two_processes_on_a_server() {
    let url = Postgres::shared().unwrap().fresh_database("scheduling_overlap").unwrap();
    let worlds = [World::seeded(&url, 7).await, World::seeded(&url, 8).await];
    nobody_is_booked_over_anybody(&worlds).await;
}

#[tokio::test]
async fn holds_of_one_slot_at_once_give_it_to_one() {
    let world = World::new().await;
    let mut wishes = Vec::new();
    for _ in 0..10 {
        let case = world.with_technician(TECHNICIAN).await;
        wishes.push((case, slots(&world, &customer(), case).await.remove(0).0));
    }
    let requests = wishes.iter().map(|(case, slot)| hold(&world, *case, slot));
    let outcomes = join_all(requests).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(world.cells().await, 4);
}
