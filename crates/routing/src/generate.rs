//! Days of our own making, for tests and benchmarks: a city, technicians who live in it, visits in its
//! quarters. The same seed gives the same day.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::problem::{Problem, Store, Technician, Visit, Weights};
use crate::travel::{Matrix, Point, Roads};
use crate::workday::{Window, WorkDay};

/// Microseconds in a minute.
pub const MINUTE: i64 = 60_000_000;
/// The middle of the city.
const MIDDLE: Point = Point { lat: 30.25, lon: 120.16 };
/// How many skills there are; everybody has some.
const SKILLS: u32 = 6;
/// How many tools and kinds of parts there are.
const TOOLS: u32 = 4;
const KINDS: usize = 3;

/// What kind of day.
#[derive(Clone, Copy, Debug)]
pub struct City {
    /// Who works.
    pub technicians: usize,
    /// What is asked for.
    pub visits: usize,
    /// Half the side of the square in which everybody lives, metres.
    pub half_side: f64,
    /// Whether some visits need tools and parts that not everybody has with them.
    pub has_store: bool,
}

/// A day and where its places are: the store, homes by technician, addresses by visit.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The problem.
    pub problem: Problem,
    /// Its places.
    pub points: Vec<Point>,
}

impl City {
    /// A day in the city.
    pub fn day(&self, seed: u64) -> Generated {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let quarters: Vec<Point> = (0..8).map(|_| self.somewhere(&mut rng, MIDDLE, 0.8)).collect();
        let mut points = vec![MIDDLE];
        points.extend((0..self.technicians).map(|_| self.somewhere(&mut rng, MIDDLE, 1.0)));
        for _ in 0..self.visits {
            let quarter = quarters[rng.random_range(0..quarters.len())];
            points.push(self.somewhere(&mut rng, quarter, 0.2));
        }
        let technicians = (0..self.technicians).map(|nth| self.technician(&mut rng, nth + 1));
        let technicians: Vec<_> = technicians.collect();
        let first = self.technicians + 1;
        let visits = (0..self.visits).map(|nth| self.visit(&mut rng, first + nth)).collect();
        let store = Store { place: 0, windows: vec![hours(8, 18)], service: 10 * MINUTE };
        let problem = Problem {
            travel: Matrix::of_points(&points, &Roads::CITY),
            technicians,
            visits,
            store: self.has_store.then_some(store),
            weights: Weights::default(),
        };
        Generated { problem, points }
    }

    /// A point around another, within a part of the city's half side.
    pub fn somewhere(&self, rng: &mut ChaCha8Rng, around: Point, part: f64) -> Point {
        let mut degrees = || rng.random_range(-1.0..1.0) * part * self.half_side / 111_195.0;
        Point { lat: around.lat + degrees(), lon: around.lon + degrees() }
    }

    fn technician(&self, rng: &mut ChaCha8Rng, home: usize) -> Technician {
        let noon = rng.random_range(11 * 2..=13 * 2);
        let lunch = Window::new(noon * 30 * MINUTE, (noon + 1) * 30 * MINUTE);
        Technician {
            start: home,
            end: Some(home),
            day: WorkDay::new(hours(8, 18), [lunch]),
            skills: skills(rng, 4),
            tools: if self.has_store { some(rng, TOOLS, 2) } else { 0 },
            stock: if self.has_store { stock(rng) } else { Vec::new() },
            visits_max: 14,
        }
    }

    fn visit(&self, rng: &mut ChaCha8Rng, place: usize) -> Visit {
        let begin = rng.random_range(8..=16);
        let window = if rng.random_bool(0.3) { hours(9, 17) } else { hours(begin, begin + 2) };
        let needs = self.has_store && rng.random_bool(0.3);
        Visit {
            place,
            windows: vec![window],
            is_promised: false,
            service: rng.random_range(2..=6) * 10 * MINUTE,
            skills: 1 << rng.random_range(0..SKILLS),
            tools: if needs { some(rng, TOOLS, 1) } else { 0 },
            parts: if needs {
                (0..KINDS).map(|_| rng.random_range(0..=1)).collect()
            } else {
                Vec::new()
            },
            left_out_cost: rng.random_range(10..=40) * 60 * MINUTE,
            only: None,
            announced: None,
        }
    }
}

/// From one hour to another.
fn hours(from: i64, to: i64) -> Window {
    Window::new(from * 60 * MINUTE, to * 60 * MINUTE)
}

/// About so many of the skills.
pub fn skills(rng: &mut ChaCha8Rng, about: u32) -> u128 {
    some(rng, SKILLS, about) | 1 << rng.random_range(0..SKILLS)
}

fn some(rng: &mut ChaCha8Rng, of: u32, about: u32) -> u128 {
    (0..of).filter(|_| rng.random_ratio(about, of)).fold(0, |set, bit| set | 1 << bit)
}

fn stock(rng: &mut ChaCha8Rng) -> Vec<u32> {
    (0..KINDS).map(|_| rng.random_range(0..=3)).collect()
}
