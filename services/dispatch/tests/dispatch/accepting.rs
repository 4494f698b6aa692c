//! Accepting and declining, in time, too late, twice, and by the wrong people.

use parasol_api::Reason;
use parasol_api::common::v1::MessageEffect;
use parasol_api::convert::etag;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::*;
use parasol_journey::ids::OfferId;
use parasol_journey::time::Span;
use parasol_journey::{ActorKind, Command, Fact, Stage};
use uuid::Uuid;

use crate::world::{World, brand, by, centre, reason, same_bytes, start};

fn wire(at: parasol_journey::time::Timestamp) -> Option<prost_types::Timestamp> {
    Some(parasol_api::convert::to_timestamp(at))
}

#[tokio::test]
async fn a_centre_accepts_and_a_repetition_gets_the_same_bytes() {
    let world = World::new().await;
    let (case, offer) = world.offered().await;
    let request = AcceptOfferRequest {
        partner_order_no: "SVC-77".into(),
        occurred_at: wire(start()),
        partner_sequence: 1,
        ..world.acceptance(case, offer)
    };
    let me = centre("a-1");
    let answer = world.dispatch.accept_offer(by(&me, request.clone())).await.unwrap().into_inner();
    assert_eq!(answer.effect(), MessageEffect::Applied);
    let order = answer.work_order.clone().unwrap();
    assert_eq!((order.centre.as_str(), order.partner_order_no.as_str()), ("a-1", "SVC-77"));
    assert_eq!(order.state(), WorkOrderState::Open);
    assert_eq!(answer.case.as_ref().unwrap().etag, etag(world.case(case).await.version));

    let again = world.dispatch.accept_offer(by(&me, request.clone())).await.unwrap().into_inner();
    assert!(same_bytes(&answer, &again));
    let other = AcceptOfferRequest { partner_order_no: "SVC-78".into(), ..request };
    let refused = world.dispatch.accept_offer(by(&me, other)).await;
    assert_eq!(reason(refused), Reason::RequestIdReused);

    let twice = world.accept(&me, case, offer).await.unwrap();
    assert_eq!(twice.effect(), MessageEffect::KeptAsEvidence);
    let known = twice.work_order.unwrap();
    assert_eq!(known.work_order_id, order.work_order_id, "there is one work order");
}

#[tokio::test]
async fn a_saved_answer_holds_nothing_personal() {
    let world = World::new().await;
    let (_, answer) = world.accepted().await;
    let order = answer.work_order.unwrap();
    let address = order.address.unwrap();
    assert_eq!((address.county.as_str(), address.street.as_str()), (crate::world::XIHU, ""));
    assert!(order.customer_name.is_empty() && order.description.is_empty());
}

#[tokio::test]
async fn a_brand_may_name_a_centre_of_its_own() {
    let world = World::new().await;
    let me = brand("aurora");
    let (case, offer) = world.offered().await;
    let naming =
        |name: &str| AcceptOfferRequest { centre: name.into(), ..world.acceptance(case, offer) };
    for unknown in ["b-1", "nobody"] {
        let refused = world.dispatch.accept_offer(by(&me, naming(unknown))).await;
        assert_eq!(reason(refused), Reason::CentreUnknown);
    }
    let answer = world.dispatch.accept_offer(by(&me, naming("a-3"))).await.unwrap().into_inner();
    assert_eq!(answer.work_order.unwrap().centre, "a-3");
    assert_eq!(world.case(case).await.stage, Stage::CentreAssigned);

    let (case, offer) = world.offered().await;
    let answer = world.accept(&me, case, offer).await.unwrap();
    assert_eq!(answer.work_order.unwrap().centre, "a-1", "the one the offer names");
}

#[tokio::test]
async fn a_centre_that_is_out_cannot_be_named() {
    let world = World::new().await;
    let (case, offer) = world.offered().await;
    world.dispatch.decline_offer(by(&centre("a-1"), world.refusal(case, offer))).await.unwrap();
    world.choose().await;
    let offer = world.live_offer(case).await;
    let request = AcceptOfferRequest { centre: "a-1".into(), ..world.acceptance(case, offer) };
    let refused = world.dispatch.accept_offer(by(&brand("aurora"), request)).await;
    assert_eq!(reason(refused), Reason::CentrePassedOver);
}

