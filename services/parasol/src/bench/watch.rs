//! `parasol bench watch`: from a commit to the screens of many watchers, beside a bare stream of the same messages.
//!
//! Real gRPC streams over loopback, within the limit of streams per connection. Events are committed at a steady rate,
//! each to the next case in turn, and a time counts from the answer of the commit to the arrival at a watcher. The
//! yardstick is the same contract served by tonic alone, out of memory, to as many readers, at the same rate: what a
//! message costs whatever is behind it. A third pass adds watchers that read nothing.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use futures::{Stream, StreamExt as _};
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::watch_case_response::Event as Sent;
use parasol_api::tracking::v1::{WatchCaseRequest, WatchCaseResponse};
use parasol_casebook::{Caller, CaseDeed, Submission, Submitter, Target};
use parasol_journey::ids::CaseId;
use parasol_journey::{Actor, ActorKind, Case, Command, Stage};
use parasol_runtime::clock::Stopwatch;
use parasol_runtime::config::Config;
use parasol_runtime::identity::{Principal, Role};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Streaming};

use super::course::{Driver, Shared};
use super::stats::{COMMIT, Figures, Report, median, resident_mib};
use super::world::{self, NETWORK, customer};
use crate::demo::Wire;
use crate::node::{Node, Options};

mod bare;

/// Streams on a connection; a server of ours takes 128 calls.
const STREAMS_A_CONNECTION: usize = 100;
/// Streams that are opened at a time.
const OPENING: usize = 64;
/// Cases that are filed at a time.
const FILING: usize = 64;
/// What a stalled reader takes before its stream stands still, bytes; small, so that it does at once.
const STALLED_WINDOW: u32 = 1_024;
/// How long the last messages may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Watchers.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub watchers: u32,
    /// Cases they watch, in turn; as many as watchers where it is not said.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub cases: Option<u32>,
    /// Events committed each second.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rate: u32,
    /// Seconds of each pass.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub seconds: u32,
    /// Watchers that read nothing, in the third pass.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub stalled: u32,
    /// Rounds.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    pub rounds: u16,
}

/// One pass.
#[derive(Clone, Debug, Serialize)]
pub struct Pass {
    /// From the answer of the commit to the screen.
    pub screen: Figures,
    /// Events that were committed.
    pub events: usize,
    /// Messages that should have arrived and did not; 0, or something is broken.
    pub lost: usize,
    /// What resident memory grew by for each watcher, KiB, both ends of its stream together. Memory that was free
    /// before is not counted, so of the first pass of the first round alone it says something.
    pub kib_a_watcher: Option<f64>,
}

/// One round.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// tonic alone.
    pub bare: Pass,
    /// Ours.
    pub ours: Pass,
    /// Ours with watchers that read nothing.
    pub stalled: Pass,
}

/// Runs it.
///
/// # Errors
/// When the node cannot run, or a stream ends.
pub async fn run(
    args: &Args,
    config: &Config,
    mut progress: impl FnMut(&str),
) -> anyhow::Result<Report<Round>> {
    let mut config = config.clone();
    // Of streams that last it is not the age that is measured.
    config.limits.connection_age_s = 86_400;
    let node = Node::start(&config, Options::default()).await?;
    let shared = Arc::new(Shared::of(&node, &config)?);
    let cases = usize::try_from(args.cases.unwrap_or(args.watchers))?;
    progress(&format!("filing {cases} cases"));
    world::build(&shared.wires[0], &NETWORK, 0..cases, node.clock.now()).await?;
    let cases = Arc::new(file(&shared, cases).await?);
    node.store.analyze().await?;
    let bench = Bench { args, shared: &shared, cases };
    let mut rounds = Vec::new();
    for nth in 1..=args.rounds {
        // Ours first: what it leaves free is taken again by the others, and not the other way about.
        progress(&format!("round {nth}: {} watchers", args.watchers));
        let ours = bench.ours(&node, 0).await?;
        progress(&format!("round {nth}: tonic alone"));
        let bare = bench.bare().await?;
        progress(&format!("round {nth}: {} more that read nothing", args.stalled));
        let stalled = bench.ours(&node, args.stalled).await?;
        rounds.push(Round { bare, ours, stalled });
    }
    let engine = format!("{:?}", node.store.engine()).to_lowercase();
    let report = report(args, bench.cases.len(), &engine, rounds);
    drop(shared);
    node.stop().await?;
    Ok(report)
}

