//! `parasol bench load`: a cell of several processes under calls at a set rate, beside the straightforward transaction.
//!
//! Real processes of this program share the roles over one PostgreSQL and one Redis, as in production, and are called
//! through their gateways by an open loop. Everything is counted on the cores of this one machine, the driver too.

mod cell;
mod floor;
mod held;
mod holding;
mod search;
mod sink;
mod table;
mod usage;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use parasol_bell::{Bell, RedisSettings};
use parasol_casebook::Store;
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_runtime::identity::TokenKey;
use parasol_runtime::ids::IdSource;
use parasol_runtime::transport::local;
use sea_orm::{ConnectionTrait as _, Statement};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use tokio::task::JoinSet;

use super::stats::{COMMIT, Figures, Report, median};
use super::world;
use super::yardstick::postgres;
use crate::demo::Wire;
use crate::node::{self, Tokens};
use cell::{Cell, Common};
use floor::{Asked, Floor, Ground, Step};
use holding::Held;
use search::Search;
use sink::Sink;
use usage::{Parts, Reading};

pub use table::table;

/// Connections to each gateway.
const CONNECTIONS: usize = 4;
/// The driver, in figures by part.
const DRIVER: &str = "driver";
/// The database's processes, likewise.
const DATABASE: &str = "postgresql";
/// The processes that work on this database, and those that work for all.
const BACKENDS: &str = "SELECT pid FROM pg_stat_activity \
WHERE datname = current_database() OR datname IS NULL";

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Calls a second; without it the highest rate is looked for that is kept
    #[arg(long, value_parser = positive)]
    pub rate: Option<f64>,
    /// The first rate of the search
    #[arg(long, default_value_t = 50.0, value_parser = positive)]
    pub from: f64,
    /// Rates tried in the search
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=20))]
    pub tries: u16,
    /// A rate is kept while 99 of 100 calls take no longer than this, from when each was meant to begin
    #[arg(long, default_value_t = 60.0, value_parser = positive)]
    pub p99_ms: f64,
    /// Seconds each rate counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub seconds: u64,
    /// Seconds at each rate before anything counts
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub warm: u64,
    /// Rounds; product and yardstick take turns in each
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=20))]
    pub rounds: u16,
    /// Processes of each group: gateway, customers, partners
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=4))]
    pub replicas: u8,
    /// Orders to import; a run that uses them up stops with an error
    #[arg(long, default_value_t = 20_000)]
    pub units: usize,
    /// In each round also with every trace sent, to otlp.endpoint or else to a sink of the benchmark's own
    #[arg(long)]
    pub traced: bool,
    /// In the last round also beside so many open cases, put into the store by the kernel
    #[arg(long, default_value_t = 0)]
    pub held: usize,
    /// Deadlines that pass while it is measured beside them
    #[arg(long, default_value_t = 2_000)]
    pub timers: usize,
    /// Deadlines that are overdue when the cell is started after that
    #[arg(long, default_value_t = 50_000)]
    pub overdue: usize,
}

fn positive(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    let fits = value.is_finite() && (0.1..=1e6).contains(&value);
    if fits { Ok(value) } else { Err("expected 0.1 to 1000000".to_owned()) }
}

/// The straightforward transaction in one round.
#[derive(Clone, Debug, Serialize)]
pub struct Yardstick {
    /// At its best number of connections.
    pub transactions: Figures,
    /// That number.
    pub connections: u32,
    /// Time on the cores for each transaction, microseconds: its client and the database's processes.
    pub cpu_us: f64,
}

/// One cell in one round.
#[derive(Clone, Debug, Serialize)]
pub struct Load {
    /// Every rate that was tried, in order.
    pub steps: Vec<Step>,
    /// The highest that was kept; with `--rate` that one, kept or not.
    pub best: Option<Step>,
    /// Bytes of traces and metrics that came to the sink.
    pub traced_bytes: u64,
}

/// One round.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// The yardstick.
    pub yardstick: Yardstick,
    /// The cell as it is.
    pub plain: Load,
    /// The cell with every trace sent.
    pub traced: Option<Load>,
    /// The cell beside a stock of open cases.
    pub held: Option<Held>,
}

