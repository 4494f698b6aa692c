//! `parasol bench steps`: whole cases through the gRPC API, beside the straightforward transaction.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parasol_casebook::Engine;
use parasol_journey::deadline::Clock as ClockName;
use parasol_journey::time::Span;
use parasol_runtime::clock::Stopwatch;
use parasol_runtime::config::Config;
use sea_orm::{ConnectionTrait as _, Statement};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use tokio::task::JoinSet;

use super::course::{Driver, Shared};
use super::stats::{COMMIT, Figures, Report, median, resident_mib};
use super::world;
use super::yardstick::{postgres, sqlite};
use crate::node::{Node, Options};

/// Steps of a case: see [`super::course`].
const STEPS_A_CASE: usize = 12;
/// How many of them are calls.
const CALLS_A_CASE: usize = 8;
/// One command in a hundred is refused: one case in nine asks once too often.
const REFUSED_EVERY: usize = 9;
/// The timer of each case.
const TIMER: Span = Span::from_micros(50_000);

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Cases in flight at a time, one cell each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64, 256])]
    pub in_flight: Vec<usize>,
    /// Rounds; product and yardstick take turns in each.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    pub rounds: u16,
    /// Seconds each cell is measured.
    #[arg(long, default_value_t = 4)]
    pub seconds: u64,
    /// Orders to import; a run that uses them up stops with an error.
    #[arg(long, default_value_t = 60_000)]
    pub units: usize,
}

/// One cell of one round.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// Cases in flight.
    pub in_flight: usize,
    /// Whether one command in a hundred was refused by a constraint.
    pub with_refusals: bool,
    /// Durable steps per second.
    pub steps_per_second: f64,
    /// Commits per step.
    pub commits_per_step: f64,
    /// Calls through the gRPC API.
    pub calls: Figures,
    /// The same by method.
    pub by_method: BTreeMap<&'static str, Figures>,
    /// Commands refused.
    pub refused: usize,
    /// Resident memory, MiB: node, drivers and yardstick together.
    pub memory_mib: Option<f64>,
}

/// One round.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// The yardstick at its best number of connections.
    pub yardstick: Figures,
    /// The same work as one stored function, one in flight and without pauses; PostgreSQL only.
    pub stored_function: Option<Figures>,
    /// The same in the rhythm of a case: eight calls, then a pause as long as the timer.
    pub stored_function_in_rhythm: Option<Figures>,
    /// The product.
    pub cells: Vec<Cell>,
}

/// Runs it.
///
/// # Errors
/// When the node or the yardstick cannot run, or the orders are used up.
pub async fn run(
    args: &Args,
    config: &Config,
    mut progress: impl FnMut(&str),
) -> anyhow::Result<Report<Round>> {
    let options = Options { deadlines: vec![(ClockName::Confirm, TIMER)], ..Options::default() };
    let node = Node::start(config, options).await?;
    let shared = Arc::new(Shared::of(&node, config)?);
    progress("importing the network and the orders");
    let units = 0..args.units;
    world::build(&shared.wires[0], &world::NETWORK, units, node.clock.now()).await?;
    node.store.analyze().await?;
    let mut yardstick = Yardstick::prepare(config, node.store.engine()).await?;
    let time = Duration::from_secs(args.seconds);
    progress("warming up");
    measure(&node, &shared, 16, false, time.min(Duration::from_secs(2))).await?;
    yardstick.run(Duration::from_millis(500)).await?;
    // As the server's own housekeeping does within its first minute.
    node.store.analyze().await?;
    let mut rounds = Vec::new();
    for nth in 1..=args.rounds {
        let yardsticks = yardstick.run(time).await?;
        let mut cells = Vec::new();
        for in_flight in &args.in_flight {
            progress(&format!("round {nth}: {in_flight} in flight"));
            cells.push(measure(&node, &shared, *in_flight, false, time).await?);
            if *in_flight == 64 {
                cells.push(measure(&node, &shared, *in_flight, true, time).await?);
            }
        }
        let [stored_function, stored_function_in_rhythm] = yardsticks.functions;
        let yardstick = yardsticks.transactions;
        rounds.push(Round { yardstick, stored_function, stored_function_in_rhythm, cells });
    }
    drop(shared);
    let report = report(args, node.store.engine(), rounds);
    node.stop().await?;
    Ok(report)
}

