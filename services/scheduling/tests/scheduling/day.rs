//! `StreamMyDay`.

use std::time::Duration;

use futures::StreamExt as _;
use parasol_api::convert::to_timestamp;
use parasol_api::partner::v1::RescheduleAppointmentRequest;
use parasol_api::partner::v1::appointment_service_server::AppointmentService as _;
use parasol_api::partner::v1::reschedule_appointment_request::Slot;
use parasol_api::technician::v1::stream_my_day_response::Change;
use parasol_api::technician::v1::visit_service_server::VisitService as _;
use parasol_api::technician::v1::{
    CompleteVisitRequest, StartTravelRequest, StreamMyDayRequest, StreamMyDayResponse, Visit,
};
use parasol_api::visibility::{Class, shown};
use parasol_api::{Reason, convert};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::{ActorKind, Command};
use parasol_runtime::identity::{Principal, Role};
use tokio::time::timeout;

use crate::course::*;
use crate::world::*;

/// Longer than a message takes, unless it never comes.
const LIMIT: Duration = Duration::from_secs(20);

type Stream = <parasol_scheduling::Scheduling as parasol_api::technician::v1::visit_service_server::VisitService>::StreamMyDayStream;

async fn open(world: &World, by: &Principal, cursor: &str) -> Stream {
    let request = StreamMyDayRequest {
        technician: TECHNICIAN.to_owned(),
        cursor: cursor.to_owned(),
        ..Default::default()
    };
    world.scheduling.stream_my_day(ask(by, request)).await.unwrap().into_inner()
}

async fn next(stream: &mut Stream) -> StreamMyDayResponse {
    timeout(LIMIT, stream.next()).await.unwrap().unwrap().unwrap()
}

async fn visit(stream: &mut Stream) -> (Visit, String) {
    let message = next(stream).await;
    match message.change {
        Some(Change::Visit(visit)) => (*visit, message.cursor),
        other => panic!("{other:?} is not a visit"),
    }
}

async fn bookmark(stream: &mut Stream) -> String {
    let message = next(stream).await;
    assert!(matches!(message.change, Some(Change::Bookmark(_))), "{message:?}");
    message.cursor
}

async fn removed(stream: &mut Stream) -> (String, String) {
    match next(stream).await.change {
        Some(Change::Removed(gone)) => (gone.appointment_id, gone.case_id),
        other => panic!("{other:?} is not a removal"),
    }
}

async fn travel(world: &World, case: CaseId) {
    let request = StartTravelRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        ..Default::default()
    };
    world.scheduling.start_travel(ask(&technician(), request)).await.unwrap();
}

#[tokio::test]
async fn the_day_as_it_stands_with_what_the_door_needs_and_no_more() {
    let world = World::new().await;
    let late = world.with_technician(TECHNICIAN).await;
    let early = world.with_technician(TECHNICIAN).await;
    let tomorrow = world.with_technician(TECHNICIAN).await;
    let colleague = world.with_technician(COLLEAGUE).await;
    book(&world, late, "08T13:00", "08T15:00").await.unwrap();
    let booked = book(&world, early, "08T09:00", "08T11:00").await.unwrap();
    book(&world, tomorrow, "09T09:00", "09T11:00").await.unwrap();
    book(&world, colleague, "08T09:00", "08T11:00").await.unwrap();

    let mut stream = open(&world, &technician(), "").await;
    let (first, _) = visit(&mut stream).await;
    assert_eq!(first.appointment_id, booked.appointment_id);
    assert_eq!(first.case.clone().unwrap().case_id, early.to_string());
    assert_eq!(first.window, Some(window("08T09:00", "08T11:00")));
    let seen = shown("parasol.technician.v1.Visit", Class::Brand, &first);
    assert_eq!(seen.customer_name, "张*", "the edge masks it");
    assert_eq!(first.address.unwrap().street, "文三路1号");
    assert_eq!((first.relay_phone.as_str(), first.serial.as_str()), ("", "SN0001"));
    assert_eq!(first.model, "BCD-520");
    assert_eq!((first.description.as_str(), first.danger), ("不制冷", true));
    assert!(!first.work_order_id.is_empty());
    let (second, _) = visit(&mut stream).await;
    assert_eq!(second.case.unwrap().case_id, late.to_string());
    bookmark(&mut stream).await;
}

