//! `parasol bench urgent`: an urgent visit put into a live plan, beside planning the day anew.
//!
//! The day is of our own making. It is planned first; then urgent visits are put into that plan one at
//! a time, each into a copy of it, and for some of them the day with the visit is planned anew from the
//! start, for as long as the first plan took.

use std::sync::Arc;
use std::time::Duration;

use parasol_routing::board::{Ask, Board, Booking, Placed, Profile, Wanted};
use parasol_routing::check::check;
use parasol_routing::generate::{City, Generated};
use parasol_routing::problem::Visit;
use parasol_routing::solver::Induction;
use parasol_routing::travel::Roads;
use parasol_routing::{Plan, Stop, Window};
use parasol_runtime::clock::Stopwatch;
use serde::Serialize;

use super::plan::plan_for;
use super::stats::{COMMIT, Figures, Report, median};

/// The day of the board.
const DAY: i64 = 0;
/// Nobody is sent further, metres.
const REACH: f64 = 60_000.0;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Technicians
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub technicians: u16,
    /// Visits that are planned
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=5_000))]
    pub visits: u16,
    /// Urgent visits in each round
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub urgent: u16,
    /// Seconds for a plan from the start
    #[arg(long, default_value_t = 10.0)]
    pub seconds: f64,
    /// Rounds, each with a day of its own
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    pub rounds: u16,
}

/// One round.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// Visits in the plan, and left out of it.
    pub planned: usize,
    /// See `planned`.
    pub left_out: usize,
    /// Putting one urgent visit into the plan.
    pub inserted: Figures,
    /// Urgent visits that found no place, although one other might have gone to somebody else.
    pub without_place: usize,
    /// Urgent visits for which another goes to somebody else.
    pub moved_another: usize,
    /// How much longer the ways are with an urgent visit, minutes, on average.
    pub detour_minutes: f64,
    /// Promises that a day with its urgent visit does not keep; counted on every day.
    pub broken: usize,
    /// How long planning the same day anew took, seconds.
    pub anew_seconds: f64,
    /// How much longer the ways of the new plan are than those of the first, minutes.
    pub anew_minutes: f64,
    /// Planned visits for which somebody else comes in the new plan.
    pub anew_changed: usize,
}

/// Runs it.
///
/// # Errors
/// When a plan is not what its check says it should be.
pub fn run(args: &Args, mut progress: impl FnMut(&str)) -> anyhow::Result<Report<Round>> {
    let mut rounds = Vec::new();
    for nth in 1..=args.rounds {
        progress(&format!("round {nth}"));
        rounds.push(round(args, u64::from(nth))?);
    }
    Ok(report(args, rounds))
}

fn round(args: &Args, seed: u64) -> anyhow::Result<Round> {
    let (technicians, visits) = (usize::from(args.technicians), usize::from(args.visits));
    let urgent = usize::from(args.urgent);
    let city = City { technicians, visits: visits + urgent, half_side: 20_000.0, has_store: false };
    let mut day = city.day(seed);
    let late = day.problem.visits.split_off(visits);
    let time = Duration::from_secs_f64(args.seconds);
    let (plan, _) = plan_for(&Induction, &day.problem, None, seed, time)?;
    anyhow::ensure!(check(&day.problem, &plan).is_empty(), "the plan cannot be carried out");
    let board = board(&day, &plan);
    let (mut latencies, mut placed) = (Vec::new(), Vec::new());
    let mut broken = 0;
    for (nth, visit) in late.iter().enumerate() {
        let watch = Stopwatch::start();
        let found = board.place(&ask(&day, visit), &wanted(visit));
        latencies.push(watch.elapsed());
        if let Some(found) = &found {
            broken += broken_by(&board, found, booking(&day, visit, visits + nth));
        }
        placed.push(found);
    }
    let elapsed = latencies.iter().sum();
    let found: Vec<_> = placed.iter().flatten().collect();
    #[expect(clippy::cast_precision_loss, reason = "minutes")]
    let minutes = |micros: i64| micros as f64 / 60e6;
    let detours = found.iter().map(|placed| minutes(placed.detour())).sum::<f64>();
    let (anew_seconds, anew, anew_changed) = plan_anew(&mut day, &plan, &late[0], time, seed)?;
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    Ok(Round {
        planned: visits - plan.left_out.len(),
        left_out: plan.left_out.len(),
        inserted: Figures::of(latencies, elapsed),
        without_place: placed.len() - found.len(),
        moved_another: found.iter().filter(|placed| placed.moved.is_some()).count(),
        detour_minutes: detours / found.len().max(1) as f64,
        broken,
        anew_seconds,
        anew_minutes: minutes(anew),
        anew_changed,
    })
}