#[tokio::test]
async fn a_centre_answers_for_itself_only() {
    let world = World::new().await;
    let (case, offer) = world.offered().await;
    let request = AcceptOfferRequest { centre: "a-2".into(), ..world.acceptance(case, offer) };
    let refused = world.dispatch.accept_offer(by(&centre("a-1"), request)).await;
    assert_eq!(reason(refused), Reason::CentreUnknown);
    // What was not offered to the caller does not exist for it, whoever it is.
    let unknown = OfferId::new(Uuid::from_u128(1));
    for (who, offer) in [
        (centre("a-2"), offer),
        (centre("b-1"), offer),
        (brand("boreal"), offer),
        (centre("a-1"), unknown),
        (brand("aurora"), unknown),
    ] {
        assert_eq!(reason(world.accept(&who, case, offer).await), Reason::NotFound);
        let declined = world.dispatch.decline_offer(by(&who, world.refusal(case, offer))).await;
        assert_eq!(reason(declined), Reason::NotFound);
    }
    assert_eq!(world.case(case).await.stage, Stage::Dispatched);
}

#[tokio::test]
async fn answers_that_come_too_late_are_kept_as_evidence_and_move_nothing() {
    let world = World::new().await;
    let (case, offer) = world.offered().await;
    world.clock.advance(Span::hours(2)).unwrap();
    // Expired, though no timer has said so yet.
    let late = world.accept(&centre("a-1"), case, offer).await.unwrap();
    assert_eq!(late.effect(), MessageEffect::KeptAsEvidence);
    assert!(late.work_order.is_none());

    world.wait(Span::from_micros(1)).await;
    world.choose().await;
    let next = world.live_offer(case).await;
    // Superseded: the case is at the next centre by now.
    let request = world.refusal(case, offer);
    let late = world.dispatch.decline_offer(by(&centre("a-1"), request)).await.unwrap();
    assert_eq!(late.get_ref().effect(), MessageEffect::KeptAsEvidence);
    assert_eq!(world.live_offer(case).await, next);

    world.give(case, ActorKind::Customer, Command::Cancel).await;
    let late = world.accept(&centre("a-2"), case, next).await.unwrap();
    assert_eq!(late.effect(), MessageEffect::KeptAsEvidence);
    assert!(late.work_order.is_none());
    let log = world.desk.store.log_after(case, 0, 100).await.unwrap();
    let kept: Vec<_> = log
        .iter()
        .filter_map(|logged| match &logged.event.fact {
            Fact::MessageKept { message, reason } => Some((message.as_str(), reason.as_str())),
            _ => None,
        })
        .collect();
    let expected = [
        ("accept_offer", "OFFER_EXPIRED"),
        ("decline_offer", "OFFER_SUPERSEDED"),
        ("accept_offer", "CASE_ENDED"),
    ];
    assert_eq!(kept, expected);
}

#[tokio::test]
async fn a_late_answer_does_not_show_the_work_of_another_centre() {
    let world = World::new().await;
    let (case, offer) = world.offered().await;
    world.wait(Span::hours(2)).await;
    world.choose().await;
    world.accept(&centre("a-2"), case, world.live_offer(case).await).await.unwrap();
    let late = world.accept(&centre("a-1"), case, offer).await.unwrap();
    assert_eq!(late.effect(), MessageEffect::KeptAsEvidence);
    assert!(late.work_order.is_none());
    let late = world.accept(&brand("aurora"), case, offer).await.unwrap();
    assert_eq!(late.work_order.unwrap().centre, "a-2");
}

