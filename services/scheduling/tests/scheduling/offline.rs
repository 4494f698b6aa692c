//! A device that had no network for a day: what it sends then, over gRPC, and what becomes of it.

use std::collections::{BTreeMap, VecDeque};

use parasol_api::common::v1::{self, CaseView, UnableReason};
use parasol_api::convert::{timestamp, to_timestamp};
use parasol_api::technician::v1::visit_action::Action;
use parasol_api::technician::v1::visit_service_client::VisitServiceClient;
use parasol_api::technician::v1::*;
use parasol_api::{Error, Reason};
use parasol_journey::event::Fact;
use parasol_journey::ids::CaseId;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{ActorKind, Command, Stage};
use parasol_runtime::identity::{Principal, Role};
use parasol_runtime::transport::Transport;
use parasol_testkit::Postgres;
use tonic::service::RoutesBuilder;
use tonic::{Request, Status};
use tower::ServiceExt;

use crate::course::*;
use crate::world::*;

/// By how much the device's clock is ahead.
const AHEAD: Span = Span::days(3);

fn me() -> Principal {
    Principal::new(Role::Technician, RESTLESS)
}

/// A visit that the technician goes to.
struct Visit {
    case: CaseId,
    appointment: String,
}

async fn booked(world: &World, from: &str, to: &str) -> Visit {
    let case = world.with_technician(RESTLESS).await;
    let appointment = book(world, case, from, to).await.unwrap().appointment_id;
    Visit { case, appointment }
}

/// What the technician does on that day, and when.
struct Deed {
    at: Timestamp,
    visit: usize,
    action: Action,
}

/// Three visits, twelve deeds: one is repaired, one is found too late, one is somebody else's by then.
async fn day(world: &World) -> (Vec<Visit>, Vec<Deed>) {
    let visits = vec![
        booked(world, "08T10:30", "08T20:00").await,
        booked(world, "08T08:30", "08T10:30").await,
        booked(world, "08T20:00", "08T22:00").await,
    ];
    let mut deeds = Vec::new();
    let mut deed = |clock: &str, visit: usize, action: fn(&World, String, Timestamp) -> Action| {
        let at = at(&format!("2026-06-08T{clock}"));
        let case: &Visit = &visits[visit];
        deeds.push(Deed { at, visit, action: action(world, case.case.to_string(), at) });
    };
    deed("08:20", 1, travel);
    deed("08:50", 1, arrive);
    deed("09:10", 1, unable);
    deed("10:10", 0, travel);
    deed("10:45", 0, arrive);
    deed("11:20", 0, inspect);
    deed("12:30", 0, repair);
    deed("12:40", 0, complete);
    deed("13:30", 2, travel);
    deed("14:00", 2, arrive);
    deed("14:30", 2, inspect);
    deed("15:00", 2, repair);
    assert_eq!(deeds.len(), 12);
    (visits, deeds)
}

fn travel(_: &World, case_id: String, at: Timestamp) -> Action {
    let arriving_at = Some(to_timestamp(at + Span::minutes(30) + AHEAD));
    Action::StartTravel(StartTravelRequest { case_id, arriving_at, ..Default::default() })
}

fn arrive(_: &World, case_id: String, _: Timestamp) -> Action {
    Action::CheckIn(CheckInRequest { case_id, mock_location: true, ..Default::default() })
}

fn inspect(_: &World, case_id: String, at: Timestamp) -> Action {
    let certificate = Some(certificate(at + AHEAD));
    let request = SubmitInspectionRequest { case_id, certificate, ..Default::default() };
    Action::SubmitInspection(Box::new(request))
}

fn repair(_: &World, case_id: String, _: Timestamp) -> Action {
    let request = CompleteRepairRequest {
        case_id,
        summary: "换了继电器".to_owned(),
        function: v1::Function::Normal.into(),
        ..Default::default()
    };
    Action::CompleteRepair(request)
}

fn complete(world: &World, case_id: String, _: Timestamp) -> Action {
    let completion_code = world.desk.completion_code(case_id.parse().unwrap(), 0);
    Action::CompleteVisit(CompleteVisitRequest { case_id, completion_code, ..Default::default() })
}