/// The plan on a board.
fn board(day: &Generated, plan: &Plan) -> Board {
    let mut board = Board::new(Arc::new(Roads::CITY), REACH);
    for (technician, route) in day.problem.technicians.iter().zip(&plan.routes) {
        let home = day.points[technician.start];
        let visits_max = technician.visits_max;
        let number = board.add(Profile { home, skills: technician.skills, visits_max });
        board.set_day(number, DAY, technician.day.clone());
        let Some(on) = board.day_mut(number, DAY) else { continue };
        for (nth, stop) in route.iter().enumerate() {
            if let Stop::Visit(visit) = *stop {
                on.insert(nth, booking(day, &day.problem.visits[visit], visit));
            }
        }
    }
    board
}

fn ask(day: &Generated, visit: &Visit) -> Ask {
    let at = day.points[visit.place];
    Ask { at, service: visit.service, skills: visit.skills, is_apart: false }
}

/// The window of a booking includes its end, that of a search does not.
fn wanted(visit: &Visit) -> Wanted {
    let Window { start, end } = visit.windows[0];
    Wanted { day: DAY, window: Window::new(start, end + 1) }
}

fn booking(day: &Generated, visit: &Visit, id: usize) -> Booking {
    Booking {
        id: id as u128,
        at: day.points[visit.place],
        window: visit.windows[0],
        service: visit.service,
        skills: visit.skills,
        is_pinned: false,
    }
}

/// Days on which a promise is not kept once the visit is in the plan.
fn broken_by(board: &Board, placed: &Placed, booking: Booking) -> usize {
    let mut with = board.clone();
    with.carry_out(placed, booking, DAY);
    let touched = [Some(placed.technician), placed.moved.map(|moved| moved.technician)];
    let days = touched.into_iter().flatten().filter_map(|one| with.day(one, DAY));
    days.filter(|day| !day.is_kept()).count()
}

/// Plans the day with one urgent visit from the start: how long it took, how much longer the ways are,
/// and for how many visits somebody else comes.
fn plan_anew(
    day: &mut Generated,
    plan: &Plan,
    urgent: &Visit,
    time: Duration,
    seed: u64,
) -> anyhow::Result<(f64, i64, usize)> {
    let before = plan.figures(&day.problem);
    let mut first = urgent.clone();
    first.left_out_cost *= 1_000;
    day.problem.visits.push(first);
    let watch = Stopwatch::start();
    let (anew, _) = plan_for(&Induction, &day.problem, None, seed, time)?;
    let took = watch.elapsed().as_secs_f64();
    anyhow::ensure!(check(&day.problem, &anew).is_empty(), "the new plan cannot be carried out");
    let comes = |plan: &Plan, visit| {
        plan.routes.iter().position(|route| route.contains(&Stop::Visit(visit)))
    };
    let others = (0..day.problem.visits.len() - 1)
        .filter(|visit| comes(plan, *visit) != comes(&anew, *visit))
        .count();
    Ok((took, anew.figures(&day.problem).travel - before.travel, others))
}

fn report(args: &Args, rounds: Vec<Round>) -> Report<Round> {
    let mut medians = serde_json::Map::new();
    let of = |pick: fn(&Round) -> f64| median(rounds.iter().map(pick).collect());
    let mut put = |name: &str, value: f64| medians.insert(format!("urgent.{name}"), value.into());
    put("p50_ms", of(|round| round.inserted.p50_ms));
    put("p99_ms", of(|round| round.inserted.p99_ms));
    put("detour_minutes", of(|round| round.detour_minutes));
    put("anew_seconds", of(|round| round.anew_seconds));
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    {
        put("without_place", of(|round| round.without_place as f64));
        put("moved_another", of(|round| round.moved_another as f64));
        put("broken", of(|round| round.broken as f64));
        put("anew_changed", of(|round| round.anew_changed as f64));
    }
    let ratio = of(|round| round.inserted.p99_ms / (round.anew_seconds * 1_000.0));
    let mut ratios = serde_json::Map::new();
    ratios.insert("urgent.p99_over_anew".to_owned(), ratio.into());
    Report {
        name: "urgent",
        commit: COMMIT,
        settings: serde_json::json!({
            "technicians": args.technicians,
            "visits": args.visits,
            "urgent": args.urgent,
            "seconds": args.seconds,
            "rounds": args.rounds,
        }),
        rounds,
        median: medians,
        ratio: ratios,
    }
}
