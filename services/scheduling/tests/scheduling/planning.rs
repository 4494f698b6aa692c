//! Day plans: made, looked at, stopped, committed, and what is left out.

use futures::StreamExt as _;
use parasol_api::admin::v1::Suspension;
use parasol_api::common::v1::GeoPoint;
use parasol_api::partner::v1::appointment_service_server::AppointmentService as _;
use parasol_api::partner::v1::plan_day_response::Event;
use parasol_api::partner::v1::{
    CommitDayPlanRequest, CommittedVisit, DayPlan, FindUrgentSlotRequest, GetDayPlanRequest,
    HandOverVisitRequest, NotPlannedReason as Why, PlanDayRequest, PlannedStop, StopDayPlanRequest,
};
use parasol_api::{Error, Reason};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_routing::solver::VrpCore;
use parasol_runtime::identity::{Principal, Role};
use tonic::{Response, Status};

use crate::course::*;
use crate::keeping::{NORTH, TOWN, case_at, live_in_town, put};
use crate::world::*;

fn centre() -> Principal {
    Principal::new(Role::Centre, CENTRE)
}

fn request() -> PlanDayRequest {
    let (centre, day) = (CENTRE.to_owned(), "2026-06-09".to_owned());
    PlanDayRequest { centre, day, seconds: 60, tries: 2_000, ..PlanDayRequest::default() }
}

/// Everything a planning says: how often it told of its progress, and the plan.
async fn plan_by(
    world: &World,
    who: &Principal,
    request: PlanDayRequest,
) -> Result<(usize, DayPlan), Status> {
    let mut stream = world.scheduling.plan_day(ask(who, request)).await?.into_inner();
    let mut told = 0;
    while let Some(message) = stream.next().await {
        match message?.event.unwrap() {
            Event::Progress(_) => told += 1,
            Event::Plan(plan) => return Ok((told, plan)),
        }
    }
    panic!("it ended without a plan");
}

async fn plan(world: &World, request: PlanDayRequest) -> DayPlan {
    plan_by(world, &centre(), request).await.unwrap().1
}

async fn commit(world: &World, plan: &DayPlan) -> Result<Vec<CommittedVisit>, Status> {
    let (request_id, plan_id) = (request_id(world), plan.plan_id.clone());
    let request = CommitDayPlanRequest { request_id, plan_id };
    let answer = world.scheduling.commit_day_plan(ask(&centre(), request)).await;
    answer.map(|answer| answer.into_inner().visits)
}

/// Who comes to a case in a plan, and the stop.
fn comes(plan: &DayPlan, case: CaseId) -> Option<(&str, &PlannedStop)> {
    let stops = plan
        .routes
        .iter()
        .flat_map(|route| route.stops.iter().map(move |stop| (route.technician.as_str(), stop)));
    stops.into_iter().find(|(_, stop)| stop.case_id == case.to_string())
}

fn reason(status: &Status) -> Reason {
    Error::from_status(status).reason()
}

/// The technician lives in town and the colleague 40 km north; nobody else works.
async fn two_homes(world: &World) {
    live_in_town(world).await;
    #[expect(clippy::cast_precision_loss, reason = "a place on earth")]
    let (lat, lon) = (NORTH.0 as f64 / 1e6, NORTH.1 as f64 / 1e6);
    world.network.change(COLLEAGUE, |one| one.home = Some(GeoPoint { lat, lon }));
    world.network.change(RESTLESS, |one| one.suspension = Some(Suspension::default()));
}

/// Both with one technician, who cannot get from the first to the second in time.
async fn torn_between(world: &World) -> (CaseId, CaseId) {
    two_homes(world).await;
    let north = case_at(world, TECHNICIAN, NORTH).await;
    book(world, north, "09T14:00", "09T15:00").await.unwrap();
    let town = case_at(world, TECHNICIAN, TOWN).await;
    book(world, town, "09T15:00", "09T17:00").await.unwrap();
    (north, town)
}

