//! Reading many at once: whole logs and single entries, and what one that cannot be read does to the others.

use std::collections::HashMap;

use parasol_casebook::Store;
use parasol_casebook::tables::events;
use parasol_journey::ids::CaseId;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::Expr};

use crate::ask::{Ask, case};
use crate::world::World;

on_both_engines!(many_logs_are_each_whole_and_in_order, one_that_cannot_be_read_stops_nobody_else);

/// More than one query takes.
const CASES: u128 = 70;

async fn filed(world: &World) -> Store {
    let mut process = world.process().await;
    process.must((1..=CASES).map(Ask::file)).await;
    for number in 1..=CASES {
        for nth in 0..number % 3 {
            process.ask(Ask::message(number, &format!("again {nth}"))).await.unwrap();
        }
    }
    world.store().await
}

async fn many_logs_are_each_whole_and_in_order(world: World) {
    let store = filed(&world).await;
    let stranger = case(999);
    let asked: Vec<CaseId> = (1..=CASES).map(case).chain([stranger]).collect();
    let logs = store.readable_logs(&asked).await.unwrap();
    assert_eq!(logs.len() as u128, CASES, "an unknown case has no log");
    for (id, log) in &logs {
        let alone = store.log_after(*id, 0, 100).await.unwrap();
        let alone: Vec<_> = alone.into_iter().map(|logged| logged.event).collect();
        assert_eq!(*log, alone, "{id}");
    }

    // The last entry of each, one of them twice, and two that are not there.
    let mut wanted: Vec<_> = logs.iter().map(|(id, log)| (*id, log.len() as u64)).collect();
    wanted.extend([(case(1), 1), (case(2), 99), (stranger, 1)]);
    let entries = store.readable_entries(&wanted).await.unwrap();
    let found: HashMap<_, _> =
        entries.into_iter().map(|(id, event)| ((id, event.seq), event)).collect();
    for (id, log) in &logs {
        let last = log.last().unwrap();
        assert_eq!(found.get(&(*id, last.seq)), Some(last));
    }
    let firsts = usize::from(logs[&case(1)].len() > 1);
    assert_eq!(found.len(), logs.len() + firsts, "and nothing else");
    assert!(store.readable_entries(&[]).await.unwrap().is_empty());
    assert!(store.readable_logs(&[]).await.unwrap().is_empty());
}

async fn one_that_cannot_be_read_stops_nobody_else(world: World) {
    let store = filed(&world).await;
    let (good, bad) = (case(4), case(5));
    events::Entity::update_many()
        .col_expr(events::Column::Body, Expr::value("{\"from\":\"the future\"}"))
        .filter(events::Column::CaseId.eq(bad.uuid()))
        .filter(events::Column::Seq.eq(2))
        .exec(store.for_migrations())
        .await
        .unwrap();
    let logs = store.readable_logs(&[good, bad]).await.unwrap();
    assert_eq!(logs.keys().copied().collect::<Vec<_>>(), [good]);
    let entries = store.readable_entries(&[(bad, 1), (bad, 2), (good, 1)]).await.unwrap();
    let mut found: Vec<_> = entries.iter().map(|(id, event)| (*id, event.seq)).collect();
    found.sort_unstable();
    assert_eq!(found, [(good, 1), (bad, 1)]);
}
