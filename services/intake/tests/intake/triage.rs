//! Triage: which way a new case goes.

use parasol_api::convert::Listed;
use parasol_api::intake::v1::{FileCaseRequest, OrderRow};
use parasol_journey::deadline::Clock as Deadline;
use parasol_journey::event::{Fact, Path};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::vocab::{CaseKind, Promise, Remedy};
use parasol_journey::{ActorKind, Stage};

use crate::samples::{HOOD, case_of, claim, file, order, sold, world_with};
use crate::world::{World, customer, start};

/// Files, triages, and tells the stages walked through and the rules that fired.
async fn triaged(row: OrderRow, claim: FileCaseRequest) -> (Path, Stage, Vec<String>) {
    let world = world_with([row]).await;
    let case = case_of(&file(&world, &customer("u-1"), claim).await);
    assert_eq!(world.triage().await, 1);
    assert_eq!(world.triage().await, 0, "the work is done once");
    let (path, rules) = triage_event(&world, case).await;
    (path, world.case(case).await.stage, rules)
}

async fn triage_event(world: &World, case: CaseId) -> (Path, Vec<String>) {
    let log = world.desk.store.log_after(case, 0, 10).await.unwrap();
    let event = log.into_iter().map(|one| one.event).find_map(|event| match event.fact {
        Fact::Triaged { path, rules } => Some((event.actor.kind, path, rules)),
        _ => None,
    });
    let (actor, path, rules) = event.expect("the case was triaged");
    assert_eq!(actor, ActorKind::Policy);
    (path, rules)
}

fn no_reason(declared_intact: bool) -> FileCaseRequest {
    FileCaseRequest { kind: CaseKind::NoReason.number(), declared_intact, ..claim(1, 1) }
}

#[tokio::test]
async fn a_fault_is_inspected_at_home() {
    let (path, stage, rules) = triaged(order(1), claim(1, 1)).await;
    assert_eq!((path, stage), (Path::Inspection, Stage::ChoosingCentre));
    assert_eq!(rules, ["R60-first"]);
}

#[tokio::test]
async fn a_promise_that_needs_no_visit_goes_to_the_decision() {
    let row = || sold(1, start() - Span::days(60), &[Promise::ReplaceOnly180]);
    let replace = FileCaseRequest { wish: Remedy::Replace.number(), ..claim(1, 1) };
    let (path, stage, rules) = triaged(row(), replace).await;
    assert_eq!((path, stage), (Path::NoVisit, Stage::Deciding));
    assert!(rules.contains(&"R13".to_owned()), "{rules:?}");
    // Who wants a repair instead must be visited.
    let repair = FileCaseRequest { wish: Remedy::Repair.number(), ..claim(1, 1) };
    assert_eq!(triaged(row(), repair).await.0, Path::Inspection);
}

#[tokio::test]
async fn what_a_customer_can_put_right_is_guided_first_and_then_visited() {
    let locked = |request: u128| FileCaseRequest {
        symptom: "child_lock_on".to_owned(),
        ..claim(1, request)
    };
    let (path, stage, _) = triaged(order(1), locked(1)).await;
    assert_eq!((path, stage), (Path::RemoteGuidance, Stage::RemoteGuidance));
    let danger = FileCaseRequest { danger: true, ..locked(1) };
    assert_eq!(triaged(order(1), danger).await.0, Path::NoVisit, "a danger is decided at once");
    // The same code of a category whose row does not name it.
    let hood = OrderRow { sku: HOOD.to_owned(), ..order(1) };
    let other = FileCaseRequest { symptom: "demo_mode".to_owned(), ..claim(1, 1) };
    assert_eq!(triaged(hood, other).await.0, Path::Inspection);

    let world = world_with([order(1)]).await;
    let case = case_of(&file(&world, &customer("u-1"), locked(1)).await);
    world.triage().await;
    let late = world.miss(case, Deadline::Guidance).await;
    assert_eq!(world.clock.now(), late.filed_at + Span::hours(2));
    assert_eq!(late.stage, Stage::ChoosingCentre);
}

#[tokio::test]
async fn a_danger_waits_for_nobody() {
    let danger = FileCaseRequest { danger: true, ..claim(1, 1) };
    let (path, stage, rules) = triaged(order(1), danger).await;
    assert_eq!((path, stage), (Path::NoVisit, Stage::Deciding));
    assert_eq!(rules, ["R00"]);
}

#[tokio::test]
async fn a_return_in_time_is_picked_up_as_soon_as_the_unit_is_declared_intact() {
    let (path, stage, rules) = triaged(order(1), no_reason(true)).await;
    assert_eq!((path, stage), (Path::NoReason, Stage::Returning));
    assert_eq!(rules, ["R01"]);
    let (path, stage, _) = triaged(order(1), no_reason(false)).await;
    assert_eq!((path, stage), (Path::NoReason, Stage::NoReason));
}

#[tokio::test]
async fn a_return_out_of_time_goes_to_the_decision_that_says_why() {
    let late = sold(1, start() - Span::days(12), &[]);
    let (path, stage, rules) = triaged(late, no_reason(true)).await;
    assert_eq!((path, stage), (Path::NoVisit, Stage::Deciding));
    assert_eq!(rules, ["R03"]);
}

#[tokio::test]
async fn the_day_of_filing_counts_however_late_triage_comes() {
    let world = world_with([sold(1, start() - Span::days(7), &[])]).await;
    let case = case_of(&file(&world, &customer("u-1"), no_reason(true)).await);
    world.wait(Span::days(20));
    assert_eq!(world.triage().await, 1);
    assert_eq!(world.case(case).await.stage, Stage::Returning);
}