/// Runs it. `arguments` are those of the command line that every process of the cell is to have too.
///
/// # Errors
/// When a process does not start, the orders are used up, or the database does not answer.
pub async fn run(
    args: &Args,
    config: &Config,
    arguments: &[String],
    mut progress: impl FnMut(&str),
) -> anyhow::Result<Report<Round>> {
    let mut bench = Bench::prepare(args, config, arguments, &mut progress).await?;
    let mut rounds = Vec::new();
    for nth in 1..=args.rounds {
        progress(&format!("round {nth}: the yardstick"));
        let yardstick = bench.yardstick(Duration::from_secs(args.seconds)).await?;
        // By turns, so that neither is always the one on the larger tables.
        let traced_first = args.traced && nth % 2 == 0;
        let mut traced = None;
        if traced_first {
            traced =
                Some(bench.load(true, |text| progress(&format!("round {nth}: {text}"))).await?);
        }
        let plain = bench.load(false, |text| progress(&format!("round {nth}: {text}"))).await?;
        if args.traced && !traced_first {
            traced =
                Some(bench.load(true, |text| progress(&format!("round {nth}: {text}"))).await?);
        }
        let is_last = nth == args.rounds;
        let held = match plain.best.as_ref().filter(|_| is_last && args.held > 0) {
            // Below its limit: there, what is late is late by whatever waits in front of it.
            Some(best) => {
                let rate = args.rate.unwrap_or(best.rate / 2.0);
                Some(bench.hold(rate, |text| progress(&format!("round {nth}: {text}"))).await?)
            }
            None => None,
        };
        rounds.push(Round { yardstick, plain, traced, held });
    }
    Ok(report(args, rounds))
}

/// What goes through all rounds.
struct Bench<'a> {
    args: &'a Args,
    config: &'a Config,
    arguments: &'a [String],
    store: Arc<Store>,
    tokens: Tokens,
    clock: Clock,
    floor: Floor,
    /// The link to Redis, until the end.
    _link: JoinSet<()>,
}

impl<'a> Bench<'a> {
    /// Brings the database up to date, starts a cell for a moment, and imports the network and the orders.
    async fn prepare(
        args: &'a Args,
        config: &'a Config,
        arguments: &'a [String],
        progress: &mut impl FnMut(&str),
    ) -> anyhow::Result<Self> {
        let folder = &config.data_dir;
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let store = node::open_store(config).await?;
        crate::migrations::up(&store).await.context("the database could not be migrated")?;
        let clock = node::open_clock(config, &store).await?;
        let ids = IdSource::new(clock.clone());
        let key = TokenKey::load_or_create(folder, |bytes| ids.fill(bytes))?;
        let tokens = Tokens::of(key, clock.now() - Span::minutes(1));
        let (bell, session) = bell(config, &ids)?;
        let mut link = JoinSet::new();
        link.spawn(async move {
            loop {
                let lost = session.session().await;
                tracing::debug!(?lost, "the link to Redis ended");
                let pause = Duration::from_millis(200);
                let _ = tokio::time::timeout(pause, std::future::pending::<()>()).await;
            }
        });
        let tomorrow = (clock.now() + Span::days(1)).shanghai_day();
        let store = Arc::new(store);
        let floor = Floor::new(Ground {
            store: Arc::clone(&store),
            first_day: Timestamp::shanghai_midnight(tomorrow),
            rings: bell.listen(),
            units: 0..args.units,
            clock: clock.clone(),
        });
        let bench = Self { args, config, arguments, store, tokens, clock, floor, _link: link };
        progress("importing the network and the orders");
        let cell = bench.cell(&[]).await?;
        let wires = bench.wires(&cell)?;
        let now = bench.clock.now();
        world::build(&wires[0], &world::NETWORK, 0..args.units, now).await?;
        bench.store.analyze().await?;
        cell.stop().await;
        Ok(bench)
    }

