//! What both adapters promise, and what the Redis one promises while Redis fails.

use std::future::Future;
use std::time::Duration;

use parasol_bell::{
    Bell, Heard, OUTBOX_CASES_MAX, POSITION_LIFE, Position, RedisLink, RedisSettings, Ring,
};
use parasol_journey::ids::CaseId;
use parasol_journey::task::Role;
use parasol_journey::time::Timestamp;
use parasol_testkit::{Redis, RedisCluster};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use uuid::Uuid;

/// Longer than anything here takes, unless it never comes.
const LIMIT: Duration = Duration::from_secs(30);

fn moved(case: u128, version: u64) -> Ring {
    Ring::Case { case: CaseId::new(Uuid::from_u128(case)), version }
}

fn due(role: Role) -> Ring {
    Ring::Work { role }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(LIMIT, future).await.expect("nothing came within the limit")
}

/// Two bells of one namespace, each with its link kept up as the supervisor would.
struct Pair {
    near: Bell,
    far: Bell,
    /// Says which of the two (1 or 2) lost its link.
    losses: mpsc::UnboundedReceiver<u128>,
    /// Ended with the pair.
    _links: JoinSet<()>,
}

impl Pair {
    fn in_process() -> Self {
        let bell = Bell::in_process();
        let (_, losses) = mpsc::unbounded_channel();
        Self { near: bell.clone(), far: bell, losses, _links: JoinSet::new() }
    }

    async fn over(url: &str, namespace: &str, patience: Duration) -> Self {
        let mut links = JoinSet::new();
        let (lost, losses) = mpsc::unbounded_channel();
        let mut bell = |origin| {
            let settings = RedisSettings {
                url: url.to_owned(),
                namespace: namespace.to_owned(),
                origin: Uuid::from_u128(origin),
                patience,
            };
            let (bell, link) = Bell::over_redis(settings).expect("a URL made by the test kit");
            let listener = bell.listen();
            links.spawn(keep_up(link, origin, lost.clone()));
            (bell, listener)
        };
        let (near, mut near_linked) = bell(1);
        let (far, mut far_linked) = bell(2);
        // A link that comes up says so to the listeners of its process.
        assert_eq!(soon(near_linked.next()).await, Heard::Lagged);
        assert_eq!(soon(far_linked.next()).await, Heard::Lagged);
        Self { near, far, losses, _links: links }
    }
}

async fn keep_up(link: RedisLink, origin: u128, lost: mpsc::UnboundedSender<u128>) {
    let mut pause = interval(Duration::from_millis(20));
    loop {
        pause.tick().await;
        link.session().await.expect_err("a session ends with an error or not at all");
        // The test may have ended already.
        let _ = lost.send(origin);
    }
}

/// What holds for every adapter, however far apart the two are.
async fn conforms(pair: &Pair) {
    let mut own = pair.near.listen();
    let mut others = pair.far.listen();
    let mut watcher = pair.far.watch_case(CaseId::new(Uuid::from_u128(1)));
    let mut elsewhere = pair.far.watch_case(CaseId::new(Uuid::from_u128(2)));
    let mut worker = pair.far.watch_work(Role::Dispatch);
    let mut staff = pair.far.watch_staff();

    // One at a time, because rings that wait together may arrive in any order.
    for ring in [moved(1, 5), due(Role::Dispatch), Ring::Staff] {
        pair.near.ring(ring);
        assert_eq!(soon(own.next()).await, Heard::Ring(ring));
        assert_eq!(soon(others.next()).await, Heard::Ring(ring));
    }
    assert_eq!(soon(watcher.next()).await, Heard::Ring(moved(1, 5)));
    soon(worker.woken()).await;
    soon(staff.woken()).await;

    // The case's watcher does not hear the same version twice, and nobody hears an echo.
    pair.near.ring(moved(1, 5));
    pair.near.ring(moved(1, 6));
    assert_eq!(soon(watcher.next()).await, Heard::Ring(moved(1, 6)));
    assert_eq!(soon(own.next()).await, Heard::Ring(moved(1, 5)));
    assert_eq!(soon(own.next()).await, Heard::Ring(moved(1, 6)));
    pair.near.ring(moved(2, 1));
    assert_eq!(soon(own.next()).await, Heard::Ring(moved(2, 1)));
    assert_eq!(soon(elsewhere.next()).await, Heard::Ring(moved(2, 1)));

    drop((watcher, elsewhere));
    assert_eq!(pair.far.figures().watched_cases, 0);
}

#[tokio::test]
async fn in_process_conforms() {
    conforms(&Pair::in_process()).await;
}

#[tokio::test]
async fn redis_conforms_and_keeps_namespaces_apart() {
    let server = Redis::shared().unwrap();
    // The process id, because every test may run in its own process against one server.
    let namespace = format!("bell-{}", std::process::id());
    let here = Pair::over(server.url(), &namespace, LIMIT).await;
    let there = Pair::over(server.url(), &format!("{namespace}-2"), LIMIT).await;
    conforms(&here).await;
    assert!(here.far.figures().from_others > 0);
    assert_eq!(there.far.figures().from_others, 0);
}

