//! Visits that do not go as booked: nobody there, no wish any more, no parts, no safety.

use parasol_api::Reason;
use parasol_api::common::v1::{Party, Stage, TimeWindow, UnableReason};
use parasol_api::convert::to_timestamp;
use parasol_api::partner::v1::appointment_service_server::AppointmentService as _;
use parasol_api::partner::v1::{
    ExpectPartsRequest, FindSlotsRequest, ReportNoShowRequest, SlotClosureReason,
};
use parasol_api::technician::v1::visit_service_server::VisitService as _;
use parasol_api::technician::v1::{
    AcknowledgeCancelRequest, RefuseCancelRequest, ReportUnableRequest,
};
use parasol_api::{Error, common};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::{ActorKind, Command, Fact, vocab};
use parasol_runtime::identity::Principal;
use tonic::{Response, Status};

use crate::course::*;
use crate::world::*;

type Answered = Result<common::v1::CaseView, Status>;

async fn no_show(world: &World, by: &Principal, case: CaseId, missing: Party) -> Answered {
    let request = ReportNoShowRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        missing: missing.into(),
        remark: "敲门无人应".to_owned(),
        ..Default::default()
    };
    let answer = world.scheduling.report_no_show(ask(by, request)).await?;
    Ok(answer.into_inner().case.unwrap())
}

async fn booked(world: &World) -> CaseId {
    let case = world.with_technician(TECHNICIAN).await;
    book(world, case, "08T09:00", "08T11:00").await.unwrap();
    case
}

/// Who did not show, by the log.
async fn missing(world: &World, case: CaseId) -> Vec<vocab::Party> {
    let log = world.desk.store.log_after(case, 0, 100).await.unwrap();
    let missing = log.iter().filter_map(|logged| match logged.event.fact {
        Fact::NoShow { by } => Some(by),
        _ => None,
    });
    missing.collect()
}

fn why(answer: Answered) -> Error {
    Error::from_status(&answer.unwrap_err())
}

#[tokio::test]
async fn each_side_reports_that_the_other_did_not_show() {
    let world = World::new().await;
    let case = booked(&world).await;
    let early = why(no_show(&world, &technician(), case, Party::Unspecified).await);
    assert_eq!(early.reason(), Reason::NoShowTooEarly);
    assert_eq!(early.metadata()["from"], at("2026-06-08T09:00").to_string());
    let early = why(no_show(&world, &customer(), case, Party::Customer).await);
    assert_eq!(early.metadata()["from"], at("2026-06-08T11:00").to_string());

    world.wait_until(at("2026-06-08T09:00"));
    let after = no_show(&world, &technician(), case, Party::Technician).await.unwrap();
    assert_eq!(after.stage(), Stage::TechnicianAssigned);
    assert_eq!(missing(&world, case).await, [vocab::Party::Customer], "whatever was said");
    assert_eq!((world.cells().await, world.states().await), (0, vec!["no_show".to_owned()]));

    // At the door by the phone of the technician; the customer knows better.
    let case = booked(&world).await;
    check_in(&world, case).await;
    no_show(&world, &customer(), case, Party::Unspecified).await.unwrap();
    assert_eq!(missing(&world, case).await, [vocab::Party::Technician]);

    let case = booked(&world).await;
    let unsaid = why(no_show(&world, &agent(), case, Party::Brand).await);
    assert_eq!(unsaid.reason(), Reason::FieldInvalid);
    no_show(&world, &agent(), case, Party::Customer).await.unwrap();
    assert_eq!(missing(&world, case).await, [vocab::Party::Customer]);
    for who in outsiders() {
        let hidden = why(no_show(&world, &who, case, Party::Customer).await);
        assert_eq!(hidden.reason(), Reason::NotFound, "{who}");
    }
}

