//! `parasol bench dispatch`: how fast a centre is chosen, and how that grows with the network.
//!
//! Each size is the network of a brand of its own, all of them in one store; every centre goes to ten
//! counties, so 2,000 centres are 20,000 rows of coverage. The counties stay the same, so a larger
//! network means more centres to choose among for every case. Cases are filed through the API; triage,
//! the choice and the offer are the node's own workers and its committer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use parasol_casebook::{Engine, Store};
use parasol_journey::Stage;
use parasol_journey::ids::CaseId;
use parasol_runtime::clock::Stopwatch;
use parasol_runtime::config::Config;
use serde::Serialize;
use tokio::task::JoinSet;

use super::course::{Driver, Shared};
use super::stats::{COMMIT, Figures, Report, median, resident_mib};
use super::world::{self, Network, VISITS_A_DAY};
use crate::node::{Node, Options};

/// Counties the cases are in.
const COUNTIES: usize = 400;
/// Counties each centre goes to; one row of coverage each.
const REACH: usize = 10;
/// The log of a case that was just offered is shorter.
const LOG_ENTRIES: u64 = 50;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Centres of a brand, one network each; at least 40.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 500, 2_000])]
    pub centres: Vec<usize>,
    /// Cases of each network in each round.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub cases: u32,
    /// Cases in flight at a time.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub in_flight: u16,
    /// Rounds; the networks take turns in each.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    pub rounds: u16,
}

/// One network in one round.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// Centres of the network.
    pub centres: usize,
    /// Its rows of coverage.
    pub coverage_rows: usize,
    /// Centres that go to a county, on average.
    pub candidates: f64,
    /// From the answer to the filing until the case is offered, seen from outside; its rate is that
    /// of offers.
    pub offers: Figures,
    /// The choosing alone: from the step that asked for a centre to the step that made the offer, by
    /// the times in the log.
    pub choosing: Figures,
    /// Resident memory, MiB: node and drivers together.
    pub memory_mib: Option<f64>,
}

/// One round.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// The networks in the order they were asked for.
    pub cells: Vec<Cell>,
}

/// A network with the units that belong to it.
struct Part {
    brand: String,
    centres: usize,
    /// The next unit nobody has filed for.
    next: AtomicUsize,
}

impl Part {
    fn network(&self) -> Network<'_> {
        let Self { brand, centres, .. } = self;
        Network { brand, counties: COUNTIES, centres: *centres, reach: REACH, technicians: 1 }
    }
}

/// Runs it.
///
/// # Errors
/// When a size does not fit, the node cannot run, or a case is not offered.
pub async fn run(
    args: &Args,
    config: &Config,
    mut progress: impl FnMut(&str),
) -> anyhow::Result<Report<Round>> {
    check(args)?;
    let node = Node::start(config, Options::default()).await?;
    let shared = Arc::new(Shared::of(&node, config)?);
    let cases = usize::try_from(args.cases)?;
    let warm_up = cases.div_ceil(10);
    let units = warm_up + cases * usize::from(args.rounds);
    let mut parts = Vec::new();
    for (nth, centres) in args.centres.iter().enumerate() {
        progress(&format!("importing {centres} centres and {units} orders"));
        let first = nth * units;
        let next = AtomicUsize::new(first);
        let part = Arc::new(Part { brand: format!("bench{nth}"), centres: *centres, next });
        let (wire, now) = (&shared.wires[0], node.clock.now());
        world::build(wire, &part.network(), first..first + units, now).await?;
        parts.push(part);
    }
    node.store.analyze().await?;
    progress("warming up");
    for part in &parts {
        measure(&shared, part, warm_up, args.in_flight).await?;
    }
    node.store.analyze().await?;
    let mut rounds = Vec::new();
    for nth in 1..=args.rounds {
        let mut cells = Vec::new();
        for part in &parts {
            progress(&format!("round {nth}: {} centres", part.centres));
            cells.push(measure(&shared, part, cases, args.in_flight).await?);
        }
        rounds.push(Round { cells });
    }
    drop(shared);
    let report = report(args, node.store.engine(), rounds);
    node.stop().await?;
    Ok(report)
}

/// Every county must have a centre, and no centre may have its day full: then the choice would be
/// another one.
fn check(args: &Args) -> anyhow::Result<()> {
    let smallest = args.centres.iter().min().context("no size was asked for")?;
    anyhow::ensure!(smallest * REACH >= COUNTIES, "{smallest} centres cannot cover every county");
    let cases = usize::try_from(args.cases)? * (usize::from(args.rounds) + 1);
    // A county's own centre is preferred, so it may get all of the county's cases and a share of those
    // of its neighbours.
    let most = cases.div_ceil(COUNTIES) * REACH;
    anyhow::ensure!(most < VISITS_A_DAY, "{cases} cases of a network fill a centre's day");
    Ok(())
}

