//! Lanes beside each other: a dead endpoint delays nobody, two processes do not send the same lane.

use std::time::Duration;

use parasol_api::admin::v1::WebhookOutcome;
use parasol_journey::time::Span;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::receiver::{Receiver, Reply};
use super::{get, hook, log, make_room, offered, post, send, send_on};
use crate::world::{World, brand, centre};

/// Longer than anything here takes, unless it hangs.
const LIMIT: Duration = Duration::from_secs(8);

#[tokio::test]
async fn an_endpoint_that_never_answers_delays_no_other() {
    let world = World::new().await;
    let (silent, prompt) = (Receiver::new().await, Receiver::new().await);
    silent.answer(|_| Reply::Hang);
    hook(&world, &brand("aurora"), &silent.url).await;
    hook(&world, &centre("a-1"), &prompt.url).await;
    let (post, bell, stop) = (post(&world), Notify::new(), Notify::new());
    let play = async {
        for round in 1..=2 {
            offered(&world, 1).await;
            world.sequence().await;
            bell.notify_one();
            prompt.has(round).await;
            silent.has(1).await;
        }
        assert_eq!(silent.count(), 1, "its only turn is still in flight");
    };
    let serve = post.serve(|| bell.notified(), stop.notified());
    let played = Box::pin(async {
        tokio::select! {
            served = serve => panic!("it ended: {served:?}"),
            () = play => {}
        }
    });
    timeout(LIMIT, played).await.expect("the silent endpoint held up the other");
}

#[tokio::test]
async fn more_lanes_than_connections_do_not_wait_for_each_other() {
    let world = World::new().await;
    make_room(&world).await;
    let mut receivers = Vec::new();
    for nth in 0..10 {
        let receiver = Receiver::new().await;
        let owner = if nth % 2 == 0 { brand("aurora") } else { centre("a-1") };
        hook(&world, &owner, &receiver.url).await;
        receivers.push(receiver);
    }
    let (post, bell, stop) = (post(&world), Notify::new(), Notify::new());
    let play = async {
        for round in 1..=4 {
            offered(&world, 1).await;
            world.sequence().await;
            bell.notify_one();
            receivers[0].has(round).await;
            // Looks again while the others are still in flight.
            bell.notify_one();
            for receiver in &receivers {
                receiver.has(round).await;
            }
        }
    };
    let serve = post.serve(|| bell.notified(), stop.notified());
    let played = Box::pin(async {
        tokio::select! {
            served = serve => panic!("it ended: {served:?}"),
            () = play => {}
        }
    });
    timeout(LIMIT, played).await.expect("a lane waits for a connection that another holds");
}

#[tokio::test]
async fn the_loop_finishes_what_is_in_flight_and_ends() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let id = hook(&world, &brand("aurora"), &receiver.url).await;
    offered(&world, 1).await;
    world.sequence().await;
    let (post, bell, stop) = (post(&world), Notify::new(), Notify::new());
    let serve = post.serve(|| bell.notified(), stop.notified());
    let play = async {
        receiver.has(1).await;
        stop.notify_one();
    };
    let (served, ()) = timeout(LIMIT, async { tokio::join!(serve, play) }).await.unwrap();
    served.unwrap();
    assert_eq!(log(&world, &id).await.len(), 1);
}

#[tokio::test]
async fn one_process_sends_and_another_takes_over_and_the_first_writes_nothing_more() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let id = hook(&world, &brand("aurora"), &receiver.url).await;
    let (first, other) = (post(&world), world.neighbour(2).await);
    let second = post(&other);
    offered(&world, 1).await;
    send(&world, &first).await;
    assert_eq!(receiver.take().len(), 1);
    offered(&world, 1).await;
    world.sequence().await;
    send_on(&other, &second).await;
    assert_eq!(receiver.count(), 0, "the first has the lease");

    // The first one's clock stands still, so that it believes in its lease for ever.
    other.clock.advance(Span::minutes(1)).unwrap();
    send_on(&other, &second).await;
    assert_eq!(receiver.take().len(), 1);
    receiver.answer_all(500);
    send_on(&world, &first).await;
    assert_eq!(receiver.take().len(), 1, "it sends once more");
    let entries = log(&world, &id).await;
    let outcomes: Vec<_> = entries.iter().map(|one| (one.number, one.outcome())).collect();
    let delivered = WebhookOutcome::Delivered;
    assert_eq!(outcomes, [(1, delivered), (2, delivered)], "and writes nothing");
    assert_eq!(get(&world, &id).await.cases_retrying, 0);
}

#[tokio::test]
async fn a_flooded_lane_and_a_failing_one_leave_the_others_alone() {
    let world = World::new().await;
    let (failing, fine) = (Receiver::new().await, Receiver::new().await);
    failing.answer_all(500);
    let broken = hook(&world, &brand("aurora"), &failing.url).await;
    let sound = hook(&world, &brand("aurora"), &fine.url).await;
    let cases = offered(&world, 6).await;
    send(&world, &post(&world)).await;
    assert_eq!(fine.count(), cases.len());
    assert_eq!(get(&world, &sound).await.cases_retrying, 0);
    assert!(get(&world, &broken).await.cases_retrying >= 5);
}
