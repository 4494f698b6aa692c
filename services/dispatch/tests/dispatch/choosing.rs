//! Which centre is asked, and what happens when nobody is left.

use parasol_api::admin::v1::import_network_request::Content;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::{ExplainOffersRequest, LeftOutReason};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::vocab::Category;
use parasol_journey::{ActorKind, Command, Stage};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ConnectionTrait as _, QueryResult};

use crate::world::{CHUNAN, SHANGCHENG, World, XIHU, a_brand, a_centre, brand, by, centre, filing};

async fn asked(world: &World, case: CaseId) -> String {
    world.case(case).await.offer.map_or_else(String::new, |offer| offer.centre.to_string())
}

/// The recorded choices of a case, oldest first: the centre and the ranking.
async fn choices(world: &World, case: CaseId) -> Vec<(String, serde_json::Value)> {
    let query = Query::select()
        .columns(["centre", "ranking"])
        .from("choices")
        .and_where(Expr::col("case_id").eq(case.uuid()))
        .order_by("version", Order::Asc)
        .to_owned();
    let rows = world.desk.store.reader().query_all(&query).await.unwrap();
    let read = |row: QueryResult| {
        let ranking: String = row.try_get("", "ranking").unwrap();
        (row.try_get("", "centre").unwrap(), serde_json::from_str(&ranking).unwrap())
    };
    rows.into_iter().map(read).collect()
}

#[tokio::test]
async fn a_case_is_declined_from_centre_to_centre_and_then_decided_by_the_platform() {
    let world = World::new().await;
    let case = world.file().await;
    // The centre in the county first, then by id.
    for name in ["a-1", "a-2", "a-3"] {
        world.choose().await;
        assert_eq!(asked(&world, case).await, name);
        let request = world.refusal(case, world.live_offer(case).await);
        let answer = world.dispatch.decline_offer(by(&centre(name), request)).await;
        assert_eq!(answer.unwrap().get_ref().effect, 1);
    }
    world.choose().await;
    let after = world.case(case).await;
    assert_eq!((after.stage, after.offers_made), (Stage::Deciding, 3));

    let choices = choices(&world, case).await;
    let chosen: Vec<_> = choices.iter().map(|(centre, _)| centre.as_str()).collect();
    assert_eq!(chosen, ["a-1", "a-2", "a-3", ""]);
    let last = &choices[3].1;
    assert_eq!(last["placed"].as_array().unwrap().len(), 0);
    let out: Vec<_> = last["left_out"].as_array().unwrap().iter().collect();
    assert_eq!(out.len(), 3);
    assert!(out.iter().all(|one| one["because"] == "passed_over"));
}

