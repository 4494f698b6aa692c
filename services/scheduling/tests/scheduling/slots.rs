//! `FindSlots`, `HoldSlot`, `ReleaseSlot`.

use parasol_api::common::v1::MessageEffect;
use parasol_api::convert::to_timestamp;
use parasol_api::partner::v1::appointment_service_server::AppointmentService as _;
use parasol_api::partner::v1::{
    FindSlotsRequest, FindSlotsResponse, ReleaseSlotRequest, ReleaseSlotResponse,
};
use parasol_api::{Error, Reason};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use tonic::{Response, Status};

use crate::course::*;
use crate::world::*;

async fn find(world: &World, request: FindSlotsRequest) -> Result<FindSlotsResponse, Status> {
    world.scheduling.find_slots(ask(&agent(), request)).await.map(Response::into_inner)
}

async fn release(world: &World, case: CaseId, hold: &str) -> Result<ReleaseSlotResponse, Status> {
    let request = ReleaseSlotRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        hold_id: hold.to_owned(),
        ..Default::default()
    };
    world.scheduling.release_slot(ask(&customer(), request)).await.map(Response::into_inner)
}

#[tokio::test]
async fn slots_come_from_the_shift_without_break_past_and_taken() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let request = || FindSlotsRequest { case_id: case.to_string(), days: 1, ..Default::default() };
    let windows = |answer: FindSlotsResponse| {
        answer.slots.into_iter().map(|slot| slot.window.unwrap()).collect::<Vec<_>>()
    };
    let monday = [
        window("08T08:30", "08T10:30"),
        window("08T13:00", "08T15:00"),
        window("08T15:00", "08T17:00"),
    ];
    assert_eq!(windows(find(&world, request()).await.unwrap()), monday);

    let other = world.with_technician(TECHNICIAN).await;
    book(&world, other, "08T14:30", "08T15:30").await.unwrap();
    assert_eq!(windows(find(&world, request()).await.unwrap()), monday[..1], "both are touched");

    world.wait_until(at("2026-06-08T09:00"));
    let tomorrow = [window("09T08:30", "09T10:30")];
    assert_eq!(windows(find(&world, request()).await.unwrap()), tomorrow, "nothing of the past");

    let from = Some(to_timestamp(at("2026-06-10T12:00")));
    let later = FindSlotsRequest { from, limit: 1, ..request() };
    assert_eq!(windows(find(&world, later).await.unwrap()), [window("10T13:00", "10T15:00")]);
    let far = FindSlotsRequest { from: Some(to_timestamp(at("2027-06-10T12:00"))), ..request() };
    assert!(find(&world, far).await.unwrap().slots.is_empty(), "beyond what can be booked");
    let fortnight = FindSlotsRequest { days: 14, ..request() };
    assert_eq!(find(&world, fortnight).await.unwrap().slots.len(), 20, "the usual number");
}

#[tokio::test]
async fn a_customer_is_not_told_who_would_come() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let request = FindSlotsRequest { case_id: case.to_string(), ..Default::default() };
    let seen = find(&world, request.clone()).await.unwrap();
    assert_eq!(seen.slots[0].technician, TECHNICIAN);
    let answer = world.scheduling.find_slots(ask(&customer(), request)).await.unwrap();
    assert_eq!(answer.into_inner().slots[0].technician, "");
}

#[tokio::test]
async fn without_a_technician_a_customer_has_no_slots_and_the_journey_says_why() {
    let world = World::new().await;
    let case = world.with_centre(CENTRE).await;
    let request = FindSlotsRequest { case_id: case.to_string(), ..Default::default() };
    let refused = world.scheduling.find_slots(ask(&customer(), request)).await.unwrap_err();
    let refused = Error::from_status(&refused);
    assert_eq!(refused.reason(), Reason::IllegalTransition);
    assert_eq!(refused.metadata()["stage"], "centre_assigned");

    let case = world.with_technician(TECHNICIAN).await;
    world
        .give_as(parasol_journey::ActorKind::Customer, case, parasol_journey::Command::Cancel)
        .await;
    let request = FindSlotsRequest { case_id: case.to_string(), ..Default::default() };
    let refused = Error::from_status(&find(&world, request).await.unwrap_err());
    assert_eq!(refused.reason(), Reason::CaseEnded);
}

#[tokio::test]
async fn limits_are_kept() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    for (days, limit) in [(15, 0), (-1, 0), (0, 101), (0, -1)] {
        let request =
            FindSlotsRequest { case_id: case.to_string(), days, limit, ..Default::default() };
        let refused = Error::from_status(&find(&world, request).await.unwrap_err());
        assert_eq!(refused.reason(), Reason::FieldInvalid, "{days} {limit}");
    }
}

#[tokio::test]
async fn whoever_is_away_or_suspended_has_no_slots() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    assert!(!slots(&world, &agent(), case).await.is_empty());
    world.network.change(TECHNICIAN, |one| {
        one.absences = vec![parasol_api::admin::v1::Absence {
            from: "2026-01-01".into(),
            until: "2026-12-31".into(),
            reason: "training".into(),
        }];
    });
    world.wait(Span::from_micros(30_000_000));
    assert!(slots(&world, &agent(), case).await.is_empty());
    world.network.change(TECHNICIAN, |one| {
        one.absences.clear();
        one.suspension = Some(parasol_api::admin::v1::Suspension::default());
    });
    world.wait(Span::from_micros(30_000_000));
    assert!(slots(&world, &agent(), case).await.is_empty());
}

