//! `BookAppointment`, `RescheduleAppointment`, `ReportContactFailed`.

use parasol_api::common::v1::{ContactFailure, MessageEffect, Party, Stage};
use parasol_api::convert::to_timestamp;
use parasol_api::partner::v1::appointment_service_server::AppointmentService as _;
use parasol_api::partner::v1::book_appointment_request::Slot;
use parasol_api::partner::v1::reschedule_appointment_request::Slot as NewSlot;
use parasol_api::partner::v1::{
    ProposeWindowsRequest, ReleaseWindowsRequest, ReportContactFailedRequest,
    RescheduleAppointmentRequest, RescheduleAppointmentResponse,
};
use parasol_api::{Error, Reason};
use parasol_journey::event::Fact;
use parasol_journey::ids::{AppointmentId, CaseId};
use parasol_journey::time::Span;
use parasol_journey::{ActorKind, Command, vocab};
use parasol_runtime::identity::Principal;
use tonic::{Response, Status};
use uuid::Uuid;

use crate::course::*;
use crate::world::*;

fn reschedule_request(
    world: &World,
    case: CaseId,
    appointment: &str,
    slot: NewSlot,
) -> RescheduleAppointmentRequest {
    RescheduleAppointmentRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        appointment_id: appointment.to_owned(),
        slot: Some(slot),
        asked_by: Party::Customer.into(),
        ..Default::default()
    }
}

async fn reschedule(
    world: &World,
    by: &Principal,
    request: RescheduleAppointmentRequest,
) -> Result<RescheduleAppointmentResponse, Status> {
    world.scheduling.reschedule_appointment(ask(by, request)).await.map(Response::into_inner)
}

fn why<T: std::fmt::Debug>(answer: Result<T, Status>) -> Reason {
    Error::from_status(&answer.unwrap_err()).reason()
}

#[tokio::test]
async fn a_held_slot_is_booked_as_what_it_is() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let offered = slots(&world, &customer(), case).await;
    let held = hold(&world, case, &offered[0].0).await.unwrap();
    let request = book_request(&world, case, Slot::HoldId(held.hold_id.clone()));
    let booked = world.scheduling.book_appointment(ask(&customer(), request)).await.unwrap();
    let booked = booked.into_inner();
    assert_eq!(booked.appointment_id, held.hold_id);
    assert_eq!((booked.window, booked.technician.as_str()), (held.window, TECHNICIAN));
    assert_eq!(booked.case.unwrap().stage(), Stage::Appointed);
    assert_eq!(world.states().await, ["confirmed"]);
    assert_eq!(world.cells().await, 4);
}

#[tokio::test]
async fn a_hold_that_is_gone_books_nothing() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let offered = slots(&world, &customer(), case).await;
    let first = hold(&world, case, &offered[0].0).await.unwrap();
    let second = hold(&world, case, &offered[1].0).await.unwrap();
    let by_hold = |id: &str| book_request(&world, case, Slot::HoldId(id.to_owned()));
    let answer = world.scheduling.book_appointment(ask(&customer(), by_hold(&first.hold_id))).await;
    assert_eq!(reason(answer), Reason::HoldExpired);
    // Over at its time, whether or not the timer has come by.
    world.wait(Span::minutes(15));
    let answer =
        world.scheduling.book_appointment(ask(&customer(), by_hold(&second.hold_id))).await;
    assert_eq!(reason(answer), Reason::HoldExpired);
    let nobody = AppointmentId::new(Uuid::from_u128(5)).to_string();
    let answer = world.scheduling.book_appointment(ask(&customer(), by_hold(&nobody))).await;
    assert_eq!(reason(answer), Reason::HoldExpired);
}

#[tokio::test]
async fn a_slot_or_a_window_is_booked_without_a_hold() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let slot = slots(&world, &agent(), case).await.remove(0);
    let request = book_request(&world, case, Slot::SlotId(slot.0));
    let booked = world.scheduling.book_appointment(ask(&agent(), request)).await.unwrap();
    assert_eq!(booked.into_inner().window, Some(slot.1));

    let case = world.with_technician(TECHNICIAN).await;
    book(&world, case, "08T10:30", "08T12:00").await.unwrap();

    // The window that is held for this case is its own.
    let case = world.with_technician(TECHNICIAN).await;
    let slot = slots(&world, &agent(), case).await.remove(0);
    let held = hold(&world, case, &slot.0).await.unwrap();
    let request = book_request(&world, case, Slot::SlotId(slot.0));
    let booked = world.scheduling.book_appointment(ask(&agent(), request)).await.unwrap();
    assert_eq!(booked.into_inner().appointment_id, held.hold_id);
}

