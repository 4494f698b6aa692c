//! Endpoints that do not take what they are sent.

use std::time::Duration;

use parasol_api::admin::v1::{WebhookOutcome, WebhookState};
use parasol_dispatch::{Reach, Sending};
use parasol_journey::time::Span;
use parasol_journey::{ActorKind, Command};
use tokio::net::TcpListener;

use super::receiver::{Receiver, Reply};
use super::{enable, get, hook, log, make_room, offered, post, seconds, send, send_on, service};
use crate::world::{World, brand, centre};

#[tokio::test]
async fn a_case_that_is_not_taken_keeps_its_order_and_holds_up_no_other() {
    Box::pin(one_case_is_not_taken(World::new().await)).await;
}

#[tokio::test]
async fn a_case_that_is_not_taken_holds_up_no_other_on_a_server() {
    Box::pin(one_case_is_not_taken(World::on_postgres("d_webhook_case").await)).await;
}

async fn one_case_is_not_taken(world: World) {
    let receiver = Receiver::new().await;
    make_room(&world).await;
    let id = hook(&world, &brand("aurora"), &receiver.url).await;
    let post = post(&world);
    let (poison, offer) = world.offered().await;
    let bad = poison.to_string();
    receiver.answer(move |seen| Reply::Status(if seen.case() == bad { 500 } else { 200 }, ""));
    let mut fine = offered(&world, 3).await;
    send(&world, &post).await;
    world.accept(&centre("a-1"), poison, offer).await.unwrap();
    fine.extend(offered(&world, 3).await);
    send(&world, &post).await;
    let (of_poison, others): (Vec<_>, Vec<_>) =
        receiver.take().into_iter().partition(|seen| seen.case() == poison.to_string());
    assert_eq!(of_poison.len(), 1, "its later changes wait behind the first");
    assert_eq!(others.len(), fine.len());
    let shown = get(&world, &id).await;
    assert_eq!((shown.cases_retrying, shown.state()), (1, WebhookState::Active));

    // Five seconds, then a minute: it stays the same change, and nothing comes sooner.
    world.clock.advance(seconds(4)).unwrap();
    send_on(&world, &post).await;
    assert_eq!(receiver.count(), 0);
    world.clock.advance(seconds(1)).unwrap();
    send_on(&world, &post).await;
    world.clock.advance(seconds(59)).unwrap();
    send_on(&world, &post).await;
    assert_eq!(receiver.count(), 1);
    receiver.answer_all(200);
    world.clock.advance(seconds(1)).unwrap();
    send_on(&world, &post).await;
    let later = receiver.take();
    let kinds: Vec<_> = later[1..].iter().map(|seen| seen.kind()).collect();
    assert_eq!(kinds, ["offer.changed", "work_order.changed"]);
    assert_eq!(get(&world, &id).await.cases_retrying, 0);

    let entries = log(&world, &id).await;
    let own: Vec<_> = entries.iter().filter(|one| one.case_id == poison.to_string()).collect();
    let story: Vec<_> = own.iter().map(|one| (one.outcome(), one.attempt, one.status)).collect();
    use WebhookOutcome::{Delivered, Failed, HeldBack};
    assert_eq!(
        story,
        [
            (Failed, 1, 500),
            (HeldBack, 0, 0),
            (HeldBack, 0, 0),
            (Failed, 2, 500),
            (Delivered, 3, 200),
            (Delivered, 1, 200)
        ]
    );
    assert!(own[0].next_attempt.is_some() && own[4].next_attempt.is_none());
    let numbers: Vec<_> = entries.iter().map(|one| one.number).collect();
    assert!(numbers.iter().copied().eq(1..=entries.len() as i64), "{numbers:?}");
}