#[tokio::test]
async fn a_plan_keeps_every_promise_and_is_committed_visit_by_visit() {
    let world = World::new().await;
    let (north, town) = torn_between(&world).await;
    let (told, made) = plan_by(&world, &centre(), request()).await.unwrap();
    assert!(told > 0);
    assert_eq!((made.changes, made.left_out.len()), (1, 0));
    let (who, stop) = comes(&made, north).unwrap();
    assert_eq!((who, stop.instead_of.as_str()), (COLLEAGUE, TECHNICIAN));
    assert_eq!(stop.window, Some(window("09T14:00", "09T15:00")));
    assert_eq!(comes(&made, town).unwrap().0, TECHNICIAN);
    let looked_at = GetDayPlanRequest { plan_id: made.plan_id.clone() };
    let looked_at = world.scheduling.get_day_plan(ask(&centre(), looked_at)).await;
    assert_eq!(looked_at.map(Response::into_inner).unwrap(), made);

    let before = world.case(north).await;
    let visits = commit(&world, &made).await.unwrap();
    assert_eq!(visits.len(), 1);
    assert_eq!((visits[0].technician.as_str(), visits[0].refusal.clone()), (COLLEAGUE, None));
    let after = world.case(north).await;
    let visit = after.visit.clone().unwrap();
    assert_eq!(visit.technician.as_str(), COLLEAGUE);
    assert_eq!(after.technician().unwrap().as_str(), COLLEAGUE);
    let was = before.visit.unwrap();
    assert_eq!((visit.id, visit.window), (was.id, was.window));
    assert_eq!(after.stage, before.stage);

    // The technician's time is free again, the colleague's is not.
    let free = case_at(&world, TECHNICIAN, TOWN).await;
    book(&world, free, "09T14:00", "09T15:00").await.unwrap();
    let other = case_at(&world, COLLEAGUE, NORTH).await;
    let refused = book(&world, other, "09T14:30", "09T15:30").await.unwrap_err();
    assert_eq!(reason(&refused), Reason::SlotTaken);
}

#[tokio::test]
async fn another_solver_plans_the_same_day_when_it_is_set() {
    let mut world = World::new().await;
    let (north, town) = torn_between(&world).await;
    let ours = plan(&world, request()).await;
    assert_eq!((ours.solver.as_str(), ours.solver_note.as_str()), ("induction", ""));
    world.scheduling = world.scheduling.planning_by(&VrpCore);
    let open = world.with_centre(CENTRE).await;
    put(&world, open, TOWN).await;
    let pinned = world.case(town).await.visit.unwrap().id.to_string();
    let asked = PlanDayRequest {
        tries: 50,
        open_case_ids: vec![open.to_string()],
        pinned_appointment_ids: vec![pinned],
        ..request()
    };
    let (told, made) = plan_by(&world, &centre(), asked).await.unwrap();
    assert!(told > 0);
    assert_eq!((made.solver.as_str(), made.solver_note.as_str()), ("vrp_core", ""));
    assert_eq!((made.changes, made.left_out.len()), (1, 0));
    let (who, stop) = comes(&made, north).unwrap();
    assert_eq!((who, stop.instead_of.as_str()), (COLLEAGUE, TECHNICIAN));
    assert_eq!(comes(&made, town).unwrap().0, TECHNICIAN);
    assert!(comes(&made, open).is_some());

    let visits = commit(&world, &made).await.unwrap();
    assert_eq!(visits.len(), 1);
    assert_eq!((visits[0].technician.as_str(), visits[0].refusal.clone()), (COLLEAGUE, None));
    assert_eq!(world.case(north).await.visit.unwrap().technician.as_str(), COLLEAGUE);
}

#[tokio::test]
async fn the_same_request_gives_the_same_plan() {
    let world = World::new().await;
    torn_between(&world).await;
    let (first, second) = (plan(&world, request()).await, plan(&world, request()).await);
    assert_ne!(first.plan_id, second.plan_id);
    assert_eq!((first.routes, first.left_out), (second.routes, second.left_out));
}