    async fn cell(&self, settings: &[String]) -> anyhow::Result<Cell> {
        let Self { config, arguments, .. } = self;
        let mut all = vec!["deadlines.outcome.confirm=1".to_owned()];
        all.extend_from_slice(settings);
        let common = Common { config, arguments, settings: all };
        Cell::start(&common, usize::from(self.args.replicas)).await
    }

    fn wires(&self, cell: &Cell) -> anyhow::Result<Vec<Wire>> {
        let gateways: Vec<_> = cell.gateways().collect();
        let wires = (0..CONNECTIONS * gateways.len()).map(|nth| {
            let address = format!("http://{}", gateways[nth % gateways.len()]);
            let channel = local::dial(&address, &self.config.limits)?;
            Ok(Wire::new(channel, self.tokens.clone(), None))
        });
        wires.collect()
    }

    /// Processes of the database, where it is on this machine.
    async fn backends(&self) -> anyhow::Result<Vec<u32>> {
        let reader = self.store.reader();
        let statement = Statement::from_string(reader.get_database_backend(), BACKENDS);
        let rows = reader.query_all_raw(statement).await?;
        let processes: Result<Vec<i32>, _> =
            rows.iter().map(|row| row.try_get_by_index::<i32>(0)).collect();
        let is_here = |process: &u32| {
            let name = std::fs::read_to_string(format!("/proc/{process}/comm"));
            name.is_ok_and(|name| name.starts_with("postgres"))
        };
        let processes = processes?.into_iter().filter_map(|process| u32::try_from(process).ok());
        Ok(processes.filter(is_here).collect())
    }

    /// The transaction at each of its numbers of connections; the best one counts.
    async fn yardstick(&self, time: Duration) -> anyhow::Result<Yardstick> {
        let url = self.config.database_url.expose_secret();
        let yardstick = postgres::Postgres::prepare(url).await?;
        yardstick.transactions(8, Duration::from_millis(500)).await?;
        let mut best: Option<Yardstick> = None;
        for connections in postgres::CONNECTIONS {
            let backends = self.backends().await?;
            let parts = Parts::from([
                (DRIVER.to_owned(), vec![std::process::id()]),
                (DATABASE.to_owned(), backends),
            ]);
            let before = Reading::of(&parts);
            let transactions = yardstick.transactions(connections, time).await?;
            let cpu: Duration = Reading::of(&parts).cpu_since(&before).values().sum();
            #[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
            let cpu_us = cpu.as_secs_f64() * 1e6 / transactions.count.max(1) as f64;
            if best
                .as_ref()
                .is_none_or(|best| transactions.per_second > best.transactions.per_second)
            {
                best = Some(Yardstick { transactions, connections, cpu_us });
            }
        }
        yardstick.close().await;
        best.context("no number of connections was tried")
    }

    /// A cell of its own, at the rate that was asked for or at those of the search.
    async fn load(
        &mut self,
        is_traced: bool,
        mut progress: impl FnMut(&str),
    ) -> anyhow::Result<Load> {
        let name = if is_traced { "traced" } else { "plain" };
        let sink = if is_traced { Some(Sink::open().await?) } else { None };
        let settings: Vec<String> = match &sink {
            Some(sink) if self.config.otlp.endpoint.is_empty() => {
                vec![format!("otlp.endpoint={}", sink.endpoint())]
            }
            Some(_) => vec![format!("otlp.endpoint={}", self.config.otlp.endpoint)],
            None => vec!["otlp.endpoint=".to_owned()],
        };
        let cell = self.cell(&settings).await?;
        let wires = self.wires(&cell)?;
        self.floor.call_through(wires);
        let mut parts: Parts = cell.processes().map(|(name, one)| (name, vec![one])).collect();
        parts.insert(DRIVER.to_owned(), vec![std::process::id()]);
        parts.insert(DATABASE.to_owned(), Vec::new());
        if let Some(port) = port_of(self.config.redis_url.expose_secret()) {
            parts.insert("redis".to_owned(), usage::redis(port));
        }
        let (rate, tries) = match self.args.rate {
            Some(rate) => (rate, 1),
            None => (self.args.from, u32::from(self.args.tries)),
        };
        let mut search = Search::new(rate, tries);
        let mut load = Load { steps: Vec::new(), best: None, traced_bytes: 0 };
        while let Some(rate) = search.next() {
            progress(&format!("{name}, {rate:.0} calls a second"));
            let (warm, time) =
                (Duration::from_secs(self.args.warm), Duration::from_secs(self.args.seconds));
            parts.insert(DATABASE.to_owned(), self.backends().await?);
            let mut step = self.floor.run(Asked { rate, warm, time }, &parts).await?;
            step.kept = step.is_kept_at(self.args.p99_ms);
            search.found(step.kept);
            let is_better = load.best.as_ref().is_none_or(|best| best.rate < rate);
            if (step.kept && is_better) || self.args.rate.is_some() {
                load.best = Some(step.clone());
            }
            load.steps.push(step);
        }
        cell.stop().await;
        load.traced_bytes = sink.map_or(0, |sink| sink.received());
        Ok(load)
    }
}

