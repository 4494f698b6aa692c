//! `parasol bench plan`: day plans of published problems beside their best known values.
//!
//! The files are read where they lie. The measure is the file's: the distance of Solomon's problems,
//! the working time of the technicians'. Days of our own making have no best known value; their measure
//! is what a plan costs, as a centre's day is planned. Every plan is held against a check of its own.
//!
//! Solvers take turns on each day, the first of them is what the others are compared with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use parasol_routing::check::check;
use parasol_routing::generate::City;
use parasol_routing::instances::{Format, UNIT, parse};
use parasol_routing::problem::Weights;
use parasol_routing::solver::{SolveError, named};
use parasol_routing::{Pace, Plan, Problem, Solver, reasons};
use parasol_runtime::clock::Stopwatch;
use serde::Serialize;

use super::stats::{COMMIT, Report, median};

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A file, or several: Solomon's or Homberger's format, or the technicians' of Pillac and others
    #[arg(
        long = "file",
        value_name = "F",
        required_unless_present = "cities",
        value_delimiter = ','
    )]
    pub files: Vec<PathBuf>,
    /// Days of our own making as TECHNICIANSxVISITS, with promised windows; several with commas
    #[arg(long = "city", value_name = "TxV", value_delimiter = ',', value_parser = city)]
    pub cities: Vec<(u16, u16)>,
    /// The solver, or several to be compared with the first: induction, vrp_core
    #[arg(long = "solver", value_delimiter = ',', default_value = "induction", value_parser = solver)]
    pub solvers: Vec<&'static str>,
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

/// Technicians and visits of a day of our own making at most.
const LARGEST: (u16, u16) = (1_000, 10_000);

fn city(text: &str) -> Result<(u16, u16), String> {
    let read = text.split_once('x').and_then(|(technicians, visits)| {
        Some((technicians.parse::<u16>().ok()?, visits.parse::<u16>().ok()?))
    });
    let (technicians, visits) = LARGEST;
    let fits =
        |city: &(u16, u16)| (1..=technicians).contains(&city.0) && (1..=visits).contains(&city.1);
    read.filter(fits).ok_or_else(|| format!("expected TxV, at most {technicians}x{visits}"))
}

fn solver(text: &str) -> Result<&'static str, String> {
    let found = named(text.trim()).map(Solver::name);
    found.ok_or_else(|| format!("{text:?} is no solver; there are induction and vrp_core"))
}

fn seconds(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "expected seconds".to_owned())?;
    if (0.0..=3_600.0).contains(&value) { Ok(value) } else { Err("expected 0 to 3600".to_owned()) }
}

/// One day by one solver in one round.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// The file, or the city.
    pub file: String,
    /// What it calls itself.
    pub instance: String,
    /// The solver.
    pub solver: &'static str,
    /// Vehicles or technicians who go out.
    pub technicians: usize,
    /// The way, in units of the file.
    pub distance: f64,
    /// Way, service and waiting, everybody leaving home as late as an early return allows.
    pub working_time: f64,
    /// What counts for this day: one of the two, or the cost in seconds of travel.
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
    /// The days in their order, each by all solvers.
    pub plans: Vec<Cell>,
    /// Days that a solver cannot say, and why.
    pub refused: Vec<String>,
}

/// A day to be planned.
struct Day {
    file: String,
    /// As reports call it.
    key: String,
    name: String,
    problem: Problem,
    measure: Measure,
    best: Option<f64>,
}

/// What counts.
#[derive(Clone, Copy)]
enum Measure {
    Distance,
    WorkingTime,
    Cost,
}

/// Runs it.
///
/// # Errors
/// When a file cannot be read or is of neither format, or there is not one best value for each.
pub fn run(args: &Args, mut progress: impl FnMut(&str)) -> anyhow::Result<Report<Round>> {
    let is_complete = args.best.is_empty() || args.best.len() == args.files.len();
    anyhow::ensure!(is_complete, "{} best values for {} files", args.best.len(), args.files.len());
    let files = args.files.iter().enumerate();
    let mut days: Vec<Day> = files
        .map(|(nth, file)| read(file, args.best.get(nth).copied()))
        .collect::<Result<_, _>>()?;
    days.extend(args.cities.iter().map(|city| made(*city, args.seed)));
    let mut rounds = Vec::new();
    for round in 0..args.rounds {
        let (mut plans, mut refused) = (Vec::new(), Vec::new());
        for day in &days {
            for solver in args.solvers.iter().filter_map(|name| named(name)) {
                progress(&format!("round {}: {} by {}", round + 1, day.file, solver.name()));
                match measure(day, solver, args.seconds, args.seed + u64::from(round)) {
                    Ok(cell) => plans.push(cell),
                    Err(cannot @ SolveError::Unsupported { .. }) => {
                        refused.push(format!("{}: {cannot}", day.file));
                    }
                    Err(failed) => return Err(failed.into()),
                }
            }
        }
        rounds.push(Round { plans, refused });
    }
    Ok(report(args, &days, rounds))
}

fn read(file: &Path, best: Option<f64>) -> anyhow::Result<Day> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let instance = parse(&text).with_context(|| file.display().to_string())?;
    Ok(Day {
        file: file.display().to_string(),
        key: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        name: instance.name,
        problem: instance.problem,
        measure: match instance.format {
            Format::Solomon => Measure::Distance,
            Format::Technicians => Measure::WorkingTime,
        },
        best,
    })
}

