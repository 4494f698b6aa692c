//! Four hundred cases of two brands while messages are doubled, answers are lost, everybody is away for two hours and
//! every tenth message is an hour late: all cases end, nothing takes effect twice, nothing is lost, and each
//! change reaches each reader in the order of its case.
//!
//! The first brand works by gRPC alone, with a work list and a stream; the second is told by webhooks and works over
//! REST. A third, whose people have the portal only, is in a test of its own. Time passes on the test clock only, and
//! only while the house is at rest.

mod brand;
mod browser;
mod dice;
mod grpc;
mod portal;
mod rest;
mod town;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;
use std::time::Duration;

use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{ActorKind, Fact, Stage};

use brand::{Brand, News};
use grpc::{Grpc, Stream};
use rest::Rest;
use town::{MOSS, REED, Town};

/// Cases of each brand.
const CASES: usize = 200;
/// They are filed in so many parts.
const WAVES: usize = 5;
/// Time between two of them.
const BETWEEN_WAVES: Span = Span::from_micros(30 * 60 * 1_000_000);
/// The outage begins when this part was filed.
const OUTAGE_AFTER: usize = 2;
const OUTAGE: Span = Span::from_micros(2 * 3_600 * 1_000_000);
/// How far the clock is moved when nothing happens.
const PAUSE: Span = Span::from_micros(5 * 60 * 1_000_000);
/// The least it is moved.
const SECOND: Span = Span::from_micros(1_000_000);
/// Rounds before the test gives up.
const ROUNDS_MAX: usize = 2_000;
/// How long a delivery that is due may take to come.
const ARRIVAL_MAX: Duration = Duration::from_millis(300);
/// Events of a log.
const LOG_MAX: u64 = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_hundred_cases_with_faults_end_once_and_are_told_in_order() {
    let mut town = Town::open(CASES).await;
    let mut reed = Brand::new(Grpc::open(&town, 0x5eed_0001).await);
    let stream = Stream::open(&reed.way);
    let mut moss = Brand::new(Rest::open(&town, 0x5eed_0002).await);
    let mut plan = Plan::begin(town.now());
    let mut rounds = 0;
    loop {
        rounds += 1;
        let stages = town.house.node.store.cases_by_stage().await;
        let passed_over = (&reed.passed_over, &moss.passed_over);
        assert!(rounds < ROUNDS_MAX, "{:?} {passed_over:?}", stages);
        plan.file(&town).await;
        let is_away = plan.is_away(town.now());
        moss.way.receiver.away.store(is_away, Ordering::SeqCst);
        town.settle().await;
        let mut done = 0;
        if !is_away {
            let now = town.now();
            done += reed.work(now).await;
            done += moss.work(now).await;
        }
        done += town.confirm().await;
        if done > 0 {
            continue;
        }
        town.settle().await;
        if !is_away && news_is_coming(&town, &moss).await {
            continue;
        }
        let open = town.cases().await.iter().filter(|case| !case.stage.is_ended()).count();
        if open == 0 && plan.is_filed() && unheard(&town, &moss).await.is_empty() {
            break;
        }
        // What is due already waits for the end of the outage.
        let now = town.now();
        let planned = [reed.next_late(), moss.next_late(), plan.next()].into_iter().flatten();
        let next = planned.filter(|at| *at > now).min().unwrap_or(now + PAUSE);
        town.advance(next.since(now).min(PAUSE).max(SECOND)).await;
    }
    all_ended(&town).await;
    effects_are_those_that_were_told(&town, REED, &reed.applied).await;
    effects_are_those_that_were_told(&town, MOSS, &moss.applied).await;
    stream_is_complete(&town, &stream).await;
    reached(&town, REED, "the work list", &reed.told).await;
    let streamed = stream.told.lock().expect("no holder of this lock panics").clone();
    reached(&town, REED, "the stream", &streamed).await;
    let received = moss.way.receiver.told.lock().expect("no holder of this lock panics").clone();
    reached(&town, MOSS, "the webhook", &received).await;
    faults_happened(&reed, &moss, &stream);
}

/// When cases are filed and when everybody is away.
struct Plan {
    begin: Timestamp,
    filed: usize,
}

impl Plan {
    fn begin(now: Timestamp) -> Self {
        Self { begin: now, filed: 0 }
    }

    fn at(&self, wave: usize) -> Timestamp {
        let micros = BETWEEN_WAVES.micros() * i64::try_from(wave).expect("a small number");
        self.begin + Span::from_micros(micros)
    }

    async fn file(&mut self, town: &Town) {
        while self.filed < WAVES && self.at(self.filed) <= town.now() {
            let part = CASES / WAVES;
            let units = self.filed * part..(self.filed + 1) * part;
            town.file(REED, units.clone()).await;
            town.file(MOSS, units).await;
            self.filed += 1;
        }
    }

    fn is_filed(&self) -> bool {
        self.filed == WAVES
    }

    fn is_away(&self, now: Timestamp) -> bool {
        let from = self.at(OUTAGE_AFTER);
        now >= from && now < from + OUTAGE
    }

    /// When something is to happen by the plan.
    fn next(&self) -> Option<Timestamp> {
        (!self.is_filed()).then(|| self.at(self.filed))
    }
}

/// Changes of the second brand that no delivery has told yet.
async fn unheard(town: &Town, moss: &Brand<Rest>) -> Vec<town::Changed> {
    let told = newest(&moss.way.receiver.told.lock().expect("no holder of this lock panics"));
    let mut changed = town.changed(MOSS).await;
    changed.retain(|one| told.get(&one.id).is_none_or(|version| *version < one.version));
    changed
}