#[tokio::test]
async fn an_emptied_redis_changes_nothing() {
    let mut server = Redis::start().unwrap();
    let pair = Pair::over(server.url(), "cell", LIMIT).await;
    server.empty().unwrap();
    conforms(&pair).await;
    assert_eq!(pair.far.figures().links, 1, "emptying broke the link");
}

#[tokio::test]
async fn rings_go_on_at_home_while_redis_is_dead_and_afar_when_it_is_back() {
    let mut server = Redis::start().unwrap();
    let pair = Pair::over(server.url(), "cell", LIMIT).await;
    let mut own = pair.near.listen();
    let mut others = pair.far.listen();

    server.kill_9();
    // More than the outbox holds: nothing waits and nothing fails.
    let rings = OUTBOX_CASES_MAX + 10;
    for number in 0..rings {
        pair.near.ring(moved(number as u128, 1));
        if number == 0 {
            assert_eq!(soon(own.next()).await, Heard::Ring(moved(0, 1)));
        }
    }
    assert!(pair.near.figures().dropped > 0);

    server.restart().unwrap();
    assert_eq!(soon(others.next()).await, Heard::Lagged);
    let mut watcher = pair.far.watch_case(CaseId::new(Uuid::from_u128(9_999)));
    // Until near is linked again this waits in its outbox, which may be full: then far is told that
    // rings were lost, which wakes the watcher just as well.
    pair.near.ring(moved(9_999, 1));
    soon(watcher.next()).await;
    drop(watcher);
    both_linked(&pair, 2).await;
    quiet(&pair).await;
    conforms(&pair).await;
}

#[tokio::test]
async fn a_frozen_redis_is_noticed_though_its_connections_stay_open() {
    let mut server = Redis::start().unwrap();
    let mut pair = Pair::over(server.url(), "cell", Duration::from_millis(300)).await;
    let linked = pair.near.figures().links.max(pair.far.figures().links);
    server.freeze().unwrap();
    for origin in [1, 2] {
        while soon(pair.losses.recv()).await != Some(origin) {}
    }
    server.thaw().unwrap();
    both_linked(&pair, linked + 1).await;

    // With so little patience a busy machine may break the link once more, and says so.
    let mut others = pair.far.listen();
    pair.near.ring(moved(1, 1));
    let heard = soon(others.next()).await;
    assert!([Heard::Ring(moved(1, 1)), Heard::Lagged].contains(&heard), "{heard:?}");
}

#[tokio::test]
async fn subscriptions_that_the_server_cuts_are_made_again_and_told_as_a_gap() {
    let mut server = Redis::start().unwrap();
    let pair = Pair::over(server.url(), "cell", LIMIT).await;
    let mut others = pair.far.listen();
    // What a server does with a subscriber that is too slow for its buffer, by hand.
    assert_eq!(server.command("CLIENT KILL TYPE pubsub").unwrap(), "2");
    assert_eq!(soon(others.next()).await, Heard::Lagged);
    both_linked(&pair, 2).await;
    quiet(&pair).await;
    conforms(&pair).await;
}

#[tokio::test]
async fn a_redis_without_memory_keeps_no_position_and_carries_every_ring() {
    let mut server = Redis::start().unwrap();
    let pair = Pair::over(server.url(), "cell", LIMIT).await;
    server.command("CONFIG SET maxmemory 1").unwrap();
    let here = Position { lat: 30_272_000, lon: 120_147_000, at: Timestamp::from_micros(0) };
    soon(pair.near.positions().put(Uuid::from_u128(1), here)).await;
    assert_eq!(soon(pair.far.positions().get(Uuid::from_u128(1), here.at)).await, None);
    conforms(&pair).await;
    assert_eq!(pair.far.figures().links, 1, "a refusal broke the link");
    server.command("CONFIG SET maxmemory 0").unwrap();
    positions_conform(&pair.near, &pair.far).await;
}

#[tokio::test]
async fn a_cluster_conforms_emptied_or_not() {
    let cluster = RedisCluster::start().unwrap();
    let pair = Pair::over(&cluster.url(), "cell", LIMIT).await;
    conforms(&pair).await;
    positions_conform(&pair.near, &pair.far).await;
    cluster.empty().unwrap();
    conforms(&pair).await;
    positions_conform(&pair.near, &pair.far).await;
    assert_eq!(pair.far.figures().links, 1, "emptying broke the link");
}

