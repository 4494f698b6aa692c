//! Where a brand has nobody: the list for recruiting, another brand's network, then the platform.

use parasol_api::Reason;
use parasol_api::admin::v1::import_network_request::Content;
use parasol_api::admin::v1::network_service_server::NetworkService as _;
use parasol_api::admin::v1::*;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::{ExplainOffersRequest, OfferExplanation};
use parasol_journey::Stage;
use parasol_journey::event::Filing;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::vocab::Category;
use parasol_runtime::identity::Principal;

use crate::seeing::{everything_open, work_order_of};
use crate::world::{
    CHUNAN, World, XIHU, a_brand, a_centre, a_lasting_technician, brand, by, centre, filing,
    operator, reason,
};

/// `cirrus` has no centre of its own in the usual county and is served by the other two.
async fn lent() -> World {
    let world = World::new().await;
    let cirrus = Brand {
        mode: "managed".into(),
        served_by: vec!["nobody".into(), "boreal".into(), "aurora".into()],
        ..a_brand("cirrus")
    };
    let rows = vec![Content::Brand(cirrus)];
    assert_eq!(world.import(rows).await.unwrap().added, 1);
    world
}

fn of_cirrus(county: &str) -> Filing {
    Filing { brand: "cirrus".parse().unwrap(), ..filing(Category::Refrigerator, county) }
}

async fn explained(world: &World, who: &Principal, case: CaseId) -> OfferExplanation {
    let request = ExplainOffersRequest { case_id: case.to_string() };
    world.dispatch.explain_offers(by(who, request)).await.unwrap().into_inner()
}

async fn gaps(world: &World, request: ListCoverageGapsRequest) -> Vec<CoverageGap> {
    let answer = world.dispatch.list_coverage_gaps(by(&operator(), request)).await;
    answer.unwrap().into_inner().gaps
}

#[tokio::test]
async fn another_network_is_asked_on_behalf_of_a_brand_without_a_centre() {
    let world = lent().await;
    let case = world.file_for(of_cirrus(XIHU)).await;
    world.choose().await;
    let offer = world.case(case).await.offer.unwrap();
    assert_eq!((offer.centre.as_str(), offer.network.unwrap().as_str()), ("b-1", "boreal"));

    // The lending brand and its centre have the offer; the unit's brand has it not in its work.
    for who in [brand("boreal"), centre("b-1")] {
        let (offers, _) = everything_open(&world, &who).await;
        let [told] = &offers[..] else { panic!("{who} has {offers:?}") };
        assert_eq!((told.brand.as_str(), told.on_behalf_of.as_str()), ("boreal", "cirrus"));
    }
    for who in [brand("cirrus"), brand("aurora"), centre("a-1")] {
        assert!(everything_open(&world, &who).await.0.is_empty(), "{who}");
    }

    let answer = world.accept(&brand("boreal"), case, offer.id).await.unwrap();
    let order = answer.work_order.unwrap();
    assert_eq!((order.brand.as_str(), order.on_behalf_of.as_str()), ("boreal", "cirrus"));
    let order = work_order_of(&world, &brand("boreal"), case).await.unwrap();
    assert_eq!(order.on_behalf_of, "cirrus");
    let theirs = work_order_of(&world, &brand("cirrus"), case).await;
    assert_eq!(reason(theirs), Reason::NotFound);
}

#[tokio::test]
async fn a_lent_offer_that_is_declined_goes_on_to_the_next_lender_and_then_to_the_platform() {
    let world = lent().await;
    let case = world.file_for(of_cirrus(XIHU)).await;
    for (who, name) in [
        (brand("boreal"), "b-1"),
        (brand("aurora"), "a-1"),
        (centre("a-2"), "a-2"),
        (centre("a-3"), "a-3"),
    ] {
        world.choose().await;
        let offer = world.case(case).await.offer.unwrap();
        assert_eq!(offer.centre.as_str(), name);
        let request = world.refusal(case, offer.id);
        world.dispatch.decline_offer(by(&who, request)).await.unwrap();
    }
    world.choose().await;
    assert_eq!(world.case(case).await.stage, Stage::Deciding);

    let told = explained(&world, &operator(), case).await.choices;
    let asked: Vec<_> = told.iter().map(|one| (&*one.centre, &*one.network)).collect();
    let expected =
        [("b-1", "boreal"), ("a-1", "aurora"), ("a-2", "aurora"), ("a-3", "aurora"), ("", "")];
    assert_eq!(asked, expected);
    let lenders: Vec<_> =
        told[1].lenders.iter().map(|one| (&*one.brand, one.brand_known)).collect();
    assert_eq!(lenders, [("nobody", false), ("boreal", true), ("aurora", true)]);
    assert!(told[1].lenders[1].placed.is_empty() && told[1].lenders[2].placed.len() == 3);

    // A brand is told how its own centres did, and no other brand's.
    let told = explained(&world, &brand("boreal"), case).await.choices;
    assert_eq!(told[1].lenders[1].left_out[0].centre, "b-1");
    assert!(told[1].lenders[2].placed.is_empty());
    let stranger = ExplainOffersRequest { case_id: case.to_string() };
    let stranger = world.dispatch.explain_offers(by(&brand("zephyr"), stranger)).await;
    assert_eq!(reason(stranger), Reason::NotFound);
}

