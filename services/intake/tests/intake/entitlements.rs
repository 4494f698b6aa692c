//! CheckEntitlement: what is owed today, until when, and why.

use parasol_api::Reason;
use parasol_api::convert::{Listed, timestamp, to_timestamp};
use parasol_api::intake::v1::intake_service_server::IntakeService;
use parasol_api::intake::v1::{
    CheckEntitlementRequest, CheckEntitlementResponse, Entitlement, OrderRow,
};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::{CaseKind, Promise, Remedy};
use parasol_policy::Shelf;

use crate::packs::pack;
use crate::samples::{HOOD, case_of, claim, file, order, sold, world_with};
use crate::world::{World, agent, by, customer, fields, reason, start};

fn noon(day: &str) -> Timestamp {
    Timestamp::parse(&format!("{day}T12:00:00+08:00")).unwrap()
}

async fn check(world: &World, n: u32, kind: Option<CaseKind>) -> CheckEntitlementResponse {
    let request = CheckEntitlementRequest {
        order_line: format!("L-{n}"),
        kind: kind.map_or(0, Listed::number),
        language: "en".to_owned(),
    };
    world.intake.check_entitlement(by(&agent(), request)).await.unwrap().into_inner()
}

/// Rule, remedy, whether it needs an inspection, and the day on which it is over.
fn rights(answer: &CheckEntitlementResponse) -> Vec<(&str, Remedy, bool, String)> {
    let day = |right: &Entitlement| {
        let until = right.until.as_ref().and_then(timestamp);
        until.map_or_else(String::new, |at| at.shanghai_day().to_string())
    };
    let remedy = |right: &Entitlement| Remedy::of_number(right.remedy).unwrap();
    let rights = answer.entitlements.iter();
    rights.map(|one| (one.rule.as_str(), remedy(one), one.needs_inspection, day(one))).collect()
}

async fn sold_on(day: &str, promises: &[Promise]) -> World {
    world_with([sold(1, noon(day), promises)]).await
}

#[tokio::test]
async fn the_first_week_gives_all_three_and_ends_after_the_rest_days() {
    // Sold on Sunday 31 May: the seventh day is Sunday 7 June, so the right runs through Monday.
    let world = sold_on("2026-05-31", &[]).await;
    let answer = check(&world, 1, Some(CaseKind::Quality)).await;
    assert_eq!(answer.day, 8);
    assert_eq!(answer.started_at, Some(to_timestamp(noon("2026-05-31"))));
    let week = "2026-06-09".to_owned();
    let year = "2027-06-01".to_owned();
    let expected = [
        ("R10", Remedy::Repair, true, week.clone()),
        ("R10", Remedy::Replace, true, week.clone()),
        ("R10", Remedy::Refund, true, week),
        ("R30", Remedy::Repair, true, year),
    ];
    assert_eq!(rights(&answer), expected);
    assert!(answer.entitlements[0].explanation.starts_with("A fault within seven days"));
    assert_eq!(answer.entitlements[0].promise, 0);
}

/// The end that is told follows the reading of the pack, and not the calendar's own weekends.
#[tokio::test]
async fn the_end_that_is_told_counts_rest_days_as_the_pack_does() {
    // Sold on Saturday 6 June: the seventh day is Saturday 13 June.
    let mut world = sold_on("2026-06-06", &[]).await;
    let end = async |world: &World| {
        let answer = check(world, 1, Some(CaseKind::Quality)).await;
        rights(&answer).into_iter().find(|right| right.0 == "R10").unwrap().3
    };
    assert_eq!(end(&world).await, "2026-06-16");
    let weekends = "name = \"weekends_are_rest_days\"\nvalue = true";
    let shelf = Shelf::builtin();
    shelf.put(pack("cn-2026.2", "2026-01-02", (weekends, &weekends.replace("true", "false"))));
    world.intake = world.intake.clone().with_shelf(shelf);
    assert_eq!(end(&world).await, "2026-06-14");
}