#[tokio::test]
async fn rings_and_positions_go_on_when_a_master_of_a_cluster_dies() {
    let mut cluster = RedisCluster::start().unwrap();
    let mut pair = Pair::over(&cluster.url(), "cell", Duration::from_secs(2)).await;
    let position = Position { lat: 30_272_000, lon: 120_147_000, at: Timestamp::from_micros(0) };
    // So many keys that each master has some.
    let everybody = || (0..60).map(Uuid::from_u128);
    for one in everybody() {
        pair.near.positions().put(one, position).await;
    }
    let mut own = pair.near.listen();
    let mut others = pair.far.listen();

    // The node that near is linked to.
    cluster.kill_9(1);
    pair.near.ring(moved(1, 1));
    assert_eq!(soon(own.next()).await, Heard::Ring(moved(1, 1)), "at home nothing is missed");
    while soon(pair.losses.recv()).await != Some(1) {}
    // Before any replica is promoted: a ring needs a node, and any will do.
    soon(async { while own.next().await != Heard::Lagged {} }).await;
    pair.near.ring(moved(2, 1));
    let heard = async {
        while !matches!(
            others.next().await,
            Heard::Lagged | Heard::Ring(Ring::Case { version: 1, .. })
        ) {}
    };
    soon(heard).await;

    cluster.wait_for_promotion(1).unwrap();
    quiet(&pair).await;
    conforms(&pair).await;
    // Level again: every position can be put and is seen by the other.
    let mut seen = 0;
    for one in everybody() {
        soon(pair.near.positions().put(one, position)).await;
        seen += usize::from(soon(pair.far.positions().get(one, position.at)).await.is_some());
    }
    assert!(seen >= 58, "{seen} of 60: a connection may fail once before it knows the new master");
    for one in everybody() {
        soon(pair.near.positions().put(one, position)).await;
        assert!(soon(pair.far.positions().get(one, position.at)).await.is_some(), "{one}");
    }
}

/// Waits until each of the two has been linked so often.
async fn both_linked(pair: &Pair, times: u64) {
    soon(async {
        let mut look = interval(Duration::from_millis(5));
        while pair.near.figures().links < times || pair.far.figures().links < times {
            look.tick().await;
        }
    })
    .await;
}

/// Waits until everything that was rung before has arrived: rings of one process arrive in the order
/// of their messages, so the last of two marks is the last of all.
async fn quiet(pair: &Pair) {
    for (from, to, mark) in [(&pair.near, &pair.far, 77_701), (&pair.far, &pair.near, 77_702)] {
        let mut listener = to.listen();
        for version in [1, 2] {
            from.ring(moved(mark, version));
            soon(async { while listener.next().await != Heard::Ring(moved(mark, version)) {} })
                .await;
        }
    }
}

#[tokio::test]
async fn a_url_of_something_else_is_refused() {
    let settings = RedisSettings {
        url: "postgres://secret@localhost/".to_owned(),
        namespace: "cell".to_owned(),
        origin: Uuid::nil(),
        patience: LIMIT,
    };
    let error = Bell::over_redis(settings).unwrap_err();
    assert!(!error.to_string().contains("secret"));
}

async fn positions_conform(near: &Bell, far: &Bell) {
    let at = |micros: i64| Timestamp::from_micros(1_780_000_000_000_000 + micros);
    let (about, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let here = Position { lat: 30_272_000, lon: 120_147_000, at: at(0) };
    near.positions().put(about, here).await;
    near.positions().put(about, Position { lat: -33_000_000, lon: -70_000_000, at: at(1) }).await;
    let seen = far.positions().get(about, at(1)).await.expect("it was put a moment ago");
    assert_eq!(seen.at, at(1), "the last one counts");
    let near_enough = |a: i64, b: i64| (a - b).abs() <= 10;
    assert!(near_enough(seen.lat, -33_000_000) && near_enough(seen.lon, -70_000_000), "{seen:?}");
    assert_eq!(far.positions().get(about, at(1) + POSITION_LIFE).await, None);
    assert_eq!(far.positions().get(other, at(1)).await, None);
    far.positions().forget(about).await;
    assert_eq!(near.positions().get(about, at(1)).await, None);
}

#[tokio::test]
async fn positions_conform_in_process() {
    let bell = Bell::in_process();
    positions_conform(&bell, &bell.clone()).await;
}

#[tokio::test]
async fn positions_conform_over_redis_and_a_dead_one_knows_none() {
    let mut server = Redis::start().unwrap();
    let bell = |origin| {
        let settings = RedisSettings {
            url: server.url().to_owned(),
            namespace: "positions".to_owned(),
            origin: Uuid::from_u128(origin),
            patience: Duration::from_secs(2),
        };
        Bell::over_redis(settings).unwrap().0
    };
    let (near, far) = (bell(1), bell(2));
    positions_conform(&near, &far).await;
    let position = Position { lat: 1, lon: 1, at: Timestamp::from_micros(0) };
    server.kill_9();
    soon(near.positions().put(Uuid::from_u128(1), position)).await;
    assert_eq!(soon(far.positions().get(Uuid::from_u128(1), position.at)).await, None);
}
