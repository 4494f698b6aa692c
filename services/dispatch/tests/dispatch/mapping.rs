//! Reasons in the partner's own codes.

use parasol_api::admin::v1::network_service_server::NetworkService as _;
use parasol_api::admin::v1::{
    DeleteReasonMappingRequest, ListReasonMappingsRequest, ListReasonMappingsResponse,
    PutReasonMappingRequest, ReasonMapping,
};
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::*;
use parasol_api::{Error, Reason};
use parasol_journey::vocab::{AnomalyKind, DeclineReason};
use parasol_journey::{Fact, Stage};
use parasol_runtime::identity::Principal;
use tonic::Status;

use crate::messaging::messages;
use crate::world::{World, brand, by, centre, operator, reason};

fn mapping(world: &World, list: i32, code: &str, ours: &str) -> PutReasonMappingRequest {
    PutReasonMappingRequest {
        request_id: world.desk.ids.next().to_string(),
        brand: "aurora".into(),
        list,
        partner_reason: code.into(),
        reason: ours.into(),
    }
}

async fn put(world: &World, request: PutReasonMappingRequest) -> Result<ReasonMapping, Status> {
    Ok(world.dispatch.put_reason_mapping(by(&operator(), request)).await?.into_inner())
}

async fn list(
    world: &World,
    who: &Principal,
    brand: &str,
    page_size: i32,
    page_token: &str,
) -> Result<ListReasonMappingsResponse, Status> {
    let (brand, page_token) = (brand.into(), page_token.into());
    let request = ListReasonMappingsRequest { page_size, page_token, brand };
    Ok(world.dispatch.list_reason_mappings(by(who, request)).await?.into_inner())
}

#[tokio::test]
async fn a_code_is_read_by_the_brands_mapping_and_kept_as_it_came() {
    let world = World::new().await;
    put(&world, mapping(&world, 1, "JJ07", "out_of_area")).await.unwrap();
    put(&world, mapping(&world, 2, "YC01", "address_wrong")).await.unwrap();
    let (case, offer) = world.offered().await;
    let me = centre("a-1");
    let anomaly = RaiseAnomalyRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        partner_reason: "YC01".into(),
        ..RaiseAnomalyRequest::default()
    };
    world.dispatch.raise_anomaly(by(&me, anomaly)).await.unwrap();
    let decline = DeclineOfferRequest {
        reason: 0,
        partner_reason: "JJ07".into(),
        ..world.refusal(case, offer)
    };
    world.dispatch.decline_offer(by(&me, decline)).await.unwrap();
    let log = world.desk.store.log_after(case, 0, 100).await.unwrap();
    let facts: Vec<_> = log.iter().map(|logged| &logged.event.fact).collect();
    assert!(
        facts.iter().any(|fact| matches!(
            fact,
            Fact::AnomalyRaised { kind: AnomalyKind::AddressWrong, .. }
        ))
    );
    assert!(
        facts.iter().any(|fact| matches!(
            fact,
            Fact::OfferDeclined { reason: DeclineReason::OutOfArea, .. }
        ))
    );
    let told = messages(&world, &me).await;
    let read: Vec<_> = told.iter().map(|one| one.read_as.as_str()).collect();
    assert_eq!(read, ["out_of_area", "address_wrong"]);
    assert!(told[0].raw.contains("JJ07"));
}

#[tokio::test]
async fn a_code_that_nobody_has_mapped_is_refused_with_those_that_are_known() {
    let world = World::new().await;
    for code in ["B", "A"] {
        put(&world, mapping(&world, 1, code, "no_capacity")).await.unwrap();
    }
    let (case, offer) = world.offered().await;
    let me = centre("a-1");
    let decline = |reason: i32, code: &str| DeclineOfferRequest {
        reason,
        partner_reason: code.into(),
        ..world.refusal(case, offer)
    };
    let refused = world.dispatch.decline_offer(by(&me, decline(0, "C"))).await.unwrap_err();
    let refused = Error::from_status(&refused);
    assert_eq!(refused.reason(), Reason::ReasonUnmapped);
    assert_eq!(refused.text(), "partner_reason: the code is not mapped for aurora; known: A, B");
    let refused = world.dispatch.decline_offer(by(&me, decline(0, "a"))).await;
    assert_eq!(reason(refused), Reason::ReasonUnmapped, "codes are told apart by case");
    let refused = world.dispatch.decline_offer(by(&me, decline(0, ""))).await;
    assert_eq!(reason(refused), Reason::FieldInvalid);
    assert_eq!(world.case(case).await.stage, Stage::Dispatched);
    // Our reason beside it is taken, whatever the code is.
    world.dispatch.decline_offer(by(&me, decline(6, "C"))).await.unwrap();
    assert_eq!(world.case(case).await.stage, Stage::ChoosingCentre);
    let told = messages(&world, &me).await;
    assert_eq!(told[1].reason, "FIELD_INVALID");
    assert!(told[0].raw.contains("\"C\""), "{}", told[0].raw);
}