#[tokio::test]
async fn changes_come_as_they_happen() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let booked = book(&world, case, "08T09:00", "08T11:00").await.unwrap();
    let mut stream = open(&world, &technician(), "").await;
    visit(&mut stream).await;
    bookmark(&mut stream).await;

    // The bell of a case of the day wakes the stream; the clock stands still.
    let ((changed, _), ()) = tokio::join!(visit(&mut stream), travel(&world, case));
    assert_eq!(changed.case.unwrap().etag, convert::etag(world.log_length(case).await));

    // A case that was not of the day is found by looking.
    let other = world.with_technician(TECHNICIAN).await;
    let ((added, _), ()) = tokio::join!(visit(&mut stream), async {
        book(&world, other, "08T13:00", "08T15:00").await.unwrap();
        world.wait(Span::from_micros(1_000_000));
    });
    assert_eq!(added.case.unwrap().case_id, other.to_string());

    let request = RescheduleAppointmentRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        appointment_id: booked.appointment_id.clone(),
        slot: Some(Slot::Window(window("09T09:00", "09T11:00"))),
        ..Default::default()
    };
    let moved = async { world.scheduling.reschedule_appointment(ask(&customer(), request)).await };
    let (gone, moved) = tokio::join!(removed(&mut stream), moved);
    moved.unwrap();
    assert_eq!(gone, (booked.appointment_id, case.to_string()), "not on this day any more");

    let id = world.case(other).await.visit.unwrap().id;
    world.give_as(ActorKind::Customer, other, Command::Cancel).await;
    assert_eq!(removed(&mut stream).await, (id.to_string(), other.to_string()));
}

#[tokio::test]
async fn a_resumed_stream_says_exactly_what_its_reader_lacks() {
    let world = World::new().await;
    let cases = [
        world.with_technician(TECHNICIAN).await,
        world.with_technician(TECHNICIAN).await,
        world.with_technician(TECHNICIAN).await,
    ];
    let mut visits = Vec::new();
    for (case, (from, to)) in cases.iter().zip([
        ("08T09:00", "08T10:00"),
        ("08T10:00", "08T11:00"),
        ("08T15:00", "08T16:00"),
    ]) {
        visits.push(book(&world, *case, from, to).await.unwrap().appointment_id);
    }
    let mut stream = open(&world, &technician(), "").await;
    let (_, after_one) = visit(&mut stream).await;
    let (_, after_two) = visit(&mut stream).await;
    drop(stream);

    let mut stream = open(&world, &technician(), &after_one).await;
    assert_eq!(visit(&mut stream).await.0.appointment_id, visits[1]);
    assert_eq!(visit(&mut stream).await.0.appointment_id, visits[2]);
    let all = bookmark(&mut stream).await;
    let mut stream = open(&world, &technician(), &all).await;
    bookmark(&mut stream).await;

    // While nobody reads, one visit is called off and one changes.
    let reassign =
        Command::ReassignTechnician { technician: COLLEAGUE.parse().unwrap(), helper: None };
    world.give_as(ActorKind::Centre, cases[0], reassign).await;
    travel(&world, cases[1]).await;
    let mut stream = open(&world, &technician(), &all).await;
    assert_eq!(removed(&mut stream).await, (visits[0].clone(), cases[0].to_string()));
    assert_eq!(visit(&mut stream).await.0.appointment_id, visits[1]);
    let now = bookmark(&mut stream).await;
    let mut stream = open(&world, &technician(), &after_two).await;
    assert_eq!(removed(&mut stream).await.0, visits[0]);
    assert_eq!(visit(&mut stream).await.0.appointment_id, visits[1]);
    assert_eq!(visit(&mut stream).await.0.appointment_id, visits[2]);
    assert_eq!(bookmark(&mut stream).await, now, "the same knowledge is the same cursor");
}