fn unable(_: &World, case_id: String, _: Timestamp) -> Action {
    let reason = UnableReason::NoPowerOrWater.into();
    Action::ReportUnable(ReportUnableRequest { case_id, reason, ..Default::default() })
}

/// What the device keeps of its deeds.
fn outbox(world: &World, visits: &[Visit], deeds: &[Deed]) -> Vec<VisitAction> {
    let kept = deeds.iter().zip(1..).map(|(deed, sequence)| VisitAction {
        action_id: request_id(world),
        sequence,
        taken_at: Some(to_timestamp(deed.at + AHEAD)),
        appointment_id: visits[deed.visit].appointment.clone(),
        action: Some(deed.action.clone()),
    });
    kept.collect()
}

/// Calls that are encoded and decoded as on the wire.
pub fn wire(world: &World) -> Transport {
    let mut routes = RoutesBuilder::default();
    world.scheduling.add_routes(&mut routes);
    let routes = ServiceExt::<http::Request<tonic::body::Body>>::map_err(
        routes.routes().prepare(),
        |never: std::convert::Infallible| match never {},
    );
    Transport::new(routes)
}

/// Over the wire, as its technician.
async fn send(
    world: &World,
    by: &Principal,
    actions: Vec<VisitAction>,
) -> Result<SyncActionsResponse, Status> {
    let by = by.clone();
    let mut client =
        VisitServiceClient::with_interceptor(wire(world), move |mut call: Request<()>| {
            call.extensions_mut().insert(by.clone());
            Ok(call)
        });
    let request = SyncActionsRequest {
        request_id: request_id(world),
        device_now: Some(to_timestamp(world.clock.now() + AHEAD)),
        actions,
    };
    Ok(client.sync_actions(request).await?.into_inner())
}

/// In some other order; the same for the same seed.
fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for last in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(last, usize::try_from(seed >> 33).unwrap() % (last + 1));
    }
}

/// What a case has come to, without the times: what happened, and what follows from it.
async fn story(world: &World, case: CaseId) -> (Vec<String>, Stage, usize) {
    let log = world.desk.store.log_after(case, 0, 1_000).await.unwrap();
    let told = log.iter().filter_map(|logged| match &logged.event.fact {
        Fact::MessageKept { .. } => None,
        fact => Some(serde_json::to_value(fact).unwrap()["what"].to_string()),
    });
    let case = world.case(case).await;
    (told.collect(), case.stage, case.certificates.len())
}

/// What is kept as evidence on a case: what came, and why it moved nothing.
async fn evidence(world: &World, case: CaseId) -> Vec<(String, String)> {
    let log = world.desk.store.log_after(case, 0, 1_000).await.unwrap();
    let kept = log.iter().filter_map(|logged| match &logged.event.fact {
        Fact::MessageKept { message, reason } => Some((message.clone(), reason.clone())),
        _ => None,
    });
    let mut kept: Vec<_> = kept.collect();
    kept.sort();
    kept
}

fn pairs(reason: &str, messages: &[&str]) -> Vec<(String, String)> {
    messages.iter().map(|message| ((*message).to_owned(), reason.to_owned())).collect()
}

/// The same visit with a network: each deed when it is done.
async fn online() -> (Vec<String>, Stage, usize) {
    let world = World::new().await;
    let (visits, deeds) = day(&world).await;
    let kept = outbox(&world, &visits, &deeds);
    for (deed, action) in deeds.iter().zip(kept).filter(|(deed, _)| deed.visit == 0) {
        world.wait_until(deed.at);
        if matches!(deed.action, Action::CompleteRepair(_)) {
            world.decide_repair(visits[0].case).await;
        }
        let result = send(&world, &me(), vec![action]).await.unwrap().results.remove(0);
        assert_eq!(result.outcome(), ActionOutcome::Applied, "{result:?}");
        assert_eq!(result.happened_at, Some(to_timestamp(deed.at)));
    }
    story(&world, visits[0].case).await
}

/// Eight hours later: the second window has lapsed, and the third case is a colleague's.
async fn meanwhile(world: &World, visits: &[Visit]) {
    world.wait_until(at("2026-06-08T16:00"));
    world.let_deadlines_pass().await;
    let reassign =
        Command::ReassignTechnician { technician: COLLEAGUE.parse().unwrap(), helper: None };
    world.give_as(ActorKind::Centre, visits[2].case, reassign).await;
}