#[tokio::test]
async fn who_cancels_with_the_technician_at_the_door_is_asked_of_the_field() {
    let world = World::new().await;
    let case = booked(&world).await;
    check_in(&world, case).await;
    world.give_as(ActorKind::Customer, case, Command::Cancel).await;
    assert_eq!(world.states().await, ["in_progress"]);
    let refuse = |reason: &str| RefuseCancelRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        reason: reason.to_owned(),
        ..Default::default()
    };
    let sentence = world.scheduling.refuse_cancel(ask(&technician(), refuse("已开机"))).await;
    assert_eq!(reason(sentence), Reason::FieldInvalid, "the log holds codes alone");
    let on = world.scheduling.refuse_cancel(ask(&technician(), refuse("opened"))).await.unwrap();
    assert_eq!(on.into_inner().case.unwrap().stage(), Stage::OnSite);

    world.give_as(ActorKind::Customer, case, Command::Cancel).await;
    let agree = AcknowledgeCancelRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        ..Default::default()
    };
    let answer = world.scheduling.acknowledge_cancel(ask(&centre(), agree.clone())).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!(answer.case.as_ref().unwrap().stage(), Stage::Cancelled);
    assert_eq!(world.states().await, ["turned_away"], "the visit was made");
    assert_eq!(world.cells().await, 0);
    let again = world.scheduling.acknowledge_cancel(ask(&centre(), agree)).await.unwrap();
    assert_eq!(again.into_inner(), answer);
}

#[tokio::test]
async fn weather_needs_its_next_step_and_names_it() {
    let world = World::new().await;
    let case = booked(&world).await;
    let request = |next: Option<Span>| ReportUnableRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        reason: UnableReason::Weather.into(),
        next_contact_at: next.map(|next| to_timestamp(world.clock.now() + next)),
        ..Default::default()
    };
    let without = world.scheduling.report_unable(ask(&technician(), request(None))).await;
    assert_eq!(reason(without), Reason::NextContactRequired);
    let with = request(Some(Span::days(2)));
    let answer = world.scheduling.report_unable(ask(&technician(), with)).await.unwrap();
    assert_eq!(answer.into_inner().case.unwrap().stage(), Stage::Paused);
    let pause = world.case(case).await.pause.unwrap();
    assert_eq!(pause.resume_at, start() + Span::days(2));
    world.wait(Span::days(2));
    world.let_deadlines_pass().await;
    assert_eq!(world.case(case).await.pause, None, "it goes on by itself");
}

#[tokio::test]
async fn the_second_visit_is_booked_when_its_parts_have_a_date() {
    let world = World::new().await;
    let case = booked(&world).await;
    let request = ReportUnableRequest {
        request_id: request_id(&world),
        case_id: case.to_string(),
        reason: UnableReason::PartsMissing.into(),
        ..Default::default()
    };
    world.scheduling.report_unable(ask(&technician(), request)).await.unwrap();
    let why = |answer: Result<_, Status>| {
        Error::from_status(
            &answer.map(|_: parasol_api::partner::v1::BookAppointmentResponse| ()).unwrap_err(),
        )
    };
    let none = why(book(&world, case, "09T09:00", "09T10:00").await);
    assert_eq!(none.reason(), Reason::PartsDateMissing);
    let expect = |by: &Principal, when: &str| {
        let request = ExpectPartsRequest {
            request_id: request_id(&world),
            case_id: case.to_string(),
            arrives_at: Some(to_timestamp(at(when))),
            ..Default::default()
        };
        let (by, scheduling) = (by.clone(), &world.scheduling);
        async move { scheduling.expect_parts(ask(&by, request)).await.map(Response::into_inner) }
    };
    for who in outsiders() {
        let hidden = expect(&who, "2026-06-10T12:00").await.map(Response::new);
        assert_eq!(reason(hidden), Reason::NotFound, "{who}");
    }
    expect(&centre(), "2026-06-10T12:00").await.unwrap();
    let find = FindSlotsRequest {
        case_id: case.to_string(),
        from: Some(to_timestamp(at("2026-06-10T00:00"))),
        days: 1,
        with_closed: true,
        limit: 0,
    };
    let found = world.scheduling.find_slots(ask(&centre(), find)).await.unwrap().into_inner();
    let noon = to_timestamp(at("2026-06-10T12:00"));
    let from = |window: &Option<TimeWindow>| window.unwrap().from.unwrap().seconds;
    assert!(!found.slots.is_empty());
    assert!(found.slots.iter().all(|slot| from(&slot.window) >= noon.seconds));
    let morning: Vec<_> =
        found.closed.iter().filter(|one| from(&one.window) < noon.seconds).collect();
    assert!(!morning.is_empty());
    for one in morning {
        assert_eq!(one.reasons[0].reason(), SlotClosureReason::PartsNotThere);
    }
    let early = why(book(&world, case, "10T11:00", "10T12:00").await);
    assert_eq!(early.reason(), Reason::PartsNotThere);
    assert_eq!(early.metadata()["from"], at("2026-06-10T12:00").to_string());
    book(&world, case, "10T13:00", "10T14:00").await.unwrap();
}
