//! Visits that need two technicians at once.

use futures::StreamExt as _;
use futures::future::join_all;
use parasol_api::Reason;
use parasol_api::partner::v1::appointment_service_server::AppointmentService as _;
use parasol_api::partner::v1::book_appointment_request::Slot;
use parasol_api::partner::v1::reschedule_appointment_request::Slot as NewSlot;
use parasol_api::partner::v1::*;
use parasol_api::technician::v1::StreamMyDayRequest;
use parasol_api::technician::v1::stream_my_day_response::Change;
use parasol_api::technician::v1::visit_service_server::VisitService as _;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::{ActorKind, Command};
use parasol_runtime::identity::{Principal, Role};
use parasol_testkit::Postgres;

use tonic::Status;

use crate::course::*;
use crate::world::*;

fn colleague() -> Principal {
    Principal::new(Role::Technician, COLLEAGUE)
}

fn why<T: std::fmt::Debug>(answer: Result<T, Status>) -> Reason {
    reason(answer.map(tonic::Response::new))
}

/// The visits that a technician's day begins with.
async fn day_of(world: &World, who: &Principal) -> Vec<(String, String, String)> {
    let request = StreamMyDayRequest { day: "2026-06-08".to_owned(), ..Default::default() };
    let mut stream = world.scheduling.stream_my_day(ask(who, request)).await.unwrap().into_inner();
    let mut visits = Vec::new();
    while let Some(Change::Visit(visit)) = stream.next().await.unwrap().unwrap().change {
        visits.push((visit.case.unwrap().case_id, visit.technician, visit.helper));
    }
    visits
}

#[tokio::test]
async fn a_crew_takes_the_time_of_both_and_gives_it_back() {
    let world = World::new().await;
    let case = world.with_crew(TECHNICIAN, COLLEAGUE).await;
    let booked = book(&world, case, "08T09:00", "08T11:00").await.unwrap();
    assert_eq!((booked.technician.as_str(), booked.helper.as_str()), (TECHNICIAN, COLLEAGUE));
    assert_eq!(world.cells().await, 8, "four half hours of each");
    let alone = world.with_technician(COLLEAGUE).await;
    assert_eq!(why(book(&world, alone, "08T10:30", "08T11:30").await), Reason::SlotTaken);

    let here = vec![(case.to_string(), TECHNICIAN.to_owned(), COLLEAGUE.to_owned())];
    assert_eq!(day_of(&world, &technician()).await, here);
    assert_eq!(day_of(&world, &colleague()).await, here, "both see it");

    let request = RescheduleAppointmentRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        appointment_id: booked.appointment_id,
        slot: Some(NewSlot::Window(window("08T13:00", "08T14:00"))),
        ..Default::default()
    };
    world.scheduling.reschedule_appointment(ask(&customer(), request)).await.unwrap();
    assert_eq!(world.cells().await, 4, "both moved");
    book(&world, alone, "08T10:30", "08T11:30").await.unwrap();
    world.give_as(ActorKind::Customer, case, Command::Cancel).await;
    assert_eq!(world.cells().await, 2, "both are free but for the other visit");
    assert_eq!(day_of(&world, &technician()).await, []);
}

#[tokio::test]
async fn both_of_a_crew_have_to_be_free_licensed_and_at_work() {
    let world = World::new().await;
    let busy = world.with_technician(COLLEAGUE).await;
    book(&world, busy, "08T09:00", "08T10:00").await.unwrap();
    let case = world.with_crew(TECHNICIAN, COLLEAGUE).await;
    assert_eq!(why(book(&world, case, "08T09:30", "08T11:00").await), Reason::SlotTaken);
    assert_eq!(world.cells().await, 2, "nothing of the technician's is kept");
    world.network.change(COLLEAGUE, |one| one.certified.clear());
    world.wait(Span::minutes(1));
    let refused = book(&world, case, "08T13:00", "08T14:00").await;
    assert_eq!(why(refused), Reason::TechnicianNotCertified);
    world.network.change(COLLEAGUE, |one| {
        one.certified =
            vec![parasol_api::admin::v1::Certified { category: 1, ..Default::default() }];
    });
    world.network.set_hours(COLLEAGUE, ["14:00", "20:00", "", ""]);
    world.wait(Span::minutes(1));
    assert_eq!(why(book(&world, case, "08T13:00", "08T14:00").await), Reason::WindowInvalid);
    book(&world, case, "08T14:00", "08T15:00").await.unwrap();
}