/// Whether a delivery comes within a moment; if all were told there is none to wait for.
async fn news_is_coming(town: &Town, moss: &Brand<Rest>) -> bool {
    let came = moss.way.receiver.came.notified();
    if unheard(town, moss).await.is_empty() {
        return false;
    }
    tokio::time::timeout(ARRIVAL_MAX, came).await.is_ok()
}

/// The newest version told of each offer and work order.
fn newest(told: &[News]) -> HashMap<String, u64> {
    let mut newest = HashMap::new();
    for news in told {
        let version = newest.entry(news.id.clone()).or_default();
        *version = news.version.max(*version);
    }
    newest
}

async fn all_ended(town: &Town) {
    let mut ends: BTreeMap<Stage, usize> = BTreeMap::new();
    for case in town.cases().await {
        *ends.entry(case.stage).or_default() += 1;
    }
    assert_eq!(ends, BTreeMap::from([(Stage::Closed, 2 * CASES)]));
}

/// What a brand and its technicians have in the logs is what their messages were told to have done, each
/// once: the version in the answer is the last event of the message.
async fn effects_are_those_that_were_told(
    town: &Town,
    brand: &str,
    applied: &BTreeMap<String, (String, u64)>,
) {
    let partner = [ActorKind::Brand, ActorKind::Centre, ActorKind::Technician];
    let mut told: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for (case, version) in applied.values() {
        let is_new = told.entry(case.clone()).or_default().insert(*version);
        assert!(is_new, "{case}: two messages were told version {version}");
    }
    for case in town.cases().await.iter().filter(|case| case.filing.brand.as_str() == brand) {
        let log = town.house.node.store.log_after(case.id, 0, LOG_MAX).await.expect("a log");
        let mut repaired = 0;
        let mut versions = BTreeSet::new();
        for (place, logged) in log.iter().enumerate() {
            let event = &logged.event;
            assert_eq!(event.seq, place as u64 + 1, "{}: the log has a gap", case.id);
            let is_kept = matches!(event.fact, Fact::MessageKept { .. });
            if !partner.contains(&event.actor.kind) || is_kept {
                continue;
            }
            repaired += usize::from(matches!(event.fact, Fact::RepairCompleted));
            // What one message has done stands at one instant, what followed from it included.
            let step = log[place..].iter().take_while(|next| next.event.at == event.at);
            versions.extend(step.last().map(|last| last.event.seq));
        }
        assert_eq!(repaired, 1, "{}: repaired {repaired} times", case.id);
        let told = told.remove(&case.id.to_string()).unwrap_or_default();
        assert_eq!(versions, told, "{}: effects in the log and effects told", case.id);
    }
    assert_eq!(told, BTreeMap::new(), "effects were told of cases that are not there");
}

/// Waits until the stream has caught up.
async fn stream_is_complete(town: &Town, stream: &Stream) {
    let changed = town.changed(REED).await;
    let complete = async {
        loop {
            let came = stream.came.notified();
            let told = newest(&stream.told.lock().expect("no holder of this lock panics"));
            let is_told =
                |one: &town::Changed| told.get(&one.id).is_some_and(|v| *v >= one.version);
            if changed.iter().all(is_told) {
                return;
            }
            came.await;
        }
    };
    let caught_up = tokio::time::timeout(Duration::from_secs(30), complete).await;
    caught_up.expect("the stream never told the last changes");
}

/// Every change of a brand's offers and work orders was told at the version at which it was made or a later one,
/// and what is told of a case never goes back.
async fn reached(town: &Town, brand: &str, sink: &str, told: &[News]) {
    let newest = newest(told);
    let changed = town.changed(brand).await;
    assert!(changed.len() >= 2 * CASES, "{} offers and work orders", changed.len());
    for one in changed {
        let version = newest.get(&one.id).copied().unwrap_or_default();
        assert!(version >= one.version, "{sink} never told version {} of {one:?}", one.version);
    }
    let mut stands: HashMap<&str, u64> = HashMap::new();
    for news in told {
        let before = stands.insert(&news.case, news.version).unwrap_or_default();
        assert!(news.version >= before, "{sink} went back from {before}: {news:?}");
    }
    let own: BTreeSet<String> = town
        .cases()
        .await
        .iter()
        .filter(|case| case.filing.brand.as_str() == brand)
        .map(|case| case.id.to_string())
        .collect();
    let cases: BTreeSet<String> = told.iter().map(|news| news.case.clone()).collect();
    assert_eq!(cases, own, "{sink} told of other cases than the brand's own");
}

/// The run was as bad as it was meant to be.
fn faults_happened(reed: &Brand<Grpc>, moss: &Brand<Rest>, stream: &Stream) {
    let count = |number: &std::sync::atomic::AtomicUsize| number.load(Ordering::SeqCst);
    let receiver = &moss.way.receiver;
    let faults = [
        ("answers lost over gRPC", count(&reed.way.lost)),
        ("answers lost over REST", count(&moss.way.lost)),
        ("deliveries turned away", count(&receiver.turned_away)),
        ("deliveries without an answer", count(&receiver.unanswered)),
        ("late messages of the first brand", reed.late),
        ("late messages of the second", moss.late),
        ("doubled messages of the first brand", reed.doubled),
        ("doubled messages of the second", moss.doubled),
    ];
    // The stream breaks with the one connection it shares.
    assert!(count(&stream.breaks) > 0, "the stream never broke");
    println!("{faults:?}; passed over: {:?}, {:?}", reed.passed_over, moss.passed_over);
    for (fault, times) in faults {
        assert!(times >= 10, "{fault}: only {times}");
    }
}