#[tokio::test]
async fn technicians_are_remembered_for_half_a_minute() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let first = slots(&world, &agent(), case).await;
    world.network.set_hours(TECHNICIAN, ["09:00", "11:00", "", ""]);
    assert_eq!(slots(&world, &agent(), case).await, first);
    assert_eq!(world.network.asked(), 2, "for the technician and for the county");
    world.wait(Span::from_micros(30_000_000));
    let new = slots(&world, &agent(), case).await;
    assert_eq!(new[0].1, window("08T09:00", "08T11:00"));
    world.wait(Span::minutes(1));
    world.network.set_away(true);
    let request = FindSlotsRequest { case_id: case.to_string(), ..Default::default() };
    assert!(Error::from_status(&find(&world, request).await.unwrap_err()).is_transient());
}

#[tokio::test]
async fn a_hold_keeps_the_slot_until_it_lapses_by_itself() {
    let world = World::new().await;
    let (case, other) =
        (world.with_technician(TECHNICIAN).await, world.with_technician(TECHNICIAN).await);
    let mine = slots(&world, &customer(), case).await;
    let theirs = slots(&world, &customer(), other).await;
    let held = hold(&world, case, &mine[0].0).await.unwrap();
    assert_eq!(held.window, Some(mine[0].1));
    let expires_at = world.clock.now() + Span::minutes(15);
    assert_eq!(held.expires_at, Some(to_timestamp(expires_at)));
    assert_eq!(held.effect(), MessageEffect::Applied);

    let refused = hold(&world, other, &theirs[0].0).await.unwrap_err();
    assert_eq!(Error::from_status(&refused).reason(), Reason::SlotTaken);
    let left = slots(&world, &customer(), other).await;
    assert!(!left.iter().any(|(_, window)| *window == mine[0].1));

    world.wait_until(expires_at);
    assert_eq!(world.let_deadlines_pass().await.done, 1);
    assert_eq!(world.cells().await, 0, "the timer freed the slot");
    assert_eq!(world.states().await, ["released"]);
    hold(&world, other, &theirs[0].0).await.unwrap();
}

#[tokio::test]
async fn a_new_hold_lets_the_old_one_go() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let offered = slots(&world, &customer(), case).await;
    let first = hold(&world, case, &offered[0].0).await.unwrap();
    let second = hold(&world, case, &offered[1].0).await.unwrap();
    assert_ne!(first.hold_id, second.hold_id);
    assert_eq!(world.cells().await, 4);
    assert_eq!(world.states().await, ["released", "held"]);
    // The same slot again: nothing is taken twice.
    hold(&world, case, &offered[1].0).await.unwrap();
    assert_eq!(world.cells().await, 4);
}

#[tokio::test]
async fn a_slot_id_of_another_case_or_technician_or_of_nobody_is_refused() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let other = world.with_technician(TECHNICIAN).await;
    let of_other = slots(&world, &customer(), other).await.remove(0).0;
    let mine = slots(&world, &customer(), case).await.remove(0).0;
    world
        .give_as(
            parasol_journey::ActorKind::Centre,
            case,
            parasol_journey::Command::ReassignTechnician {
                technician: COLLEAGUE.parse().unwrap(),
                helper: None,
            },
        )
        .await;
    let mut forged = slots(&world, &customer(), case).await.remove(0).0;
    forged.replace_range(..1, if forged.starts_with('A') { "B" } else { "A" });
    let before = world.log_length(case).await;
    for wrong in [of_other.as_str(), &mine, &forged, "", "slot", &"A".repeat(64)] {
        let refused = hold(&world, case, wrong).await.unwrap_err();
        assert_eq!(Error::from_status(&refused).reason(), Reason::FieldInvalid, "{wrong}");
    }
    assert_eq!((world.log_length(case).await, world.cells().await), (before, 0));
}

#[tokio::test]
async fn releasing_is_safe_to_repeat_and_never_hits_another_hold() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let offered = slots(&world, &customer(), case).await;
    let first = hold(&world, case, &offered[0].0).await.unwrap();
    let released = release(&world, case, &first.hold_id).await.unwrap();
    assert_eq!(released.effect(), MessageEffect::Applied);
    assert_eq!(world.cells().await, 0);

    let second = hold(&world, case, &offered[1].0).await.unwrap();
    let again = release(&world, case, &first.hold_id).await.unwrap();
    assert_eq!(again.effect(), MessageEffect::KeptAsEvidence);
    let standing = world.case(case).await.hold.unwrap();
    assert_eq!(standing.id.to_string(), second.hold_id);

    let other = world.with_technician(COLLEAGUE).await;
    let refused = release(&world, other, &second.hold_id).await.unwrap_err();
    assert_eq!(Error::from_status(&refused).reason(), Reason::NotFound);
}