#[tokio::test]
async fn a_brand_with_a_centre_of_its_own_borrows_none() {
    let world = lent().await;
    world
        .import(vec![
            Content::Centre(a_centre("c-1", "cirrus", XIHU)),
            Content::Technician(a_lasting_technician("c-1-t1", "c-1")),
        ])
        .await
        .unwrap();
    let case = world.file_for(of_cirrus(XIHU)).await;
    world.choose().await;
    let offer = world.case(case).await.offer.unwrap();
    assert_eq!((offer.centre.as_str(), offer.network), ("c-1", None));
    let (offers, _) = everything_open(&world, &brand("cirrus")).await;
    assert_eq!(offers[0].on_behalf_of, "");
}

#[tokio::test]
async fn the_list_for_recruiting_counts_cases_where_nobody_could_be_asked() {
    let world = lent().await;
    let first = world.file_for(of_cirrus(XIHU)).await;
    world.choose().await;
    let filed = world.case(first).await.filed_at;
    world.clock.advance(Span::hours(1)).unwrap();
    world.file_for(of_cirrus(XIHU)).await;
    world.file_for(filing(Category::Refrigerator, CHUNAN)).await;
    // One who is full today is no gap.
    for _ in 0..9 {
        world.file().await;
    }
    world.choose().await;

    let all = gaps(&world, ListCoverageGapsRequest::default()).await;
    let told: Vec<_> =
        all.iter().map(|one| (&*one.brand, &*one.county, one.cases, one.lent)).collect();
    assert_eq!(told, [("aurora", CHUNAN, 1, 0), ("cirrus", XIHU, 2, 2)]);
    assert_eq!(all[1].category(), parasol_api::common::v1::Category::Refrigerator);
    let at = |instant| Some(parasol_api::convert::to_timestamp(instant));
    assert_eq!((all[1].first_at, all[1].last_at), (at(filed), at(filed + Span::hours(1))));

    let of = ListCoverageGapsRequest { brand: "cirrus".into(), ..Default::default() };
    assert_eq!(gaps(&world, of).await.len(), 1);
    let later = ListCoverageGapsRequest { since: at(filed + Span::hours(2)), ..Default::default() };
    assert!(gaps(&world, later).await.is_empty());

    let page = async |token: String| {
        let request =
            ListCoverageGapsRequest { page_size: 1, page_token: token, ..Default::default() };
        let answer = world.dispatch.list_coverage_gaps(by(&operator(), request)).await;
        answer.unwrap().into_inner()
    };
    let first = page(String::new()).await;
    let second = page(first.next_page_token).await;
    assert_eq!((second.gaps[0].brand.as_str(), &*second.next_page_token), ("cirrus", ""));
}

#[tokio::test]
async fn a_server_of_postgresql_answers_every_question_of_the_network() {
    let world = World::on_postgres("dispatch_network").await;
    let cirrus = Brand { served_by: vec!["boreal".into()], ..a_brand("cirrus") };
    assert_eq!(world.import(vec![Content::Brand(cirrus)]).await.unwrap().added, 1);
    let (working, _) = world.accepted().await;
    let (waiting, _) = world.offered().await;
    let lent = world.file_for(of_cirrus(XIHU)).await;
    world.choose().await;
    assert_eq!(world.case(lent).await.offer.unwrap().centre.as_str(), "b-1");
    let request = SuspendCentreRequest {
        request_id: world.desk.ids.next().to_string(),
        centre: "a-1".into(),
        reason: SuspensionReason::Quality.into(),
        ..SuspendCentreRequest::default()
    };
    world.dispatch.suspend_centre(by(&operator(), request)).await.unwrap();
    assert_eq!(world.sweep().await, 1);
    world.choose().await;
    assert_eq!(world.case(waiting).await.offer.unwrap().centre.as_str(), "a-2");
    let risk = world.dispatch.list_work_at_risk(by(&operator(), Default::default())).await;
    assert_eq!(risk.unwrap().into_inner().work[0].case_id, working.to_string());
    let listed = gaps(&world, ListCoverageGapsRequest::default()).await;
    assert_eq!((listed.len(), listed[0].cases, listed[0].lent), (1, 1, 1));
    let subject = Some(list_standing_changes_request::Subject::Centre("a-1".into()));
    let request = ListStandingChangesRequest { subject, ..Default::default() };
    let told = world.dispatch.list_standing_changes(by(&operator(), request)).await.unwrap();
    assert_eq!(told.get_ref().changes.len(), 1);
    // Three brands, four centres, seven technicians.
    assert_eq!(crate::network::export(&world).await.len(), 14);
}