#[tokio::test]
async fn windows_outside_the_shift_in_the_break_or_in_the_past_are_refused() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    for (from, to) in [
        ("08T08:00", "08T09:00"),
        ("08T11:30", "08T12:30"),
        ("08T12:00", "08T13:00"),
        ("08T17:00", "08T18:00"),
        ("08T23:00", "09T01:00"),
        ("09T09:00", "09T09:00"),
        ("09T10:00", "09T09:00"),
        ("08T09:00", "09T10:00"),
    ] {
        assert_eq!(why(book(&world, case, from, to).await), Reason::WindowInvalid, "{from} {to}");
    }
    assert_eq!(why(book(&world, case, "07T09:00", "07T10:00").await), Reason::WindowInPast);
    assert_eq!(world.cells().await, 0);
    world.network.set_away(true);
    world.wait(Span::minutes(1));
    let refused = book(&world, case, "08T09:00", "08T10:00").await.unwrap_err();
    assert!(Error::from_status(&refused).is_transient());
}

#[tokio::test]
async fn nobody_is_booked_twice_and_a_booked_case_says_so() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let other = world.with_technician(TECHNICIAN).await;
    book(&world, case, "08T09:00", "08T10:00").await.unwrap();
    let before = world.log_length(other).await;
    assert_eq!(why(book(&world, other, "08T09:30", "08T10:30").await), Reason::SlotTaken);
    assert_eq!(world.log_length(other).await, before);
    book(&world, other, "08T10:00", "08T11:00").await.unwrap();
    let again = book(&world, case, "08T15:00", "08T16:00").await.unwrap_err();
    let again = Error::from_status(&again);
    assert_eq!(again.reason(), Reason::IllegalTransition);
    assert!(again.metadata()["open"].contains("reschedule_appointment"));
}

#[tokio::test]
async fn moving_a_visit_keeps_its_id_and_frees_the_old_time() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let booked = book(&world, case, "08T09:00", "08T11:00").await.unwrap();
    let target = NewSlot::Window(window("08T10:00", "08T12:00"));
    let request = reschedule_request(&world, case, &booked.appointment_id, target);
    let moved = reschedule(&world, &customer(), request.clone()).await.unwrap();
    assert_eq!(moved.appointment_id, booked.appointment_id);
    assert_eq!(moved.window, Some(window("08T10:00", "08T12:00")));
    assert_eq!((world.cells().await, world.states().await), (4, vec!["confirmed".to_owned()]));
    assert_eq!(reschedule(&world, &customer(), request).await.unwrap(), moved, "a repetition");

    let other = world.with_technician(TECHNICIAN).await;
    book(&world, other, "08T09:00", "08T10:00").await.unwrap();
    let target = NewSlot::Window(window("08T09:30", "08T10:30"));
    let request = reschedule_request(&world, case, &booked.appointment_id, target);
    assert_eq!(why(reschedule(&world, &customer(), request).await), Reason::SlotTaken);
    assert_eq!(world.case(case).await.visit.unwrap().window.start, at("2026-06-08T10:00"));
}

#[tokio::test]
async fn a_visit_moves_into_a_slot_held_for_it() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let booked = book(&world, case, "08T09:00", "08T10:00").await.unwrap();
    let slot = slots(&world, &customer(), case).await.remove(0);
    let held = hold(&world, case, &slot.0).await.unwrap();
    assert_eq!(world.cells().await, 6);
    let target = NewSlot::HoldId(held.hold_id);
    let request = reschedule_request(&world, case, &booked.appointment_id, target);
    let moved = reschedule(&world, &customer(), request).await.unwrap();
    assert_eq!((moved.appointment_id, moved.window), (booked.appointment_id, Some(slot.1)));
    assert_eq!(world.cells().await, 4);
    assert_eq!(world.states().await, ["confirmed", "released"]);
}

