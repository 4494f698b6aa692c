//! The feed: every event once, without gaps, each case in its order.

use std::collections::{BTreeMap, BTreeSet};

use parasol_casebook::tables::{commits, events, feed};
use parasol_casebook::{Held, Numbered, SEQUENCER, Sequenced, Store, Stretch};
use parasol_journey::ids::CaseId;
use sea_orm::ConnectionTrait as _;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::ask::Ask;
use crate::books::{all, check, count, everything};
use crate::world::{LEASE, World};

on_both_engines!(
    positions_have_no_gaps_while_others_write,
    pages_of_any_size_lose_nothing,
    a_lost_lease_numbers_nothing,
    a_long_backlog_is_numbered,
    the_epoch_is_made_once_and_anew_when_asked_for,
);

behind_a_pooler!(
    positions_have_no_gaps_while_others_write,
    a_lost_lease_numbers_nothing,
    the_epoch_is_made_once_and_anew_when_asked_for
);

async fn hold(world: &World, store: &Store, holder: u128) -> Held {
    let held = store.lease(SEQUENCER, Uuid::from_u128(holder), world.now(), LEASE).await;
    held.unwrap().expect("nobody else sequences")
}

/// Reads the whole feed, so many chunks at a time, from a position.
async fn read_feed(store: &Store, mut position: u64, chunks: u64) -> Vec<Numbered> {
    let mut read = Vec::new();
    loop {
        let page = store.feed_after(position, chunks).await.unwrap();
        let Some(last) = page.events.last() else { return read };
        position = last.position;
        read.extend(page.events);
        if !page.more {
            assert!(store.feed_after(position, chunks).await.unwrap().events.is_empty());
        }
    }
}

/// Positions 1, 2, 3 …; every event of the log once; each case in its order.
async fn check_feed(store: &Store) -> Vec<Numbered> {
    let read = read_feed(store, 0, 3).await;
    for (wanted, one) in (1..).zip(&read) {
        assert_eq!(one.position, wanted, "a gap");
    }
    let mut reached: BTreeMap<CaseId, u64> = BTreeMap::new();
    for one in &read {
        let before = reached.insert(one.case, one.seq).unwrap_or(0);
        assert_eq!(one.seq, before + 1, "{} out of order at {}", one.case, one.position);
    }
    let logged: BTreeSet<_> =
        all::<events::Entity>(store).await.iter().map(|row| (row.case_id, row.seq)).collect();
    let told: BTreeSet<_> =
        read.iter().map(|one| (one.case.uuid(), i64::try_from(one.seq).unwrap())).collect();
    assert_eq!(told, logged);
    assert_eq!(store.feed_position().await.unwrap(), read.len() as u64);
    read
}

async fn positions_have_no_gaps_while_others_write(world: World) {
    const ROUNDS: u128 = 10;
    let mut process = world.process().await;
    process.must((1..=8).map(Ask::file)).await;
    let mut running = vec![process.run()];
    while running.len() < world.writers() {
        running.push(world.process().await.run());
    }
    let store = world.store().await;
    let held = hold(&world, &store, 1).await;
    let mut passes = 0;
    for round in 0..ROUNDS {
        let mut asking = JoinSet::new();
        for lane in 0..8_u128 {
            let nth = usize::try_from(lane).unwrap() % running.len();
            let submitter = running[nth].submitter.clone();
            asking.spawn(async move {
                for n in 0..4 {
                    let ask = Ask::message((lane + n + round) % 8 + 1, "told");
                    submitter.submit(ask.submission()).await.unwrap();
                }
            });
        }
        loop {
            let all_asked = asking.is_empty();
            let numbered = store.sequence(&held, world.now()).await.unwrap();
            assert_ne!(numbered, Sequenced::LeaseLost);
            passes += u128::from(numbered != Sequenced::Events(0));
            if all_asked {
                break;
            }
            while let Some(asked) = asking.try_join_next() {
                asked.unwrap();
            }
            tokio::task::yield_now().await;
        }
    }
    assert!(passes >= ROUNDS, "a round was not numbered");
    assert_eq!(count::<commits::Entity>(&store).await, 0);
    check_feed(&store).await;
    check(&store).await;
}

