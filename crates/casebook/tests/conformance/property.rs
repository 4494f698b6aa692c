//! Random commands, the same on both engines: the same answers and the same rows.

use std::collections::BTreeMap;

use parasol_casebook::tables::{cases, commands, events, feed, horizons, tasks};
use parasol_casebook::{Error, RowOp, SEQUENCER};
use parasol_journey::time::{HOUR, MINUTE, Span};
use parasol_journey::{ActorKind, Command};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use uuid::Uuid;

use crate::ask::{Ask, case};
use crate::books::{all, check};
use crate::rows::{board, note, notes, slot, slots};
use crate::world::{LEASE, Process, World};

/// One thing that somebody does.
#[derive(Clone, Debug)]
enum Op {
    File(u128),
    Triage(u128),
    Offer(u128, u128),
    Remind(u128),
    Cancel(u128),
    Fire(u128, usize),
    Hold(u128, i64, i64),
    Free(u128, i64),
    Note(u128, u128),
    Forget(u128, u128),
}

/// An operation, perhaps under a request id, perhaps for a version.
#[derive(Clone, Debug)]
struct Step {
    op: Op,
    request: Option<u128>,
    expected: Option<u64>,
}

/// Steps handed in together, and how long it takes until the next.
type Batch = (Vec<Step>, i64);

fn op() -> impl Strategy<Value = Op> {
    let number = 1..5_u128;
    prop_oneof![
        2 => number.clone().prop_map(Op::File),
        2 => number.clone().prop_map(Op::Triage),
        2 => (number.clone(), 1..9_u128).prop_map(|(n, offer)| Op::Offer(n, offer)),
        3 => number.clone().prop_map(Op::Remind),
        1 => number.clone().prop_map(Op::Cancel),
        2 => (number.clone(), 0..4_usize).prop_map(|(n, nth)| Op::Fire(n, nth)),
        3 => (number.clone(), 0..6_i64, 1..3_i64).prop_map(|(n, cell, len)| Op::Hold(n, cell, len)),
        1 => (number.clone(), 0..6_i64).prop_map(|(n, cell)| Op::Free(n, cell)),
        2 => (number.clone(), 0..4_u128).prop_map(|(n, id)| Op::Note(n, id)),
        1 => (number, 0..4_u128).prop_map(|(n, id)| Op::Forget(n, id)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let request = prop::option::weighted(0.5, 0..12_u128);
    let expected = prop::option::weighted(0.2, 1..8_u64);
    (op(), request, expected).prop_map(|(op, request, expected)| Step { op, request, expected })
}

fn batches() -> impl Strategy<Value = Vec<Batch>> {
    let gap = prop_oneof![Just(0), 1..MINUTE, MINUTE..3 * HOUR];
    prop::collection::vec((prop::collection::vec(step(), 1..9), gap), 4..14)
}

/// The request of a step. Which obligation fires is looked up in the case as it stands.
async fn request(process: &Process, step: &Step) -> Ask {
    let ask = match step.op {
        Op::File(n) => Ask::file(n),
        Op::Triage(n) => Ask::triage(n),
        Op::Offer(n, offer) => Ask::offer(n, offer),
        Op::Remind(n) => Ask::remind(n),
        Op::Cancel(n) => Ask::cancel(n),
        Op::Fire(n, nth) => {
            let stands = process.store.case(case(n)).await.unwrap();
            let owed = stands.and_then(|case| case.obligations.get(nth).copied());
            match owed {
                None => Ask::remind(n),
                Some(owed) => {
                    let (task, generation) = (owed.task, owed.generation);
                    Ask::of(n, ActorKind::Timer, Command::Fire { task, generation })
                }
            }
        }
        Op::Hold(n, cell, len) => {
            let cells = cell..cell + len;
            Ask::message(n, "hold").with(cells.map(|cell| RowOp::claim(slot("li", cell, n))))
        }
        Op::Free(n, cell) => {
            let key = vec!["li".into(), cell.into()];
            Ask::message(n, "free").with([RowOp::delete::<slots::Entity>(key)])
        }
        Op::Note(n, id) => Ask::remind(n).with([RowOp::put(note(id, &format!("by {n}")))]),
        Op::Forget(n, id) => {
            let key = vec![Uuid::from_u128(id).into()];
            Ask::remind(n).with([RowOp::delete::<notes::Entity>(key)])
        }
    };
    let ask = match step.expected {
        Some(version) => ask.expecting(version),
        None => ask,
    };
    match step.request {
        Some(id) => ask.by("somebody").keyed(id, &format!("{:?}", step.op)),
        None => ask,
    }
}

/// What an engine made of the steps: answers in order, and every row that must be equal.
async fn play(world: World, batches: &[Batch]) -> (Vec<String>, BTreeMap<&'static str, String>) {
    let mut process = world.process().await;
    let mut answers_given = Vec::new();
    for (nth, (steps, gap)) in batches.iter().enumerate() {
        if nth % 4 == 3 {
            // Another process takes over, with nothing in memory.
            process = world.process().await;
        }
        let mut asks = Vec::new();
        for step in steps {
            asks.push(request(&process, step).await);
        }
        for answer in process.together(asks).await {
            answers_given.push(match answer {
                Ok(answer) => format!("{answer:?}"),
                Err(Error::Store(error)) => panic!("{error}"),
                Err(error) => format!("{error:?}"),
            });
        }
        let held = process.store.lease(SEQUENCER, Uuid::from_u128(1), world.now(), LEASE).await;
        process.store.sequence(&held.unwrap().unwrap(), world.now()).await.unwrap();
        world.wait(Span::from_micros(*gap));
    }
    let store = &process.store;
    check(store).await;
    let mut trail = all::<commands::Entity>(store).await;
    for row in &mut trail {
        // How many ids a commit takes, and who shares it, may differ.
        row.commit_id = Uuid::nil();
        row.place = 0;
        if row.fingerprint.is_nil() {
            row.key = Uuid::nil();
        }
    }
    trail.sort_by_key(|row| (row.case_id, row.first_seq, row.key));
    let rows = BTreeMap::from([
        ("cases", format!("{:#?}", all::<cases::Entity>(store).await)),
        ("events", format!("{:#?}", all::<events::Entity>(store).await)),
        ("tasks", format!("{:#?}", all::<tasks::Entity>(store).await)),
        ("horizons", format!("{:#?}", all::<horizons::Entity>(store).await)),
        ("commands", format!("{trail:#?}")),
        ("feed", format!("{:#?}", all::<feed::Entity>(store).await)),
        ("slots", format!("{:#?}", all::<slots::Entity>(store).await)),
        ("notes", format!("{:#?}", all::<notes::Entity>(store).await)),
        ("board", format!("{:#?}", all::<board::Entity>(store).await)),
    ]);
    (answers_given, rows)
}

#[test]
fn random_commands_have_the_same_effect_on_both_engines() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config { cases: 16, failure_persistence: None, ..Config::default() };
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, seed);
    let played = runner.run(&batches(), |batches| {
        let (sqlite, postgres) = runtime.block_on(async {
            let sqlite = Box::pin(play(World::on_sqlite().await, &batches)).await;
            let postgres = Box::pin(play(World::on_postgres("property").await, &batches)).await;
            (sqlite, postgres)
        });
        let same = sqlite == postgres;
        prop_assert_eq!(&sqlite.0, &postgres.0, "other answers");
        for (table, rows) in &sqlite.1 {
            prop_assert_eq!(rows, &postgres.1[table], "other rows in {}", table);
        }
        if same { Ok(()) } else { Err(TestCaseError::fail("the engines differ")) }
    });
    played.unwrap();
}