#[tokio::test]
async fn who_asked_is_said_and_why() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let booked = book(&world, case, "08T09:00", "08T10:00").await.unwrap();
    let request = |asked_by: Party, reason: &str| RescheduleAppointmentRequest {
        asked_by: asked_by.into(),
        reason: reason.to_owned(),
        ..reschedule_request(
            &world,
            case,
            &booked.appointment_id,
            NewSlot::Window(window("08T13:00", "08T14:00")),
        )
    };
    for (asked_by, text) in [(Party::Centre, ""), (Party::Brand, "x"), (Party::Unspecified, "x")] {
        let refused = reschedule(&world, &centre(), request(asked_by, text)).await;
        assert_eq!(why(refused), Reason::FieldInvalid, "{asked_by:?}");
    }
    reschedule(&world, &centre(), request(Party::Technician, "车坏了")).await.unwrap();
    reschedule(&world, &customer(), request(Party::Centre, "")).await.unwrap();
    let log = world.desk.store.log_after(case, 0, 100).await.unwrap();
    let asked: Vec<_> = log
        .iter()
        .filter_map(|logged| match &logged.event.fact {
            Fact::AppointmentRescheduled { asked_by, .. } => Some(*asked_by),
            _ => None,
        })
        .collect();
    assert_eq!(asked, [vocab::Party::Technician, vocab::Party::Customer]);
    let visit: AppointmentId = booked.appointment_id.parse().unwrap();
    let kept = world.revealed(visit.uuid(), "reschedule_reason").await.unwrap();
    assert_eq!(kept["text"], "车坏了");
}

#[tokio::test]
async fn moving_a_visit_that_was_called_off_is_kept_as_evidence() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let booked = book(&world, case, "08T09:00", "08T10:00").await.unwrap();
    world.wait_until(at("2026-06-08T10:00"));
    world.let_deadlines_pass().await;
    assert_eq!((world.cells().await, world.states().await), (0, vec!["no_show".to_owned()]));
    let target = || NewSlot::Window(window("08T13:00", "08T14:00"));
    let request = reschedule_request(&world, case, &booked.appointment_id, target());
    let kept = reschedule(&world, &customer(), request).await.unwrap();
    assert_eq!(kept.effect(), MessageEffect::KeptAsEvidence);
    assert_eq!((kept.appointment_id.as_str(), kept.window), ("", None));
    assert_eq!(world.cells().await, 0);

    let nobody = AppointmentId::new(Uuid::from_u128(5)).to_string();
    let request = reschedule_request(&world, case, &nobody, target());
    assert_eq!(why(reschedule(&world, &customer(), request).await), Reason::NotFound);
}

#[tokio::test]
async fn every_way_to_call_a_visit_off_frees_its_time() {
    let world = World::new().await;
    let reassign =
        Command::ReassignTechnician { technician: COLLEAGUE.parse().unwrap(), helper: None };
    let withdraw = Command::WithdrawOffer { reason: "ours".to_owned() };
    let unable = Command::ReportUnable {
        reason: vocab::UnableReason::Unsafe,
        next_at: Some(start() + Span::days(1)),
        parts_at: None,
    };
    let ways = [
        (ActorKind::Customer, Command::Cancel, "cancelled"),
        (ActorKind::Centre, reassign, "cancelled"),
        (ActorKind::Policy, withdraw, "cancelled"),
        (ActorKind::Technician, unable, "unable"),
        (ActorKind::Centre, Command::ReportNoShow { by: vocab::Party::Customer }, "no_show"),
    ];
    for (kind, command, state) in ways {
        let case = world.with_technician(TECHNICIAN).await;
        book(&world, case, "08T09:00", "08T10:00").await.unwrap();
        assert_eq!(world.cells().await, 2);
        if state == "no_show" {
            world.wait_until(at("2026-06-08T09:00"));
        }
        world.give_as(kind, case, command).await;
        assert_eq!(world.cells().await, 0, "{state}");
        assert_eq!(world.states().await.pop().unwrap(), state);
    }
}

