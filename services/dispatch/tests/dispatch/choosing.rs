//! Which centre is asked, and what happens when nobody is left.

use parasol_api::admin::v1::import_network_request::Content;
use parasol_api::admin::v1::{Absence, Brand, Centre, County, Deposit, OpeningHours};
use parasol_api::common::v1::Money;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::{ExplainOffersRequest, LeftOutReason, PlacedCentre};
use parasol_journey::ids::CaseId;
use parasol_journey::time::{SECOND, Span};
use parasol_journey::vocab::Category;
use parasol_journey::{ActorKind, Command, Stage};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ConnectionTrait as _, QueryResult};

use crate::repairing::inspected;
use crate::world::{
    CHUNAN, SHANGCHENG, World, XIHU, a_brand, a_centre, a_lasting_technician, brand, by, centre,
    filing,
};

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
async fn a_second_opinion_is_never_the_first_centres() {
    let world = World::new().await;
    let (case, _) = world.accepted().await;
    inspected(&world, case).await;
    let order = Command::OrderSecondInspection { rules: vec!["R52".to_owned()] };
    world.give(case, ActorKind::Agent, order).await;
    world.choose().await;
    assert_eq!(asked(&world, case).await, "a-2");
    let message = ExplainOffersRequest { case_id: case.to_string() };
    let told = world.dispatch.explain_offers(by(&brand("aurora"), message)).await;
    let last = told.unwrap().into_inner().choices.pop().unwrap();
    let [out] = last.left_out.as_slice() else { panic!("{last:?}") };
    assert_eq!((out.centre.as_str(), out.reason()), ("a-1", LeftOutReason::InspectedBefore));
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
    inspected(&world, case).await;
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

/// The figures of each centre placed in the newest choice, best first.
async fn placed(world: &World, case: CaseId) -> Vec<PlacedCentre> {
    let message = ExplainOffersRequest { case_id: case.to_string() };
    let told = world.dispatch.explain_offers(by(&brand("aurora"), message)).await.unwrap();
    told.into_inner().choices.pop().unwrap().placed
}

fn the_county(county: &str, lat: f64, lon: f64) -> Content {
    let name = || "x".to_owned();
    Content::County(County {
        county: county.into(),
        province_zh: name(),
        province_en: name(),
        city_zh: name(),
        county_zh: name(),
        county_en: name(),
        lat,
        lon,
    })
}

#[tokio::test]
async fn the_nearer_centre_is_asked_where_the_place_of_the_county_is_known() {
    let world = World::new().await;
    let far = Centre { lat: 30.9, lon: 120.9, ..a_centre("a-1", "aurora", XIHU) };
    let near = Centre { lat: 30.26, lon: 120.13, ..a_centre("a-3", "aurora", SHANGCHENG) };
    world
        .import(vec![
            the_county(XIHU, 30.2592, 120.1302),
            Content::Centre(far),
            Content::Centre(near),
        ])
        .await
        .unwrap();
    let (case, _) = world.offered().await;
    assert_eq!(asked(&world, case).await, "a-3");
    let told = placed(&world, case).await;
    let order: Vec<_> = told.iter().map(|one| one.centre.as_str()).collect();
    assert_eq!(order, ["a-3", "a-2", "a-1"]);
    assert!(told[0].distance_m() < 1_000 && told[2].distance_m() > 90_000, "{told:?}");
    assert!(told.windows(2).all(|pair| pair[0].distance_points > pair[1].distance_points));
    assert!(told[2].same_county, "it lies in the county, only far off");
}

#[tokio::test]
async fn what_a_centre_answered_and_what_was_judged_of_it_count() {
    let world = World::new().await;
    let (case, _) = world.offered().await;
    assert!(placed(&world, case).await.iter().all(|one| one.score_points == 700));
    let request = world.refusal(case, world.live_offer(case).await);
    world.dispatch.decline_offer(by(&centre("a-1"), request)).await.unwrap();
    // Counted anew after a while, here or by another process.
    world.clock.advance(Span::minutes(10)).unwrap();
    let (next, _) = world.offered().await;
    let told = placed(&world, next).await;
    assert_eq!((told[0].centre.as_str(), told[0].score_points), ("a-1", 690));

    let judged = Centre { score: 10, ..a_centre("a-1", "aurora", XIHU) };
    world.import(vec![Content::Centre(judged)]).await.unwrap();
    let (next, _) = world.offered().await;
    let told = placed(&world, next).await;
    let first = told.iter().find(|one| one.centre == "a-1").unwrap();
    assert_eq!(first.score_points, 100);
}

#[tokio::test]
async fn what_a_customer_has_seen_of_a_centre_counts() {
    let world = World::new().await;
    let mut roomy = a_centre("a-1", "aurora", XIHU);
    roomy.daily_capacity.iter_mut().for_each(|one| one.visits = 100);
    world.import(vec![Content::Centre(roomy)]).await.unwrap();
    let case = crate::repairing::in_repair(&world).await;
    world.give(case, ActorKind::Centre, Command::CompleteRepair).await;
    world.give(case, ActorKind::Customer, Command::RejectOutcome).await;
    let (next, _) = world.offered().await;
    let told = placed(&world, next).await;
    let of = |name: &str| told.iter().find(|one| one.centre == name).unwrap().history_points;
    assert_eq!((of("a-1"), of("a-2")), (250, 500));

    let case = crate::repairing::in_repair(&world).await;
    assert_eq!(world.case(case).await.work_order.unwrap().centre.as_str(), "a-1");
    world.give(case, ActorKind::Centre, Command::CompleteRepair).await;
    world.give(case, ActorKind::Customer, Command::ConfirmOutcome).await;
    let (next, _) = world.offered().await;
    let told = placed(&world, next).await;
    let first = told.iter().find(|one| one.centre == "a-1").unwrap();
    assert_eq!(first.history_points, 350, "one went well and one did not");
}

#[tokio::test]
async fn terms_of_the_network_leave_centres_out() {
    let world = World::new().await;
    let fen = |fen| Some(Money { fen, currency: "CNY".into() });
    let ended = Centre { valid_until: "2026-06-07".into(), ..a_centre("a-1", "aurora", XIHU) };
    let short = Centre {
        deposit: Some(Deposit { required: fen(2), paid: fen(1) }),
        ..a_centre("a-2", "aurora", SHANGCHENG)
    };
    let closed = Centre {
        hours: vec![OpeningHours { weekday: 4, from: "08:00".into(), to: "18:00".into() }],
        ..a_centre("a-3", "aurora", SHANGCHENG)
    };
    let mut later = a_centre("a-4", "aurora", XIHU);
    later.coverage[1].valid_from = "2026-06-09".into();
    let away = Centre {
        absences: vec![Absence {
            from: "2026-06-08".into(),
            until: "2026-06-09".into(),
            reason: "holiday".into(),
        }],
        ..a_centre("a-5", "aurora", XIHU)
    };
    let nobody = a_centre("a-6", "aurora", XIHU);
    let rows = [ended, short, closed, later, away, nobody].map(Content::Centre);
    let people =
        ["a-4", "a-5"].map(|of| Content::Technician(a_lasting_technician(&format!("{of}-t1"), of)));
    let answer = world.import(rows.into_iter().chain(people).collect()).await.unwrap();
    assert_eq!(answer.refused, 0, "{answer:?}");
    let case = world.file().await;
    world.choose().await;
    assert_eq!(world.case(case).await.stage, Stage::Deciding);
    let message = ExplainOffersRequest { case_id: case.to_string() };
    let told = world.dispatch.explain_offers(by(&brand("aurora"), message)).await.unwrap();
    let left_out = &told.get_ref().choices[0].left_out;
    let told: Vec<_> = left_out.iter().map(|one| (&*one.centre, one.reason())).collect();
    let expected = [
        ("a-1", LeftOutReason::CentreNotValid),
        ("a-2", LeftOutReason::DepositShort),
        ("a-3", LeftOutReason::Closed),
        ("a-4", LeftOutReason::CoverageNotValid),
        ("a-5", LeftOutReason::Away),
        ("a-6", LeftOutReason::NobodyCertified),
    ];
    assert_eq!(told, expected);

    let over = Brand { valid_until: "2026-06-07".into(), ..a_brand("aurora") };
    world.import(vec![Content::Brand(over)]).await.unwrap();
    let case = world.file().await;
    world.choose().await;
    let message = ExplainOffersRequest { case_id: case.to_string() };
    let told = world.dispatch.explain_offers(by(&brand("aurora"), message)).await.unwrap();
    let left_out = &told.get_ref().choices[0].left_out;
    assert!(left_out.iter().all(|one| one.reason() == LeftOutReason::BrandNotValid));
}

#[tokio::test]
async fn another_process_knows_of_a_changed_network_within_a_second() {
    let world = World::new().await;
    let neighbour = world.neighbour(2).await;
    let (case, _) = neighbour.offered().await;
    assert_eq!(asked(&world, case).await, "a-1");
    let mut elsewhere = a_centre("a-1", "aurora", XIHU);
    elsewhere.coverage.retain(|area| area.county != XIHU);
    world.import(vec![Content::Centre(elsewhere)]).await.unwrap();
    neighbour.clock.advance(Span::from_micros(SECOND)).unwrap();
    let (case, _) = neighbour.offered().await;
    assert_eq!(asked(&world, case).await, "a-2");
}
