//! Messages out of order, twice and refused, and the log of them.

use parasol_api::Reason;
use parasol_api::common::v1::MessageEffect;
use parasol_api::convert::to_timestamp;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::*;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::{Fact, Stage};
use parasol_runtime::identity::{Principal, Role};
use tonic::Status;

use crate::world::{World, brand, by, centre, operator, reason, same_bytes};

/// What a partner has sent, newest first.
pub async fn messages(world: &World, who: &Principal) -> Vec<PartnerMessage> {
    while world.dispatch.note_messages().await.unwrap() {}
    list(world, who, ListPartnerMessagesRequest::default()).await.unwrap().messages
}

async fn list(
    world: &World,
    who: &Principal,
    request: ListPartnerMessagesRequest,
) -> Result<ListPartnerMessagesResponse, Status> {
    Ok(world.dispatch.list_partner_messages(by(who, request)).await?.into_inner())
}

fn naming(world: &World, case: CaseId, sequence: i64) -> AssignTechnicianRequest {
    AssignTechnicianRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        technician: "a-1-t1".into(),
        partner_sequence: sequence,
        ..AssignTechnicianRequest::default()
    }
}

async fn kept(world: &World, case: CaseId) -> Vec<(String, String, u64)> {
    let log = world.desk.store.log_after(case, 0, 100).await.unwrap();
    let kept = log.into_iter().filter_map(|logged| match logged.event.fact {
        Fact::MessageKept { message, reason } => {
            Some((message, reason, logged.event.heard.map_or(0, |heard| heard.sequence)))
        }
        _ => None,
    });
    kept.collect()
}

#[tokio::test]
async fn a_message_older_than_one_that_was_applied_is_kept_and_moves_nothing() {
    let world = World::new().await;
    let (case, offer) = world.offered().await;
    let me = centre("a-1");
    let accept = AcceptOfferRequest { partner_sequence: 5, ..world.acceptance(case, offer) };
    world.dispatch.accept_offer(by(&me, accept)).await.unwrap();
    for older in [4, 5] {
        let request = naming(&world, case, older);
        let answer = world.dispatch.assign_technician(by(&me, request.clone())).await.unwrap();
        assert_eq!(answer.get_ref().effect(), MessageEffect::KeptAsEvidence, "{older}");
        let again = world.dispatch.assign_technician(by(&me, request)).await.unwrap();
        assert!(same_bytes(answer.get_ref(), again.get_ref()));
    }
    let moved = world.case(case).await;
    assert_eq!((moved.stage, moved.messages_kept), (Stage::CentreAssigned, 2));
    let stale = |sequence| ("AssignTechnician".to_owned(), "MESSAGE_STALE".to_owned(), sequence);
    assert_eq!(kept(&world, case).await, [stale(4), stale(5)]);
    // The brand counts for itself, and without a number nothing is stale.
    let brands = AssignTechnicianRequest { centre: String::new(), ..naming(&world, case, 1) };
    let answer = world.dispatch.assign_technician(by(&brand("aurora"), brands)).await.unwrap();
    assert_eq!(answer.get_ref().effect(), MessageEffect::Applied);
    let request = ReassignTechnicianRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        technician: "a-1-t2".into(),
        reason: "ill".into(),
        ..ReassignTechnicianRequest::default()
    };
    let stale = ReassignTechnicianRequest { partner_sequence: 2, ..request.clone() };
    let answer = world.dispatch.reassign_technician(by(&me, stale)).await.unwrap();
    assert_eq!(answer.get_ref().effect(), MessageEffect::KeptAsEvidence);
    let request_id = world.desk.ids.next().to_string();
    let plain = ReassignTechnicianRequest { request_id, ..request };
    let answer = world.dispatch.reassign_technician(by(&me, plain)).await.unwrap();
    assert_eq!(answer.get_ref().effect(), MessageEffect::Applied);
}

#[tokio::test]
async fn of_messages_at_the_same_moment_the_last_number_wins_and_none_is_lost() {
    let world = World::new().await;
    let (case, _) = world.accepted().await;
    let me = centre("a-1");
    let send = |sequence| {
        let anomaly = RaiseAnomalyRequest {
            request_id: world.desk.ids.next().to_string(),
            case_id: case.to_string(),
            kind: 4,
            partner_sequence: sequence,
            ..RaiseAnomalyRequest::default()
        };
        world.dispatch.raise_anomaly(by(&me, anomaly))
    };
    let answers = futures::future::join_all([3, 1, 2, 5, 4].map(send)).await;
    let effects = answers.into_iter().map(|answer| answer.unwrap().into_inner().effect());
    let applied = effects.filter(|effect| *effect == MessageEffect::Applied).count();
    let case = world.case(case).await;
    assert_eq!(u32::try_from(applied).unwrap(), case.anomalies);
    assert_eq!(case.anomalies + case.messages_kept, 5);
    assert_eq!(case.heard.last().unwrap().sequence, 5);
}