#[tokio::test]
async fn what_nobody_can_keep_is_left_out_with_reasons_and_stays_booked() {
    let world = World::new().await;
    let (north, town) = torn_between(&world).await;
    world.network.change(COLLEAGUE, |one| one.certified.clear());
    world.wait(Span::minutes(1));
    let made = plan(&world, request()).await;
    assert_eq!(made.left_out.len(), 1, "one of the two");
    let out = &made.left_out[0];
    let whys: Vec<_> = out.reasons.iter().map(|one| (one.reason(), one.technicians)).collect();
    assert_eq!(whys, [(Why::NotCertified, 1), (Why::NoGap, 1)]);
    assert!([north, town].iter().any(|case| case.to_string() == out.case_id));
    assert_eq!(commit(&world, &made).await.unwrap(), []);
    assert!(world.case(north).await.visit.is_some() && world.case(town).await.visit.is_some());
}

#[tokio::test]
async fn the_visits_of_somebody_who_is_ill_go_to_others() {
    let world = World::new().await;
    live_in_town(&world).await;
    let mut cases = Vec::new();
    for (from, to) in [("09T08:30", "09T10:30"), ("09T13:00", "09T15:00"), ("09T15:00", "09T17:00")]
    {
        let case = case_at(&world, TECHNICIAN, TOWN).await;
        book(&world, case, from, to).await.unwrap();
        cases.push(case);
    }
    let busy = case_at(&world, COLLEAGUE, TOWN).await;
    book(&world, busy, "09T13:00", "09T15:00").await.unwrap();
    world.network.change(TECHNICIAN, |one| one.suspension = Some(Suspension::default()));
    world.wait(Span::minutes(1));
    let made = plan(&world, request()).await;
    assert_eq!((made.changes, made.left_out.len()), (3, 0));
    assert_eq!(comes(&made, busy).unwrap().0, COLLEAGUE, "nobody else is moved");
    let visits = commit(&world, &made).await.unwrap();
    assert!(visits.iter().all(|visit| visit.refusal.is_none()), "{visits:?}");
    for case in cases {
        assert_ne!(world.case(case).await.technician().unwrap().as_str(), TECHNICIAN);
    }
}

#[tokio::test]
async fn a_pinned_visit_stays_and_an_open_case_goes_into_a_gap() {
    let world = World::new().await;
    let (north, town) = torn_between(&world).await;
    let open = world.with_centre(CENTRE).await;
    put(&world, open, TOWN).await;
    let visit = world.case(north).await.visit.unwrap();
    let made = plan(
        &world,
        PlanDayRequest {
            pinned_appointment_ids: vec![visit.id.to_string()],
            open_case_ids: vec![open.to_string()],
            ..request()
        },
    );
    let made = made.await;
    assert_eq!(comes(&made, north).unwrap().0, TECHNICIAN);
    assert_eq!(made.left_out.len(), 1, "nobody else is in town");
    assert_eq!(made.left_out[0].case_id, town.to_string());
    let pinned = made.left_out[0].reasons.iter().any(|one| one.reason() == Why::Pinned);
    assert!(!pinned, "it is the other that is pinned");
    let (_, stop) = comes(&made, open).unwrap();
    assert_eq!((stop.appointment_id.as_str(), stop.window), ("", None));
}

#[tokio::test]
async fn a_plan_is_committed_once_and_only_while_it_holds() {
    let world = World::new().await;
    let (north, _) = torn_between(&world).await;
    let made = plan(&world, request()).await;
    let request =
        CommitDayPlanRequest { request_id: request_id(&world), plan_id: made.plan_id.clone() };
    let first = world.scheduling.commit_day_plan(ask(&centre(), request.clone())).await.unwrap();
    let length = world.log_length(north).await;
    let again = world.scheduling.commit_day_plan(ask(&centre(), request)).await.unwrap();
    assert_eq!(again.into_inner(), first.into_inner());
    assert_eq!(world.log_length(north).await, length);

    // By now another comes: handing it over once more finds the visit with the colleague already.
    let stale = plan(&world, super::planning::request()).await;
    assert_eq!(stale.changes, 0);
    world.wait(Span::hours(1));
    assert_eq!(reason(&commit(&world, &made).await.unwrap_err()), Reason::PlanExpired);
}

