//! Keys that only one may hold.

use std::collections::BTreeMap;

use parasol_casebook::tables::commits;
use parasol_casebook::{Cell, Error, RowOp};
use uuid::Uuid;

use crate::ask::Ask;
use crate::books::{all, check, count, everything};
use crate::rows::{note, slot, slots};
use crate::world::World;

on_both_engines!(
    of_fifty_exactly_one_gets_the_key,
    a_part_of_the_keys_is_given_back,
    keys_that_touch_do_not_meet,
    a_key_that_was_freed_can_be_taken,
    losers_do_not_push_the_others_off,
    two_processes_take_the_same_keys_in_any_order,
    a_claim_waits_for_the_case_it_was_decided_on,
);

behind_a_pooler!(
    of_fifty_exactly_one_gets_the_key,
    losers_do_not_push_the_others_off,
    two_processes_take_the_same_keys_in_any_order,
    a_claim_waits_for_the_case_it_was_decided_on
);

/// Reminds a case and takes these cells of a technician for it.
fn hold(number: u128, technician: &str, cells: impl IntoIterator<Item = i64>) -> Ask {
    let claims = cells.into_iter().map(|cell| RowOp::claim(slot(technician, cell, number)));
    Ask::remind(number).with(claims)
}

async fn of_fifty_exactly_one_gets_the_key(world: World) {
    let mut process = world.process().await;
    process.must((1..=50).map(Ask::file)).await;
    let before = everything(&process.store).await;
    let asks = (1..=50).map(|n| {
        let mark = RowOp::put(note(n, "left by a loser"));
        hold(n, "li", [10]).with([mark]).keyed(n, "hold")
    });
    let answers = process.together(asks.collect()).await;
    let won: Vec<_> = (1..).zip(&answers).filter(|(_, one)| one.is_ok()).collect();
    let [(winner, _)] = won.as_slice() else { panic!("{} won", won.len()) };
    let key = vec![Cell::from("li"), Cell::from(10)];
    for answer in answers.iter().filter(|one| one.is_err()) {
        let Err(Error::Taken { table: "slots", key: taken }) = answer else { panic!("{answer:?}") };
        assert_eq!(*taken, key);
    }
    let held = all::<slots::Entity>(&process.store).await;
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].holder, Uuid::from_u128(*winner));
    let after = everything(&process.store).await;
    for table in ["commands", "events", "notes"] {
        assert_eq!(after[table].len(), before[table].len() + 1, "losers left rows in {table}");
    }
    check(&process.store).await;
}

async fn a_part_of_the_keys_is_given_back(world: World) {
    let mut process = world.process().await;
    process.must((1..=5).map(Ask::file)).await;
    process.must([hold(1, "li", [3])]).await;
    let asks = vec![
        hold(2, "li", [1, 2, 3, 9]),
        hold(3, "li", [1, 2]),
        hold(4, "li", [2, 5]),
        hold(5, "li", [7, 7, 5]),
    ];
    let answers = process.together(asks).await;
    let won: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(won, [false, true, false, true], "{answers:?}");
    let held = all::<slots::Entity>(&process.store).await;
    let held: Vec<_> = held.iter().map(|row| (row.cell, row.holder.as_u128())).collect();
    assert_eq!(held, [(1, 3), (2, 3), (3, 1), (5, 5), (7, 5)], "each cell says who holds it");
    // What a loser gave back is free at once.
    process.must([hold(2, "li", [4, 6])]).await;
    check(&process.store).await;
}

async fn keys_that_touch_do_not_meet(world: World) {
    let mut process = world.process().await;
    process.must((1..=3).map(Ask::file)).await;
    let asks = [hold(1, "li", [10]), hold(2, "li", [11]), hold(3, "wang", [10])];
    process.must(asks).await;
    assert_eq!(count::<slots::Entity>(&process.store).await, 3);
}

async fn a_key_that_was_freed_can_be_taken(world: World) {
    let mut process = world.process().await;
    process.must((1..=2).map(Ask::file)).await;
    process.must([hold(1, "li", [1, 2])]).await;
    assert!(process.ask(hold(2, "li", [2])).await.is_err());
    let free = RowOp::delete::<slots::Entity>(vec!["li".into(), 2.into()]);
    process.must([Ask::remind(1).with([free])]).await;
    process.must([hold(2, "li", [2])]).await;
    let held = all::<slots::Entity>(&process.store).await;
    assert_eq!(held.iter().map(|row| row.holder.as_u128()).collect::<Vec<_>>(), [1, 2]);
}

async fn losers_do_not_push_the_others_off(world: World) {
    let mut process = world.process().await;
    process.must((1..=128).map(Ask::file)).await;
    process.must([hold(1, "li", [0])]).await;
    let before = count::<commits::Entity>(&process.store).await;
    let asks = (1..=128).map(|n| if n % 64 == 33 { hold(n, "li", [0]) } else { Ask::remind(n) });
    let answers = process.together(asks.collect()).await;
    let taken = answers.iter().filter(|one| matches!(one, Err(Error::Taken { .. }))).count();
    assert_eq!((taken, answers.iter().filter(|one| one.is_ok()).count()), (2, 126));
    let after = count::<commits::Entity>(&process.store).await;
    assert_eq!(after - before, 2, "a loser split its batch");
    check(&process.store).await;
}

async fn two_processes_take_the_same_keys_in_any_order(world: World) {
    let mut process = world.process().await;
    process.must((1..=40).map(Ask::file)).await;
    let mut running = vec![process.run()];
    while running.len() < world.writers() {
        running.push(world.process().await.run());
    }
    for round in 0..10 {
        let name = format!("tech-{round}");
        let asked = (1..=40_u128).map(|n| {
            let process = &running[usize::try_from(n).unwrap() % running.len()];
            let first = i64::try_from(n).unwrap() % 7;
            let cells = if n % 2 == 0 { vec![first, first + 1] } else { vec![first + 1, first] };
            process.ask(hold(n, &name, cells))
        });
        let answers = futures::future::join_all(asked).await;
        let mut held = BTreeMap::new();
        for (n, answer) in (1_u128..).zip(answers) {
            match answer {
                Ok(_) => *held.entry(Uuid::from_u128(n)).or_insert(0) += 2,
                Err(Error::Taken { .. }) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        let mut there = BTreeMap::new();
        for row in all::<slots::Entity>(&running[0].store).await {
            if row.technician == name {
                *there.entry(row.holder).or_insert(0) += 1;
            }
        }
        assert_eq!(there, held, "the rows differ from the answers");
        assert!(!held.is_empty(), "nobody got anything");
    }
    check(&running[0].store).await;
}

async fn a_claim_waits_for_the_case_it_was_decided_on(world: World) {
    let mut process = world.process().await;
    let mut other = world.process().await;
    process.must([Ask::file(1), Ask::file(2)]).await;
    other.must([Ask::cancel(1)]).await;
    // Decided on a case that has been cancelled meanwhile: refused, and the key stays free.
    let answers = process.together(vec![hold(1, "li", [1]), hold(2, "li", [2])]).await;
    assert!(answers[0].is_err() && answers[1].is_ok(), "{answers:?}");
    let held = all::<slots::Entity>(&process.store).await;
    assert_eq!(held.iter().map(|row| row.cell).collect::<Vec<_>>(), [2]);
    check(&process.store).await;
}
