//! Deadlines: kept in memory from shortly before they are due, and fired from there on time.

use std::sync::Arc;

use parasol_casebook::tables::tasks;
use parasol_casebook::{Deadlines, Lease, Limits, Queue, Store};
use parasol_journey::task::Role;
use parasol_journey::time::{MINUTE, Span, Timestamp};
use parasol_journey::{Fact, Task};
use tokio::sync::Notify;
use tokio::time::timeout;
use uuid::Uuid;

use crate::ask::{Ask, case};
use crate::books::{all, check};
use crate::world::{AHEAD, LEASE, LIMIT, World};

on_both_engines!(
    a_near_deadline_is_kept_by_the_process_that_armed_it,
    deadlines_of_the_table_are_claimed_ahead_and_no_farther,
    a_full_queue_leaves_deadlines_to_be_claimed,
    a_deadline_that_was_given_back_is_not_claimed_before_its_time,
    kept_deadlines_pass_on_time_and_the_rest_is_given_back,
);

/// The minute a case has to be classified in.
const CLASSIFY: Span = Span::from_micros(MINUTE);

async fn rows(store: &Store) -> Vec<tasks::Model> {
    let mut rows = all::<tasks::Entity>(store).await;
    rows.retain(|row| row.role == Role::Timer.as_str());
    rows
}

fn drain(queue: &mut Queue) -> Vec<parasol_journey::ids::CaseId> {
    std::iter::from_fn(|| queue.try_recv().ok()).map(|claimed| claimed.case).collect()
}

async fn a_near_deadline_is_kept_by_the_process_that_armed_it(world: World) {
    let mut process = world.process_with(Limits::default(), &[Role::Timer], 9).await;
    process.must([Ask::file(1)]).await;
    let due = world.now() + CLASSIFY;
    let found = rows(&process.store).await;
    let [row] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((row.due, row.visible_at), (due.micros(), (due + LEASE).micros()));
    assert!(!row.lease.is_nil(), "born leased");
    let rival = Lease { holder: Uuid::from_u128(77), length: LEASE };
    world.wait(CLASSIFY);
    let now = world.now();
    let claimed = process.store.claim_tasks(Role::Timer, now, now + AHEAD, rival, 9).await.unwrap();
    assert!(claimed.is_empty(), "{claimed:?}");
    // Whoever kept it died: when the lease has run out, somebody else fires it.
    world.wait(LEASE);
    let now = world.now();
    let claimed = process.store.claim_tasks(Role::Timer, now, now, rival, 9).await.unwrap();
    assert_eq!(claimed.iter().map(|one| one.case).collect::<Vec<_>>(), [case(1)]);
}

async fn deadlines_of_the_table_are_claimed_ahead_and_no_farther(world: World) {
    let mut armed = world.process().await;
    armed.must([Ask::file(1)]).await;
    world.wait(Span::minutes(1));
    armed.must([Ask::file(2)]).await;
    // Case 1 is due now, case 2 in a minute, a third in three.
    world.wait(Span::from_micros(-1));
    let mut process = world.process_with(Limits::default(), &[Role::Timer], 9).await;
    let worker = process.worker(Role::Timer, Arc::new(Deadlines));
    let mut queue = process.queue(Role::Timer);
    assert!(!worker.run_ahead().await.unwrap(), "there is no more");
    assert_eq!(drain(&mut queue), [case(1), case(2)]);
    assert!(!worker.run_ahead().await.unwrap());
    assert!(drain(&mut queue).is_empty(), "they are leased");
    world.wait(AHEAD);
    armed.must([Ask::file(3)]).await;
    world.wait(Span::from_micros(CLASSIFY.micros() - AHEAD.micros() - 1));
    worker.run_ahead().await.unwrap();
    assert!(drain(&mut queue).is_empty(), "too far ahead");
}