#[tokio::test]
async fn what_changed_since_the_plan_is_refused_alone() {
    let world = World::new().await;
    let (north, _) = torn_between(&world).await;
    let made = plan(&world, request()).await;
    let taken = case_at(&world, COLLEAGUE, NORTH).await;
    book(&world, taken, "09T14:00", "09T15:00").await.unwrap();
    let visits = commit(&world, &made).await.unwrap();
    assert_eq!(visits[0].refusal.as_ref().unwrap().reason, "SLOT_TAKEN");
    assert_eq!(world.case(north).await.technician().unwrap().as_str(), TECHNICIAN);
}

#[tokio::test]
async fn a_planning_is_stopped_with_the_best_so_far_and_there_is_one_at_a_time() {
    let world = World::new().await;
    torn_between(&world).await;
    let endless = PlanDayRequest { tries: 0, ..request() };
    let mut stream = world.scheduling.plan_day(ask(&centre(), endless)).await.unwrap().into_inner();
    let Some(Ok(message)) = stream.next().await else { panic!("it says nothing") };
    let Some(Event::Progress(progress)) = message.event else { panic!("no progress at first") };
    let refused = plan_by(&world, &centre(), request()).await.unwrap_err();
    assert_eq!(reason(&refused), Reason::Overloaded);

    let stop = StopDayPlanRequest { plan_id: progress.plan_id.clone() };
    let stranger = Principal::new(Role::Centre, OTHER_CENTRE);
    let answer = world.scheduling.stop_day_plan(ask(&stranger, stop.clone())).await.unwrap();
    assert!(!answer.into_inner().stopped, "it is not theirs to stop");
    let answer = world.scheduling.stop_day_plan(ask(&centre(), stop.clone())).await.unwrap();
    assert!(answer.into_inner().stopped);
    let mut made = None;
    while let Some(message) = stream.next().await {
        if let Some(Event::Plan(plan)) = message.unwrap().event {
            made = Some(plan);
        }
    }
    assert_eq!(made.unwrap().plan_id, progress.plan_id);
    drop(stream);
    let answer = world.scheduling.stop_day_plan(ask(&centre(), stop)).await.unwrap();
    assert!(!answer.into_inner().stopped, "it is over");
    plan(&world, request()).await;
}

#[tokio::test]
async fn a_centre_of_others_is_not_there() {
    let world = World::new().await;
    torn_between(&world).await;
    let made = plan(&world, request()).await;
    for stranger in
        [Principal::new(Role::Centre, OTHER_CENTRE), Principal::new(Role::Brand, "boreas")]
    {
        let refused = plan_by(&world, &stranger, request()).await.unwrap_err();
        assert_eq!(reason(&refused), Reason::NotFound);
        let theirs = GetDayPlanRequest { plan_id: made.plan_id.clone() };
        let refused = world.scheduling.get_day_plan(ask(&stranger, theirs)).await.unwrap_err();
        assert_eq!(reason(&refused), Reason::NotFound);
    }
    let theirs = world.with_centre(OTHER_CENTRE).await;
    let foreign = PlanDayRequest { open_case_ids: vec![theirs.to_string()], ..request() };
    assert_eq!(reason(&plan_by(&world, &centre(), foreign).await.unwrap_err()), Reason::NotFound);
    for wrong in [
        PlanDayRequest { day: "2026-06-07".into(), ..request() },
        PlanDayRequest { day: "2026-06-30".into(), ..request() },
        PlanDayRequest { day: "tomorrow".into(), ..request() },
        PlanDayRequest { seconds: 61, ..request() },
        PlanDayRequest { tries: -1, ..request() },
        PlanDayRequest { open_case_ids: vec!["case".into()], ..request() },
    ] {
        let refused = plan_by(&world, &centre(), wrong).await.unwrap_err();
        assert_eq!(reason(&refused), Reason::FieldInvalid);
    }
}