#[tokio::test]
async fn a_failed_contact_names_the_next_one() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let request = |next: Option<Span>| ReportContactFailedRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        failure: ContactFailure::NoAnswer.into(),
        next_contact_at: next.map(|next| to_timestamp(world.clock.now() + next)),
        remark: "占线".to_owned(),
        ..Default::default()
    };
    for next in [None, Some(Span::ZERO), Some(Span::hours(-1)), Some(Span::days(8))] {
        let answer =
            world.scheduling.report_contact_failed(ask(&technician(), request(next))).await;
        assert_eq!(reason(answer), Reason::NextContactRequired);
    }
    for failures in 1..=2 {
        let request = request(Some(Span::hours(13)));
        let answer = world.scheduling.report_contact_failed(ask(&technician(), request)).await;
        assert_eq!(answer.unwrap().into_inner().failures, failures);
        world.wait(Span::hours(12));
    }
    let kept = world.revealed(case.uuid(), "contact_remark").await.unwrap();
    assert_eq!(kept["text"], "占线");
    let request = request(Some(Span::hours(13)));
    let answer = world.scheduling.report_contact_failed(ask(&centre(), request)).await.unwrap();
    assert_eq!(answer.into_inner().case.unwrap().stage(), Stage::Paused, "three over two days");
}

#[tokio::test]
async fn a_customer_picks_one_of_the_proposed_windows_and_the_others_go_free() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let offered = slots(&world, &centre(), case).await;
    let ids: Vec<_> = offered.iter().take(3).map(|(id, _)| id.clone()).collect();
    let request = ProposeWindowsRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        slot_ids: ids.clone(),
        ..Default::default()
    };
    let asked = world.scheduling.propose_windows(ask(&centre(), request.clone())).await.unwrap();
    let asked = asked.into_inner();
    let again = world.scheduling.propose_windows(ask(&centre(), request)).await.unwrap();
    assert_eq!(again.into_inner(), asked);
    assert_eq!(asked.windows.len(), 3);
    assert_eq!(asked.case.unwrap().turn.unwrap().holder(), Party::Customer);
    let kept = world.cells().await;
    assert_eq!(world.states().await, ["held"; 3]);

    let other = world.with_technician(TECHNICIAN).await;
    let taken = asked.windows[1].window.unwrap();
    let refused = book_request(&world, other, Slot::Window(taken));
    let refused = world.scheduling.book_appointment(ask(&customer(), refused)).await;
    assert_eq!(why(refused), Reason::SlotTaken);

    let pick = book_request(&world, case, Slot::HoldId(asked.windows[1].hold_id.clone()));
    let booked = world.scheduling.book_appointment(ask(&customer(), pick)).await.unwrap();
    let booked = booked.into_inner();
    assert_eq!(booked.appointment_id, asked.windows[1].hold_id);
    assert_eq!(booked.window, Some(taken));
    assert_eq!(world.cells().await * 3, kept);
    let mut states = world.states().await;
    states.sort();
    assert_eq!(states, ["confirmed", "released", "released"]);
}

#[tokio::test]
async fn a_question_that_is_declined_or_too_old_keeps_nobodys_time() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let propose = |ids: Vec<String>| ProposeWindowsRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        slot_ids: ids,
        ..Default::default()
    };
    let end = || ReleaseWindowsRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        ..Default::default()
    };
    let ids: Vec<_> =
        slots(&world, &centre(), case).await.into_iter().take(4).map(|(id, _)| id).collect();
    let many = world.scheduling.propose_windows(ask(&centre(), propose(ids.clone()))).await;
    assert_eq!(why(many), Reason::FieldInvalid);
    let by_customer = propose(ids[..1].to_vec());
    let by_customer = world.scheduling.propose_windows(ask(&customer(), by_customer)).await;
    assert_eq!(why(by_customer), Reason::IllegalTransition);

    let two = propose(ids[..2].to_vec());
    world.scheduling.propose_windows(ask(&centre(), two)).await.unwrap();
    let ended = world.scheduling.release_windows(ask(&customer(), end())).await.unwrap();
    assert_eq!(ended.into_inner().case.unwrap().turn.unwrap().holder(), Party::Technician);
    assert_eq!(world.cells().await, 0);
    let none = world.scheduling.release_windows(ask(&customer(), end())).await;
    assert_eq!(why(none), Reason::HoldExpired);

    let asked = world.scheduling.propose_windows(ask(&centre(), propose(ids[..2].to_vec()))).await;
    let late = asked.unwrap().into_inner().windows.remove(0).hold_id;
    world.wait(Span::hours(24));
    let late = book_request(&world, case, Slot::HoldId(late));
    let late = world.scheduling.book_appointment(ask(&customer(), late)).await;
    assert_eq!(why(late), Reason::HoldExpired);
}