async fn measure(
    node: &Node,
    shared: &Arc<Shared>,
    in_flight: usize,
    with_refusals: bool,
    time: Duration,
) -> anyhow::Result<Cell> {
    let before = counted(node).await?;
    let started = Stopwatch::start();
    let mut drivers = JoinSet::new();
    for nth in 0..in_flight {
        let refused_every = if with_refusals { REFUSED_EVERY } else { 0 };
        let mut driver = Driver {
            shared: Arc::clone(shared),
            nth,
            refused_every,
            latencies: Vec::new(),
            refused: 0,
        };
        let clock = started;
        drivers.spawn(async move {
            let mut cases = 0_usize;
            while clock.elapsed() < time {
                driver.drive().await?;
                cases += 1;
            }
            anyhow::Ok((cases, driver.latencies, driver.refused))
        });
    }
    let (mut cases, mut latencies, mut refused) = (0, Vec::new(), 0);
    while let Some(driver) = drivers.join_next().await {
        let (driven, times, lost) = driver??;
        cases += driven;
        latencies.extend(times);
        refused += lost;
    }
    let elapsed = started.elapsed();
    let after = counted(node).await?;
    let (steps, commits) = (after.0 - before.0, after.1 - before.1);
    anyhow::ensure!(
        usize::try_from(steps)? == cases * STEPS_A_CASE,
        "{steps} steps were recorded for {cases} cases of {STEPS_A_CASE}"
    );
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let (steps, commits) = (steps as f64, commits as f64);
    Ok(Cell {
        in_flight,
        with_refusals,
        steps_per_second: steps / elapsed.as_secs_f64(),
        commits_per_step: commits / steps.max(1.0),
        calls: Figures::of(latencies.iter().map(|(_, time)| *time).collect(), elapsed),
        by_method: by_method(&latencies, elapsed),
        refused,
        memory_mib: resident_mib(),
    })
}

fn by_method(
    latencies: &[(&'static str, Duration)],
    elapsed: Duration,
) -> BTreeMap<&'static str, Figures> {
    let mut methods: BTreeMap<&'static str, Vec<Duration>> = BTreeMap::new();
    for (path, time) in latencies {
        let method = path.rsplit('/').next().unwrap_or(path);
        methods.entry(method).or_default().push(*time);
    }
    methods.into_iter().map(|(method, times)| (method, Figures::of(times, elapsed))).collect()
}

/// Steps and commits so far, as the commands have them.
async fn counted(node: &Node) -> anyhow::Result<(i64, i64)> {
    let reader = node.store.reader();
    let sql = "SELECT count(*), count(DISTINCT commit_id) FROM commands WHERE first_seq > 0";
    let statement = Statement::from_string(reader.get_database_backend(), sql);
    let row = reader.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| anyhow::anyhow!("the store does not answer"))?;
    Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))
}

/// What one run of the yardstick measured.
struct Yardsticks {
    transactions: Figures,
    /// The stored function, without pauses and in the rhythm of a case.
    functions: [Option<Figures>; 2],
}

enum Yardstick {
    Postgres(postgres::Postgres),
    Sqlite(Option<sqlite::Sqlite>),
}

impl Yardstick {
    async fn prepare(config: &Config, engine: Engine) -> anyhow::Result<Self> {
        match engine {
            Engine::Postgres => {
                let url = config.database_url.expose_secret();
                Ok(Self::Postgres(postgres::Postgres::prepare(url).await?))
            }
            Engine::Sqlite => {
                let path: PathBuf = config.data_dir.join("yardstick.db");
                let made =
                    tokio::task::spawn_blocking(move || sqlite::Sqlite::prepare(&path)).await??;
                Ok(Self::Sqlite(Some(made)))
            }
        }
    }