#[tokio::test]
async fn every_message_is_noted_as_it_came_and_with_what_became_of_it() {
    Box::pin(messages_are_noted(World::new().await)).await;
}

#[tokio::test]
async fn every_message_is_noted_as_it_came_and_with_what_became_of_it_on_a_server() {
    Box::pin(messages_are_noted(World::on_postgres("d_messages").await)).await;
}

async fn messages_are_noted(world: World) {
    let (case, offer) = world.offered().await;
    let me = centre("a-1");
    let nobodys = DeclineOfferRequest {
        offer_id: "offer_01905af12b3c7def8123456789abcdef".into(),
        remark: "王先生 13800138000".into(),
        ..world.refusal(case, offer)
    };
    assert_eq!(reason(world.dispatch.decline_offer(by(&me, nobodys)).await), Reason::NotFound);
    let accept = AcceptOfferRequest {
        partner_sequence: 5,
        occurred_at: Some(to_timestamp(world.clock.now() - Span::minutes(1))),
        partner_order_no: "SVC-77".into(),
        ..world.acceptance(case, offer)
    };
    for _ in 0..2 {
        world.dispatch.accept_offer(by(&me, accept.clone())).await.unwrap();
    }
    world.dispatch.assign_technician(by(&me, naming(&world, case, 4))).await.unwrap();
    // An acceptance of an offer that is no longer live.
    let late = world.accept(&me, case, offer).await.unwrap();
    assert_eq!(late.effect(), MessageEffect::KeptAsEvidence);

    let told = messages(&world, &me).await;
    let outcomes: Vec<_> =
        told.iter().map(|one| (one.method.as_str(), one.outcome(), one.reason.as_str())).collect();
    let expected = [
        ("AcceptOffer", MessageOutcome::Stale, "ILLEGAL_TRANSITION"),
        ("AssignTechnician", MessageOutcome::Stale, "MESSAGE_STALE"),
        ("AcceptOffer", MessageOutcome::Duplicate, ""),
        ("AcceptOffer", MessageOutcome::Applied, ""),
        ("DeclineOffer", MessageOutcome::Refused, "NOT_FOUND"),
    ];
    assert_eq!(outcomes, expected);
    let applied = &told[3];
    assert_eq!(applied.partner, "centre:a-1");
    assert_eq!((&applied.request_id, &applied.case_id), (&accept.request_id, &accept.case_id));
    assert_eq!((applied.partner_sequence, applied.occurred_at), (5, accept.occurred_at));
    assert!(applied.raw.contains("SVC-77"), "{}", applied.raw);
    let refused = &told[4];
    assert!(!refused.raw.contains("138") && refused.raw.contains("characters"), "{}", refused.raw);
}

#[tokio::test]
async fn a_partner_sees_its_own_messages_page_by_page_and_an_operator_anybodys() {
    Box::pin(messages_are_listed(World::new().await)).await;
}

#[tokio::test]
async fn a_partner_sees_its_own_messages_page_by_page_and_an_operator_anybodys_on_a_server() {
    Box::pin(messages_are_listed(World::on_postgres("d_message_pages").await)).await;
}

async fn messages_are_listed(world: World) {
    let (case, offer) = world.offered().await;
    let me = centre("a-1");
    for _ in 0..3 {
        let wrong = AcceptOfferRequest { centre: "a-2".into(), ..world.acceptance(case, offer) };
        assert!(world.dispatch.accept_offer(by(&me, wrong)).await.is_err());
    }
    world.accept(&me, case, offer).await.unwrap();
    assert_eq!(messages(&world, &me).await.len(), 4);
    assert!(messages(&world, &brand("aurora")).await.is_empty(), "those of its centre are not its");
    let mut seen = Vec::new();
    let mut page = ListPartnerMessagesRequest { page_size: 3, ..Default::default() };
    loop {
        let answer = list(&world, &me, page.clone()).await.unwrap();
        seen.extend(answer.messages);
        if answer.next_page_token.is_empty() {
            break;
        }
        page.page_token = answer.next_page_token;
    }
    assert_eq!(seen, messages(&world, &me).await);
    let asked = |centre: &str, case: &str| ListPartnerMessagesRequest {
        centre: centre.into(),
        case_id: case.into(),
        ..Default::default()
    };
    let of = list(&world, &operator(), asked("a-1", &case.to_string())).await.unwrap();
    assert_eq!(of.messages.len(), 4);
    let other = "case_01905af12b3c7def8123456789abcdef";
    assert!(list(&world, &operator(), asked("a-1", other)).await.unwrap().messages.is_empty());
    let token = ListPartnerMessagesRequest { page_token: page.page_token, ..asked("a-1", "") };
    assert_eq!(reason(list(&world, &operator(), token).await), Reason::PageTokenInvalid);
    let nobody = list(&world, &operator(), ListPartnerMessagesRequest::default()).await;
    assert_eq!(reason(nobody), Reason::FieldInvalid);
    for who in [centre("a-2"), brand("aurora"), brand("boreal")] {
        assert_eq!(reason(list(&world, &who, asked("a-1", "")).await), Reason::NotFound);
    }
}

