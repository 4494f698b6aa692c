//! Passes of the conformance kit: kept, replaced, refused, and whose they are.

use parasol_api::Reason;
use parasol_api::admin::v1::conformance_service_server::ConformanceService as _;
use parasol_api::admin::v1::{
    ConformanceCheck, ConformanceOutcome, ConformanceRecord, ConformanceSide,
    GetConformanceRequest, RecordConformanceRequest,
};
use parasol_api::convert::to_timestamp;
use parasol_journey::time::Span;
use parasol_runtime::identity::Principal;

use crate::world::{World, brand, by, operator, reason, same_bytes};

fn check(code: &str, outcome: ConformanceOutcome) -> ConformanceCheck {
    ConformanceCheck { code: code.into(), outcome: outcome.into(), evidence: "seen".into() }
}

fn run(world: &World, side: ConformanceSide, release: &str) -> RecordConformanceRequest {
    RecordConformanceRequest {
        request_id: world.desk.ids.next().to_string(),
        brand: "aurora".into(),
        side: side.into(),
        release: release.into(),
        commit: "abc".into(),
        started_at: Some(to_timestamp(world.clock.now())),
        checks: vec![
            check("course.repair", ConformanceOutcome::Pass),
            check("course.decline", ConformanceOutcome::NotApplicable),
        ],
    }
}

async fn kept(world: &World, who: &Principal) -> Vec<ConformanceRecord> {
    let request = GetConformanceRequest { brand: "aurora".into() };
    world.dispatch.get_conformance(by(who, request)).await.unwrap().into_inner().records
}

#[tokio::test]
async fn the_last_pass_of_each_side_is_kept_with_who_recorded_it() {
    let world = World::new().await;
    assert_eq!(kept(&world, &operator()).await, []);
    let first = run(&world, ConformanceSide::Platform, "1");
    let answer = world.dispatch.record_conformance(by(&operator(), first.clone())).await.unwrap();
    world.clock.advance(Span::minutes(5)).unwrap();
    let again = world.dispatch.record_conformance(by(&operator(), first.clone())).await.unwrap();
    assert!(same_bytes(&answer.into_inner(), &again.into_inner()));
    let second = run(&world, ConformanceSide::Platform, "2");
    world.dispatch.record_conformance(by(&brand("aurora"), second.clone())).await.unwrap();
    let other = run(&world, ConformanceSide::Partner, "1");
    world.dispatch.record_conformance(by(&operator(), other)).await.unwrap();
    let records = kept(&world, &brand("aurora")).await;
    let told: Vec<_> = records
        .iter()
        .map(|one| (one.side(), one.release.as_str(), one.recorded_by.as_str()))
        .collect();
    let (partner, platform) = (ConformanceSide::Partner, ConformanceSide::Platform);
    assert_eq!(told, [(partner, "1", "operator"), (platform, "2", "brand")]);
    assert_eq!(records[1].checks, second.checks);
    assert_eq!(records[1].recorded_at, Some(to_timestamp(world.clock.now())));
    assert_eq!(records[1].started_at, second.started_at);
}

#[tokio::test]
async fn what_is_no_pass_is_not_kept() {
    let world = World::new().await;
    let good = run(&world, ConformanceSide::Platform, "1");
    let failed = check("repeat.same", ConformanceOutcome::Fail);
    let not_here = check("repeat.same", ConformanceOutcome::NotApplicable);
    let twice = good.checks.iter().chain(&good.checks).cloned().collect();
    let many = (0..101).map(|nth| check(&format!("a.{nth}"), ConformanceOutcome::Pass));
    let lists =
        [vec![good.checks[0].clone(), failed], vec![not_here], vec![], twice, many.collect()];
    for checks in lists {
        let request_id = world.desk.ids.next().to_string();
        let bad = RecordConformanceRequest { request_id, checks, ..good.clone() };
        let refused = reason(world.dispatch.record_conformance(by(&operator(), bad)).await);
        assert!(matches!(refused, Reason::FieldInvalid | Reason::FieldTooLong), "{refused}");
    }
    assert_eq!(kept(&world, &operator()).await, []);
}

#[tokio::test]
async fn a_brand_keeps_and_sees_its_own_only() {
    let world = World::new().await;
    let request = run(&world, ConformanceSide::Platform, "1");
    let other = brand("boreal");
    let refused = world.dispatch.record_conformance(by(&other, request.clone())).await;
    assert_eq!(reason(refused), Reason::NotFound);
    world.dispatch.record_conformance(by(&operator(), request.clone())).await.unwrap();
    let asked = GetConformanceRequest { brand: "aurora".into() };
    assert_eq!(reason(world.dispatch.get_conformance(by(&other, asked)).await), Reason::NotFound);
    let unknown = RecordConformanceRequest { brand: "nobody".into(), ..request };
    let refused = world.dispatch.record_conformance(by(&operator(), unknown)).await;
    assert_eq!(reason(refused), Reason::BrandUnknown);
}
