//! Watchers that are cut off again and again, by themselves and by processes that are killed under them, at one process
//! of the embedded store and at two of a server: what each was told, joined, is what happened, each entry once and in
//! order.
//!
//! The cases are a thousand, and every watcher over all of them reconnects a hundred times, in every build. Each case
//! also has a watcher of its own; in a debug build those reconnect a tenth as often, unless `PARASOL_RECONNECTIONS` says
//! how often.

pub mod town;

mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::{
    WatchCaseRequest, WatchCasesRequest, WatchCasesResponse, watch_case_response,
    watch_cases_response,
};
use parasol_casebook::Store;
use parasol_runtime::identity::{Principal, Role};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tonic::Streaming;

use town::{Town, Way, act, customer, is_gone};

/// Cases that are filed while watchers come and go.
const CASES: usize = 1_000;
/// Connections of each watcher over all cases, over the whole run.
const RECONNECTIONS: usize = 100;
/// Connections of each watcher of one case, where nobody says.
const OF_ONE_CASE: usize = if cfg!(debug_assertions) { 10 } else { 100 };
/// How often processes are killed meanwhile.
const KILLS: usize = 4;
/// Cases that are filed at a time.
const FILING: usize = 24;
/// Connections to single cases that are open at a time.
const WATCHING: usize = 32;
/// Messages a watcher reads before it hangs up, at most.
const READ_MAX: usize = 200;
/// How long a stream over all cases may be silent before its reader hangs up; for as many times as long as the connections
/// before it told nothing, so that on a busy machine every watcher gets somewhere.
const SILENCE: Duration = Duration::from_millis(200);
/// The most times.
const TIMES_MAX: u32 = 50;
/// The same of one case.
const SHORT_SILENCE: Duration = Duration::from_millis(20);
/// How long the store must not move before it is held to be at rest.
const REST: Duration = Duration::from_millis(400);
/// How long the end may take.
const PATIENCE: Duration = Duration::from_secs(240);

#[test]
fn proc_what_watchers_are_told_over_a_hundred_connections_is_what_happened() {
    torture(|| Town::embedded(CASES));
}

#[test]
fn proc_at_two_processes_of_a_server_it_is_the_same() {
    torture(|| Town::of_two("reconnecting", CASES));
}

/// What a watcher has, joined over its connections.
#[derive(Default)]
struct Joined {
    entries: Vec<(String, i64)>,
    token: String,
    connections: usize,
}

impl Joined {
    /// Takes what one connection told: whole steps only, for the rest is told again.
    fn take(&mut self, pending: &mut Vec<(String, i64)>, token: String) {
        if !token.is_empty() {
            self.entries.append(pending);
            self.token = token;
        }
    }
}

/// Opens a watch over all cases where the watcher left off, at one process after the other; nothing while the process
/// is gone.
async fn open_many(
    way: &Way,
    who: &Principal,
    joined: &mut Joined,
) -> Option<Streaming<WatchCasesResponse>> {
    let resume_token = joined.token.clone();
    let message = WatchCasesRequest { resume_token, ..WatchCasesRequest::default() };
    let mut client = TrackingServiceClient::new(way.own(joined.connections));
    match client.watch_cases(way.request(who, message)).await {
        Ok(stream) => {
            joined.connections += 1;
            Some(stream.into_inner())
        }
        Err(status) => {
            assert!(is_gone(&status), "{status:?}");
            None
        }
    }
}

/// Reads some of a watch, and hangs up.
async fn take_many(
    mut stream: Streaming<WatchCasesResponse>,
    joined: &mut Joined,
    most: usize,
    silence: Duration,
) {
    let mut pending = Vec::new();
    for _ in 0..most {
        let Ok(Ok(Some(message))) = tokio::time::timeout(silence, stream.message()).await else {
            return;
        };
        if let Some(watch_cases_response::Event::Entry(one)) = &message.event {
            pending.push((one.case_id.clone(), one.entry.as_ref().expect("an entry").seq));
        }
        joined.take(&mut pending, message.resume_token);
    }
}

/// One connection over all cases: reads some, and hangs up.
async fn read_many(
    way: &Way,
    who: &Principal,
    joined: &mut Joined,
    most: usize,
    silence: Duration,
) {
    if let Some(stream) = open_many(way, who, joined).await {
        take_many(stream, joined, most, silence).await;
    }
}