/// The bell of the cell, as one of its processes hears it.
fn bell(config: &Config, ids: &IdSource) -> anyhow::Result<(Bell, parasol_bell::RedisLink)> {
    let settings = RedisSettings {
        url: config.redis_url.expose_secret().to_owned(),
        namespace: format!("parasol:{}", config.cell),
        origin: ids.next(),
        patience: Duration::from_secs(3),
    };
    Bell::over_redis(settings).context("redis_url")
}

/// The port of an address like `redis://host:6379/0`.
fn port_of(url: &str) -> Option<u16> {
    let address = url.split("://").nth(1)?.split('/').next()?;
    address.rsplit_once(':')?.1.parse().ok()
}

/// Time on the cores for each command, microseconds, of some parts together.
fn cpu_of(step: &Step, is_in: impl Fn(&str) -> bool) -> f64 {
    step.cpu_us.iter().filter(|(name, _)| is_in(name)).map(|(_, cpu)| cpu).sum()
}

/// Memory of the cell's own processes, MiB.
fn memory_of(step: &Step) -> f64 {
    let own = step.memory_mib.iter().filter(|(name, _)| is_of_the_cell(name));
    own.map(|(_, memory)| memory).sum()
}

fn is_of_the_cell(part: &str) -> bool {
    ![DRIVER, DATABASE, "redis"].contains(&part)
}

/// The best step of a cell in a round.
type Pick = fn(&Round) -> Option<&Step>;

/// The cells by the names of their figures.
const CELLS: [(&str, Pick); 2] = [
    ("load", |round| round.plain.best.as_ref()),
    ("traced", |round| round.traced.as_ref()?.best.as_ref()),
];

/// Figures by their names.
type Named = serde_json::Map<String, serde_json::Value>;

/// The median over the rounds that have the figure.
fn over(rounds: &[Round], pick: impl Fn(&Round) -> Option<f64>) -> Option<f64> {
    let picked: Vec<f64> = rounds.iter().filter_map(pick).filter(|one| one.is_finite()).collect();
    if picked.is_empty() { None } else { Some(median(picked)) }
}

fn put(figures: &mut Named, name: impl Into<String>, value: Option<f64>) {
    if let Some(value) = value {
        figures.insert(name.into(), value.into());
    }
}

