//! Cells over the engines that platforms run: PostgreSQL behind a pooler and kept available by Patroni, Redis as a
//! cluster.
//!
//! Two processes that play every role each share the work, while stories are played through one of them and what is
//! beneath is killed.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use parasol::demo::{JOURNAL_FILE, START};
use parasol::node::chain_keys;
use parasol_casebook::{OpenError, Pools, Store};
use parasol_runtime::identity::TokenKey;
use parasol_testkit::{Patroni, PgBouncer, Postgres, Redis, RedisCluster, Whole};

use crate::cluster::{ended, play_at};
use crate::killing::check_store;
use crate::program::program;

/// How long a game may take to get somewhere.
const PATIENCE: Duration = Duration::from_secs(60);

/// Two processes over these servers, on the test clock the stories begin at.
fn cell(database: &str, redis: &str) -> Whole {
    let settings = [
        format!("database_url={database}"),
        format!("redis_url={redis}"),
        format!("test_clock_start={START}"),
        "test_clock=true".to_owned(),
        "log.level=warn".to_owned(),
    ];
    let settings: Vec<_> = settings.iter().map(String::as_str).collect();
    Whole::start(&program(), 2, &settings).expect("the processes come up")
}

fn gateway(cell: &Whole) -> SocketAddr {
    cell.members()[0].grpc
}

/// Waits until the game has been answered so often.
fn wait_for_answers(cell: &Whole, answers: usize) {
    let journal = cell.data().join(JOURNAL_FILE);
    // A clock that only counts: the wait of an empty channel.
    let (_keep, clock) = mpsc::channel::<()>();
    let step = Duration::from_millis(20);
    for _ in 0..PATIENCE.as_millis() / step.as_millis() {
        let text = fs::read_to_string(&journal).unwrap_or_default();
        if text.matches("\"OK\"").count() >= answers {
            return;
        }
        let _ = clock.recv_timeout(step);
    }
    panic!("the game got nowhere");
}

/// Everything that was acknowledged is in the database, once.
fn check(database: &str, data: &Path, cases: u16) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let key = TokenKey::load(data).expect("the key can be read").expect("there is a key");
        let store = Store::open(database, Pools::default()).await.expect("the store opens");
        let store = store.chaining_with(chain_keys(&key, &[]));
        let (cases, answered) = check_store(&store, data, &cases.to_string()).await;
        assert!(answered > cases * 5, "{answered} answers for {cases} cases prove little");
        store.close().await.expect("the store closes");
    });
}

#[test]
fn proc_the_stories_are_played_to_their_end_behind_a_pooler() {
    let server = Postgres::shared().expect("a server");
    let database = server.fresh_database("pooled").expect("a database");
    let redis = Redis::start().expect("a server");
    // Fewer connections than the processes have between them, and than one of them writes on.
    let pooler = PgBouncer::before(server, 4).expect("a pooler");
    let url = pooler.url_of(&database).expect("an address");
    let cell = cell(&url, redis.url());
    let (cases, closed, said) = ended(play_at(gateway(&cell), cell.data(), 4));
    assert_eq!((cases, closed), (4, 4), "{said}");
    check(&url, cell.data(), 4);
}

#[test]
fn proc_the_stories_go_on_when_a_master_of_a_redis_cluster_dies() {
    let server = Postgres::shared().expect("a server");
    let database = server.fresh_database("clustered").expect("a database");
    let mut redis = RedisCluster::start().expect("a cluster");
    let cell = cell(&database, &redis.url());
    let stories = play_at(gateway(&cell), cell.data(), 12);
    wait_for_answers(&cell, 10);
    redis.kill_9(0);
    redis.wait_for_promotion(0).expect("its replica takes its place");
    redis.empty().expect("it is emptied");
    let (cases, closed, said) = ended(stories);
    assert_eq!((cases, closed), (12, 12), "{said}");
    check(&database, cell.data(), 12);
}

#[test]
fn proc_what_was_acknowledged_is_on_the_new_primary_and_the_processes_go_on() {
    let mut servers = Patroni::start().expect("a primary and its standby");
    let redis = Redis::start().expect("a server");
    let cell = cell(&servers.url(), redis.url());
    let before = servers.primary_url().expect("there is one");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let open = |url: &str| runtime.block_on(Store::open(url, Pools::default()));
    let refused = open(&servers.standby_url().expect("there is one"));
    assert!(matches!(refused, Err(OpenError::Standby)), "{refused:?}");
    let store = open(&servers.url()).expect("one of the two is the primary");
    assert!(store.has_several_hosts());
    let follow = || runtime.block_on(store.follow_primary());
    assert_eq!(follow().expect("it answers"), None, "it leads there already");
    let stories = play_at(gateway(&cell), cell.data(), 24);
    wait_for_answers(&cell, 40);
    servers.kill_9_primary().expect("it dies");
    servers.wait_for_primary().expect("the standby is promoted");
    let after = servers.primary_url().expect("there is one");
    assert_ne!(after, before);
    let host = follow().expect("there is a primary").expect("it is another");
    assert!(after.contains(&host), "{host} is not of {after}");
    runtime.block_on(store.close()).expect("the store closes");
    let (cases, closed, said) = ended(stories);
    assert_eq!((cases, closed), (24, 24), "{said}");
    check(&servers.url(), cell.data(), 24);
}