#[tokio::test]
async fn a_promise_is_named_and_stands_without_an_inspection_where_it_says_so() {
    let world = sold_on("2026-03-01", &[Promise::ReplaceOnly180]).await;
    let answer = check(&world, 1, Some(CaseKind::Quality)).await;
    let promised = answer.entitlements.iter().find(|right| right.rule == "R13").unwrap();
    assert_eq!(promised.promise, Promise::ReplaceOnly180.number());
    assert!(!promised.needs_inspection);
    // Day 180 is Friday 28 August.
    let until = timestamp(promised.until.as_ref().unwrap()).unwrap();
    assert_eq!(until.shanghai_day().to_string(), "2026-08-29");
    let legal = answer.entitlements.iter().find(|right| right.rule == "R30").unwrap();
    assert!(legal.needs_inspection);
}

#[tokio::test]
async fn every_kind_is_answered_when_none_is_named() {
    let world = sold_on("2026-06-05", &[]).await;
    let answer = check(&world, 1, None).await;
    let kinds: Vec<_> = answer.entitlements.iter().map(|right| right.kind).collect();
    assert!(kinds.contains(&CaseKind::Quality.number()));
    let back = check(&world, 1, Some(CaseKind::NoReason)).await;
    // The seventh day is Friday 12 June.
    assert_eq!(rights(&back), [("R01", Remedy::Refund, false, "2026-06-13".to_owned())]);
}

#[tokio::test]
async fn where_the_seller_installs_nothing_begins_before_that() {
    let hood = |n, installed: Option<Timestamp>| OrderRow {
        sku: HOOD.to_owned(),
        installed_at: installed.map(to_timestamp),
        ..sold(n, noon("2026-01-05"), &[])
    };
    let world = world_with([hood(1, None), hood(2, Some(noon("2026-06-05")))]).await;
    let waiting = check(&world, 1, Some(CaseKind::Quality)).await;
    assert_eq!((waiting.day, waiting.started_at), (0, Some(to_timestamp(start()))));
    assert!(rights(&waiting).iter().any(|(rule, ..)| *rule == "R10"));
    let installed = check(&world, 2, Some(CaseKind::Quality)).await;
    assert_eq!(installed.day, 3);
    assert!(rights(&installed).iter().any(|(rule, ..)| *rule == "R10"));
}

#[tokio::test]
async fn out_of_warranty_nothing_is_owed_and_an_open_case_is_named() {
    let world = sold_on("2020-01-05", &[]).await;
    let answer = check(&world, 1, None).await;
    assert_eq!(rights(&answer), []);
    assert!(answer.open_case_id.is_empty());
    let case = case_of(&file(&world, &customer("u-1"), claim(1, 1)).await);
    assert_eq!(check(&world, 1, None).await.open_case_id, case.to_string());
}

#[tokio::test]
async fn a_foreign_line_is_like_none_and_unknown_days_are_not_guessed() {
    let world = world_with([order(1)]).await;
    let ask = |line: &str| CheckEntitlementRequest {
        order_line: line.to_owned(),
        ..CheckEntitlementRequest::default()
    };
    let foreign = world.intake.check_entitlement(by(&customer("u-2"), ask("L-1"))).await;
    let unknown = world.intake.check_entitlement(by(&customer("u-2"), ask("L-9"))).await;
    let (foreign, unknown) = (foreign.unwrap_err(), unknown.unwrap_err());
    assert_eq!(foreign.details(), unknown.details());
    assert_eq!(reason::<()>(Err(foreign)), Reason::OrderLineUnknown);
    let own = world.intake.check_entitlement(by(&customer("u-1"), ask("L-1"))).await;
    let own = own.unwrap().into_inner();
    assert!(own.entitlements.iter().all(|right| right.explanation.ends_with('。')));
    let empty = world.intake.check_entitlement(by(&agent(), ask(""))).await;
    assert_eq!(fields(empty), ["order_line"]);
    world.wait(Span::days(800));
    let late = world.intake.check_entitlement(by(&agent(), ask("L-1"))).await;
    assert_eq!(reason(late), Reason::CalendarNotCovered);
}
