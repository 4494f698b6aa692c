//! `parasol bench slots`: how fast windows that can be kept are found, and how that grows with the
//! technicians.
//!
//! One city, the same for every size, with everybody in one network: the hardest case, since a centre
//! of a real network has some tens of technicians. Every technician's days are booked up to a share;
//! then customers all over the city ask for the windows of a week.

use std::sync::Arc;

use parasol_routing::board::{Ask, Board, Booking, Found, Profile, Wanted};
use parasol_routing::generate::{City, MINUTE, skills};
use parasol_routing::travel::{Point, Roads};
use parasol_routing::{Window, WorkDay};
use parasol_runtime::clock::Stopwatch;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::stats::{COMMIT, Figures, Report, median, resident_mib};

const HOUR: i64 = 60 * MINUTE;
/// Arrival windows of a day by their first hour, two hours each.
const WINDOWS: [i64; 4] = [8, 10, 13, 15];
const MIDDLE: Point = Point { lat: 30.25, lon: 120.16 };
const CITY: City = City { technicians: 0, visits: 0, half_side: 20_000.0, has_store: false };
/// Nobody is sent further, metres.
const REACH: f64 = 60_000.0;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Technicians, one city each
    #[arg(long, value_delimiter = ',', default_values_t = [100, 1_000, 10_000])]
    pub technicians: Vec<usize>,
    /// How much of the windows is booked already, percent
    #[arg(long, default_value_t = 70, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub booked: u8,
    /// Days that are looked at
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u8).range(1..=14))]
    pub days: u8,
    /// Searches in each round
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub searches: u32,
    /// Rounds; the cities take turns in each
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    pub rounds: u16,
}

/// One city in one round.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// Technicians.
    pub technicians: usize,
    /// Visits that are booked.
    pub booked: usize,
    /// One search for all windows of the days.
    pub found: Figures,
    /// The share of windows that somebody can keep.
    pub open: f64,
    /// How long the detour to an open window is, minutes, on average.
    pub detour_minutes: f64,
    /// Resident memory, MiB, with all cities in it.
    pub memory_mib: Option<f64>,
}

/// One round.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// The cities in the order they were asked for.
    pub cells: Vec<Cell>,
}

/// Runs it.
pub fn run(args: &Args, mut progress: impl FnMut(&str)) -> Report<Round> {
    let mut cities = Vec::new();
    for technicians in &args.technicians {
        progress(&format!("booking the days of {technicians} technicians"));
        cities.push(booked(args, *technicians));
    }
    let mut rounds = Vec::new();
    for nth in 1..=args.rounds {
        progress(&format!("round {nth}"));
        let seed = u64::from(nth);
        let cells = cities.iter().map(|(board, booked)| measure(args, board, *booked, seed));
        rounds.push(Round { cells: cells.collect() });
    }
    report(args, rounds)
}

/// A city whose technicians have the share of their windows promised, each where it can be kept.
fn booked(args: &Args, technicians: usize) -> (Board, usize) {
    let mut rng = ChaCha8Rng::seed_from_u64(technicians as u64);
    let mut board = Board::new(Arc::new(Roads::CITY), REACH);
    let mut booked = 0;
    for _ in 0..technicians {
        let home = CITY.somewhere(&mut rng, MIDDLE, 1.0);
        let skills = skills(&mut rng, 3);
        let number = board.add(Profile { home, skills, visits_max: 6 });
        for day in 0..i64::from(args.days) {
            board.set_day(number, day, hours(day));
            let Some(on) = board.day_mut(number, day) else { continue };
            for window in windows(day) {
                if !rng.random_ratio(u32::from(args.booked), 100) {
                    continue;
                }
                let at = CITY.somewhere(&mut rng, home, 0.25);
                let service = rng.random_range(3..=9) * 10 * MINUTE;
                if let Ok(fit) = on.fit(&Ask { at, service, skills: 0, is_apart: true }, window) {
                    booked += 1;
                    let (id, is_pinned) = (booked as u128, false);
                    on.insert(fit.after, Booking { id, at, window, service, skills, is_pinned });
                }
            }
        }
    }
    (board, booked)
}

