//! Crashes: of the committer at any moment, and of the server underneath.

use std::collections::BTreeMap;
use std::time::Duration;

use parasol_casebook::{Error, Limits, Pools, Store};
use parasol_testkit::Postgres;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::ask::{Ask, case};
use crate::books::check;
use crate::world::{LIMIT, Running, World};

on_both_engines!(
    a_committer_that_dies_at_any_moment_doubles_nothing,
    an_answer_that_was_saved_is_found_after_a_crash,
);

behind_a_pooler!(
    a_committer_that_dies_at_any_moment_doubles_nothing,
    an_answer_that_was_saved_is_found_after_a_crash
);

/// Asks under keys `from..to`, spread over ten cases, all at once; answers come back in any order.
fn ask_all(running: &Running, wanted: impl Iterator<Item = u128>) -> JoinSet<(u128, Outcome)> {
    let mut asking = JoinSet::new();
    for request in wanted {
        let submitter = running.submitter.clone();
        asking.spawn(async move {
            let answer = submitter.submit(message(request).submission()).await;
            (request, answer.map(|answer| answer.body))
        });
    }
    asking
}

type Outcome = Result<Vec<u8>, Error>;

fn message(request: u128) -> Ask {
    Ask::message(request % 10 + 1, &request.to_string()).keyed(request, "message")
}

/// Repeats whatever has no answer until everything has one, and compares with what was answered. Reads
/// with connections of its own: those of the process may have been cut.
async fn settle(
    world: &World,
    running: &Running,
    answered: &BTreeMap<u128, Vec<u8>>,
    requests: u128,
) {
    let store = world.process().await.store;
    let mut asking = ask_all(running, 0..requests);
    while let Some(asked) = asking.join_next().await {
        let (request, answer) = asked.unwrap();
        let answer = answer.unwrap();
        if let Some(first) = answered.get(&request) {
            assert_eq!(*first, answer, "request {request} has two answers");
        }
        let key = message(request).request_key().unwrap();
        assert_eq!(store.effects_of(key).await.unwrap(), 1, "request {request}");
    }
    check(&store).await;
}

async fn a_committer_that_dies_at_any_moment_doubles_nothing(world: World) {
    const ROUND: u128 = 60;
    let mut process = world.process().await;
    process.must((1..=10).map(Ask::file)).await;
    let mut answered = BTreeMap::new();
    let mut unknown = 0;
    for round in 0..8_u128 {
        let limits = Limits { batch_max: 4, ..Limits::default() };
        let running = world.process_with(limits, &[], 1).await.run();
        let mut asking = ask_all(&running, 0..(round + 1) * ROUND);
        let mut left = round * ROUND + round * 7;
        while left > 0 {
            let (request, answer) = asking.join_next().await.unwrap().unwrap();
            answered.entry(request).or_insert(answer.unwrap());
            left -= 1;
        }
        running.crash().await;
        while let Some(asked) = asking.join_next().await {
            match asked.unwrap() {
                (request, Ok(body)) => drop(answered.entry(request).or_insert(body)),
                (_, Err(Error::Store(_) | Error::Stopped)) => unknown += 1,
                (_, Err(error)) => panic!("{error:?}"),
            }
        }
    }
    assert!(unknown > 0, "no crash bit");
    let running = world.process().await.run();
    settle(&world, &running, &answered, 8 * ROUND).await;
}