#[tokio::test]
async fn an_anomaly_is_in_the_log_and_its_words_in_the_vault() {
    let world = World::new().await;
    let (case, offer) = world.offered().await;
    let anomaly = |kind: i32, text: &str| RaiseAnomalyRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        kind,
        text: text.into(),
        ..RaiseAnomalyRequest::default()
    };
    let me = centre("a-1");
    for wrong in [anomaly(0, ""), anomaly(7, ""), anomaly(6, "")] {
        let refused = world.dispatch.raise_anomaly(by(&me, wrong)).await;
        assert_eq!(reason(refused), Reason::FieldInvalid);
    }
    let request = anomaly(1, "楼栋不存在，王先生");
    let answer = world.dispatch.raise_anomaly(by(&me, request.clone())).await.unwrap();
    let again = world.dispatch.raise_anomaly(by(&me, request)).await.unwrap();
    assert!(same_bytes(answer.get_ref(), again.get_ref()));
    assert_eq!(answer.get_ref().effect(), MessageEffect::Applied);
    let id: parasol_journey::ids::AnomalyId = answer.get_ref().anomaly_id.parse().unwrap();
    let words = world.desk.store.reveal(id.uuid(), "anomaly").await.unwrap().unwrap();
    assert!(words.contains("楼栋不存在"));
    let stands = world.case(case).await;
    assert_eq!((stands.stage, stands.anomalies), (Stage::Dispatched, 1), "it moves nothing");
    let log = world.desk.store.log_after(case, 0, 100).await.unwrap();
    assert!(!format!("{log:?}").contains("楼栋"));

    world.accept(&me, case, offer).await.unwrap();
    let technician = |name: &str| Principal::new(Role::Technician, name);
    let strangers =
        [centre("a-2"), centre("b-1"), brand("boreal"), technician("a-2-t1"), technician("a-1-t1")];
    for who in strangers {
        let refused = world.dispatch.raise_anomaly(by(&who, anomaly(4, ""))).await;
        assert_eq!(reason(refused), Reason::NotFound, "{who}");
    }
    world.dispatch.raise_anomaly(by(&brand("aurora"), anomaly(4, ""))).await.unwrap();
    world.dispatch.assign_technician(by(&me, naming(&world, case, 0))).await.unwrap();
    let named = technician("a-1-t1");
    world.dispatch.raise_anomaly(by(&named, anomaly(3, ""))).await.unwrap();
    assert_eq!(world.case(case).await.anomalies, 3);
}

#[tokio::test]
async fn a_centre_that_was_passed_over_raises_nothing_any_more() {
    let world = World::new().await;
    let (case, offer) = world.offered().await;
    let before = RaiseAnomalyRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        kind: 4,
        ..RaiseAnomalyRequest::default()
    };
    let raise = async |one: &RaiseAnomalyRequest| {
        world.dispatch.raise_anomaly(by(&centre("a-1"), one.clone())).await
    };
    let heard = raise(&before).await.unwrap();
    world.dispatch.decline_offer(by(&centre("a-1"), world.refusal(case, offer))).await.unwrap();
    world.choose().await;
    let request = RaiseAnomalyRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        kind: 5,
        ..RaiseAnomalyRequest::default()
    };
    assert_eq!(reason(raise(&request).await), Reason::NotFound);
    // What it said while the case was offered to it was heard, and is answered so.
    let again = raise(&before).await.unwrap();
    assert!(same_bytes(heard.get_ref(), again.get_ref()));
}

#[tokio::test]
async fn the_newest_ten_thousand_of_a_partner_are_kept() {
    let world = World::new().await;
    let me = centre("a-1");
    let malformed = |nth: usize| AcceptOfferRequest {
        request_id: world.desk.ids.next().to_string(),
        partner_order_no: nth.to_string(),
        ..AcceptOfferRequest::default()
    };
    for nth in 1..=10_600 {
        assert!(world.dispatch.accept_offer(by(&me, malformed(nth))).await.is_err());
        if nth % 100 == 0 {
            while world.dispatch.note_messages().await.unwrap() {}
        }
    }
    let mut kept = Vec::new();
    let mut page = ListPartnerMessagesRequest { page_size: 200, ..Default::default() };
    loop {
        let answer = list(&world, &me, page.clone()).await.unwrap();
        kept.extend(answer.messages.into_iter().map(|one| one.raw));
        page.page_token = answer.next_page_token;
        if page.page_token.is_empty() {
            break;
        }
    }
    assert!((10_000..=10_200).contains(&kept.len()), "{} are kept", kept.len());
    assert!(kept[0].contains("\"10600\""), "{}", kept[0]);
    assert!(!kept.iter().any(|raw| raw.contains("\"1\"")), "the oldest is gone");
}
