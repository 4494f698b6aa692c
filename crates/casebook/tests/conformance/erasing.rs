//! Erasure: what is erased is gone with its keys, and no writer brings it back.

use std::path::Path;

use parasol_casebook::tables::{vault, vault_erased};
use parasol_casebook::{Engine, RowOp, Secret, secret};
use parasol_journey::time::Span;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::ask::Ask;
use crate::books::{all, count};
use crate::world::World;

on_both_engines!(
    what_is_erased_is_gone_and_nobody_is_taken_back,
    a_writer_beside_an_erasure_leaves_nothing_behind,
    a_thousand_subjects_are_erased_at_once,
);

behind_a_pooler!(
    a_writer_beside_an_erasure_leaves_nothing_behind,
    a_thousand_subjects_are_erased_at_once
);

fn subject(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn about(world: &World, number: u128, kind: &'static str) -> RowOp {
    let (lookup, body) = (format!("hash-{number}"), format!("{{\"n\":{number}}}"));
    secret(Secret { subject: subject(number), kind, lookup, body }, world.now())
}

async fn what_is_erased_is_gone_and_nobody_is_taken_back(world: World) {
    let mut process = world.process().await;
    let rows =
        [about(&world, 1, "customer"), about(&world, 1, "filing"), about(&world, 2, "customer")];
    process.must([Ask::file(1).with(rows)]).await;
    let store = process.store.clone();
    let kinds = store.kinds_of(&[1, 2, 3].map(subject)).await.unwrap();
    assert_eq!(kinds.len(), 3);
    let at = world.now();
    assert_eq!(store.erase(&[subject(1)], at).await.unwrap(), 2);
    assert_eq!(store.reveal(subject(1), "customer").await.unwrap(), None);
    assert!(store.find_subjects("hash-1").await.unwrap().is_empty());
    assert_eq!(store.erased(&[1, 2].map(subject)).await.unwrap(), [(subject(1), at)]);
    // A step that says something about them and about another is taken, without what is about them.
    world.wait(Span::hours(1));
    let rows = [about(&world, 1, "customer"), about(&world, 2, "filing"), about(&world, 1, "note")];
    process.must([Ask::remind(1).with(rows)]).await;
    let several = (2..=9).map(|number| Ask::file(number).with([about(&world, 1, "customer")]));
    process.must(several).await;
    let kept: Vec<_> = all::<vault::Entity>(&store).await;
    assert!(kept.iter().all(|row| row.subject == subject(2)), "{kept:?}");
    assert_eq!(kept.len(), 2);
    assert_eq!(store.erase(&[subject(1)], world.now()).await.unwrap(), 0);
    assert_eq!(store.erased(&[subject(1)]).await.unwrap(), [(subject(1), at)], "it was then");
}

async fn a_writer_beside_an_erasure_leaves_nothing_behind(world: World) {
    let mut process = world.process().await;
    process.must((1..=8).map(Ask::file)).await;
    let store = process.store.clone();
    let running = std::sync::Arc::new(process.run());
    let mut writing = JoinSet::new();
    for writer in 1..=8 {
        let (running, now) = (std::sync::Arc::clone(&running), world.now());
        writing.spawn(async move {
            for number in 100..140 {
                let (lookup, body) = (String::new(), "{}".to_owned());
                let row = Secret { subject: subject(number), kind: "customer", lookup, body };
                running.ask(Ask::remind(writer).with([secret(row, now)])).await.unwrap();
            }
        });
    }
    for number in 100..140 {
        store.erase(&[subject(number)], world.now()).await.unwrap();
    }
    while let Some(wrote) = writing.join_next().await {
        wrote.unwrap();
    }
    assert_eq!(count::<vault::Entity>(&store).await, 0);
    assert_eq!(count::<vault_erased::Entity>(&store).await, 40);
}

async fn a_thousand_subjects_are_erased_at_once(world: World) {
    let mut process = world.process().await;
    process
        .must([Ask::file(1).with((1..=1_200).map(|number| about(&world, number, "note")))])
        .await;
    let subjects: Vec<_> = (2..=1_200).map(subject).collect();
    assert_eq!(process.store.erase(&subjects, world.now()).await.unwrap(), 1_199);
    assert_eq!(process.store.erased(&subjects).await.unwrap().len(), 1_199);
    assert_eq!(process.store.kinds_of(&subjects).await.unwrap(), []);
    assert_eq!(count::<vault::Entity>(&process.store).await, 1);
}

#[tokio::test]
async fn of_a_row_that_was_erased_no_trace_is_left_in_the_file_on_sqlite() {
    let world = World::on_sqlite().await;
    assert_eq!(world.engine(), Engine::Sqlite);
    let mut process = world.process().await;
    process.must([Ask::file(1).with([about(&world, 1, "note"), about(&world, 2, "note")])]).await;
    let store = process.store.clone();
    store.checkpoint().await.unwrap();
    let rows = all::<vault::Entity>(&store).await;
    let is_there = |sealed: &[u8]| {
        let file = Path::new(world.url.trim_start_matches("sqlite://"));
        let folder = std::fs::read_dir(file.parent().unwrap()).unwrap();
        folder
            .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
            .any(|bytes| bytes.windows(32).any(|window| window == &sealed[..32]))
    };
    assert!(rows.iter().all(|row| is_there(&row.sealed)), "the search finds nothing");
    store.erase(&[subject(1)], world.now()).await.unwrap();
    store.scrub().await.unwrap();
    assert_eq!(rows.iter().map(|row| is_there(&row.sealed)).collect::<Vec<_>>(), [false, true]);
}