/// One connection to one case.
async fn read_one(way: &Way, who: &Principal, case: &str, joined: &mut Joined, most: usize) {
    let message = WatchCaseRequest {
        case_id: case.to_owned(),
        resume_token: joined.token.clone(),
        ..WatchCaseRequest::default()
    };
    let mut client = TrackingServiceClient::new(way.shared(joined.connections));
    let mut stream = match client.watch_case(way.request(who, message)).await {
        Ok(stream) => stream.into_inner(),
        Err(status) => return assert!(is_gone(&status), "{status:?}"),
    };
    joined.connections += 1;
    let mut pending = Vec::new();
    for _ in 0..most {
        let told = tokio::time::timeout(SHORT_SILENCE, stream.message()).await;
        let Ok(Ok(Some(message))) = told else { return };
        if let Some(watch_case_response::Event::Entry(entry)) = &message.event {
            pending.push((case.to_owned(), entry.seq));
        }
        joined.take(&mut pending, message.resume_token);
    }
}

/// What all who watch know of the run.
#[derive(Clone)]
struct Run {
    way: Way,
    over: Arc<AtomicBool>,
    total: Arc<AtomicUsize>,
    /// As many as have opened their first watch.
    open: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// Connections of each watcher of one case.
    of_one_case: usize,
}

