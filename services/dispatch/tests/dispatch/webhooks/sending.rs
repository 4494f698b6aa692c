//! What is sent: form, signature, order, again after a restart and on request.

use parasol_api::admin::v1::network_service_server::NetworkService as _;
use parasol_api::admin::v1::{
    RotateWebhookSecretRequest, WebhookOutcome, WebhookSecret, replay_webhook_request::From,
};
use parasol_api::convert::to_timestamp;
use parasol_api::partner::v1::get_work_order_request::Key;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::{GetWorkOrderRequest, ListWorkOrdersRequest, WorkOrder};
use parasol_journey::time::Span;
use prost::Message as _;
use prost_reflect::DynamicMessage;
use prost_types::Duration;
use sea_orm::ConnectionTrait as _;
use sea_orm::sea_query::Query;

use super::receiver::{Receiver, Reply};
use super::{create, get, hook, log, make_room, offered, post, replay, send, send_on};
use crate::world::{World, brand, by, centre, same_bytes, start};

#[tokio::test]
async fn a_change_is_sent_as_the_api_shows_it_and_signed_as_the_standard_says() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let made = create(&world, &centre("a-1"), &receiver.url).await;
    let (case, offer) = world.offered().await;
    let post = post(&world);
    send(&world, &post).await;
    let [event] = &receiver.take()[..] else { panic!("one event") };
    assert_eq!(event.line, "POST /hooks?of=aurora HTTP/1.1");
    assert_eq!(event.headers["content-type"], "application/json");
    assert!(event.id().starts_with("msg_"));
    let seconds = start().micros() / 1_000_000;
    assert_eq!(event.headers["webhook-timestamp"], seconds.to_string());
    assert_eq!(event.signatures(), [event.expected(&made.secret)]);
    assert_eq!(event.kind(), "offer.changed");
    assert_eq!(event.body["timestamp"], "2026-06-08T01:30:00Z");
    assert_eq!(event.body["data"]["offerId"], offer.to_string());
    assert_eq!(event.body["data"]["state"], "OFFER_STATE_OFFERED");

    world.accept(&centre("a-1"), case, offer).await.unwrap();
    send(&world, &post).await;
    let events = receiver.take();
    let kinds: Vec<_> = events.iter().map(|event| event.kind()).collect();
    assert_eq!(kinds, ["offer.changed", "work_order.changed"]);
    assert!(events.iter().all(|event| event.case() == case.to_string()));
    assert_ne!(events[0].id(), event.id(), "it changed, so it is another event");

    // The work order is the very one that the API shows, and its cursor goes on after it.
    let cursor = events[1].body["cursor"].as_str().unwrap();
    let poll = |cursor: &str| ListWorkOrdersRequest { cursor: cursor.into(), page_size: 10 };
    let after = world.dispatch.list_work_orders(by(&centre("a-1"), poll(cursor))).await.unwrap();
    assert!(after.into_inner().changes.is_empty());
    let id = events[1].body["data"]["workOrderId"].as_str().unwrap().to_owned();
    let request = GetWorkOrderRequest { key: Some(Key::WorkOrderId(id)) };
    let shown = world.dispatch.get_work_order(by(&centre("a-1"), request)).await.unwrap();
    let as_the_edge_shows_it = parasol_api::visibility::shown(
        "parasol.partner.v1.WorkOrder",
        parasol_api::visibility::Class::Brand,
        &shown.into_inner(),
    );
    assert_eq!(events[1].body["data"], json_of(&as_the_edge_shows_it));
}

fn json_of(order: &WorkOrder) -> serde_json::Value {
    let pool = parasol_api::descriptor::pool();
    let kind = pool.get_message_by_name("parasol.partner.v1.WorkOrder").unwrap();
    let message = DynamicMessage::decode(kind, &*order.encode_to_vec()).unwrap();
    serde_json::to_value(message).unwrap()
}

async fn rotate(world: &World, request: &RotateWebhookSecretRequest) -> WebhookSecret {
    let answer = world.dispatch.rotate_webhook_secret(by(&brand("aurora"), request.clone()));
    answer.await.unwrap().into_inner()
}

#[tokio::test]
async fn two_secrets_sign_while_the_old_one_is_kept_and_none_is_stored() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let first = create(&world, &brand("aurora"), &receiver.url).await;
    let id = first.webhook.as_ref().unwrap().webhook_id.clone();
    let request = |keep_old| RotateWebhookSecretRequest {
        request_id: world.desk.ids.next().to_string(),
        webhook_id: id.clone(),
        keep_old,
    };
    let post = post(&world);
    let once = request(None);
    let second = rotate(&world, &once).await;
    assert_ne!(first.secret, second.secret);
    assert!(same_bytes(&rotate(&world, &once).await, &second), "a repetition makes none");
    assert_eq!(get(&world, &id).await.secret_number, 2);

    offered(&world, 1).await;
    send(&world, &post).await;
    let [event] = &receiver.take()[..] else { panic!("one event") };
    let both = [event.expected(&second.secret), event.expected(&first.secret)];
    assert_eq!(event.signatures(), both);

    let hour = Duration { seconds: 3_600, nanos: 0 };
    let third = rotate(&world, &request(Some(hour))).await;
    offered(&world, 1).await;
    send(&world, &post).await;
    let [event] = &receiver.take()[..] else { panic!("one event") };
    let both = [event.expected(&third.secret), event.expected(&second.secret)];
    assert_eq!(event.signatures(), both, "the first one has gone");

    world.clock.advance(Span::hours(1)).unwrap();
    offered(&world, 1).await;
    send(&world, &post).await;
    let [event] = &receiver.take()[..] else { panic!("one event") };
    assert_eq!(event.signatures(), [event.expected(&third.secret)]);

    let saved = Query::select().column("body").from("commands").to_owned();
    let saved = world.desk.store.reader().query_all(&saved).await.unwrap();
    assert!(!saved.is_empty());
    for row in saved {
        let body: Vec<u8> = row.try_get("", "body").unwrap();
        assert!(!body.windows(6).any(|part| part == b"whsec_"), "a secret is stored");
    }
}

