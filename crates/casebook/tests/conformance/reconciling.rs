//! Looks at cases, the walk that finds those nobody looks at, and the vault.

use std::collections::BTreeSet;

use parasol_casebook::tables::{horizons, tasks};
use parasol_casebook::{Lease, Looked, Secret, Store, secret};
use parasol_journey::task::Role;
use parasol_journey::time::Span;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, IntoActiveModel as _};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::ask::{Ask, case};
use crate::books::{HORIZON, all, check, everything};
use crate::world::{LEASE, World};

on_both_engines!(
    a_missing_task_is_restored_and_an_orphan_removed,
    a_deadline_gets_its_row_before_it_is_due,
    what_a_late_look_finds_due_was_not_missing,
    a_case_that_ends_is_not_looked_at_any_more,
    looks_at_once_share_the_cases,
    pages_reach_every_case,
    a_pass_among_writers_changes_nothing,
    what_is_in_the_vault_is_found_by_its_lookup,
);

behind_a_pooler!(looks_at_once_share_the_cases, pages_reach_every_case);

fn lease() -> Lease {
    Lease { holder: Uuid::from_u128(1), length: LEASE }
}

async fn remove(store: &Store, row: &tasks::Model) {
    let key = (row.case_id, row.task.clone(), row.generation);
    tasks::Entity::delete_by_id(key).exec(store.for_migrations()).await.unwrap();
}

async fn plant(store: &Store, row: tasks::Model) {
    let row = row.into_active_model().reset_all();
    tasks::Entity::insert(row).exec(store.for_migrations()).await.unwrap();
}

/// Until the next look at cases that were filed or looked at now.
const LOOK: Span = Span::minutes(20);

async fn a_missing_task_is_restored_and_an_orphan_removed(world: World) {
    let mut process = world.process().await;
    process.must((1..=3).map(Ask::file)).await;
    let store = &process.store;
    let before = everything(store).await;
    assert_eq!(store.look_ahead(world.now()).await.unwrap(), Looked::default());
    assert_eq!(everything(store).await, before, "nobody's time has come");

    let rows = all::<tasks::Entity>(store).await;
    remove(store, &rows[0]).await;
    remove(store, &rows[3]).await;
    plant(store, tasks::Model { generation: 77, ..rows[1].clone() }).await;
    world.wait(LOOK);
    let looked = store.look_ahead(world.now()).await.unwrap();
    assert_eq!(looked, Looked { cases: 3, restored: 2, removed: 1, ..Looked::default() });
    assert_eq!(all::<tasks::Entity>(store).await, rows, "what was restored differs");
    assert_eq!(store.look_ahead(world.now()).await.unwrap(), Looked::default(), "once is enough");
    check(store).await;
}

async fn a_deadline_gets_its_row_before_it_is_due(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1), Ask::triage(1)]).await;
    let store = &process.store;
    let owed = store.case(case(1)).await.unwrap().unwrap().obligations;
    let far: Vec<_> = owed.iter().filter(|one| one.due > world.now() + HORIZON).collect();
    assert!(far.len() > 1, "the test is about what lies beyond the horizon: {owed:?}");
    let names = async || -> BTreeSet<String> {
        all::<tasks::Entity>(store).await.into_iter().map(|row| row.task).collect()
    };
    let mut written = names().await;
    assert_eq!(written.len(), owed.len() - far.len());
    let last = far.iter().map(|one| one.due).max().unwrap();
    let mut armed = 0;
    while world.now() < last {
        world.wait(LOOK);
        armed += store.look_ahead(world.now()).await.unwrap().armed;
        let there = names().await;
        for one in &owed {
            let near = one.due < world.now() + Span::minutes(10);
            assert!(!near || there.contains(one.task.as_str()), "{} comes too late", one.task);
        }
        written.extend(there);
    }
    assert_eq!((armed, written.len()), (far.len(), owed.len()));
    let claimed =
        store.claim_tasks(Role::Timer, world.now(), world.now(), lease(), 99).await.unwrap();
    assert!(far.iter().all(|far| claimed.iter().any(|one| one.obligation == **far)));
    check(store).await;
}

/// As after a night in which no process ran: everything is due, and nothing was lost.
async fn what_a_late_look_finds_due_was_not_missing(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1), Ask::triage(1)]).await;
    let store = &process.store;
    let owed = store.case(case(1)).await.unwrap().unwrap().obligations;
    let far = owed.iter().filter(|one| one.due > world.now() + HORIZON);
    let (far, last) = (far.clone().count(), far.map(|one| one.due).max().unwrap());
    assert!(far > 1, "{owed:?}");
    // One that had its row before is missing still, however late the look.
    let rows = all::<tasks::Entity>(store).await;
    remove(store, &rows[0]).await;
    world.wait(last.since(world.now()));
    let looked = store.look_ahead(world.now()).await.unwrap();
    let expected = Looked { cases: 1, armed: far, restored: 1, ..Looked::default() };
    assert_eq!((looked, all::<tasks::Entity>(store).await.len()), (expected, owed.len()));
    check(store).await;
}