/// Sends what is not settled, `at_once` actions in a call, until nothing is left. Every third answer is lost.
async fn until_settled(
    world: &World,
    visits: &[Visit],
    outbox: Vec<VisitAction>,
    at_once: usize,
) -> BTreeMap<String, ActionResult> {
    let mut left: VecDeque<_> = outbox.into();
    let mut settled: BTreeMap<String, ActionResult> = BTreeMap::new();
    for call in 1.. {
        assert!(call < 200, "it does not come to an end: {left:?}");
        let batch: Vec<_> = left.drain(..at_once.min(left.len())).collect();
        if batch.is_empty() {
            break;
        }
        let answer = send(world, &me(), batch.clone()).await.unwrap();
        assert_eq!(answer.clock_ahead.unwrap().seconds, AHEAD.micros() / 1_000_000);
        if call % 3 == 0 {
            left.extend(batch);
            continue;
        }
        for (action, result) in batch.into_iter().zip(answer.results) {
            assert_eq!(action.action_id, result.action_id);
            match result.next_step() {
                NextStep::SendAgain => left.push_back(action),
                NextStep::Done => {
                    let result = ActionResult { repeated: false, ..result };
                    let first = settled.entry(action.action_id).or_insert_with(|| result.clone());
                    assert_eq!(*first, result, "an action has one answer");
                }
                other => panic!("{other:?}: {result:?}"),
            }
        }
        if world.case(visits[0].case).await.stage == Stage::Deciding {
            world.decide_repair(visits[0].case).await;
        }
    }
    settled
}

fn doubled_and_shuffled(
    world: &World,
    visits: &[Visit],
    deeds: &[Deed],
    seed: u64,
) -> Vec<VisitAction> {
    let kept = outbox(world, visits, deeds);
    let mut twice: Vec<_> = kept.iter().chain(&kept).cloned().collect();
    shuffle(&mut twice, seed);
    twice
}

async fn ends_as_online(world: World) {
    let (visits, deeds) = day(&world).await;
    let outbox = doubled_and_shuffled(&world, &visits, &deeds, 11);
    meanwhile(&world, &visits).await;
    let colleagues = world.log_length(visits[2].case).await;
    let before = (world.case(visits[1].case).await, world.case(visits[2].case).await);
    let settled = until_settled(&world, &visits, outbox, 24).await;
    assert_eq!(settled.len(), 12);

    assert_eq!(story(&world, visits[0].case).await, online().await);
    assert_eq!(evidence(&world, visits[0].case).await, []);
    let case = world.case(visits[0].case).await;
    assert_eq!(case.stage, Stage::Closed);
    let log = world.desk.store.log_after(visits[0].case, 0, 100).await.unwrap();
    let inspected = log.iter().find_map(|logged| match &logged.event.fact {
        Fact::CertificateSubmitted { certificate, .. } => Some(certificate.inspected_at),
        _ => None,
    });
    assert_eq!(inspected, Some(at("2026-06-08T11:20")), "by the server's clock");
    let arrived = log.iter().find_map(|logged| match &logged.event.fact {
        Fact::CheckedIn { arrived_at, mock_location: true, .. } => {
            Some((*arrived_at, logged.event.at))
        }
        _ => None,
    });
    assert_eq!(arrived, Some((Some(at("2026-06-08T10:45")), at("2026-06-08T16:00"))));

    // What came too late says so, on the case and to the device, and moved nothing.
    let over = pairs("appointment_over", &["check_in", "report_unable", "start_travel"]);
    assert_eq!(evidence(&world, visits[1].case).await, over);
    let reassigned = ["check_in", "complete_repair", "start_travel", "submit_inspection"];
    let reassigned = pairs("case_reassigned", &reassigned);
    assert_eq!(evidence(&world, visits[2].case).await, reassigned);
    let (lapsed, given) = (world.case(visits[1].case).await, world.case(visits[2].case).await);
    assert_eq!((lapsed.stage, lapsed.obligations), (before.0.stage, before.0.obligations));
    assert_eq!((given.stage, given.visit), (before.1.stage, before.1.visit));
    assert_eq!(given.version, colleagues + 4);
    for result in settled.values() {
        let outcome = result.outcome();
        match result.kept_because.as_str() {
            "" => assert_eq!(outcome, ActionOutcome::Applied),
            "appointment_over" => assert!(result.case.is_some()),
            "case_reassigned" => assert_eq!(result.case, None, "it is a colleague's now"),
            other => panic!("{other}"),
        }
        assert_eq!(outcome == ActionOutcome::KeptAsEvidence, !result.kept_because.is_empty());
    }
}

