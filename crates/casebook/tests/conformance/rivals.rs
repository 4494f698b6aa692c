//! Several processes at the same cases with stale memories.

use parasol_casebook::Error;
use parasol_casebook::tables::cases;
use parasol_journey::Fact;
use tokio::task::JoinSet;

use crate::ask::{Ask, case};
use crate::books::{all, check};
use crate::world::{Running, World};

on_both_engines!(
    processes_at_the_same_cases_number_every_event_once,
    of_those_who_saw_the_same_version_one_wins,
);

behind_a_pooler!(
    processes_at_the_same_cases_number_every_event_once,
    of_those_who_saw_the_same_version_one_wins
);

async fn rivals(world: &World, filed: u128) -> Vec<Running> {
    let mut process = world.process().await;
    process.must((1..=filed).map(Ask::file)).await;
    let mut running = vec![process.run()];
    while running.len() < world.writers() {
        running.push(world.process().await.run());
    }
    running
}

async fn processes_at_the_same_cases_number_every_event_once(world: World) {
    const CASES: u128 = 5;
    const EACH: u128 = 60;
    let running = rivals(&world, CASES).await;
    let mut asking = JoinSet::new();
    for lane in 0..16_u128 {
        let submitter = running[usize::try_from(lane).unwrap() % running.len()].submitter.clone();
        asking.spawn(async move {
            for n in 0..EACH {
                let ask = Ask::message((lane + n) % CASES + 1, &format!("{lane}-{n}"));
                let ask = ask.keyed(lane * 1_000 + n, "message");
                let answer = submitter.submit(ask.submission()).await;
                assert!(answer.is_ok_and(|answer| !answer.repeated));
            }
        });
    }
    while let Some(asked) = asking.join_next().await {
        asked.unwrap();
    }
    let store = &running[0].store;
    check(store).await;
    let mut said = Vec::new();
    for number in 1..=CASES {
        for logged in store.log_after(case(number), 0, 10_000).await.unwrap() {
            if let Fact::MessageKept { reason, .. } = logged.event.fact {
                said.push(reason);
            }
        }
    }
    let total = said.len();
    said.sort();
    said.dedup();
    assert_eq!((said.len(), total), (16 * 60, 16 * 60), "lost or doubled");
    for one in running {
        one.end().await;
    }
}

async fn of_those_who_saw_the_same_version_one_wins(world: World) {
    let running = rivals(&world, 3).await;
    for round in 0..20 {
        let version = running[0].store.case(case(1)).await.unwrap().unwrap().version;
        let asked = (0..8_usize).map(|n| {
            let ask = Ask::message(1, &format!("{round}-{n}")).expecting(version);
            running[n % running.len()].ask(ask)
        });
        let answers = futures::future::join_all(asked).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.is_err()) {
            let conflict = matches!(
                answer,
                Err(Error::VersionConflict { current }) if *current == version + 1
            );
            assert!(conflict, "{answer:?}");
        }
    }
    check(&running[0].store).await;
    assert_eq!(all::<cases::Entity>(&running[0].store).await.len(), 3);
}