async fn pages_of_any_size_lose_nothing(world: World) {
    let mut process = world.process().await;
    let store = process.store.clone();
    let nothing = Stretch { events: Vec::new(), more: false };
    assert_eq!(store.feed_after(0, 10).await.unwrap(), nothing);
    assert_eq!(store.feed_position().await.unwrap(), 0);
    let held = hold(&world, &store, 1).await;
    let mut filed = 0;
    for many in [1, 7, 30, 300, 2] {
        process.must((filed + 1..=filed + many).map(Ask::file)).await;
        filed += many;
        process.must([Ask::remind(1), Ask::remind(filed)]).await;
        store.sequence(&held, world.now()).await.unwrap();
    }
    assert_eq!(store.sequence(&held, world.now()).await.unwrap(), Sequenced::Events(0));
    let whole = check_feed(&store).await;
    for chunks in [1, 2, 5, 1_000] {
        assert_eq!(read_feed(&store, 0, chunks).await, whole);
    }
    for from in 0..whole.len() {
        let page = store.feed_after(from as u64, 2).await.unwrap().events;
        assert!(!page.is_empty());
        assert_eq!(page, whole[from..from + page.len()]);
    }
    assert_eq!(store.feed_after(whole.len() as u64, 9).await.unwrap(), nothing);
    assert_eq!(store.feed_after(u64::MAX, 9).await.unwrap(), nothing);
}

async fn a_lost_lease_numbers_nothing(world: World) {
    let mut process = world.process().await;
    let store = process.store.clone();
    process.must([Ask::file(1)]).await;
    let mine = hold(&world, &store, 1).await;
    world.wait(LEASE);
    let before = everything(&store).await;
    assert_eq!(store.sequence(&mine, world.now()).await.unwrap(), Sequenced::LeaseLost);
    assert_eq!(everything(&store).await, before, "it ran out");
    let theirs = hold(&world, &store, 2).await;
    let before = everything(&store).await;
    assert_eq!(store.sequence(&mine, world.now()).await.unwrap(), Sequenced::LeaseLost);
    assert_eq!(everything(&store).await, before, "another holds it");
    let numbered = store.sequence(&theirs, world.now()).await.unwrap();
    assert!(matches!(numbered, Sequenced::Events(n) if n > 0));
    check_feed(&store).await;
}

/// The sequencer was away for long: more commits wait than a statement takes parameters.
async fn a_long_backlog_is_numbered(world: World) {
    const WAITING: u64 = 70_000;
    let store = world.store().await;
    let held = hold(&world, &store, 1).await;
    let entries = "'[[\"00000000-0000-0000-0000-000000000001\",' || n || ',' || n || ',5]]'";
    let fill = match world.engine() {
        parasol_casebook::Engine::Sqlite => format!(
            "INSERT INTO commits (id, entries) WITH RECURSIVE i(n) AS \
             (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < {WAITING}) \
             SELECT randomblob(16), {entries} FROM i"
        ),
        parasol_casebook::Engine::Postgres => format!(
            "INSERT INTO commits (id, entries) \
             SELECT gen_random_uuid(), {entries} FROM generate_series(1, {WAITING}) AS n"
        ),
    };
    store.for_migrations().execute_unprepared(&fill).await.unwrap();
    let mut numbered = 0;
    while numbered < WAITING {
        match store.sequence(&held, world.now()).await.unwrap() {
            Sequenced::Events(0) | Sequenced::LeaseLost => panic!("stopped at {numbered}"),
            Sequenced::Events(more) => numbered += more,
        }
    }
    assert_eq!(count::<commits::Entity>(&store).await, 0);
    let chunks = all::<feed::Entity>(&store).await;
    let longest = chunks.iter().map(|one| one.last - one.first + 1).max();
    assert!(longest <= Some(256), "a reader of one event would read {longest:?}");
    let read = read_feed(&store, WAITING - 1_000, 4).await;
    let seqs: Vec<_> = read.iter().map(|one| one.seq).collect();
    assert_eq!(seqs, (WAITING - 999..=WAITING).collect::<Vec<_>>());
}

async fn the_epoch_is_made_once_and_anew_when_asked_for(world: World) {
    let store = world.store().await;
    let first = store.feed_epoch(Uuid::from_u128(1)).await.unwrap();
    assert_eq!(first, Uuid::from_u128(1));
    let other = world.store().await;
    assert_eq!(other.feed_epoch(Uuid::from_u128(2)).await.unwrap(), first);
    other.begin_feed_epoch(Uuid::from_u128(3)).await.unwrap();
    assert_eq!(store.feed_epoch(Uuid::from_u128(4)).await.unwrap(), Uuid::from_u128(3));
    assert_eq!(store.meta("clock").await.unwrap(), None);
    store.set_meta("clock", "one").await.unwrap();
    store.set_meta("clock", "two").await.unwrap();
    assert_eq!(other.meta("clock").await.unwrap().as_deref(), Some("two"));
}
