//! Task rows: armed with the step, leased, given back, parked, superseded.

use std::collections::BTreeSet;

use parasol_casebook::tables::tasks;
use parasol_casebook::{ATTEMPTS_MAX, Claimed, Error, Lease, Limits, Refusal, RowOp, Store};
use parasol_journey::deadline::Clock;
use parasol_journey::task::{Role, Work};
use parasol_journey::time::{MINUTE, SECOND, Span, Timestamp};
use parasol_journey::{ActorKind, Command, Obligation, Rejection, Task};
use uuid::Uuid;

use crate::ask::{Ask, case};
use crate::books::{all, check, everything};
use crate::rows::slot;
use crate::world::{LEASE, World};

on_both_engines!(
    tasks_are_armed_and_removed_with_the_step,
    a_leased_task_is_not_claimed_twice,
    claims_at_once_share_the_tasks,
    a_deadline_is_not_claimed_before_it_is_due,
    a_task_fired_twice_takes_effect_once,
    a_superseded_generation_never_takes_effect,
    failures_back_off_and_park,
    a_task_nobody_comes_back_from_is_parked,
    attempts_are_as_many_as_the_store_was_told,
    a_late_failure_leaves_the_next_holder_alone,
    work_is_handed_over_leased_from_birth,
    a_refused_command_gives_its_place_back,
    a_restart_frees_what_was_leased,
    the_longest_overdue_task_is_named,
);

behind_a_pooler!(
    claims_at_once_share_the_tasks,
    failures_back_off_and_park,
    work_is_handed_over_leased_from_birth
);

fn lease(holder: u128) -> Lease {
    Lease { holder: Uuid::from_u128(holder), length: LEASE }
}

async fn claim(world: &World, store: &Store, role: Role, limit: usize) -> Vec<Claimed> {
    store.claim_tasks(role, world.now(), world.now(), lease(1), limit).await.unwrap()
}

/// When the next task of a role can be claimed.
async fn next_task_at(store: &Store, role: Role) -> Option<Timestamp> {
    let rows = all::<tasks::Entity>(store).await;
    let theirs = rows.iter().filter(|row| row.role == role.as_str() && row.parked.is_empty());
    theirs.map(|row| row.visible_at).min().map(Timestamp::from_micros)
}

fn triage() -> Task {
    Task::Work(Work::Triage)
}

async fn owed(store: &Store, number: u128, task: Task) -> Obligation {
    let case = store.case(case(number)).await.unwrap().unwrap();
    *case.owes(task).unwrap()
}

fn fire(number: u128, obligation: Obligation) -> Ask {
    let Obligation { task, generation, .. } = obligation;
    Ask::of(number, ActorKind::Timer, Command::Fire { task, generation })
}

async fn tasks_are_armed_and_removed_with_the_step(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let store = process.store.clone();
    assert_eq!(next_task_at(&store, Role::Intake).await, Some(world.now()));
    let classify = world.now() + Span::minutes(1);
    assert_eq!(next_task_at(&store, Role::Timer).await, Some(classify));
    assert_eq!(next_task_at(&store, Role::Dispatch).await, None);
    let rows = all::<tasks::Entity>(&store).await;
    assert!(rows.iter().all(|row| row.attempts == 0 && row.lease.is_nil()));
    process.must([Ask::triage(1)]).await;
    assert_eq!(next_task_at(&store, Role::Intake).await, None);
    assert_eq!(next_task_at(&store, Role::Dispatch).await, Some(world.now()));
    check(&store).await;
    process.must([Ask::cancel(1)]).await;
    assert!(all::<tasks::Entity>(&store).await.is_empty(), "an ended case owes nothing");
}

