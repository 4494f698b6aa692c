//! `parasol bench plan`: day plans of published problems beside their best known values.
//!
//! The files are read where they lie. The measure is the file's: the distance of Solomon's problems,
//! the working time of the technicians'. Every plan is held against a check of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use parasol_routing::check::check;
use parasol_routing::instances::{Format, Instance, UNIT, parse};
use parasol_routing::solver::Induction;
use parasol_routing::{Pace, Plan, Problem, Solver, reasons};
use parasol_runtime::clock::Stopwatch;
use serde::Serialize;

use super::stats::{COMMIT, Report, median};

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A file, or several: Solomon's or Homberger's format, or the technicians' of Pillac and others
    #[arg(long = "file", value_name = "F", required = true, value_delimiter = ',')]
    pub files: Vec<PathBuf>,
    /// The best known value of each file, in the order of the files
    #[arg(long, value_name = "V", value_delimiter = ',')]
    pub best: Vec<f64>,
    /// Seconds for each plan
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub seconds: f64,
    /// The seed of the first round; every round has its own
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Rounds; the files take turns in each
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub rounds: u16,
}

fn seconds(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "expected seconds".to_owned())?;
    if (0.0..=3_600.0).contains(&value) { Ok(value) } else { Err("expected 0 to 3600".to_owned()) }
}

/// One file in one round.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// The file.
    pub file: String,
    /// What it calls itself.
    pub instance: String,
    /// Vehicles or technicians who go out.
    pub technicians: usize,
    /// The way, in units of the file.
    pub distance: f64,
    /// Way, service and waiting, everybody leaving home as late as an early return allows.
    pub working_time: f64,
    /// What counts for this file: one of the two.
    pub value: f64,
    /// How much worse the value is than the best known one, as a fraction of it.
    pub gap: Option<f64>,
    /// What the independent check found.
    pub violations: Vec<String>,
    /// Visits left out with the reasons of all technicians, counted.
    pub left_out: BTreeMap<usize, BTreeMap<String, usize>>,
    /// Plans tried.
    pub tried: u64,
    /// How long it took.
    pub seconds: f64,
}

/// One round.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// The files in their order.
    pub plans: Vec<Cell>,
}

/// Runs it.
///
/// # Errors
/// When a file cannot be read or is of neither format, or there is not one best value for each.
pub fn run(args: &Args, mut progress: impl FnMut(&str)) -> anyhow::Result<Report<Round>> {
    let is_complete = args.best.is_empty() || args.best.len() == args.files.len();
    anyhow::ensure!(is_complete, "{} best values for {} files", args.best.len(), args.files.len());
    let instances: Vec<_> = args.files.iter().map(|file| read(file)).collect::<Result<_, _>>()?;
    let mut rounds = Vec::new();
    for round in 0..args.rounds {
        let mut plans = Vec::new();
        for (nth, (file, instance)) in args.files.iter().zip(&instances).enumerate() {
            progress(&format!("round {}: {}", round + 1, file.display()));
            let best = args.best.get(nth).copied();
            let seed = args.seed + u64::from(round);
            plans.push(measure(file, instance, best, args.seconds, seed)?);
        }
        rounds.push(Round { plans });
    }
    Ok(report(args, rounds))
}

fn read(file: &Path) -> anyhow::Result<Instance> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    parse(&text).with_context(|| file.display().to_string())
}

/// Plans for so long, and says how many plans were tried.
pub(super) fn plan_for(
    problem: &Problem,
    from: Option<&Plan>,
    seed: u64,
    time: Duration,
) -> anyhow::Result<(Plan, u64)> {
    let watch = Stopwatch::start();
    let mut tried = 0;
    let plan = Induction.solve(problem, from, seed, &mut |progress| {
        tried = progress.tried;
        let used = watch.elapsed().as_secs_f64() / time.as_secs_f64().max(1e-9);
        if used >= 1.0 { Pace::Stop } else { Pace::Go(used) }
    })?;
    Ok((plan, tried))
}

fn measure(
    file: &Path,
    instance: &Instance,
    best: Option<f64>,
    seconds: f64,
    seed: u64,
) -> anyhow::Result<Cell> {
    let problem = &instance.problem;
    let watch = Stopwatch::start();
    let (plan, tried) = plan_for(problem, None, seed, Duration::from_secs_f64(seconds))?;
    let took = watch.elapsed().as_secs_f64();
    let figures = plan.figures(problem);
    #[expect(clippy::cast_precision_loss, reason = "below 2^52")]
    let units = |micros: i64| micros as f64 / UNIT as f64;
    let distance = units(figures.travel);
    let working_time = units(figures.travel + figures.service + figures.waiting);
    let value = match instance.format {
        Format::Solomon => distance,
        Format::Technicians => working_time,
    };
    Ok(Cell {
        file: file.display().to_string(),
        instance: instance.name.clone(),
        technicians: figures.technicians,
        distance,
        working_time,
        value,
        gap: best.map(|best| value / best - 1.0),
        violations: check(problem, &plan).iter().map(ToString::to_string).collect(),
        left_out: left_out(problem, &plan),
        tried,
        seconds: took,
    })
}

fn left_out(problem: &Problem, plan: &Plan) -> BTreeMap<usize, BTreeMap<String, usize>> {
    let whys = reasons::all(problem, plan, &plan.left_out);
    let counted = whys.into_iter().map(|whys| {
        let mut counts = BTreeMap::new();
        for why in whys {
            *counts.entry(format!("{why:?}").to_lowercase()).or_default() += 1;
        }
        counts
    });
    plan.left_out.iter().copied().zip(counted).collect()
}

fn report(args: &Args, rounds: Vec<Round>) -> Report<Round> {
    let mut medians = serde_json::Map::new();
    let mut ratios = serde_json::Map::new();
    let mut gaps = Vec::new();
    for (nth, file) in args.files.iter().enumerate() {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let of = |pick: &dyn Fn(&Cell) -> f64| {
            median(rounds.iter().map(|round| pick(&round.plans[nth])).collect())
        };
        medians.insert(format!("{name}.value"), of(&|cell| cell.value).into());
        if !args.best.is_empty() {
            let gap = of(&|cell| cell.gap.unwrap_or(f64::NAN));
            gaps.push(gap);
            ratios.insert(format!("{name}.over_best"), (1.0 + gap).into());
        }
    }
    if !gaps.is_empty() {
        #[expect(clippy::cast_precision_loss, reason = "a count of files")]
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        medians.insert("gap".to_owned(), mean.into());
    }
    let of_all = |pick: fn(&Cell) -> usize| {
        rounds.iter().flat_map(|round| &round.plans).map(pick).sum::<usize>()
    };
    medians.insert("violations".to_owned(), of_all(|cell| cell.violations.len()).into());
    medians.insert("left_out".to_owned(), of_all(|cell| cell.left_out.len()).into());
    Report {
        name: "plan",
        commit: COMMIT,
        settings: serde_json::json!({
            "solver": Induction.name(),
            "files": args.files,
            "best": args.best,
            "seconds": args.seconds,
            "seed": args.seed,
            "rounds": args.rounds,
            "threads": 1,
        }),
        rounds,
        median: medians,
        ratio: ratios,
    }
}