/// Files cases of a network until so many are offered.
async fn measure(
    shared: &Arc<Shared>,
    part: &Arc<Part>,
    cases: usize,
    in_flight: u16,
) -> anyhow::Result<Cell> {
    let first = part.next.load(Ordering::Relaxed);
    let started = Stopwatch::start();
    let mut drivers = JoinSet::new();
    for nth in 0..usize::from(in_flight) {
        let (shared, part) = (Arc::clone(shared), Arc::clone(part));
        drivers.spawn(drive(shared, part, nth, first + cases));
    }
    let mut offered = Vec::with_capacity(cases);
    while let Some(driver) = drivers.join_next().await {
        offered.extend(driver??);
    }
    let elapsed = started.elapsed();
    // Every driver has taken one unit too many to see that there are no more.
    part.next.store(first + cases, Ordering::Relaxed);
    anyhow::ensure!(offered.len() == cases, "{} of {cases} cases were offered", offered.len());
    let mut choosing = Vec::with_capacity(cases);
    for (id, _) in &offered {
        choosing.push(choosing_time(&shared.store, *id).await?);
    }
    let rows = part.centres * REACH;
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let candidates = rows as f64 / COUNTIES as f64;
    Ok(Cell {
        centres: part.centres,
        coverage_rows: rows,
        candidates,
        offers: Figures::of(offered.iter().map(|(_, time)| *time).collect(), elapsed),
        choosing: Figures::of(choosing, elapsed),
        memory_mib: resident_mib(),
    })
}

/// One case after another, up to a unit: each with the time until it was offered.
async fn drive(
    shared: Arc<Shared>,
    part: Arc<Part>,
    nth: usize,
    end: usize,
) -> anyhow::Result<Vec<(CaseId, Duration)>> {
    let bell = shared.bell.clone();
    let mut driver = Driver { shared, nth, refused_every: 0, latencies: Vec::new(), refused: 0 };
    let mut offered = Vec::new();
    loop {
        let unit = part.next.fetch_add(1, Ordering::Relaxed);
        if unit >= end {
            return Ok(offered);
        }
        let id = driver.file(unit).await?;
        let filed = Stopwatch::start();
        let mut rings = bell.watch_case(id);
        driver.until(id, &mut rings, Stage::Dispatched).await?;
        offered.push((id, filed.elapsed()));
    }
}

/// From the step that asked for a centre to the one that made the offer.
async fn choosing_time(store: &Store, id: CaseId) -> anyhow::Result<Duration> {
    let log = store.log_after(id, 0, LOG_ENTRIES).await?;
    let reached = |stage: Stage| {
        let entry = log.iter().find(|logged| logged.event.stage == stage);
        entry.map(|logged| logged.event.at).with_context(|| format!("{id} was never {stage}"))
    };
    let taken = reached(Stage::Dispatched)?.since(reached(Stage::ChoosingCentre)?);
    Ok(Duration::from_micros(u64::try_from(taken.micros()).unwrap_or_default()))
}

fn report(args: &Args, engine: Engine, rounds: Vec<Round>) -> Report<Round> {
    let mut medians = serde_json::Map::new();
    let mut ratios = serde_json::Map::new();
    let over = |pick: &dyn Fn(&Round) -> f64| median(rounds.iter().map(pick).collect());
    for (nth, centres) in args.centres.iter().enumerate() {
        let mut put = |name: &str, pick: fn(&Cell) -> f64| {
            let value = over(&|round| pick(&round.cells[nth]));
            medians.insert(format!("dispatch.{centres}.{name}"), value.into());
        };
        put("offers_per_second", |cell| cell.offers.per_second);
        put("offered.p50_ms", |cell| cell.offers.p50_ms);
        put("offered.p99_ms", |cell| cell.offers.p99_ms);
        put("choosing.p50_ms", |cell| cell.choosing.p50_ms);
        put("choosing.p99_ms", |cell| cell.choosing.p99_ms);
    }
    let sizes = args.centres.iter().enumerate();
    let smallest = sizes.clone().min_by_key(|(_, centres)| **centres);
    let largest = sizes.max_by_key(|(_, centres)| **centres);
    if let Some(((small, few), (large, many))) = smallest.zip(largest).filter(|(a, b)| a != b) {
        let mut put = |name: &str, pick: fn(&Cell) -> f64| {
            let value = over(&|round| pick(&round.cells[large]) / pick(&round.cells[small]));
            ratios.insert(format!("dispatch.{many}_over_{few}.{name}"), value.into());
        };
        put("offers_per_second", |cell| cell.offers.per_second);
        put("choosing.p50_ms", |cell| cell.choosing.p50_ms);
    }
    Report {
        name: "dispatch",
        commit: COMMIT,
        settings: serde_json::json!({
            "engine": format!("{engine:?}").to_lowercase(),
            "centres": args.centres,
            "cases": args.cases,
            "in_flight": args.in_flight,
            "rounds": args.rounds,
            "counties": COUNTIES,
            "counties_of_a_centre": REACH,
        }),
        rounds,
        median: medians,
        ratio: ratios,
    }
}