impl Run {
    /// Reconnects until it is told that there is no more to come, and has been cut off often enough. What was before
    /// the first connection is summed up and not told, so nothing is filed before it is open.
    async fn watch_many(self, who: Principal) -> Joined {
        let mut joined = Joined::default();
        let first = open_many(&self.way, &who, &mut joined).await.expect("all are up");
        self.open.add_permits(1);
        take_many(first, &mut joined, 1, PATIENCE).await;
        let mut times = 1;
        loop {
            let most = 1 + joined.connections * 37 % READ_MAX;
            let before = joined.entries.len();
            read_many(&self.way, &who, &mut joined, most, SILENCE * times).await;
            let has_all = joined.entries.len() >= self.total.load(Ordering::Acquire);
            let was_told = has_all || joined.entries.len() > before;
            times = if was_told { 1 } else { TIMES_MAX.min(times + 1) };
            if self.over.load(Ordering::Acquire) && has_all && joined.connections >= RECONNECTIONS {
                return joined;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Watches one case, from the moment it is filed.
    async fn watch_one(self, unit: usize, case: String) -> (String, Joined) {
        let mut joined = Joined::default();
        while joined.connections < self.of_one_case {
            let _place = self.places.acquire().await.expect("nobody closes it");
            read_one(&self.way, &customer(unit), &case, &mut joined, 1 + unit % 3).await;
        }
        (case, joined)
    }
}

fn torture(open: impl FnOnce() -> Town) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let _inside = runtime.enter();
    let mut town = open();
    let run = Run {
        way: town.way.clone(),
        over: Arc::new(AtomicBool::new(false)),
        total: Arc::new(AtomicUsize::new(usize::MAX)),
        open: Arc::new(Semaphore::new(0)),
        places: Arc::new(Semaphore::new(WATCHING)),
        of_one_case: of_one_case(),
    };
    let watchers = [
        Principal::new(Role::Brand, "aster").of_brand("aster"),
        Principal::new(Role::Agent, "agent-1"),
        Principal::new(Role::Manager, "manager-1"),
    ];
    let watchers = watchers.map(|who| runtime.spawn(run.clone().watch_many(who)));
    let _all_watch = runtime.block_on(run.open.acquire_many(3)).expect("nobody closes it");
    let (filed, of_one) = filed_under_kills(&runtime, &mut town, &run);
    let store = runtime.block_on(town.store());
    runtime.block_on(settled(&store));
    let history = runtime.block_on(history(&store));
    let total = history.values().map(|version| usize::try_from(*version).expect("few")).sum();
    run.total.store(total, Ordering::Release);
    run.over.store(true, Ordering::Release);
    for watcher in watchers {
        let joined = runtime.block_on(async { tokio::time::timeout(PATIENCE, watcher).await });
        let joined = joined.expect("it comes to an end").expect("it does not panic");
        assert!(joined.connections >= RECONNECTIONS);
        check(&joined, &history);
    }
    for one in of_one {
        let (case, mut joined) = runtime.block_on(one).expect("it does not panic");
        let unit = filed.iter().position(|one| *one == case).expect("it was filed");
        runtime.block_on(whole(&run.way, unit, &case, &mut joined, history[&case]));
    }
    runtime.block_on(store.close()).expect("it closes");
    runtime.block_on(tokens::wrong(&town, &filed));
    tokens::lost(&runtime, &mut town, &filed[1]);
}

#[expect(clippy::disallowed_methods, reason = "it is about the run, and no setting of the product")]
fn of_one_case() -> usize {
    let said = std::env::var("PARASOL_RECONNECTIONS");
    said.map_or(OF_ONE_CASE, |text| text.parse().expect("a number"))
}

type OfOne = tokio::task::JoinHandle<(String, Joined)>;

/// Files the cases, a share of them under each life of the processes, the kill somewhere in it: of one, of the next
/// one, and of all at once.
fn filed_under_kills(runtime: &Runtime, town: &mut Town, run: &Run) -> (Vec<String>, Vec<OfOne>) {
    let (mut filed, mut of_one) = (Vec::with_capacity(CASES), Vec::with_capacity(CASES));
    let places = Arc::new(Semaphore::new(FILING));
    for kill in 0..=KILLS {
        let share = (CASES * kill / (KILLS + 1))..(CASES * (kill + 1) / (KILLS + 1));
        let acting = share.map(|unit| {
            let (way, places) = (run.way.clone(), Arc::clone(&places));
            runtime.spawn(async move {
                let _place = places.acquire_owned().await.expect("nobody closes it");
                (unit, act(way, unit).await)
            })
        });
        let acting: Vec<_> = acting.collect();
        let half = acting.len() / 2;
        for (nth, one) in acting.into_iter().enumerate() {
            let (unit, case) = runtime.block_on(one).expect("it is filed");
            of_one.push(runtime.spawn(run.clone().watch_one(unit, case.clone())));
            filed.push(case);
            if nth == half && kill < KILLS {
                let which = match kill % 3 {
                    2 => town.all(),
                    one => vec![one % town.way.processes()],
                };
                town.restart(&which);
            }
        }
    }
    assert_eq!(filed.len(), CASES);
    (filed, of_one)
}

/// The store, once nothing moves any more.
async fn settled(store: &Store) {
    let mut last = 0;
    loop {
        let stages = store.cases_by_stage().await.expect("it answers");
        let position = store.feed_position().await.expect("it answers");
        let at_rest = stages
            .iter()
            .all(|(stage, _)| ["dispatched", "deciding", "cancelled"].contains(&&**stage));
        if at_rest && position == last && position > 0 {
            return;
        }
        last = position;
        let _ = tokio::time::timeout(REST, std::future::pending::<()>()).await;
    }
}

/// The number of each case's last entry.
async fn history(store: &Store) -> BTreeMap<String, u64> {
    let cases = store.cases_after(None, 10_000).await.expect("cases can be read");
    assert_eq!(cases.len(), CASES, "a case was lost or doubled");
    cases.into_iter().map(|case| (case.id.to_string(), case.version)).collect()
}

/// What was told is what happened: every entry of every case, once, in its order.
fn check(joined: &Joined, history: &BTreeMap<String, u64>) {
    let mut next: BTreeMap<&str, u64> = BTreeMap::new();
    for (case, seq) in &joined.entries {
        let expected = next.entry(case).or_insert(1);
        assert_eq!(u64::try_from(*seq).expect("positive"), *expected, "{case}");
        *expected += 1;
    }
    let told: BTreeMap<String, u64> =
        next.into_iter().map(|(case, next)| (case.to_owned(), next - 1)).collect();
    assert_eq!(&told, history);
}

/// The same of a single case, once whatever its watcher still lacks was read.
async fn whole(way: &Way, unit: usize, case: &str, joined: &mut Joined, version: u64) {
    let most = joined.connections + RECONNECTIONS;
    while joined.entries.len() < usize::try_from(version).expect("few") {
        assert!(joined.connections < most, "{case} is never told to its end");
        read_one(way, &customer(unit), case, joined, 5).await;
    }
    let expected: Vec<_> =
        (1..=version).map(|seq| (case.to_owned(), i64::try_from(seq).expect("few"))).collect();
    assert_eq!(joined.entries, expected);
}
