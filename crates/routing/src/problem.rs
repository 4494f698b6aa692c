//! What is to be planned: one day of technicians, visits, and the store where parts and tools lie.

use crate::travel::{Matrix, Place};
use crate::workday::{Window, WorkDay};

/// A set of skills or tools, one bit each. What the bits mean is the caller's: a skill with levels takes
/// one bit for each level, and whoever has a level has the bits of all below it.
pub type Abilities = u128;

/// One day of one centre.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The ways between all places.
    pub travel: Matrix,
    /// Who works.
    pub technicians: Vec<Technician>,
    /// What is asked for.
    pub visits: Vec<Visit>,
    /// Where a technician may fetch, once on the day, every tool and any number of parts.
    pub store: Option<Store>,
    /// What is good.
    pub weights: Weights,
}

/// One technician on the day.
#[derive(Clone, Debug)]
pub struct Technician {
    /// Where the day begins.
    pub start: Place,
    /// Where it ends; `None` when the last visit is the end.
    pub end: Option<Place>,
    /// When.
    pub day: WorkDay,
    /// What they can do.
    pub skills: Abilities,
    /// What they have with them.
    pub tools: Abilities,
    /// Parts of each kind in the vehicle in the morning; kinds beyond the end are none.
    pub stock: Vec<u32>,
    /// Visits a day at most.
    pub visits_max: usize,
}

/// One visit that is asked for.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Where.
    pub place: Place,
    /// When work may begin: in order, apart from each other, at least one.
    pub windows: Vec<Window>,
    /// Whether its windows were promised. No technician has two visits whose promised windows overlap;
    /// touching is allowed. An end counts as the last instant inside, so windows that touch are one
    /// microsecond apart.
    pub is_promised: bool,
    /// How long the work takes, microseconds.
    pub service: i64,
    /// What is needed of a technician.
    pub skills: Abilities,
    /// What they must have with them.
    pub tools: Abilities,
    /// Parts of each kind that are built in; kinds beyond the end are none.
    pub parts: Vec<u32>,
    /// What it costs to leave the visit out, in microseconds of travel. The more urgent the deadline,
    /// the higher; a promised window more than one that nobody knows of.
    pub left_out_cost: i64,
    /// The only technician who may come, when the visit is pinned.
    pub only: Option<usize>,
    /// Who was announced, and what it costs, in microseconds of travel, to send somebody else.
    pub announced: Option<(usize, i64)>,
}

/// Where parts and tools are fetched.
#[derive(Clone, Debug)]
pub struct Store {
    /// Where.
    pub place: Place,
    /// When it is open.
    pub windows: Vec<Window>,
    /// How long a stop takes, microseconds.
    pub service: i64,
}

/// What is good, in microseconds of travel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weights {
    /// What it costs that a technician goes out at all.
    pub technician: i64,
    /// Whether waiting costs what travel costs. Everybody leaves home as late as an early return allows.
    pub waiting: bool,
    /// How much an uneven day costs: every technician pays `fairness` times the square of their hours
    /// of work, in hours of travel. 0 means not at all.
    pub fairness: f64,
}

/// Microseconds in an hour.
const HOUR: f64 = 3.6e9;

impl Weights {
    /// What a technician's work on the day costs beside the travel.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "a day's hours"
    )]
    pub fn work(&self, service: i64) -> i64 {
        if self.fairness == 0.0 {
            return 0;
        }
        let hours = service as f64 / HOUR;
        (self.fairness * hours * hours * HOUR) as i64
    }
}

/// A list of kinds is as long as it is; what is beyond its end is none.
pub(crate) fn of_kind(parts: &[u32], kind: usize) -> u32 {
    parts.get(kind).copied().unwrap_or_default()
}

impl Problem {
    /// Whether a technician could ever come to a visit, whatever else is on the day: right person,
    /// skills, and tools and parts either in the vehicle or at the store.
    pub fn suits(&self, technician: usize, visit: usize) -> bool {
        let (who, what) = (&self.technicians[technician], &self.visits[visit]);
        what.only.is_none_or(|only| only == technician)
            && what.skills & !who.skills == 0
            && (self.store.is_some() || self.is_equipped(technician, visit))
    }

    /// Whether the promised windows of two visits overlap.
    pub fn overlap(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.visits[one], &self.visits[other]);
        let overlap = |a: &Window, b: &Window| a.start <= b.end && b.start <= a.end;
        let any = |a: &Window| other.windows.iter().any(|b| overlap(a, b));
        one.is_promised && other.is_promised && one.windows.iter().any(any)
    }

    /// Whether a technician has everything for a visit in the vehicle in the morning.
    pub fn is_equipped(&self, technician: usize, visit: usize) -> bool {
        let (who, what) = (&self.technicians[technician], &self.visits[visit]);
        let has = |(kind, need): (usize, &u32)| *need <= of_kind(&who.stock, kind);
        what.tools & !who.tools == 0 && what.parts.iter().enumerate().all(has)
    }
}