    /// The best of the connection counts, and the stored function.
    async fn run(&mut self, time: Duration) -> anyhow::Result<Yardsticks> {
        match self {
            Self::Postgres(yardstick) => {
                let mut best: Option<Figures> = None;
                for connections in postgres::CONNECTIONS {
                    let figures = yardstick.transactions(connections, time).await?;
                    if best.as_ref().is_none_or(|best| figures.per_second > best.per_second) {
                        best = Some(figures);
                    }
                }
                let pause = Duration::from_micros(TIMER.micros().unsigned_abs());
                let of_a_case = postgres::Rhythm::OfACase { calls: CALLS_A_CASE, pause };
                let unbroken = yardstick.function(time, postgres::Rhythm::Unbroken).await?;
                let in_rhythm = yardstick.function(time, of_a_case).await?;
                let transactions =
                    best.ok_or_else(|| anyhow::anyhow!("no connection count was tried"))?;
                Ok(Yardsticks { transactions, functions: [Some(unbroken), Some(in_rhythm)] })
            }
            Self::Sqlite(yardstick) => {
                let mut taken =
                    yardstick.take().ok_or_else(|| anyhow::anyhow!("the yardstick is gone"))?;
                let (back, figures) = tokio::task::spawn_blocking(move || {
                    let figures = taken.transactions(time);
                    (taken, figures)
                })
                .await?;
                *yardstick = Some(back);
                Ok(Yardsticks { transactions: figures?, functions: [None, None] })
            }
        }
    }
}

fn report(args: &Args, engine: Engine, rounds: Vec<Round>) -> Report<Round> {
    let mut medians = serde_json::Map::new();
    let mut ratios = serde_json::Map::new();
    let over =
        |pick: &dyn Fn(&Round) -> Option<f64>| median(rounds.iter().filter_map(pick).collect());
    let cell = |round: &Round, in_flight: usize, refusals: bool| {
        round
            .cells
            .iter()
            .find(|cell| cell.in_flight == in_flight && cell.with_refusals == refusals)
            .cloned()
    };
    let mut put = |name: String, value: f64| drop(medians.insert(name, value.into()));
    put("yardstick.per_second".into(), over(&|round| Some(round.yardstick.per_second)));
    if engine == Engine::Postgres {
        let pick = |round: &Round| round.stored_function.as_ref().map(|one| one.p50_ms);
        put("stored_function.p50_ms".into(), over(&pick));
        let pick = |round: &Round| Some(round.stored_function_in_rhythm.as_ref()?.p50_ms);
        put("stored_function_in_rhythm.p50_ms".into(), over(&pick));
    }
    for in_flight in &args.in_flight {
        let rate = |round: &Round| cell(round, *in_flight, false).map(|cell| cell.steps_per_second);
        put(format!("steps.{in_flight}.per_second"), over(&rate));
        put(
            format!("steps.{in_flight}.p50_ms"),
            over(&|round| cell(round, *in_flight, false).map(|cell| cell.calls.p50_ms)),
        );
        put(
            format!("steps.{in_flight}.p99_ms"),
            over(&|round| cell(round, *in_flight, false).map(|cell| cell.calls.p99_ms)),
        );
        put(
            format!("steps.{in_flight}.commits_per_step"),
            over(&|round| cell(round, *in_flight, false).map(|cell| cell.commits_per_step)),
        );
        let ratio = over(&|round| Some(rate(round)? / round.yardstick.per_second));
        ratios.insert(format!("steps.{in_flight}"), ratio.into());
        if *in_flight == 1 && engine == Engine::Postgres {
            let ratio = over(&|round| {
                Some(cell(round, 1, false)?.calls.p50_ms / round.stored_function.as_ref()?.p50_ms)
            });
            ratios.insert("steps.1.p50_over_stored_function".into(), ratio.into());
            let ratio = over(&|round| {
                let function = round.stored_function_in_rhythm.as_ref()?;
                Some(cell(round, 1, false)?.calls.p50_ms / function.p50_ms)
            });
            ratios.insert("steps.1.p50_over_stored_function_in_rhythm".into(), ratio.into());
        }
        if *in_flight == 64 {
            let kept = over(&|round| Some(cell(round, 64, true)?.steps_per_second / rate(round)?));
            ratios.insert("steps.64.with_1_percent_refused_over_without".into(), kept.into());
        }
    }
    Report {
        name: "steps",
        commit: COMMIT,
        settings: serde_json::json!({
            "engine": format!("{engine:?}").to_lowercase(),
            "in_flight": args.in_flight,
            "rounds": args.rounds,
            "seconds": args.seconds,
            "units": args.units,
            "steps_a_case": STEPS_A_CASE,
            "timer_ms": TIMER.micros() / 1_000,
            "yardstick": match engine {
                Engine::Postgres => "1 update + 4 inserts of 200 bytes, 7 round trips, best of 8/16/32 connections",
                Engine::Sqlite => "1 update + 4 inserts of 200 bytes, 1 a commit, synchronous=FULL, the plain library in process",
            },
        }),
        rounds,
        median: medians,
        ratio: ratios,
    }
}
