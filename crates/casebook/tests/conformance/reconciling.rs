//! The reconciler, and the vault.

use parasol_casebook::tables::tasks;
use parasol_casebook::{Reconciled, Secret, Store, secret};
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, IntoActiveModel as _};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::ask::Ask;
use crate::books::{all, check, everything};
use crate::world::World;

on_both_engines!(
    a_missing_task_is_restored_and_an_orphan_removed,
    pages_reach_every_case,
    a_pass_among_writers_changes_nothing,
    what_is_in_the_vault_is_found_by_its_lookup,
);

async fn remove(store: &Store, row: &tasks::Model) {
    let key = (row.case_id, row.task.clone(), row.generation);
    tasks::Entity::delete_by_id(key).exec(store.for_migrations()).await.unwrap();
}

async fn plant(store: &Store, row: tasks::Model) {
    let row = row.into_active_model().reset_all();
    tasks::Entity::insert(row).exec(store.for_migrations()).await.unwrap();
}

async fn a_missing_task_is_restored_and_an_orphan_removed(world: World) {
    let mut process = world.process().await;
    process.must((1..=3).map(Ask::file)).await;
    let store = &process.store;
    let before = everything(store).await;
    let found = store.reconcile(None, 100).await.unwrap();
    assert_eq!(found, Reconciled { cases: 3, ..Reconciled::default() });
    assert_eq!(everything(store).await, before);

    let rows = all::<tasks::Entity>(store).await;
    remove(store, &rows[0]).await;
    remove(store, &rows[3]).await;
    plant(store, tasks::Model { generation: 77, ..rows[1].clone() }).await;
    let found = store.reconcile(None, 100).await.unwrap();
    assert_eq!(found, Reconciled { cases: 3, restored: 2, removed: 1, next: None });
    assert_eq!(everything(store).await, before, "what was restored differs");
    check(store).await;
}

async fn pages_reach_every_case(world: World) {
    let mut process = world.process().await;
    process.must((1..=10).map(Ask::file)).await;
    let store = &process.store;
    for row in all::<tasks::Entity>(store).await {
        remove(store, &row).await;
    }
    let (mut after, mut cases, mut restored, mut passes) = (None, 0, 0, 0);
    loop {
        let found = store.reconcile(after, 3).await.unwrap();
        cases += found.cases;
        restored += found.restored;
        passes += 1;
        let Some(next) = found.next else { break };
        after = Some(next);
    }
    assert_eq!((cases, restored, passes), (10, 20, 4));
    check(store).await;
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
    while !asking.is_empty() {
        store.reconcile(None, 100).await.unwrap();
        while let Some(asked) = asking.try_join_next() {
            asked.unwrap();
        }
    }
    running.end().await;
    // A task restored in a race is superseded and goes with the next pass; nothing owed is missing.
    store.reconcile(None, 100).await.unwrap();
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