async fn a_case_that_ends_is_not_looked_at_any_more(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1), Ask::file(2), Ask::cancel(1)]).await;
    let store = &process.store;
    let looked_at = all::<horizons::Entity>(store).await;
    assert_eq!(looked_at.iter().map(|row| row.case_id).collect::<Vec<_>>(), [case(2).uuid()]);
    // One that was left over is found at rest, and let go.
    let left_over = horizons::Model { case_id: case(1).uuid(), next_look: 0 };
    let row = left_over.into_active_model().reset_all();
    horizons::Entity::insert(row).exec(store.for_migrations()).await.unwrap();
    assert_eq!(store.look_ahead(world.now()).await.unwrap().cases, 1);
    assert_eq!(all::<horizons::Entity>(store).await, looked_at);
}

async fn looks_at_once_share_the_cases(world: World) {
    let mut process = world.process().await;
    process.must((1..=250).map(Ask::file)).await;
    let store = &process.store;
    world.wait(LOOK);
    let looks = (0..4).map(|_| store.look_ahead(world.now()));
    let looked: Vec<_> =
        futures::future::join_all(looks).await.into_iter().map(Result::unwrap).collect();
    let cases: usize = looked.iter().map(|one| one.cases).sum();
    assert_eq!(cases, 250, "{looked:?}");
    assert!(looked.iter().all(|one| one.cases <= 200));
    check(store).await;
}

async fn pages_reach_every_case(world: World) {
    let mut process = world.process().await;
    process.must((1..=10).map(Ask::file)).await;
    process.must([Ask::cancel(10)]).await;
    let store = &process.store;
    let nobody = horizons::Entity::delete_many();
    nobody.exec(store.for_migrations()).await.unwrap();
    let (mut after, mut cases, mut found, mut passes) = (None, 0, 0, 0);
    loop {
        let pass = store.reconcile(after, 3, world.now()).await.unwrap();
        cases += pass.cases;
        found += pass.found;
        passes += 1;
        let Some(next) = pass.next else { break };
        after = Some(next);
    }
    assert_eq!((cases, found, passes), (10, 9, 4), "the one that has ended owes nothing");
    check(store).await;
    assert_eq!(store.reconcile(None, 100, world.now()).await.unwrap().found, 0);
    assert_eq!(store.look_ahead(world.now()).await.unwrap().cases, 9, "they are due at once");
}

async fn a_pass_among_writers_changes_nothing(world: World) {
    let mut process = world.process().await;
    process.must((1..=20).map(Ask::file)).await;
    let store = process.store.clone();
    let running = process.run();
    let mut asking = JoinSet::new();
    for number in 1..=20_u128 {
        let submitter = running.submitter.clone();
        asking.spawn(async move {
            submitter.submit(Ask::triage(number).submission()).await.unwrap();
            for round in 0..5 {
                let offer = Ask::offer(number, number * 10 + round);
                submitter.submit(offer.submission()).await.unwrap();
                let withdraw = parasol_journey::Command::WithdrawOffer { reason: "test".into() };
                let withdraw = Ask::of(number, parasol_journey::ActorKind::Agent, withdraw);
                submitter.submit(withdraw.submission()).await.unwrap();
            }
        });
    }
    // Every pass looks at every case.
    let all_due = || {
        let update = horizons::Entity::update_many();
        update.col_expr(horizons::Column::NextLook, Expr::value(0_i64))
    };
    while !asking.is_empty() {
        all_due().exec(store.for_migrations()).await.unwrap();
        store.look_ahead(world.now()).await.unwrap();
        store.reconcile(None, 100, world.now()).await.unwrap();
        while let Some(asked) = asking.try_join_next() {
            asked.unwrap();
        }
    }
    running.end().await;
    // A task restored in a race is superseded and goes with the next look; nothing owed is missing.
    all_due().exec(store.for_migrations()).await.unwrap();
    store.look_ahead(world.now()).await.unwrap();
    check(&store).await;
}

async fn what_is_in_the_vault_is_found_by_its_lookup(world: World) {
    let mut process = world.process().await;
    let about = |subject: u128, lookup: &str, body: &str| {
        let (lookup, body) = (lookup.to_owned(), body.to_owned());
        let subject = Uuid::from_u128(subject);
        secret(Secret { subject, kind: "customer", lookup, body }, world.now())
    };
    let rows =
        [about(1, "hash-1", "{\"n\":1}"), about(2, "hash-2", "{}"), about(3, "hash-1", "{}")];
    process.must([Ask::file(1).with(rows)]).await;
    let store = process.store.clone();
    let mut found = store.find_subjects("hash-1").await.unwrap();
    found.sort();
    assert_eq!(found, [Uuid::from_u128(1), Uuid::from_u128(3)]);
    assert!(store.find_subjects("hash-9").await.unwrap().is_empty());
    let one = Uuid::from_u128(1);
    assert_eq!(store.reveal(one, "customer").await.unwrap().as_deref(), Some("{\"n\":1}"));
    assert_eq!(store.reveal(one, "address").await.unwrap(), None);
    process.must([Ask::remind(1).with([about(1, "hash-3", "{\"n\":2}")])]).await;
    assert_eq!(store.reveal(one, "customer").await.unwrap().as_deref(), Some("{\"n\":2}"));
    assert_eq!(store.find_subjects("hash-3").await.unwrap(), [one]);
}