#[tokio::test]
async fn declining_wants_a_reason_and_keeps_the_words_in_the_vault() {
    let world = World::new().await;
    let (case, offer) = world.offered().await;
    let me = centre("a-1");
    let wordless = DeclineOfferRequest { reason: 6, ..world.refusal(case, offer) };
    let refused = world.dispatch.decline_offer(by(&me, wordless.clone())).await;
    assert_eq!(reason(refused), Reason::FieldInvalid);
    let none = DeclineOfferRequest { reason: 0, ..world.refusal(case, offer) };
    assert_eq!(reason(world.dispatch.decline_offer(by(&me, none)).await), Reason::FieldInvalid);
    let long = DeclineOfferRequest { remark: "x".repeat(501), ..wordless.clone() };
    assert_eq!(reason(world.dispatch.decline_offer(by(&me, long)).await), Reason::FieldTooLong);

    let words = DeclineOfferRequest { remark: "王先生电话打不通".into(), ..wordless };
    let answer = world.dispatch.decline_offer(by(&me, words.clone())).await.unwrap().into_inner();
    assert_eq!(answer.effect(), MessageEffect::Applied);
    assert_eq!(world.case(case).await.stage, Stage::ChoosingCentre);
    let again = world.dispatch.decline_offer(by(&me, words)).await.unwrap().into_inner();
    assert!(same_bytes(&answer, &again));
    let kept = world.desk.store.reveal(offer.uuid(), "decline_remark").await.unwrap().unwrap();
    assert!(kept.contains("打不通"));
    let log = world.desk.store.log_after(case, 0, 100).await.unwrap();
    assert!(!format!("{log:?}").contains("打不通"));
}

#[tokio::test]
async fn a_stale_etag_and_a_time_ahead_are_refused() {
    let world = World::new().await;
    let (case, offer) = world.offered().await;
    let me = centre("a-1");
    let stale = AcceptOfferRequest { etag: etag(1), ..world.acceptance(case, offer) };
    let refused = world.dispatch.accept_offer(by(&me, stale)).await.unwrap_err();
    let refused = parasol_api::Error::from_status(&refused);
    assert_eq!(refused.reason(), Reason::VersionConflict);
    assert_eq!(refused.metadata()["current_etag"], etag(world.case(case).await.version));
    let wrong = AcceptOfferRequest {
        occurred_at: wire(start() + Span::from_micros(1)),
        partner_sequence: -1,
        partner_order_no: "x".repeat(65),
        centre: "no such id".into(),
        ..world.acceptance(case, offer)
    };
    let refused = world.dispatch.accept_offer(by(&me, wrong)).await.unwrap_err();
    let refused = parasol_api::Error::from_status(&refused);
    let fields: Vec<_> = refused.violations().iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["partner_order_no", "occurred_at", "partner_sequence", "centre"]);
}

#[tokio::test]
async fn an_empty_request_is_an_invalid_argument() {
    let world = World::new().await;
    let me = centre("a-1");
    let d = &world.dispatch;
    let id = || world.desk.ids.next().to_string();
    macro_rules! refuses {
        ($($method:ident($request:ident $({ $($field:ident),+ })?)),+ $(,)?) => {$({
            let refused = d.$method(by(&me, $request::default())).await.unwrap_err();
            assert_eq!(refused.code(), tonic::Code::InvalidArgument, stringify!($method));
            $(let only_id = $request { $($field: id(),)+ ..$request::default() };
            let refused = d.$method(by(&me, only_id)).await.unwrap_err();
            assert_eq!(refused.code(), tonic::Code::InvalidArgument, stringify!($method));)?
            let nobody = tonic::Request::new($request::default());
            assert_eq!(reason(d.$method(nobody).await), Reason::Unauthenticated);
        })+};
    }
    refuses!(
        get_work_order(GetWorkOrderRequest),
        accept_offer(AcceptOfferRequest { request_id }),
        decline_offer(DeclineOfferRequest { request_id }),
        assign_technician(AssignTechnicianRequest { request_id }),
        reassign_technician(ReassignTechnicianRequest { request_id }),
        request_parts(RequestPartsRequest { request_id }),
        ship_parts(ShipPartsRequest { request_id }),
        report_received(ReportReceivedRequest { request_id }),
        report_returned(ReportReturnedRequest { request_id }),
        report_backorder(ReportBackorderRequest { request_id }),
        receive_parts(ReceivePartsRequest { request_id }),
        install_parts(InstallPartsRequest { request_id }),
        return_parts(ReturnPartsRequest { request_id }),
        raise_anomaly(RaiseAnomalyRequest { request_id }),
        batch_accept_offers(BatchAcceptOffersRequest { request_id }),
        batch_decline_offers(BatchDeclineOffersRequest { request_id }),
        batch_assign_technicians(BatchAssignTechniciansRequest { request_id }),
    );
}