#[tokio::test]
async fn a_webhook_begins_with_what_is_open_and_goes_on_after_a_restart() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let early = offered(&world, 2).await;
    world.sequence().await;
    let id = hook(&world, &brand("aurora"), &receiver.url).await;
    send_on(&world, &post(&world)).await;
    let first: Vec<_> = receiver.take().iter().map(|event| event.case()).collect();
    assert_eq!(sorted(first), sorted(early.iter().map(ToString::to_string)));

    // Another process takes over once the lease of the first has lapsed, from the stored place.
    let late = offered(&world, 1).await;
    let other = world.neighbour(2).await;
    other.clock.advance(Span::minutes(1)).unwrap();
    world.sequence().await;
    send_on(&other, &post(&other)).await;
    let then: Vec<_> = receiver.take().iter().map(|event| event.case()).collect();
    assert_eq!(then, [late[0].to_string()]);
    assert_eq!(log(&world, &id).await.len(), 3);
}

fn sorted(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<_> = texts.into_iter().collect();
    texts.sort();
    texts
}

#[tokio::test]
async fn many_changes_all_come_and_each_case_in_its_order() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    make_room(&world).await;
    hook(&world, &brand("aurora"), &receiver.url).await;
    let post = post(&world);
    let mut cases = Vec::new();
    for _ in 0..20 {
        let (case, offer) = world.offered().await;
        cases.push(case);
        if cases.len() % 2 == 0 {
            world.accept(&centre("a-1"), case, offer).await.unwrap();
        }
        if cases.len() % 5 == 0 {
            send(&world, &post).await;
        }
    }
    send(&world, &post).await;
    let events = receiver.take();
    for (number, case) in (1..).zip(&cases) {
        let own: Vec<_> = events.iter().filter(|one| one.case() == case.to_string()).collect();
        let versions: Vec<_> = own.iter().map(|event| event.version()).collect();
        assert!(versions.is_sorted(), "{versions:?}");
        let last = own.last().unwrap();
        let wanted = if number % 2 == 0 { "work_order.changed" } else { "offer.changed" };
        assert_eq!(last.kind(), wanted);
    }
}

#[tokio::test]
async fn a_replay_sends_what_changed_since_and_with_the_same_ids() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    make_room(&world).await;
    let id = hook(&world, &brand("aurora"), &receiver.url).await;
    let post = post(&world);
    offered(&world, 2).await;
    send(&world, &post).await;
    world.clock.advance(Span::hours(1)).unwrap();
    let between = world.clock.now();
    world.clock.advance(Span::hours(1)).unwrap();
    offered(&world, 3).await;
    send(&world, &post).await;
    let all: Vec<_> = receiver.take().iter().map(|event| event.id().to_owned()).collect();
    assert_eq!(all.len(), 5);

    replay(&world, &id, From::Time(to_timestamp(between))).await;
    send_on(&world, &post).await;
    let again: Vec<_> = receiver.take().iter().map(|event| event.id().to_owned()).collect();
    assert_eq!(again, all[2..]);

    replay(&world, &id, From::Time(to_timestamp(start()))).await;
    send_on(&world, &post).await;
    let again = receiver.take();
    assert_eq!(again.iter().map(|event| event.id()).collect::<Vec<_>>(), all);
    let cursor = again[3].body["cursor"].as_str().unwrap();
    replay(&world, &id, From::Cursor(cursor.into())).await;
    send_on(&world, &post).await;
    let again: Vec<_> = receiver.take().iter().map(|event| event.id().to_owned()).collect();
    assert_eq!(again, all[4..]);
    let entries = log(&world, &id).await;
    let delivered = i32::from(WebhookOutcome::Delivered);
    assert!(entries.iter().all(|entry| entry.outcome == delivered && entry.status == 204));
    assert_eq!(entries.len(), 5 + 3 + 5 + 1);
}

/// A case whose later change was not taken is held back when a replay comes by; what the replay asked for is
/// then in its retry.
#[tokio::test]
async fn a_replay_includes_the_earlier_changes_of_a_case_that_is_tried_again() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    make_room(&world).await;
    let id = hook(&world, &brand("aurora"), &receiver.url).await;
    let post = post(&world);
    let (case, offer) = world.offered().await;
    send(&world, &post).await;
    world.clock.advance(Span::hours(1)).unwrap();
    world.accept(&centre("a-1"), case, offer).await.unwrap();
    receiver
        .answer(|seen| Reply::Status(if seen.kind() == "offer.changed" { 200 } else { 500 }, ""));
    send(&world, &post).await;
    let first: Vec<_> = receiver.take().iter().map(|event| event.id().to_owned()).collect();
    assert_eq!(get(&world, &id).await.cases_retrying, 1, "the work order was not taken");

    receiver.answer_all(200);
    replay(&world, &id, From::Time(to_timestamp(start()))).await;
    send_on(&world, &post).await;
    world.clock.advance(Span::hours(1)).unwrap();
    send_on(&world, &post).await;
    let again: Vec<_> = receiver.take().iter().map(|event| event.id().to_owned()).collect();
    assert!(first[1..].iter().all(|id| again.contains(id)), "{first:?} then {again:?}");
    assert_eq!(get(&world, &id).await.cases_retrying, 0);
}