/// Files cases and waits until each is offered, so that nothing else happens to them.
async fn file(shared: &Arc<Shared>, count: usize) -> anyhow::Result<Vec<CaseId>> {
    let places = Arc::new(Semaphore::new(FILING));
    let mut filing = JoinSet::new();
    for unit in 0..count {
        let (shared, place) = (Arc::clone(shared), Arc::clone(&places).acquire_owned().await?);
        filing.spawn(async move {
            let _place = place;
            let bell = shared.bell.clone();
            let mut driver =
                Driver { shared, nth: unit, refused_every: 0, latencies: Vec::new(), refused: 0 };
            let id = driver.file(unit).await?;
            let mut rings = bell.watch_case(id);
            driver.until(id, &mut rings, Stage::Dispatched).await?;
            anyhow::Ok((unit, id))
        });
    }
    let mut filed = Vec::with_capacity(count);
    while let Some(one) = filing.join_next().await {
        filed.push(one??);
    }
    filed.sort_unstable();
    Ok(filed.into_iter().map(|(_, id)| id).collect())
}

/// When an entry of a case was there.
type Moment = (usize, i64, Duration);

struct Bench<'a> {
    args: &'a Args,
    shared: &'a Arc<Shared>,
    cases: Arc<Vec<CaseId>>,
}