#[tokio::test]
async fn a_repetition_gets_its_answer_whatever_has_become_of_the_mapping() {
    let world = World::new().await;
    put(&world, mapping(&world, 1, "A", "closed")).await.unwrap();
    let (case, offer) = world.offered().await;
    let me = centre("a-1");
    let decline =
        DeclineOfferRequest { reason: 0, partner_reason: "A".into(), ..world.refusal(case, offer) };
    let first = world.dispatch.decline_offer(by(&me, decline.clone())).await.unwrap();
    let request = DeleteReasonMappingRequest {
        request_id: world.desk.ids.next().to_string(),
        brand: "aurora".into(),
        list: 1,
        partner_reason: "A".into(),
    };
    world.dispatch.delete_reason_mapping(by(&operator(), request)).await.unwrap();
    assert!(list(&world, &operator(), "aurora", 0, "").await.unwrap().mappings.is_empty());
    let again = world.dispatch.decline_offer(by(&me, decline)).await.unwrap();
    assert_eq!(first.get_ref(), again.get_ref());
}

#[tokio::test]
async fn mappings_are_put_replaced_and_listed_in_their_scope() {
    Box::pin(mappings_are_kept(World::new().await)).await;
}

#[tokio::test]
async fn mappings_are_put_replaced_and_listed_in_their_scope_on_a_server() {
    Box::pin(mappings_are_kept(World::on_postgres("d_mappings").await)).await;
}

async fn mappings_are_kept(world: World) {
    for wrong in [
        mapping(&world, 0, "A", "closed"),
        mapping(&world, 1, "", "closed"),
        mapping(&world, 1, "A", "safety"),
        PutReasonMappingRequest { brand: "no such id".into(), ..mapping(&world, 1, "A", "closed") },
    ] {
        assert_eq!(reason(put(&world, wrong).await), Reason::FieldInvalid);
    }
    let unknown =
        PutReasonMappingRequest { brand: "nobody".into(), ..mapping(&world, 1, "A", "closed") };
    assert_eq!(reason(put(&world, unknown).await), Reason::BrandUnknown);
    let long = mapping(&world, 1, &"x".repeat(41), "closed");
    assert_eq!(reason(put(&world, long).await), Reason::FieldTooLong);
    put(&world, mapping(&world, 1, "A", "closed")).await.unwrap();
    put(&world, mapping(&world, 1, "A", "no_skill")).await.unwrap();
    put(&world, mapping(&world, 3, "A", "weather")).await.unwrap();
    put(&world, mapping(&world, 2, "B", "safety")).await.unwrap();
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let page = list(&world, &brand("aurora"), "", 2, &token).await.unwrap();
        seen.extend(
            page.mappings.into_iter().map(|one| (one.list, one.partner_reason, one.reason)),
        );
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let row = |list, code: &str, ours: &str| (list, code.to_owned(), ours.to_owned());
    assert_eq!(seen, [row(2, "B", "safety"), row(1, "A", "no_skill"), row(3, "A", "weather")]);
    let stranger = list(&world, &brand("boreal"), "aurora", 0, "").await;
    assert_eq!(reason(stranger), Reason::NotFound);
    assert!(list(&world, &brand("boreal"), "", 0, "").await.unwrap().mappings.is_empty());
    assert_eq!(reason(list(&world, &operator(), "", 0, "").await), Reason::FieldInvalid);
}