#[tokio::test]
async fn each_choice_is_told_with_the_reason_for_every_centre_left_out() {
    let world = World::new().await;
    let (case, offer) = world.offered().await;
    let request = world.refusal(case, offer);
    world.dispatch.decline_offer(by(&centre("a-1"), request)).await.unwrap();
    world.choose().await;
    let message = ExplainOffersRequest { case_id: case.to_string() };
    let told = world.dispatch.explain_offers(by(&brand("aurora"), message.clone())).await;
    let told = told.unwrap().into_inner().choices;
    let chosen: Vec<_> = told.iter().map(|one| one.centre.as_str()).collect();
    assert_eq!(chosen, ["a-1", "a-2"]);
    let placed: Vec<_> = told[1].placed.iter().map(|one| one.centre.as_str()).collect();
    assert_eq!(placed, ["a-2", "a-3"]);
    let [out] = told[1].left_out.as_slice() else { panic!("{told:?}") };
    assert_eq!((out.centre.as_str(), out.reason()), ("a-1", LeftOutReason::PassedOver));
    assert!(told.iter().all(|one| one.brand_known && one.chosen_at.is_some()));
    assert!(told[0].placed[0].same_county && told[0].placed[0].visits > 0);
    let stranger = world.dispatch.explain_offers(by(&brand("borealis"), message)).await;
    assert_eq!(stranger.unwrap_err().code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn silence_passes_the_case_on_like_a_decline() {
    let world = World::new().await;
    let (case, _) = world.offered().await;
    world.wait(Span::hours(2)).await;
    assert_eq!(world.case(case).await.stage, Stage::ChoosingCentre);
    world.choose().await;
    assert_eq!(asked(&world, case).await, "a-2");
}

#[tokio::test]
async fn the_capacity_of_the_day_is_used_up_and_comes_back_at_midnight() {
    let world = World::new().await;
    let mut asked_today = Vec::new();
    for _ in 0..7 {
        let (case, name) = {
            let case = world.file().await;
            world.choose().await;
            (case, asked(&world, case).await)
        };
        asked_today.push((case, name));
    }
    let names: Vec<_> = asked_today.iter().map(|(_, name)| name.as_str()).collect();
    // Two each: the county's own first, then the least loaded.
    assert_eq!(names, ["a-1", "a-1", "a-2", "a-3", "a-2", "a-3", ""]);
    let (last, _) = asked_today[6];
    assert_eq!(world.case(last).await.stage, Stage::Deciding);
    let ranking = &choices(&world, last).await[0].1;
    assert!(
        ranking["left_out"].as_array().unwrap().iter().all(|one| one["because"] == "full_today")
    );

    // An offer that was declined gives its visit back.
    let request = world.refusal(asked_today[0].0, world.live_offer(asked_today[0].0).await);
    world.dispatch.decline_offer(by(&centre("a-1"), request)).await.unwrap();
    let (case, _) = world.offered().await;
    assert_eq!(asked(&world, case).await, "a-1");

    world.clock.advance(Span::hours(15)).unwrap();
    let (tomorrow, _) = world.offered().await;
    assert_eq!(asked(&world, tomorrow).await, "a-1");
}

#[tokio::test]
async fn brand_category_and_county_decide_who_can_be_asked() {
    let world = World::new().await;
    let outcome = async |filing| {
        let case = world.file_for(filing).await;
        world.choose().await;
        (asked(&world, case).await, world.case(case).await.stage, choices(&world, case).await)
    };
    let (name, ..) = outcome(filing(Category::Refrigerator, SHANGCHENG)).await;
    assert_eq!(name, "a-2");
    let (_, stage, recorded) = outcome(filing(Category::Refrigerator, CHUNAN)).await;
    assert_eq!(stage, Stage::Deciding);
    assert_eq!(recorded[0].1["brand_known"], true);
    let (_, stage, recorded) = outcome(filing(Category::Fan, XIHU)).await;
    assert_eq!(stage, Stage::Deciding);
    assert_eq!(recorded[0].1["left_out"][0]["because"], "category_not_served");
    let stranger = parasol_journey::event::Filing {
        brand: "nobody".parse().unwrap(),
        ..filing(Category::Refrigerator, XIHU)
    };
    let (_, stage, recorded) = outcome(stranger).await;
    assert_eq!(stage, Stage::Deciding);
    assert_eq!(recorded[0].1["brand_known"], false);
}

#[tokio::test]
async fn a_second_opinion_is_never_asked_of_the_first_centre() {
    let world = World::new().await;
    let (case, _) = world.accepted().await;
    crate::repairing::inspected(&world, case).await;
    let command = Command::OrderSecondInspection { rules: vec!["R40".into()] };
    world.give(case, ActorKind::Policy, command).await;
    world.choose().await;
    assert_eq!(asked(&world, case).await, "a-2");
}

#[tokio::test]
async fn a_centre_that_stops_coming_is_not_asked_again() {
    let world = World::new().await;
    let mut elsewhere = a_centre("a-1", "aurora", XIHU);
    elsewhere.coverage.retain(|area| area.county != XIHU);
    let answer = world
        .import(vec![Content::Brand(a_brand("aurora")), Content::Centre(elsewhere)])
        .await
        .unwrap();
    assert_eq!((answer.unchanged, answer.updated), (1, 1));
    let (case, _) = world.offered().await;
    assert_eq!(asked(&world, case).await, "a-2");
}