#[tokio::test]
async fn a_lost_answer_is_sent_again_with_the_same_id_and_nothing_is_skipped() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let id = hook(&world, &brand("aurora"), &receiver.url).await;
    receiver.answer(|_| Reply::Close);
    let cases = offered(&world, 2).await;
    let post = post(&world);
    send(&world, &post).await;
    let lost: Vec<_> = receiver.take().iter().map(|seen| seen.id().to_owned()).collect();
    assert_eq!(lost.len(), cases.len());
    let failures: Vec<_> = log(&world, &id).await.iter().map(|one| one.failure.clone()).collect();
    assert_eq!(failures, ["protocol", "protocol"]);
    receiver.answer_all(200);
    world.clock.advance(seconds(5)).unwrap();
    send_on(&world, &post).await;
    let mut again: Vec<_> = receiver.take().iter().map(|seen| seen.id().to_owned()).collect();
    again.sort();
    let mut lost = lost;
    lost.sort();
    assert_eq!(again, lost);
}

#[tokio::test]
async fn a_sender_that_dies_after_the_call_is_followed_by_one_that_calls_again() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let id = hook(&world, &brand("aurora"), &receiver.url).await;
    receiver.answer(|_| Reply::Hang);
    offered(&world, 1).await;
    world.sequence().await;
    let first = post(&world);
    tokio::select! {
        _ = first.run_once(world.clock.now()) => panic!("nobody answered"),
        () = receiver.has(1) => {}
    }
    drop(first);
    receiver.answer_all(200);
    world.clock.advance(Span::minutes(1)).unwrap();
    send_on(&world, &post(&world)).await;
    let seen = receiver.take();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].id(), seen[1].id());
    assert_eq!(log(&world, &id).await.len(), 1, "of the first nothing was written");
}

#[tokio::test]
async fn an_endpoint_that_is_down_is_tried_at_growing_intervals_and_then_gets_everything() {
    Box::pin(an_endpoint_is_down(World::new().await)).await;
}

#[tokio::test]
async fn an_endpoint_that_is_down_gets_everything_in_the_end_on_a_server() {
    Box::pin(an_endpoint_is_down(World::on_postgres("d_webhook_down").await)).await;
}

async fn an_endpoint_is_down(world: World) {
    let receiver = Receiver::new().await;
    make_room(&world).await;
    let id = hook(&world, &brand("aurora"), &receiver.url).await;
    receiver.answer_all(503);
    let mut cases = offered(&world, 7).await;
    let post = post(&world);
    send(&world, &post).await;
    let shown = get(&world, &id).await;
    assert_eq!(shown.state(), WebhookState::Down);
    assert!(shown.next_try.is_some());
    let before = receiver.take().len();
    assert!((5..=7).contains(&before));
    cases.extend(offered(&world, 20).await);
    send(&world, &post).await;
    assert_eq!(receiver.count(), 0, "it is left in peace");
    for wait in [10, 20, 40, 80] {
        world.clock.advance(seconds(wait - 1)).unwrap();
        send_on(&world, &post).await;
        assert_eq!(receiver.count(), 0, "{wait}");
        world.clock.advance(seconds(1)).unwrap();
        send_on(&world, &post).await;
        assert_eq!(receiver.take().len(), 1, "{wait}");
    }
    receiver.answer_all(200);
    world.clock.advance(seconds(160)).unwrap();
    let (mut counts, mut total) = (Vec::new(), 0);
    loop {
        let more = post.run_once(world.clock.now()).await.unwrap();
        counts.push(receiver.count() - total);
        total = receiver.count();
        if !more && counts.len() > 1 {
            break;
        }
    }
    assert_eq!(counts[0], 1, "one try first: {counts:?}");
    assert!(counts[1] <= 2 && counts[2] <= 4, "and then slowly: {counts:?}");
    world.clock.advance(Span::hours(1)).unwrap();
    send_on(&world, &post).await;
    let taken: std::collections::BTreeSet<_> =
        receiver.take().iter().map(|seen| seen.case()).collect();
    assert_eq!(taken, cases.iter().map(ToString::to_string).collect());
    let shown = get(&world, &id).await;
    assert_eq!((shown.state(), shown.cases_retrying), (WebhookState::Active, 0));
}