/// A day of our own making, with promises and fairness as a centre's day has them.
fn made((technicians, visits): (u16, u16), seed: u64) -> Day {
    let name = format!("{technicians}x{visits}");
    let (technicians, visits) = (usize::from(technicians), usize::from(visits));
    let city = City { technicians, visits, half_side: 15_000.0, has_store: false };
    let mut problem = city.day(seed).problem;
    problem.visits.iter_mut().for_each(|visit| visit.is_promised = true);
    problem.weights = Weights { technician: 0, waiting: false, fairness: 0.02 };
    let (file, key, measure) = (format!("city {name}"), name.clone(), Measure::Cost);
    Day { file, key, name, problem, measure, best: None }
}

/// Plans for so long, and says how many plans were tried, as the solver counts.
pub(super) fn plan_for(
    solver: &dyn Solver,
    problem: &Problem,
    from: Option<&Plan>,
    seed: u64,
    time: Duration,
) -> Result<(Plan, u64), SolveError> {
    let watch = Stopwatch::start();
    let mut tried = 0;
    let plan = solver.solve(problem, from, seed, &mut |progress| {
        tried = progress.tried;
        let used = watch.elapsed().as_secs_f64() / time.as_secs_f64().max(1e-9);
        if used >= 1.0 { Pace::Stop } else { Pace::Go(used) }
    })?;
    Ok((plan, tried))
}

fn measure(day: &Day, solver: &dyn Solver, seconds: f64, seed: u64) -> Result<Cell, SolveError> {
    let problem = &day.problem;
    let watch = Stopwatch::start();
    let (plan, tried) = plan_for(solver, problem, None, seed, Duration::from_secs_f64(seconds))?;
    let took = watch.elapsed().as_secs_f64();
    let figures = plan.figures(problem);
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    let units = |micros: i64| micros as f64 / UNIT as f64;
    let distance = units(figures.travel);
    let working_time = units(figures.travel + figures.service + figures.waiting);
    let value = match day.measure {
        Measure::Distance => distance,
        Measure::WorkingTime => working_time,
        Measure::Cost => units(figures.cost),
    };
    Ok(Cell {
        file: day.file.clone(),
        instance: day.name.clone(),
        solver: solver.name(),
        technicians: figures.technicians,
        distance,
        working_time,
        value,
        gap: day.best.map(|best| value / best - 1.0),
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

/// The medians of a day by a solver; nothing when it cannot say the day.
fn median_of(
    rounds: &[Round],
    (day, solver): (&Day, &str),
    pick: impl Fn(&Cell) -> Option<f64>,
) -> Option<f64> {
    let cells = rounds.iter().flat_map(|round| &round.plans);
    let of = cells.filter(|cell| cell.file == day.file && cell.solver == solver);
    let picked: Vec<f64> = of.filter_map(pick).collect();
    if picked.is_empty() { None } else { Some(median(picked)) }
}

fn report(args: &Args, days: &[Day], rounds: Vec<Round>) -> Report<Round> {
    let mut medians = serde_json::Map::new();
    let mut ratios = serde_json::Map::new();
    let yardstick = args.solvers.first().copied().unwrap_or_default();
    for &solver in &args.solvers {
        // The first is named by itself, the others are beside it.
        let prefix = if solver == yardstick { String::new() } else { format!("{solver}.") };
        let mut gaps = Vec::new();
        for day in days {
            let key = &day.key;
            let Some(value) = median_of(&rounds, (day, solver), |cell| Some(cell.value)) else {
                continue;
            };
            medians.insert(format!("{prefix}{key}.value"), value.into());
            if let Some(gap) = median_of(&rounds, (day, solver), |cell| cell.gap) {
                // The means are of the same days for every solver.
                let is_planned =
                    |solver: &str| median_of(&rounds, (day, solver), |_| Some(0.0)).is_some();
                gaps.extend(Some(gap).filter(|_| args.solvers.iter().all(|one| is_planned(one))));
                ratios.insert(format!("{prefix}{key}.over_best"), (1.0 + gap).into());
            }
            let first = median_of(&rounds, (day, yardstick), |cell| Some(cell.value));
            if let Some(first) = first.filter(|_| solver != yardstick) {
                ratios.insert(format!("{prefix}{key}.over_{yardstick}"), (value / first).into());
            }
        }
        if !gaps.is_empty() {
            #[expect(clippy::cast_precision_loss, reason = "a count of files")]
            let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
            medians.insert(format!("{prefix}gap"), mean.into());
        }
    }
    let of_all = |pick: fn(&Cell) -> usize| {
        rounds.iter().flat_map(|round| &round.plans).map(pick).sum::<usize>()
    };
    medians.insert("violations".to_owned(), of_all(|cell| cell.violations.len()).into());
    medians.insert("left_out".to_owned(), of_all(|cell| cell.left_out.len()).into());
    let cities = args.cities.iter().map(|(technicians, visits)| format!("{technicians}x{visits}"));
    let cities: Vec<_> = cities.collect();
    Report {
        name: "plan",
        commit: COMMIT,
        settings: serde_json::json!({
            "solvers": args.solvers,
            "files": args.files,
            "cities": cities,
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
