//! Who may be sent: a licence that runs out, a suspension, a shift that changed.

use parasol_api::Reason;
use parasol_api::admin::v1::{Certified, Suspension};
use parasol_api::partner::v1::appointment_service_server::AppointmentService as _;
use parasol_api::partner::v1::book_appointment_request::Slot;
use parasol_api::partner::v1::reschedule_appointment_request::Slot as NewSlot;
use parasol_api::partner::v1::*;
use parasol_journey::time::Span;

use crate::course::*;
use crate::world::*;

/// Days on which somebody may be sent for refrigerators.
fn certified(from: &str, until: &str) -> Vec<Certified> {
    vec![Certified { category: 1, from: from.into(), until: until.into() }]
}

#[tokio::test]
async fn nobody_is_booked_or_moved_past_the_last_day_of_their_licence() {
    let world = World::new().await;
    world.network.change(RESTLESS, |one| one.certified = certified("2026-06-09", "2026-06-10"));
    let case = world.with_technician(RESTLESS).await;
    let outside = [
        ("08T09:00", "08T11:00"),
        ("08T23:30", "09T00:30"),
        ("10T23:30", "11T00:30"),
        ("11T09:00", "11T11:00"),
    ];
    for (from, to) in outside {
        let refused = book(&world, case, from, to).await.map(tonic::Response::new);
        assert_eq!(reason(refused), Reason::TechnicianNotCertified, "{from} to {to}");
    }
    assert_eq!(world.cells().await, 0);
    let booked = book(&world, case, "10T22:00", "11T00:00").await.unwrap();
    let request = RescheduleAppointmentRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        appointment_id: booked.appointment_id,
        slot: Some(NewSlot::Window(window("11T09:00", "11T11:00"))),
        ..Default::default()
    };
    let moved = world.scheduling.reschedule_appointment(ask(&customer(), request)).await;
    assert_eq!(reason(moved), Reason::TechnicianNotCertified);
    assert_eq!(world.cells().await, 4, "the visit stays where it was");
}

#[tokio::test]
async fn a_held_slot_is_not_booked_for_somebody_who_lost_the_licence_since() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let slot = slots(&world, &customer(), case).await.remove(0).0;
    let hold = hold(&world, case, &slot).await.unwrap();
    let booking = || book_request(&world, case, Slot::HoldId(hold.hold_id.clone()));
    let book = async || world.scheduling.book_appointment(ask(&customer(), booking())).await;

    world.network.change(TECHNICIAN, |one| one.certified = certified("", "2026-06-07"));
    world.wait(Span::minutes(1));
    assert_eq!(reason(book().await), Reason::TechnicianNotCertified);
    world.network.change(TECHNICIAN, |one| {
        one.certified = certified("", "");
        one.suspension = Some(Suspension::default());
    });
    world.wait(Span::minutes(1));
    assert_eq!(reason(book().await), Reason::TechnicianSuspended);
    world.network.change(TECHNICIAN, |one| one.suspension = None);
    world.network.set_hours(TECHNICIAN, ["20:00", "22:00", "", ""]);
    world.wait(Span::minutes(1));
    assert_eq!(reason(book().await), Reason::WindowInvalid);
    world.network.set_hours(TECHNICIAN, ["08:00", "22:00", "", ""]);
    world.wait(Span::minutes(1));
    book().await.unwrap();
}

#[tokio::test]
async fn a_second_after_a_suspension_nobody_is_booked_though_slots_were_just_shown() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    assert!(!slots(&world, &customer(), case).await.is_empty());
    world.network.change(TECHNICIAN, |one| one.suspension = Some(Suspension::default()));
    world.wait(Span::from_micros(1_000_000));
    let refused = book(&world, case, "08T09:00", "08T11:00").await.map(tonic::Response::new);
    assert_eq!(reason(refused), Reason::TechnicianSuspended);
}