async fn a_leased_task_is_not_claimed_twice(world: World) {
    let mut process = world.process().await;
    process.must((1..=10).map(Ask::file)).await;
    let store = &process.store;
    let mut seen = BTreeSet::new();
    for wanted in [4, 4, 2, 0] {
        let claimed = claim(&world, store, Role::Intake, 4).await;
        assert_eq!(claimed.len(), wanted);
        assert!(claimed.iter().all(|one| one.attempts == 1));
        assert!(claimed.iter().all(|one| one.obligation.task == triage()));
        seen.extend(claimed.iter().map(|one| one.case));
    }
    assert_eq!(seen.len(), 10);
    world.wait(Span::from_micros(LEASE.micros() - 1));
    assert!(claim(&world, store, Role::Intake, 50).await.is_empty(), "the lease still runs");
    world.wait(Span::from_micros(1));
    let again = claim(&world, store, Role::Intake, 50).await;
    assert_eq!(again.len(), 10);
    assert!(again.iter().all(|one| one.attempts == 2));
}

async fn claims_at_once_share_the_tasks(world: World) {
    let mut process = world.process().await;
    process.must((1..=60).map(Ask::file)).await;
    let store = &process.store;
    let mut seen = Vec::new();
    loop {
        let claims = (0..4).map(|_| claim(&world, store, Role::Intake, 7));
        let claimed = futures::future::join_all(claims).await.concat();
        if claimed.is_empty() {
            break;
        }
        seen.extend(claimed.iter().map(|one| one.case));
    }
    let total = seen.len();
    let distinct: BTreeSet<_> = seen.into_iter().collect();
    assert_eq!((distinct.len(), total), (60, 60), "a task was claimed twice, or not at all");
}

async fn a_deadline_is_not_claimed_before_it_is_due(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let store = process.store.clone();
    let classify = owed(&store, 1, Task::Clock(Clock::Classify)).await;
    world.wait(Span::from_micros(MINUTE - 1));
    assert!(claim(&world, &store, Role::Timer, 9).await.is_empty());
    let early = process.ask(fire(1, classify)).await;
    assert!(superseded(&early), "{early:?}");
    world.wait(Span::from_micros(1));
    let due = claim(&world, &store, Role::Timer, 9).await;
    assert_eq!(due.iter().map(|one| one.obligation).collect::<Vec<_>>(), [classify]);
    process.must([fire(1, classify)]).await;
    check(&store).await;
}

fn superseded(answer: &Result<parasol_casebook::Answer, Error>) -> bool {
    matches!(answer, Err(Error::Refused(Refusal::Journey(Rejection::TaskSuperseded))))
}

async fn a_task_fired_twice_takes_effect_once(world: World) {
    let mut process = world.process().await;
    process.must((1..=20).map(Ask::file)).await;
    world.wait(Span::minutes(2));
    let store = process.store.clone();
    let classify = Task::Clock(Clock::Classify);
    let mut owed_by_case = Vec::new();
    for number in 1..=20 {
        owed_by_case.push((number, owed(&store, number, classify).await));
    }
    let twice =
        owed_by_case.iter().flat_map(|(number, one)| [fire(*number, *one), fire(*number, *one)]);
    let answers = process.together(twice.collect()).await;
    assert_eq!(answers.iter().filter(|one| one.is_ok()).count(), 20);
    assert_eq!(answers.iter().filter(|one| superseded(one)).count(), 20);
    check(&store).await;

    // The same from two processes at once, each sure that the task is its own.
    world.wait(Span::minutes(2));
    let mut running = vec![process.run()];
    while running.len() < world.writers() {
        running.push(world.process().await.run());
    }
    for number in 1..=20 {
        let classify = owed(&store, number, classify).await;
        let fired = (0..4).map(|n: usize| running[n % running.len()].ask(fire(number, classify)));
        let answers = futures::future::join_all(fired).await;
        assert_eq!(answers.iter().filter(|one| one.is_ok()).count(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|one| superseded(one)).count(), 3, "{answers:?}");
    }
    check(&store).await;
}