async fn a_full_queue_leaves_deadlines_to_be_claimed(world: World) {
    let mut process = world.process_with(Limits::default(), &[Role::Timer], 2).await;
    process.must((1..=5).map(Ask::file)).await;
    let free = rows(&process.store).await.iter().filter(|row| row.lease.is_nil()).count();
    assert_eq!(free, 3, "as many are kept as there is room for");
    let worker = process.worker(Role::Timer, Arc::new(Deadlines));
    let mut queue = process.queue(Role::Timer);
    let wake = process.handoff.wake(Role::Timer);
    timeout(LIMIT, wake.notified()).await.expect("the claiming loop was not told");
    assert!(!worker.run_ahead().await.unwrap(), "no room, so nothing is claimed");
    let mut seen = drain(&mut queue);
    while worker.run_ahead().await.unwrap() {
        seen.extend(drain(&mut queue));
    }
    seen.extend(drain(&mut queue));
    assert_eq!(seen, (1..=5).map(case).collect::<Vec<_>>());
}

async fn a_deadline_that_was_given_back_is_not_claimed_before_its_time(world: World) {
    let mut armed = world.process().await;
    armed.must([Ask::file(1)]).await;
    world.wait(CLASSIFY);
    let mut process = world.process_with(Limits::default(), &[Role::Timer], 9).await;
    let worker = process.worker(Role::Timer, Arc::new(Deadlines));
    let mut queue = process.queue(Role::Timer);
    worker.run_ahead().await.unwrap();
    let claimed = queue.try_recv().unwrap();
    let later = world.now() + Span::minutes(1);
    process.store.task_given_back(&claimed, later).await.unwrap();
    assert!(later < world.now() + AHEAD, "the test is about what lies ahead");
    worker.run_ahead().await.unwrap();
    assert!(queue.try_recv().is_err(), "it was to wait");
    world.wait(Span::minutes(1));
    worker.run_ahead().await.unwrap();
    assert_eq!(queue.try_recv().unwrap().case, case(1));
}

async fn kept_deadlines_pass_on_time_and_the_rest_is_given_back(world: World) {
    let world = Arc::new(world);
    let mut process = world.process_with(Limits::default(), &[Role::Timer], 9).await;
    process.must([Ask::file(1)]).await;
    world.wait(Span::minutes(1) + Span::from_micros(-1));
    process.must([Ask::file(2)]).await;
    let worker = process.worker(Role::Timer, Arc::new(Deadlines));
    let mut queue = process.queue(Role::Timer);
    let running = process.run();
    let store = running.store.clone();
    let stop = Notify::new();
    let clock = Arc::clone(&world);
    let wait_until = move |due: Timestamp| {
        let clock = Arc::clone(&clock);
        async move {
            while clock.now() < due {
                tokio::task::yield_now().await;
            }
        }
    };
    let script = async {
        assert!(missed(&store, 1).await.is_none(), "before its time");
        world.wait(Span::from_micros(1));
        while missed(&store, 1).await.is_none() {
            tokio::task::yield_now().await;
        }
        assert!(missed(&store, 2).await.is_none(), "before its time");
        stop.notify_one();
    };
    let serving = worker.serve_deadlines(&mut queue, wait_until, stop.notified());
    timeout(LIMIT, async { tokio::join!(serving, script) }).await.unwrap();
    let left = rows(&store).await;
    let row = left.iter().find(|row| row.case_id == case(2).uuid()).unwrap();
    assert_eq!((row.visible_at, row.attempts), (row.due, 0), "given back for others to fire");
    assert!(row.lease.is_nil());
    check(&store).await;
}

/// The deadline a case missed, if it missed one.
async fn missed(store: &Store, number: u128) -> Option<Task> {
    let log = store.log_after(case(number), 0, 100).await.unwrap();
    log.iter().find_map(|one| match &one.event.fact {
        Fact::DeadlineMissed { clock, .. } => Some(Task::Clock(*clock)),
        _ => None,
    })
}