fn hours(day: i64) -> WorkDay {
    let at = |hour: i64| (day * 24 + hour) * HOUR;
    WorkDay::new(Window::new(at(8), at(18)), [Window::new(at(12), at(13))])
}

fn windows(day: i64) -> impl Iterator<Item = Window> {
    let at = move |hour: i64| (day * 24 + hour) * HOUR;
    WINDOWS.into_iter().map(move |from| Window::new(at(from), at(from + 2)))
}

fn measure(args: &Args, board: &Board, booked: usize, seed: u64) -> Cell {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let days = 0..i64::from(args.days);
    let wanted: Vec<_> =
        days.flat_map(|day| windows(day).map(move |window| Wanted { day, window })).collect();
    let mut latencies = Vec::with_capacity(args.searches as usize);
    let (mut open, mut detour) = (0_usize, 0_i64);
    for _ in 0..args.searches {
        let ask = Ask {
            at: CITY.somewhere(&mut rng, MIDDLE, 1.0),
            service: rng.random_range(3..=9) * 10 * MINUTE,
            skills: 1 << rng.random_range(0..6),
            is_apart: true,
        };
        let watch = Stopwatch::start();
        let found = board.find(&ask, &wanted);
        latencies.push(watch.elapsed());
        for one in found {
            if let Found::Open { fit, .. } = one {
                open += 1;
                detour += fit.detour;
            }
        }
    }
    let elapsed = latencies.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "counts and minutes")]
    Cell {
        technicians: board.technicians(),
        booked,
        found: Figures::of(latencies, elapsed),
        open: open as f64 / (wanted.len() as f64 * f64::from(args.searches)),
        detour_minutes: detour as f64 / 60e6 / open.max(1) as f64,
        memory_mib: resident_mib(),
    }
}

fn report(args: &Args, rounds: Vec<Round>) -> Report<Round> {
    let mut medians = serde_json::Map::new();
    let mut ratios = serde_json::Map::new();
    let over = |pick: &dyn Fn(&Round) -> f64| median(rounds.iter().map(pick).collect());
    for (nth, technicians) in args.technicians.iter().enumerate() {
        let mut put = |name: &str, pick: fn(&Cell) -> f64| {
            let value = over(&|round| pick(&round.cells[nth]));
            medians.insert(format!("slots.{technicians}.{name}"), value.into());
        };
        put("p50_ms", |cell| cell.found.p50_ms);
        put("p99_ms", |cell| cell.found.p99_ms);
        put("open", |cell| cell.open);
        put("detour_minutes", |cell| cell.detour_minutes);
    }
    let sizes = args.technicians.iter().enumerate();
    let smallest = sizes.clone().min_by_key(|(_, size)| **size);
    let largest = sizes.max_by_key(|(_, size)| **size);
    if let Some(((small, few), (large, many))) = smallest.zip(largest).filter(|(a, b)| a != b) {
        let mut put = |name: &str, pick: fn(&Cell) -> f64| {
            let value = over(&|round| pick(&round.cells[large]) / pick(&round.cells[small]));
            ratios.insert(format!("slots.{many}_over_{few}.{name}"), value.into());
        };
        put("p50_ms", |cell| cell.found.p50_ms);
        put("p99_ms", |cell| cell.found.p99_ms);
    }
    Report {
        name: "slots",
        commit: COMMIT,
        settings: serde_json::json!({
            "technicians": args.technicians,
            "booked_percent": args.booked,
            "days": args.days,
            "windows": usize::from(args.days) * WINDOWS.len(),
            "searches": args.searches,
            "rounds": args.rounds,
        }),
        rounds,
        median: medians,
        ratio: ratios,
    }
}