fn medians(rounds: &[Round]) -> Named {
    let mut all = Named::new();
    let yardstick = |round: &Round| Some(round.yardstick.transactions.per_second);
    put(&mut all, "yardstick.per_second", over(rounds, yardstick));
    put(&mut all, "yardstick.cpu_us", over(rounds, |round| Some(round.yardstick.cpu_us)));
    for (name, step) in CELLS {
        let mut put_one = |figure: &str, pick: &dyn Fn(&Step) -> f64| {
            let value = over(rounds, |round| step(round).map(pick));
            put(&mut all, format!("{name}.{figure}"), value);
        };
        put_one("per_second", &|step| step.commands.per_second);
        put_one("p50_ms", &|step| step.commands.p50_ms);
        put_one("p99_ms", &|step| step.commands.p99_ms);
        put_one("cpu_us", &|step| cpu_of(step, |_| true));
        put_one("cell.cpu_us", &|step| cpu_of(step, is_of_the_cell));
        put_one("cell.memory_mib", &memory_of);
    }
    let mut put_one = |figure: &str, pick: &dyn Fn(&Held) -> f64| {
        let value = over(rounds, |round| round.held.as_ref().map(pick));
        put(&mut all, format!("held.{figure}"), value);
    };
    put_one("deadlines", &|held| as_f64(held.deadlines));
    put_one("p50_ms", &|held| held.step.commands.p50_ms);
    put_one("p99_ms", &|held| held.step.commands.p99_ms);
    put_one("timers.late_p99_ms", &|held| held.timers.late_p99_ms);
    put_one("overdue.made_up_s", &|held| held.overdue.made_up_s);
    all
}

/// What is picked from a step.
type Picked<'a> = &'a dyn Fn(&Step) -> f64;

fn ratios(rounds: &[Round]) -> Named {
    let mut all = Named::new();
    let [(_, plain), (_, traced)] = CELLS;
    let yardstick = |round: &Round| round.yardstick.transactions.per_second;
    let rate = over(rounds, |one| Some(plain(one)?.commands.per_second / yardstick(one)));
    put(&mut all, "load.per_second_over_yardstick", rate);
    let cpu = over(rounds, |one| Some(cpu_of(plain(one)?, |_| true) / one.yardstick.cpu_us));
    put(&mut all, "load.cpu_over_yardstick", cpu);
    // The sink stands in the driver's process.
    let without_driver = |step: &Step| cpu_of(step, |part| part != DRIVER);
    let figures: [(&str, Picked<'_>); 4] = [
        ("cpu", &without_driver),
        ("p50_ms", &|step| step.commands.p50_ms),
        ("p99_ms", &|step| step.commands.p99_ms),
        ("per_second", &|step| step.commands.per_second),
    ];
    for (name, figure) in figures {
        let ratio = over(rounds, |one| Some(figure(traced(one)?) / figure(plain(one)?)));
        put(&mut all, format!("load.traced_over_plain.{name}"), ratio);
    }
    all
}

fn report(args: &Args, rounds: Vec<Round>) -> Report<Round> {
    let settings = serde_json::json!({
        "engine": "postgres",
        "rate": args.rate,
        "from": args.from,
        "tries": args.tries,
        "kept_p99_ms": args.p99_ms,
        "seconds": args.seconds,
        "warm_seconds": args.warm,
        "rounds": args.rounds,
        "replicas": args.replicas,
        "processes": 3 * args.replicas,
        "units": args.units,
        "traced": args.traced,
        "held": args.held,
        "yardstick": "1 update + 4 inserts of 200 bytes, 7 round trips, best of 8/16/32 connections",
    });
    let (median, ratio) = (medians(&rounds), ratios(&rounds));
    Report { name: "load", commit: COMMIT, settings, rounds, median, ratio }
}

#[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

/// Every part of a step, the cell's first.
fn parts_of(step: &Step) -> Vec<(&String, f64, f64)> {
    let memory = |name: &String| step.memory_mib.get(name).copied().unwrap_or_default();
    let mut parts: Vec<(&String, f64, f64)> =
        step.cpu_us.iter().map(|(name, cpu)| (name, *cpu, memory(name))).collect();
    parts.sort_by_key(|(name, ..)| !is_of_the_cell(name));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_redis_is_read_from_its_address() {
        assert_eq!(port_of("redis://127.0.0.1:6379"), Some(6379));
        assert_eq!(port_of("redis://:secret@host:7000/2"), Some(7000));
        assert_eq!(port_of("redis://host"), None);
    }

    #[test]
    fn a_rate_is_a_number_of_calls_that_can_be_made() {
        assert_eq!(positive("12.5"), Ok(12.5));
        assert!(positive("0").is_err() && positive("inf").is_err() && positive("many").is_err());
    }
}