#[tokio::test]
async fn eight_hours_without_a_network_end_as_a_day_with_one_on_the_embedded_store() {
    Box::pin(ends_as_online(World::new().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_hours_without_a_network_end_as_a_day_with_one_on_a_server() {
    let url = Postgres::shared().unwrap().fresh_database("scheduling_offline").unwrap();
    Box::pin(ends_as_online(World::seeded(&url, 7).await)).await;
}

/// In small parcels an inspection may arrive before the way there: every order ends, and with the same stage.
#[tokio::test]
async fn parcels_in_any_order_end_with_everything_applied_or_explained() {
    for seed in 0..6 {
        let world = World::new().await;
        let (visits, deeds) = day(&world).await;
        let outbox = doubled_and_shuffled(&world, &visits, &deeds, seed);
        meanwhile(&world, &visits).await;
        let settled = until_settled(&world, &visits, outbox, 5).await;
        assert_eq!(settled.len(), 12);
        assert_eq!(world.case(visits[0].case).await.stage, Stage::Closed, "seed {seed}");
        let late = evidence(&world, visits[0].case).await;
        let travel = pairs("visit_went_on", &["start_travel"]);
        let repair = pairs("case_ended", &["complete_repair"]);
        let explained = |one| travel.contains(one) || repair.contains(one);
        assert!(late.len() <= 2 && late.iter().all(explained), "seed {seed}: {late:?}");
    }
}

#[tokio::test]
async fn what_comes_after_a_visit_was_handed_over_is_kept() {
    let world = World::new().await;
    let (visits, deeds) = day(&world).await;
    world.wait_until(at("2026-06-08T11:00"));
    let hand_over = Command::HandOverVisit { technician: COLLEAGUE.parse().unwrap() };
    world.give_as(ActorKind::Centre, visits[0].case, hand_over).await;
    let arrival = outbox(&world, &visits, &deeds).remove(4);
    let result = send(&world, &me(), vec![arrival]).await.unwrap().results.remove(0);
    assert_eq!(result.outcome(), ActionOutcome::KeptAsEvidence, "{result:?}");
    assert_eq!((result.kept_because.as_str(), result.case), ("case_reassigned", None));
    let late = pairs("case_reassigned", &["check_in"]);
    assert_eq!(evidence(&world, visits[0].case).await, late);
    assert_eq!(world.case(visits[0].case).await.checked_in_at, None);
}

#[tokio::test]
async fn an_action_sent_by_its_own_method_before_is_answered_as_then() {
    let world = World::new().await;
    let (visits, deeds) = day(&world).await;
    world.wait_until(at("2026-06-08T11:00"));
    let first = outbox(&world, &visits, &deeds).remove(3);
    let Some(Action::StartTravel(mut direct)) = first.action.clone() else { unreachable!() };
    direct.request_id = first.action_id.clone();
    let mut client = VisitServiceClient::with_interceptor(wire(&world), |mut call: Request<()>| {
        call.extensions_mut().insert(me());
        Ok(call)
    });
    let answered = client.start_travel(direct).await.unwrap().into_inner();
    let length = world.log_length(visits[0].case).await;
    let again = send(&world, &me(), vec![first]).await.unwrap().results.remove(0);
    assert!(again.repeated);
    assert_eq!((again.outcome(), again.case), (ActionOutcome::Applied, answered.case));
    assert_eq!(world.log_length(visits[0].case).await, length);
}

#[tokio::test]
async fn a_stranger_learns_nothing_from_a_batch_and_keeps_nothing_in_it() {
    let world = World::new().await;
    let (visits, deeds) = day(&world).await;
    meanwhile(&world, &visits).await;
    let lengths = [0, 1, 2].map(|place: usize| visits[place].case);
    let mut before = Vec::new();
    for case in lengths {
        before.push(world.log_length(case).await);
    }
    let stranger = Principal::new(Role::Technician, STRANGER);
    let colleague = Principal::new(Role::Technician, COLLEAGUE);
    for who in [stranger, colleague] {
        let foreign = outbox(&world, &visits, &deeds);
        let mut unknown = foreign.clone();
        for action in &mut unknown {
            action.action_id = request_id(&world);
            action.appointment_id =
                parasol_journey::ids::AppointmentId::new(world.desk.ids.next()).to_string();
        }
        let foreign = send(&world, &who, foreign).await.unwrap().results;
        let unknown = send(&world, &who, unknown).await.unwrap().results;
        for (foreign, unknown) in foreign.into_iter().zip(unknown) {
            let refusal = foreign.refusal.unwrap();
            assert_eq!(refusal.reason, "NOT_FOUND");
            assert_eq!(Some(refusal), unknown.refusal);
            assert_eq!((foreign.next_step, foreign.case), (unknown.next_step, None::<CaseView>));
        }
    }
    for (case, before) in lengths.into_iter().zip(before) {
        assert_eq!(world.log_length(case).await, before);
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_and_the_rest_is_taken() {
    let world = World::new().await;
    let (visits, deeds) = day(&world).await;
    world.wait_until(at("2026-06-08T12:00"));
    let kept = outbox(&world, &visits, &deeds);
    let mut batch = vec![kept[3].clone(); 7];
    batch[1].action_id = request_id(&world);
    batch[1].appointment_id = String::new();
    batch[2].action_id = "none".to_owned();
    batch[3].action = Some(deeds[4].action.clone());
    batch[3].action_id = request_id(&world);
    batch[3].taken_at = None;
    batch[4].action = None;
    batch[5].action = Some(Action::ReportUnable(ReportUnableRequest {
        case_id: visits[0].case.to_string(),
        reason: UnableReason::Weather.into(),
        request_id: request_id(&world),
        ..Default::default()
    }));
    // The id of the first with other words.
    batch[6].action = Some(travel(&world, visits[0].case.to_string(), at("2026-06-08T10:00")));
    let results = send(&world, &me(), batch).await.unwrap().results;
    let reasons = results.iter().map(|result| {
        result.refusal.as_ref().map(|refusal| refusal.reason.as_str()).unwrap_or_default()
    });
    let reasons: Vec<_> = reasons.collect();
    let invalid = "FIELD_INVALID";
    let expected =
        ["", invalid, "REQUEST_ID_MISSING", invalid, invalid, invalid, "REQUEST_ID_REUSED"];
    assert_eq!(reasons, expected);
    assert!(results[1..].iter().all(|result| result.next_step() == NextStep::Correct));
    assert_eq!(results[0].outcome(), ActionOutcome::Applied);
}

#[tokio::test]
async fn a_time_that_would_lie_ahead_is_now() {
    let world = World::new().await;
    let (visits, deeds) = day(&world).await;
    world.wait_until(at("2026-06-08T11:00"));
    let mut arrival = outbox(&world, &visits, &deeds).remove(4);
    arrival.taken_at = Some(to_timestamp(world.clock.now() + AHEAD + Span::days(9)));
    let result = send(&world, &me(), vec![arrival]).await.unwrap().results.remove(0);
    assert_eq!(result.happened_at.as_ref().and_then(timestamp), Some(world.clock.now()));
    assert_eq!(world.case(visits[0].case).await.checked_in_at, Some(world.clock.now()));
}

#[tokio::test]
async fn a_batch_has_its_limits() {
    let world = World::new().await;
    let (visits, deeds) = day(&world).await;
    let one = outbox(&world, &visits, &deeds).remove(0);
    let reason_of = async |actions| {
        let refused = send(&world, &me(), actions).await.unwrap_err();
        Error::from_status(&refused).reason()
    };
    assert_eq!(reason_of(Vec::new()).await, Reason::FieldInvalid);
    assert_eq!(reason_of(vec![one.clone(); 101]).await, Reason::FieldTooLong);
    let mut long = one;
    long.action = Some(Action::ReportUnable(ReportUnableRequest {
        case_id: visits[0].case.to_string(),
        remark: "x".repeat(1024 * 1024),
        ..Default::default()
    }));
    assert_eq!(reason_of(vec![long]).await, Reason::MessageTooLarge);
}