impl Bench<'_> {
    fn watchers(&self) -> usize {
        usize::try_from(self.args.watchers).unwrap_or(usize::MAX)
    }

    fn events(&self) -> usize {
        usize::try_from(self.args.rate * self.args.seconds).unwrap_or(usize::MAX)
    }

    async fn bare(&self) -> anyhow::Result<Pass> {
        let before = resident_mib();
        let server = bare::Server::start(self.cases.len()).await?;
        let wire = self.shared.wires[0].clone();
        let audience = self.audience(&server.address(), &wire, self.watchers(), None).await?;
        let memory = per_watcher(before, self.watchers());
        let clock = audience.clock;
        let mut committed: Vec<Moment> = Vec::with_capacity(self.events());
        let mut ticks = self.ticks();
        for nth in 0..self.events() {
            ticks.tick().await;
            let case = nth % self.cases.len();
            let seq = i64::try_from(nth).unwrap_or(i64::MAX) + 1;
            committed.push((case, seq, clock.elapsed()));
            server.tell(case, seq);
        }
        let pass = self.settle(audience, committed, memory).await?;
        server.stop().await;
        Ok(pass)
    }

    async fn ours(&self, node: &Node, stalled: u32) -> anyhow::Result<Pass> {
        let before = resident_mib();
        let wire = self.shared.wires[0].clone();
        let address = format!("http://{}", node.grpc);
        let tokens = self.tokens(&address, &wire).await?;
        let audience = self.audience(&address, &wire, self.watchers(), Some(&tokens)).await?;
        let memory = per_watcher(before, self.watchers());
        let _stalled = self.stalled(&address, &wire, stalled).await?;
        let clock = audience.clock;
        let committed = Arc::new(Mutex::new(Vec::with_capacity(self.events())));
        let mut commits = JoinSet::new();
        let mut ticks = self.ticks();
        for nth in 0..self.events() {
            ticks.tick().await;
            let (case, committed) = (nth % self.cases.len(), Arc::clone(&committed));
            let (submitter, id) = (self.shared.submitter.clone(), self.cases[case]);
            commits.spawn(async move {
                let seq = move_on(&submitter, id).await?;
                let moment = (case, seq, clock.elapsed());
                committed.lock().expect("no holder of this lock panics").push(moment);
                anyhow::Ok(())
            });
        }
        while let Some(one) = commits.join_next().await {
            one??;
        }
        let committed = std::mem::take(&mut *committed.lock().expect("no holder panics"));
        self.settle(audience, committed, memory).await
    }

    fn ticks(&self) -> tokio::time::Interval {
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / self.args.rate);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
        ticks
    }

    /// A token for each case, at its present end.
    async fn tokens(&self, address: &str, wire: &Wire) -> anyhow::Result<Vec<String>> {
        let channel = connect(address, None)?;
        let places = Arc::new(Semaphore::new(OPENING));
        let mut asking = JoinSet::new();
        for (unit, id) in self.cases.iter().enumerate() {
            let place = Arc::clone(&places).acquire_owned().await?;
            let message = parasol_api::tracking::v1::GetTimelineRequest {
                case_id: id.to_string(),
                ..Default::default()
            };
            let request = wire.request(&Principal::new(Role::Customer, customer(unit)), message)?;
            let mut client = TrackingServiceClient::new(channel.clone());
            asking.spawn(async move {
                let _place = place;
                let timeline = client.get_timeline(request).await?.into_inner();
                anyhow::Ok((unit, timeline.resume_token))
            });
        }
        let mut tokens = vec![String::new(); self.cases.len()];
        while let Some(one) = asking.join_next().await {
            let (unit, token) = one??;
            tokens[unit] = token;
        }
        Ok(tokens)
    }

    /// Opens the streams and reads them.
    async fn audience(
        &self,
        address: &str,
        wire: &Wire,
        watchers: usize,
        tokens: Option<&[String]>,
    ) -> anyhow::Result<Audience> {
        let clock = Stopwatch::start();
        let streams = self.open(address, wire, watchers, tokens, None).await?;
        let mut readers = JoinSet::new();
        let seen: Arc<Mutex<Vec<Moment>>> = Arc::default();
        for (case, mut stream) in streams {
            let seen = Arc::clone(&seen);
            readers.spawn(async move {
                while let Some(Ok(message)) = stream.next().await {
                    if let Some(Sent::Entry(entry)) = message.event {
                        let moment = (case, entry.seq, clock.elapsed());
                        seen.lock().expect("no holder of this lock panics").push(moment);
                    }
                }
            });
        }
        Ok(Audience { clock, readers, seen })
    }

    /// Streams that nobody reads on, which stay open while the answer is kept. They ask for the whole story of their
    /// case, which is more than fits into the window, so that each stands still from the beginning, whether or not
    /// anything happens in its case. The first message of each is taken, so that reading what they ask for is over
    /// before anything is measured.
    async fn stalled(
        &self,
        address: &str,
        wire: &Wire,
        count: u32,
    ) -> anyhow::Result<Vec<(usize, Streaming<WatchCaseResponse>)>> {
        let count = usize::try_from(count)?;
        let mut streams = self.open(address, wire, count, None, Some(STALLED_WINDOW)).await?;
        for (_, stream) in &mut streams {
            stream.message().await?.context("a stream ended before it began")?;
        }
        Ok(streams)
    }

    async fn open(
        &self,
        address: &str,
        wire: &Wire,
        count: usize,
        tokens: Option<&[String]>,
        window: Option<u32>,
    ) -> anyhow::Result<Vec<(usize, Streaming<WatchCaseResponse>)>> {
        let places = Arc::new(Semaphore::new(OPENING));
        let mut opening = JoinSet::new();
        let mut channel = None;
        for nth in 0..count {
            if nth % STREAMS_A_CONNECTION == 0 {
                channel = Some(connect(address, window)?);
            }
            let channel = channel.clone().context("there is a connection")?;
            let case = nth % self.cases.len();
            let message = WatchCaseRequest {
                case_id: self.cases[case].to_string(),
                resume_token: tokens.map(|tokens| tokens[case].clone()).unwrap_or_default(),
                language: "zh".to_owned(),
            };
            let player = Principal::new(Role::Customer, customer(case));
            let mut request = wire.request(&player, message)?;
            request.metadata_mut().insert(bare::CASE, case.to_string().parse()?);
            let place = Arc::clone(&places).acquire_owned().await?;
            opening.spawn(async move {
                let _place = place;
                let mut client = TrackingServiceClient::new(channel);
                let stream = client.watch_case(request).await?.into_inner();
                anyhow::Ok((case, stream))
            });
        }
        let mut streams = Vec::with_capacity(count);
        while let Some(one) = opening.join_next().await {
            streams.push(one??);
        }
        Ok(streams)
    }

    /// Waits for the last messages and joins what was committed with what arrived.
    async fn settle(
        &self,
        mut audience: Audience,
        committed: Vec<Moment>,
        kib_a_watcher: Option<f64>,
    ) -> anyhow::Result<Pass> {
        let watchers_of = |case: usize| {
            let (all, cases) = (self.watchers(), self.cases.len());
            all / cases + usize::from(case < all % cases)
        };
        let expected: usize = committed.iter().map(|(case, ..)| watchers_of(*case)).sum();
        let arrived = || audience.seen.lock().expect("no holder of this lock panics").len();
        let waiting = Stopwatch::start();
        while arrived() < expected && waiting.elapsed() < PATIENCE {
            let _ =
                tokio::time::timeout(Duration::from_millis(20), std::future::pending::<()>()).await;
        }
        let elapsed = Duration::from_secs(u64::from(self.args.seconds));
        audience.readers.shutdown().await;
        let seen = std::mem::take(&mut *audience.seen.lock().expect("no holder panics"));
        let commits: HashMap<(usize, i64), Duration> =
            committed.iter().map(|(case, seq, at)| ((*case, *seq), *at)).collect();
        let latencies: Vec<_> = seen
            .iter()
            .filter_map(|(case, seq, at)| Some(at.saturating_sub(*commits.get(&(*case, *seq))?)))
            .collect();
        let lost = expected.saturating_sub(latencies.len());
        let events = committed.len();
        Ok(Pass { screen: Figures::of(latencies, elapsed), events, lost, kib_a_watcher })
    }
}