#[tokio::test]
async fn a_held_slot_of_a_crew_is_kept_for_both_and_lapses_for_both() {
    let world = World::new().await;
    let case = world.with_crew(TECHNICIAN, COLLEAGUE).await;
    let slot = slots(&world, &customer(), case).await.remove(0).0;
    let held = hold(&world, case, &slot).await.unwrap();
    assert_eq!(world.cells().await, 8);
    let request = book_request(&world, case, Slot::HoldId(held.hold_id));
    world.scheduling.book_appointment(ask(&customer(), request)).await.unwrap();
    assert_eq!(world.cells().await, 8, "the cells are those of the hold");

    let other = world.with_crew(TECHNICIAN, COLLEAGUE).await;
    let slot = slots(&world, &customer(), other).await.pop().unwrap().0;
    hold(&world, other, &slot).await.unwrap();
    assert_eq!(world.cells().await, 16);
    world.wait(Span::minutes(16));
    world.let_deadlines_pass().await;
    assert_eq!(world.cells().await, 8);
}

#[tokio::test]
async fn who_comes_along_sees_the_case_and_nobody_else_does() {
    let world = World::new().await;
    let case = world.with_crew(TECHNICIAN, COLLEAGUE).await;
    book(&world, case, "08T09:00", "08T11:00").await.unwrap();
    world.wait_until(at("2026-06-08T09:00"));
    let request = || parasol_api::technician::v1::CheckInRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        ..Default::default()
    };
    let stranger = Principal::new(Role::Technician, STRANGER);
    let hidden = world.scheduling.check_in(ask(&stranger, request())).await;
    assert_eq!(reason(hidden), Reason::NotFound);
    world.scheduling.check_in(ask(&colleague(), request())).await.unwrap();
}

/// Crews in a ring: each shares one technician with the next, so that of neighbours only one can be booked.
async fn nobody_is_in_two_places(worlds: &[World]) {
    let names = [TECHNICIAN, COLLEAGUE, RESTLESS];
    let mut wishes: Vec<(CaseId, usize)> = Vec::new();
    for n in 0..12 {
        let crew = (names[n % 3], names[(n + 1) % 3]);
        wishes.push((worlds[0].with_crew(crew.0, crew.1).await, n));
    }
    let bookings = wishes.iter().map(|(case, n)| {
        let world = &worlds[n % worlds.len()];
        // Overlapping by half, and twelve of them in a morning of seven half hours.
        let from = 30 * (n / 3);
        let (from, to) = (time(from), time(from + 60));
        async move { book(world, *case, &from, &to).await }
    });
    let outcomes = join_all(bookings).await;
    let booked = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    for outcome in outcomes {
        if let Err(refused) = outcome {
            assert_eq!(why::<()>(Err(refused)), Reason::SlotTaken);
        }
    }
    assert!(booked >= 1);
    assert_eq!(worlds[0].cells().await, booked * 4, "two half hours of two each");
}

fn time(minutes: usize) -> String {
    let minutes = 9 * 60 + minutes;
    format!("08T{:02}:{:02}", minutes / 60, minutes % 60)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crews_at_once_on_the_embedded_store() {
    nobody_is_in_two_places(&[World::new().await]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crews_at_once_from_two_processes_on_a_server() {
    let url = Postgres::shared().unwrap().fresh_database("scheduling_crews").unwrap();
    let worlds = [World::seeded(&url, 7).await, World::seeded(&url, 8).await];
    nobody_is_in_two_places(&worlds).await;
}