async fn an_answer_that_was_saved_is_found_after_a_crash(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let ask = Ask::remind(1).keyed(1, "remind");
    let first = process.ask(ask.clone()).await.unwrap();
    process.run().crash().await;
    let mut process = world.process().await;
    let again = process.ask(ask).await.unwrap();
    assert!(again.repeated);
    assert_eq!(again.body, first.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9_of_the_server_on_postgres() {
    const REQUESTS: u128 = 900;
    let mut server = Postgres::start().unwrap();
    let world = World::at(server.fresh_database("killed").unwrap(), None).await;
    let mut process = world.process().await;
    process.must((1..=10).map(Ask::file)).await;
    let running = process.run();
    let mut answered = BTreeMap::new();
    let (mut unknown, mut killed) = (0, 0);
    for round in 0..3 {
        let mut asking = ask_all(&running, round * REQUESTS / 3..(round + 1) * REQUESTS / 3);
        let mut seen = 0;
        while let Some(asked) = timeout(LIMIT, asking.join_next()).await.unwrap() {
            match asked.unwrap() {
                (request, Ok(body)) => drop(answered.insert(request, body)),
                (_, Err(Error::Store(_))) => unknown += 1,
                (_, Err(error)) => panic!("{error:?}"),
            }
            seen += 1;
            if seen == 60 + round * 50 {
                server.kill_9();
                server.restart().unwrap();
                killed += 1;
            }
        }
    }
    let acknowledged = answered.len();
    assert!(acknowledged > 100 && killed == 3, "{acknowledged} acknowledged, {unknown} unknown");
    // The same process goes on by itself, without being started again.
    settle(&world, &running, &answered, REQUESTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_is_said_to_be_away_on_postgres() {
    let mut server = Postgres::start().unwrap();
    let world = World::at(server.fresh_database("away").unwrap(), None).await;
    let mut process = world.process().await;
    process.must((1..=64).map(Ask::file)).await;
    server.kill_9();
    let asks = (1..=64).map(Ask::remind).collect();
    let answers = timeout(Duration::from_secs(30), process.together(asks)).await.unwrap();
    assert!(answers.iter().all(|one| matches!(one, Err(Error::Store(_)))), "{answers:?}");
    server.restart().unwrap();
    process.must((1..=64).map(Ask::remind)).await;
    check(&process.store).await;
}

/// Cuts the writers' connections wherever they are: before, in or after a commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_at_any_moment_doubles_nothing_on_postgres() {
    const REQUESTS: u128 = 960;
    let world = World::on_postgres("cut").await;
    let mut process = world.process().await;
    process.must((1..=10).map(Ask::file)).await;
    let running = [process.run(), world.process().await.run()];
    let outsider = world.store().await;
    let mut answered = BTreeMap::new();
    let (mut unknown, mut cut) = (0, 0);
    for round in 0..12 {
        let wanted = round * REQUESTS / 12..(round + 1) * REQUESTS / 12;
        let mut asking = ask_all(&running[usize::try_from(round % 2).unwrap()], wanted);
        let mut seen = 0;
        while let Some(asked) = timeout(LIMIT, asking.join_next()).await.unwrap() {
            match asked.unwrap() {
                (request, Ok(body)) => drop(answered.insert(request, body)),
                (_, Err(Error::Store(_))) => unknown += 1,
                (_, Err(error)) => panic!("{error:?}"),
            }
            seen += 1;
            if seen % 9 == 0 {
                cut += cut_writers(&outsider).await;
            }
        }
    }
    assert!(cut > 50, "{cut} connections were cut, {unknown} answers unknown");
    settle(&world, &running[0], &answered, REQUESTS).await;
}

/// Ends every writing session of this database but the caller's; answers how many.
async fn cut_writers(store: &Store) -> usize {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name = 'parasol-writer'";
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    store.reader().query_all_raw(statement).await.unwrap().len()
}

/// Somebody outside holds a case for a while: whoever shares its batch waits, and nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_locked_by_an_outsider_is_waited_for_on_postgres() {
    let world = World::on_postgres("locked").await;
    let mut process = world.process().await;
    process.must((1..=10).map(Ask::file)).await;
    let running = process.run();
    let outsider = world.store_with(Pools { write: 1, read: 1 }).await;
    let lock = "BEGIN; SELECT * FROM cases WHERE id = '00000000-0000-0000-0000-000000000003' \
                FOR UPDATE";
    outsider.for_migrations().execute_unprepared(lock).await.unwrap();
    let mut asking = ask_all(&running, 0..10);
    let waiting = "SELECT 1 FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waiting = Statement::from_string(DbBackend::Postgres, waiting);
    while outsider.reader().query_all_raw(waiting.clone()).await.unwrap().is_empty() {
        while let Some(asked) = asking.try_join_next() {
            assert_ne!(asked.unwrap().0, 2, "answered although its case is locked");
        }
    }
    outsider.for_migrations().execute_unprepared("COMMIT").await.unwrap();
    while let Some(asked) = asking.join_next().await {
        asked.unwrap().1.unwrap();
    }
    check(&running.store).await;
}

/// Connections that read are kept without being asked whether they still live: whoever meets one that was
/// ended is answered all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_do_not_notice_that_their_connections_were_ended_on_postgres() {
    let world = World::on_postgres("readers").await;
    let mut process = world.process().await;
    process.must((1..=10).map(Ask::file)).await;
    let (store, outsider) = (&process.store, world.store().await);
    for _ in 0..5 {
        let reads = (1..=10).map(|number| store.case(case(number)));
        for read in futures::future::join_all(reads).await {
            assert!(read.unwrap().is_some());
        }
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND application_name = 'parasol-reader'";
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        let ended = outsider.for_migrations().query_all_raw(statement).await.unwrap();
        assert!(!ended.is_empty(), "nothing was ended");
    }
}