struct Audience {
    clock: Stopwatch,
    readers: JoinSet<()>,
    seen: Arc<Mutex<Vec<Moment>>>,
}

fn connect(address: &str, window: Option<u32>) -> anyhow::Result<Channel> {
    let endpoint = Endpoint::from_shared(address.to_owned())?.tcp_nodelay(true);
    let endpoint = match window {
        Some(window) => endpoint.initial_stream_window_size(window),
        None => endpoint,
    };
    Ok(endpoint.connect_lazy())
}

/// One entry that changes nothing else, and its number.
async fn move_on(submitter: &Submitter, id: CaseId) -> anyhow::Result<i64> {
    let command = Command::KeepMessage { message: "bench".into(), reason: "BENCH".into() };
    let answer = |case: &Case| case.version.to_be_bytes().to_vec();
    let submission = Submission {
        target: Target::Case(id),
        key: None,
        caller: Caller {
            principal: "service:bench".to_owned(),
            method: "KeepMessage",
            trace: String::new(),
        },
        actor: Actor::new(ActorKind::Policy, "bench"),
        expected: None,
        deed: Arc::new(CaseDeed { command, rows: Vec::new(), answer }),
    };
    let answer = submitter.submit(submission).await?;
    let version: [u8; 8] = answer.body.as_slice().try_into()?;
    Ok(i64::try_from(u64::from_be_bytes(version))?)
}

/// What memory has grown by, for each watcher.
fn per_watcher(before: Option<f64>, watchers: usize) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
    let watchers = watchers as f64;
    Some((resident_mib()? - before?).max(0.0) * 1_024.0 / watchers)
}

fn report(args: &Args, cases: usize, engine: &str, rounds: Vec<Round>) -> Report<Round> {
    let mut medians = serde_json::Map::new();
    let mut ratios = serde_json::Map::new();
    let over = |pick: &dyn Fn(&Round) -> f64| median(rounds.iter().map(pick).collect());
    type OfRound = fn(&Round) -> &Pass;
    let passes: [(&str, OfRound); 3] = [
        ("bare", |round| &round.bare),
        ("ours", |round| &round.ours),
        ("stalled", |round| &round.stalled),
    ];
    for (name, pass) in passes {
        let mut put = |figure: &str, pick: fn(&Pass) -> f64| {
            let value = over(&|round| pick(pass(round)));
            medians.insert(format!("watch.{name}.{figure}"), value.into());
        };
        put("p50_ms", |pass| pass.screen.p50_ms);
        put("p99_ms", |pass| pass.screen.p99_ms);
        put("messages_per_second", |pass| pass.screen.per_second);
        #[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
        put("lost", |pass| pass.lost as f64);
    }
    if let Some(kib) = rounds.first().and_then(|round| round.ours.kib_a_watcher) {
        medians.insert("watch.ours.kib_a_watcher".to_owned(), kib.into());
    }
    let mut put = |name: &str, pick: &dyn Fn(&Round) -> f64| {
        ratios.insert(name.to_owned(), over(pick).into());
    };
    put("watch.ours_over_bare.p50_ms", &|one| one.ours.screen.p50_ms / one.bare.screen.p50_ms);
    put("watch.ours_over_bare.p99_ms", &|one| one.ours.screen.p99_ms / one.bare.screen.p99_ms);
    put("watch.stalled_over_none.p99_ms", &|one| {
        one.stalled.screen.p99_ms / one.ours.screen.p99_ms
    });
    Report {
        name: "watch",
        commit: COMMIT,
        settings: serde_json::json!({
            "engine": engine,
            "watchers": args.watchers,
            "cases": cases,
            "rate": args.rate,
            "seconds": args.seconds,
            "stalled": args.stalled,
            "rounds": args.rounds,
            "streams_a_connection": STREAMS_A_CONNECTION,
        }),
        rounds,
        median: medians,
        ratio: ratios,
    }
}

/// The stream of a bare server.
type BareStream = Pin<Box<dyn Stream<Item = Result<WatchCaseResponse, tonic::Status>> + Send>>;

/// The case of a request, where the server is asked by number.
fn case_of<T>(request: &Request<T>) -> Option<usize> {
    request.metadata().get(bare::CASE)?.to_str().ok()?.parse().ok()
}