#[tokio::test]
async fn a_case_is_given_up_in_the_end_and_begins_again_when_it_changes() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let id = hook(&world, &brand("aurora"), &receiver.url).await;
    receiver.answer_all(500);
    let (case, _) = world.offered().await;
    let post = post(&world);
    send(&world, &post).await;
    for _ in 0..12 {
        world.clock.advance(Span::hours(10)).unwrap();
        send_on(&world, &post).await;
    }
    assert_eq!(receiver.take().len(), 9);
    let entries = log(&world, &id).await;
    assert_eq!(entries.last().unwrap().outcome(), WebhookOutcome::GivenUp);
    let shown = get(&world, &id).await;
    assert_eq!((shown.cases_retrying, shown.cases_given_up), (0, 1));
    assert_eq!(shown.state(), WebhookState::Active, "one case does not bring a lane down");

    receiver.answer_all(200);
    world.give(case, ActorKind::Customer, Command::Cancel).await;
    send(&world, &post).await;
    assert_eq!(receiver.take().len(), 1);
    assert_eq!(get(&world, &id).await.cases_given_up, 0);
}

#[tokio::test]
async fn gone_means_gone_until_the_webhook_is_changed() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let (who, post) = (brand("aurora"), post(&world));
    let id = hook(&world, &who, &receiver.url).await;
    receiver.answer_all(410);
    let cases = offered(&world, 1).await;
    send(&world, &post).await;
    assert_eq!(get(&world, &id).await.state(), WebhookState::Gone);
    receiver.answer_all(200);
    offered(&world, 1).await;
    world.clock.advance(Span::hours(1)).unwrap();
    send(&world, &post).await;
    assert_eq!(receiver.take().len(), 1, "nothing after the answer");
    assert_eq!(enable(&world, &who, &id, true).await.state(), WebhookState::Active);
    send_on(&world, &post).await;
    let seen = receiver.take();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().any(|seen| seen.case() == cases[0].to_string()));
}

#[tokio::test]
async fn a_suspended_webhook_is_sent_nothing_and_then_what_it_missed() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let (who, post) = (brand("aurora"), post(&world));
    let id = hook(&world, &who, &receiver.url).await;
    assert_eq!(enable(&world, &who, &id, false).await.state(), WebhookState::Suspended);
    offered(&world, 2).await;
    send(&world, &post).await;
    assert_eq!(receiver.count(), 0);
    enable(&world, &who, &id, true).await;
    send_on(&world, &post).await;
    assert_eq!(receiver.count(), 2);
}

#[tokio::test]
async fn an_answer_may_ask_for_a_longer_wait_and_silence_ends() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let id = hook(&world, &brand("aurora"), &receiver.url).await;
    receiver.answer(|_| Reply::Status(429, "retry-after: 90\r\n"));
    offered(&world, 1).await;
    let sending = Sending::new(Reach::Loopback).waiting(Duration::from_millis(200));
    let post = service(&world).post_with(sending, world.desk.ids.next());
    send(&world, &post).await;
    world.clock.advance(seconds(89)).unwrap();
    send_on(&world, &post).await;
    assert_eq!(receiver.count(), 1);
    receiver.answer(|_| Reply::Hang);
    world.clock.advance(seconds(1)).unwrap();
    send_on(&world, &post).await;
    assert_eq!(receiver.count(), 2);
    let entries = log(&world, &id).await;
    assert_eq!((entries[0].status, &*entries[1].failure), (429, "timeout"));
}

#[tokio::test]
async fn redirects_are_not_followed_and_a_closed_port_is_a_failure() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    receiver.answer(|_| Reply::Status(302, "location: http://127.0.0.1:1/\r\n"));
    let redirected = hook(&world, &brand("aurora"), &receiver.url).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    let refused = hook(&world, &brand("aurora"), &url).await;
    offered(&world, 1).await;
    send(&world, &post(&world)).await;
    assert_eq!(receiver.count(), 1);
    assert_eq!(log(&world, &redirected).await[0].status, 302);
    assert_eq!(log(&world, &refused).await[0].failure, "connection");
}