async fn a_superseded_generation_never_takes_effect(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1), Ask::file(2)]).await;
    world.wait(Span::minutes(2));
    let store = process.store.clone();
    let claimed = claim(&world, &store, Role::Timer, 9).await;
    assert_eq!(claimed.len(), 2);
    // Cancelled in one case, armed anew in the other, after both were claimed.
    process.must([Ask::triage(1), fire(2, claimed[1].obligation)]).await;
    let before = everything(&store).await;
    for one in claimed {
        let answer = process.ask(fire(one.case.uuid().as_u128(), one.obligation)).await;
        assert!(superseded(&answer), "{answer:?}");
    }
    assert_eq!(everything(&store).await, before);
}

async fn failures_back_off_and_park(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let store = &process.store;
    let mut waits = Vec::new();
    for attempt in 1..=ATTEMPTS_MAX {
        let claimed = claim(&world, store, Role::Intake, 9).await;
        let [one] = claimed.as_slice() else { panic!("attempt {attempt}: {claimed:?}") };
        assert_eq!(one.attempts, attempt);
        store.task_failed(one, "the partner does not answer", world.now()).await.unwrap();
        assert!(claim(&world, store, Role::Intake, 9).await.is_empty(), "no back-off");
        let Some(next) = next_task_at(store, Role::Intake).await else { break };
        waits.push(next.since(world.now()).micros() / SECOND);
        world.wait(next.since(world.now()));
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64]);
    world.wait(Span::days(365));
    assert!(claim(&world, store, Role::Intake, 9).await.is_empty(), "a parked task was claimed");
    let parked = store.parked_tasks(10).await.unwrap();
    let [one] = parked.as_slice() else { panic!("{parked:?}") };
    assert_eq!((one.case, one.obligation.task), (case(1), triage()));
    assert_eq!((one.attempts, one.why.as_str()), (ATTEMPTS_MAX, "the partner does not answer"));
    assert!(store.redrive(case(1), triage(), world.now()).await.unwrap());
    assert!(!store.redrive(case(1), triage(), world.now()).await.unwrap(), "it is not parked");
    let claimed = claim(&world, store, Role::Intake, 9).await;
    assert_eq!(claimed.iter().map(|one| one.attempts).collect::<Vec<_>>(), [1]);
    check(store).await;
}

async fn a_task_nobody_comes_back_from_is_parked(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let store = &process.store;
    let mut claims = 0;
    while let [one] = claim(&world, store, Role::Intake, 9).await.as_slice() {
        claims += 1;
        assert_eq!(one.attempts, claims);
        assert!(claims < 50, "claimed for ever");
        // Its holder dies; nobody hears of it again.
        world.wait(LEASE);
    }
    assert!(claims >= ATTEMPTS_MAX, "a few crashes alone park nothing");
    world.wait(Span::days(365));
    assert!(claim(&world, store, Role::Intake, 9).await.is_empty(), "a parked task was claimed");
    let parked = store.parked_tasks(10).await.unwrap();
    let [one] = parked.as_slice() else { panic!("{parked:?}") };
    assert_eq!((one.case, one.obligation.task), (case(1), triage()));
    assert!(one.why.contains("never came back"), "{}", one.why);
    assert!(store.redrive(case(1), triage(), world.now()).await.unwrap());
    assert_eq!(claim(&world, store, Role::Intake, 9).await[0].attempts, 1);
    check(store).await;
}

async fn attempts_are_as_many_as_the_store_was_told(world: World) {
    let mut process = world.process().await;
    process.must((1..=3).map(Ask::file)).await;
    let store = process.store.clone().parking_after(2);
    for _ in 0..2 {
        let claimed = claim(&world, &store, Role::Intake, 9).await;
        assert_eq!(claimed.len(), 3);
        for one in &claimed {
            store.task_failed(one, "no", world.now()).await.unwrap();
        }
        world.wait(Span::hours(1));
    }
    assert!(claim(&world, &store, Role::Intake, 9).await.is_empty());
    // They are listed in one order, whatever the size of the pages.
    let (mut place, mut listed) = (None, Vec::new());
    while let Some(one) = store.parked_tasks_after(place, 1).await.unwrap().pop() {
        place = Some((one.obligation.due, one.case, one.obligation.task));
        listed.push(one.case);
    }
    let all = store.parked_tasks(9).await.unwrap();
    assert_eq!(listed, all.iter().map(|one| one.case).collect::<Vec<_>>());
    assert_eq!(listed.len(), 3);
}

