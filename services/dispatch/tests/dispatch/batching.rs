//! Many answers in one call.

use parasol_api::Reason;
use parasol_api::common::v1::{MessageEffect, Refusal};
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::*;
use parasol_journey::Stage;
use parasol_journey::event::Filing;
use parasol_journey::vocab::Category;

use crate::messaging::messages;
use crate::world::{World, XIHU, by, centre, filing, reason, same_bytes};

/// Cases offered to `a-1`; its capacity is two a day, so further ones go elsewhere.
async fn offered(world: &World) -> Vec<(parasol_journey::ids::CaseId, AcceptOfferRequest)> {
    let mut offered = Vec::new();
    for nth in 0..2 {
        let order_line = format!("JX1-{}", nth + 10).parse().unwrap();
        let filing = Filing { order_line, ..filing(Category::Refrigerator, XIHU) };
        let case = world.file_for(filing).await;
        world.choose().await;
        let offer = world.live_offer(case).await;
        offered.push((case, world.acceptance(case, offer)));
    }
    offered
}

fn accepted(result: &BatchAcceptOffersResult) -> Result<&AcceptOfferResponse, &Refusal> {
    match result.result.as_ref().unwrap() {
        batch_accept_offers_result::Result::Answer(answer) => Ok(answer),
        batch_accept_offers_result::Result::Refusal(refusal) => Err(refusal),
    }
}

#[tokio::test]
async fn one_bad_item_harms_no_other_and_a_batch_sent_again_is_the_same() {
    let world = World::new().await;
    let me = centre("a-1");
    let offers = offered(&world).await;
    let unknown = AcceptOfferRequest {
        request_id: world.desk.ids.next().to_string(),
        ..AcceptOfferRequest {
            offer_id: "offer_01905af12b3c7def8123456789abcdef".into(),
            ..offers[0].1.clone()
        }
    };
    let malformed = AcceptOfferRequest { case_id: "case_x".into(), ..offers[0].1.clone() };
    let unnamed = AcceptOfferRequest { request_id: String::new(), ..offers[1].1.clone() };
    let request = BatchAcceptOffersRequest {
        request_id: world.desk.ids.next().to_string(),
        items: vec![unknown, offers[0].1.clone(), malformed, unnamed],
    };
    let answer = world.dispatch.batch_accept_offers(by(&me, request.clone())).await.unwrap();
    let answer = answer.into_inner();
    let reasons: Vec<_> = answer
        .results
        .iter()
        .map(|one| accepted(one).map(|answer| answer.effect()).map_err(|one| &*one.reason))
        .collect();
    let applied = Ok(MessageEffect::Applied);
    assert_eq!(reasons, [Err("NOT_FOUND"), applied, Err("FIELD_INVALID"), applied]);
    let malformed = accepted(&answer.results[2]).unwrap_err();
    assert_eq!((malformed.code, &*malformed.violations[0].field), (3, "case_id"));
    for (case, _) in &offers {
        assert_eq!(world.case(*case).await.stage, Stage::CentreAssigned);
    }
    let again = world.dispatch.batch_accept_offers(by(&me, request)).await.unwrap();
    assert!(same_bytes(&answer, again.get_ref()), "the items are the same messages");
    let told = messages(&world, &me).await;
    assert_eq!(told.iter().filter(|one| one.outcome() == MessageOutcome::Applied).count(), 2);
    assert_eq!(told.iter().filter(|one| one.outcome() == MessageOutcome::Duplicate).count(), 2);
}

#[tokio::test]
async fn technicians_are_named_and_offers_declined_many_at_a_time() {
    let world = World::new().await;
    let me = centre("a-1");
    let offers = offered(&world).await;
    world.dispatch.accept_offer(by(&me, offers[0].1.clone())).await.unwrap();
    let decline = DeclineOfferRequest {
        case_id: offers[1].1.case_id.clone(),
        offer_id: offers[1].1.offer_id.clone(),
        reason: 1,
        ..DeclineOfferRequest::default()
    };
    let declines = BatchDeclineOffersRequest {
        request_id: world.desk.ids.next().to_string(),
        items: vec![decline],
    };
    let answer = world.dispatch.batch_decline_offers(by(&me, declines)).await.unwrap();
    assert!(matches!(
        answer.get_ref().results[0].result,
        Some(batch_decline_offers_result::Result::Answer(_))
    ));
    assert_eq!(world.case(offers[1].0).await.stage, Stage::ChoosingCentre);
    let name = |case: usize| AssignTechnicianRequest {
        case_id: offers[case].1.case_id.clone(),
        technician: "a-1-t1".into(),
        ..AssignTechnicianRequest::default()
    };
    let names = BatchAssignTechniciansRequest {
        request_id: world.desk.ids.next().to_string(),
        items: vec![name(0), name(1)],
    };
    let answer = world.dispatch.batch_assign_technicians(by(&me, names)).await.unwrap();
    let [first, second] = &answer.get_ref().results[..] else { panic!("{answer:?}") };
    assert!(matches!(first.result, Some(batch_assign_technicians_result::Result::Answer(_))));
    assert!(matches!(second.result, Some(batch_assign_technicians_result::Result::Refusal(_))));
    assert_eq!(world.case(offers[0].0).await.stage, Stage::TechnicianAssigned);
}

#[tokio::test]
async fn a_batch_has_items_and_not_too_many() {
    let world = World::new().await;
    let me = centre("a-1");
    let batch = |items: usize| BatchAcceptOffersRequest {
        request_id: world.desk.ids.next().to_string(),
        items: vec![AcceptOfferRequest::default(); items],
    };
    let none = world.dispatch.batch_accept_offers(by(&me, batch(0))).await;
    assert_eq!(reason(none), Reason::FieldInvalid);
    let many = world.dispatch.batch_accept_offers(by(&me, batch(101))).await;
    assert_eq!(reason(many), Reason::FieldTooLong);
    let whole = world.dispatch.batch_accept_offers(by(&me, batch(100))).await.unwrap();
    assert_eq!(whole.get_ref().results.len(), 100);
    let nameless = BatchAcceptOffersRequest { request_id: String::new(), ..batch(1) };
    let nameless = world.dispatch.batch_accept_offers(by(&me, nameless)).await;
    assert_eq!(reason(nameless), Reason::RequestIdMissing);
}