#[tokio::test]
async fn a_visit_is_handed_over_to_colleagues_only() {
    let world = World::new().await;
    let (north, _) = torn_between(&world).await;
    let visit = world.case(north).await.visit.unwrap().id.to_string();
    let hand_over = |technician: &str| HandOverVisitRequest {
        request_id: request_id(&world),
        case_id: north.to_string(),
        appointment_id: visit.clone(),
        technician: technician.to_owned(),
        ..HandOverVisitRequest::default()
    };
    for (technician, expected) in [
        (STRANGER, Reason::TechnicianUnknown),
        ("nobody", Reason::TechnicianUnknown),
        (RESTLESS, Reason::TechnicianSuspended),
    ] {
        let refused = world.scheduling.hand_over_visit(ask(&centre(), hand_over(technician))).await;
        assert_eq!(reason(&refused.unwrap_err()), expected, "{technician}");
    }
    world.scheduling.hand_over_visit(ask(&centre(), hand_over(COLLEAGUE))).await.unwrap();
    assert_eq!(world.case(north).await.technician().unwrap().as_str(), COLLEAGUE);
}

#[tokio::test]
async fn an_urgent_visit_goes_to_whoever_can_or_moves_one_other() {
    let world = World::new().await;
    two_homes(&world).await;
    // Begins too late to get to town in time.
    world.network.set_hours(COLLEAGUE, ["13:00", "17:30", "", ""]);
    let urgent = world.with_centre(CENTRE).await;
    put(&world, urgent, TOWN).await;
    let ask_for = |case: CaseId| FindUrgentSlotRequest {
        case_id: case.to_string(),
        window: Some(window("09T13:00", "09T15:00")),
    };
    let find = async |who: &Principal, case| {
        let answer = world.scheduling.find_urgent_slot(ask(who, ask_for(case))).await;
        answer.map(Response::into_inner)
    };
    let free = find(&centre(), urgent).await.unwrap();
    assert_eq!((free.slot.unwrap().technician.as_str(), free.r#move), (TECHNICIAN, None));

    // The one who is near has promised a visit far away, which the other could keep as well.
    let north = case_at(&world, TECHNICIAN, NORTH).await;
    book(&world, north, "09T14:00", "09T15:00").await.unwrap();
    let found = find(&centre(), urgent).await.unwrap();
    let (slot, moved) = (found.slot.unwrap(), found.r#move.unwrap());
    assert_eq!((slot.technician.as_str(), moved.technician.as_str()), (TECHNICIAN, COLLEAGUE));
    assert_eq!(moved.case_id, north.to_string());
    let hand_over = HandOverVisitRequest {
        request_id: request_id(&world),
        case_id: moved.case_id,
        appointment_id: moved.appointment_id,
        technician: moved.technician,
        ..HandOverVisitRequest::default()
    };
    world.scheduling.hand_over_visit(ask(&centre(), hand_over)).await.unwrap();
    world.assign(urgent, TECHNICIAN).await;
    hold(&world, urgent, &slot.slot_id).await.unwrap();

    let too_many = world.with_centre(CENTRE).await;
    put(&world, too_many, TOWN).await;
    let refused = find(&centre(), too_many).await.unwrap_err();
    assert_eq!(reason(&refused), Reason::SlotTaken);
    let stranger = Principal::new(Role::Centre, OTHER_CENTRE);
    assert_eq!(reason(&find(&stranger, urgent).await.unwrap_err()), Reason::NotFound);
}

#[tokio::test]
async fn a_crew_stays_together() {
    let world = World::new().await;
    live_in_town(&world).await;
    let crew = world.with_crew(TECHNICIAN, COLLEAGUE).await;
    put(&world, crew, TOWN).await;
    book(&world, crew, "09T13:00", "09T15:00").await.unwrap();
    let made = plan(&world, request()).await;
    let both = made
        .routes
        .iter()
        .filter(|route| route.stops.iter().any(|stop| stop.case_id == crew.to_string()));
    let both: Vec<_> = both.map(|route| route.technician.as_str()).collect();
    assert_eq!((both, made.changes), (vec![TECHNICIAN, COLLEAGUE], 0));
}