#[tokio::test]
async fn a_cursor_that_does_not_fit_asks_for_a_new_start() {
    let (world, younger) = (World::new().await, World::new().await);
    let mut cursors = Vec::new();
    for world in [&world, &younger] {
        let case = world.with_technician(TECHNICIAN).await;
        book(world, case, "08T09:00", "08T11:00").await.unwrap();
        if cursors.is_empty() {
            travel(world, case).await;
        }
        let mut stream = open(world, &technician(), "").await;
        cursors.push(visit(&mut stream).await.1);
    }
    let ask_with = |world: &World, by: &Principal, day: &str, cursor: &str| {
        let request = StreamMyDayRequest {
            day: day.to_owned(),
            technician: TECHNICIAN.to_owned(),
            cursor: cursor.to_owned(),
        };
        let (scheduling, request) = (world.scheduling.clone(), ask(by, request));
        async move { scheduling.stream_my_day(request).await.map(|_| ()) }
    };
    let why = |answer: Result<(), tonic::Status>| {
        parasol_api::Error::from_status(&answer.unwrap_err()).reason()
    };
    let own = &cursors[0];
    ask_with(&world, &technician(), "", own).await.unwrap();
    for (by, day, cursor) in [
        (&centre(), "", own.as_str()),
        (&technician(), "2026-06-09", own),
        (&technician(), "", "forged"),
        (&technician(), "", &own[..own.len() - 4]),
    ] {
        assert_eq!(why(ask_with(&world, by, day, cursor).await), Reason::ResyncRequired, "{day}");
    }
    // A store that is younger than the cursor, as after a restored backup.
    assert_eq!(why(ask_with(&younger, &technician(), "", own).await), Reason::ResyncRequired);
    ask_with(&world, &technician(), "", &cursors[1]).await.unwrap();
    let refused = ask_with(&world, &technician(), "8 June", "").await;
    assert_eq!(why(refused), Reason::FieldInvalid);
}

#[tokio::test]
async fn a_quiet_stream_says_every_fifteen_seconds_that_it_lives() {
    let world = World::new().await;
    let mut stream = open(&world, &technician(), "").await;
    bookmark(&mut stream).await;
    let second = Span::from_micros(1_000_000);
    for seconds in 1..15 {
        world.wait(second);
        let quiet = timeout(Duration::from_millis(20), stream.next()).await;
        assert!(quiet.is_err(), "a bookmark after {seconds} seconds");
    }
    world.wait(second);
    let message = next(&mut stream).await;
    let Some(Change::Bookmark(bookmark)) = message.change else { panic!("{message:?}") };
    assert_eq!(bookmark.complete_until, Some(to_timestamp(world.clock.now())));
}

#[tokio::test]
async fn the_stream_ends_when_the_process_stops() {
    let world = World::new().await;
    let mut stream = open(&world, &technician(), "").await;
    bookmark(&mut stream).await;
    let stopped = async { world.shutdown.stop() };
    let (end, ()) = tokio::join!(timeout(LIMIT, stream.next()), stopped);
    assert!(end.unwrap().is_none());
}

#[tokio::test]
async fn a_centre_reads_its_own_technicians_days_only() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    book(&world, case, "08T09:00", "08T11:00").await.unwrap();
    let mut stream = open(&world, &centre(), "").await;
    visit(&mut stream).await;
    for technician in [STRANGER, "tech-unknown"] {
        let request =
            StreamMyDayRequest { technician: technician.to_owned(), ..Default::default() };
        let refused = world.scheduling.stream_my_day(ask(&centre(), request)).await.map(|_| ());
        let refused = parasol_api::Error::from_status(&refused.unwrap_err());
        assert_eq!(refused.reason(), Reason::TechnicianUnknown);
    }
    // A technician gets the own day, whatever the message says.
    let stranger = Principal::new(Role::Technician, STRANGER);
    let mut stream = open(&world, &stranger, "").await;
    bookmark(&mut stream).await;
}

#[tokio::test]
async fn nothing_personal_stays_after_closing() {
    let world = World::new().await;
    let case = in_repair(&world).await;
    let mut stream = open(&world, &technician(), "").await;
    let (during, _) = visit(&mut stream).await;
    assert!(!during.customer_name.is_empty());
    bookmark(&mut stream).await;
    let request = CompleteVisitRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        completion_code: world.desk.completion_code(case, 0),
        ..Default::default()
    };
    world.scheduling.complete_visit(ask(&technician(), request)).await.unwrap();
    let (after, _) = visit(&mut stream).await;
    assert_eq!((after.customer_name.as_str(), after.description.as_str()), ("", ""));
    assert_eq!(after.address.unwrap().street, "");
}

#[tokio::test]
async fn a_visit_leaves_the_day_when_its_case_goes_to_somebody_else() {
    let world = World::new().await;
    let case = in_repair(&world).await;
    let mut stream = open(&world, &technician(), "").await;
    let (shown, _) = visit(&mut stream).await;
    bookmark(&mut stream).await;
    let failed = Command::ReportRepairFailed;
    world.give_as(ActorKind::Technician, case, failed).await;
    visit(&mut stream).await;
    world.give(case, Command::OrderSecondInspection { rules: vec!["R1".into()] }).await;
    assert_eq!(removed(&mut stream).await, (shown.appointment_id, case.to_string()));
}