async fn a_late_failure_leaves_the_next_holder_alone(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let store = &process.store;
    let slow = claim(&world, store, Role::Intake, 1).await.remove(0);
    world.wait(LEASE);
    let now = world.now();
    let next = store.claim_tasks(Role::Intake, now, now, lease(2), 1).await.unwrap();
    assert_eq!(next.len(), 1);
    let before = everything(store).await;
    store.task_failed(&slow, "woke up late", world.now()).await.unwrap();
    assert_eq!(everything(store).await, before, "the next holder's lease was taken away");
    store.task_failed(&next[0], "its own failure", world.now()).await.unwrap();
    assert_ne!(everything(store).await, before);
}

async fn work_is_handed_over_leased_from_birth(world: World) {
    let mut process = world.process_with(Limits::default(), &[Role::Intake], 4).await;
    process.must((1..=6).map(Ask::file)).await;
    let store = process.store.clone();
    let rows = all::<tasks::Entity>(&store).await;
    let leased: Vec<_> = rows.iter().filter(|row| !row.lease.is_nil()).collect();
    assert_eq!(leased.len(), 4, "as many as the queue has places");
    let until = (world.now() + LEASE).micros();
    for row in leased {
        assert_eq!((row.task.as_str(), row.attempts, row.visible_at), ("triage", 1, until));
    }
    assert_eq!(claim(&world, &store, Role::Intake, 9).await.len(), 2, "the rest is claimed");
    let mut queue = process.queues.remove(&Role::Intake).unwrap();
    let mut handed = Vec::new();
    while let Ok(one) = queue.try_recv() {
        handed.push(one.case);
    }
    assert_eq!(handed, [case(1), case(2), case(3), case(4)]);
    // Nobody did it: when the lease has run out somebody else may.
    world.wait(LEASE);
    assert_eq!(claim(&world, &store, Role::Intake, 9).await.len(), 6);
}

async fn a_refused_command_gives_its_place_back(world: World) {
    let mut process = world.process_with(Limits::default(), &[Role::Intake], 1).await;
    let claimed = [RowOp::claim(slot("unit", 1, 1))];
    process.must([Ask::rows(claimed.to_vec())]).await;
    let asks = vec![Ask::file(1).with(claimed), Ask::file(2)];
    let answers = process.together(asks).await;
    assert!(answers[0].is_err() && answers[1].is_ok(), "{answers:?}");
    let mut queue = process.queues.remove(&Role::Intake).unwrap();
    assert_eq!(queue.try_recv().unwrap().case, case(2));
    assert!(queue.try_recv().is_err());
}

async fn a_restart_frees_what_was_leased(world: World) {
    let mut process = world.process_with(Limits::default(), &[Role::Intake], 9).await;
    process.must([Ask::file(1), Ask::file(2)]).await;
    let store = &process.store;
    assert!(claim(&world, store, Role::Intake, 9).await.is_empty());
    let former = Uuid::from_u128(7);
    store.lease("office", former, world.now(), LEASE).await.unwrap().unwrap();
    store.free_leases().await.unwrap();
    assert_eq!(claim(&world, store, Role::Intake, 9).await.len(), 2);
    let next = Uuid::from_u128(8);
    let held = store.lease("office", next, world.now(), LEASE).await.unwrap();
    assert_eq!(held.map(|held| held.token), Some(2), "at once, and under another token");
}

async fn the_longest_overdue_task_is_named(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    world.wait(Span::minutes(5));
    process.must([Ask::file(2)]).await;
    let (oldest, overdue) = process.store.overdue(world.now()).await.unwrap();
    let oldest = oldest.unwrap();
    assert_eq!((oldest.case, oldest.obligation.task), (case(1), triage()));
    assert_eq!(overdue, 2, "triage and classify of the older case");
}
