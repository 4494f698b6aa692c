//! The booked days of many technicians, searched for windows that can be kept.
//!
//! The search goes outward from where the visit is, nearest homes first, and ends when every window
//! that was asked for has somebody, so what it costs does not grow with the number of technicians as
//! long as there is somebody free nearby. Where there is nobody, everybody in reach is looked at, and
//! the reasons are counted.

mod day;
mod grid;
mod urgent;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::problem::Abilities;
use crate::travel::{Point, Travel};
use crate::workday::{Window, WorkDay};

pub use day::{Ask, Booking, Closed, Day, Fit};
use grid::Grid;
pub use urgent::{Moved, Placed};

/// Technicians who can keep a window before the search takes the best of them.
const CHOICE: usize = 4;

/// A technician by their number on the board.
pub type Number = usize;

/// Who a technician is, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// Where their days begin and end.
    pub home: Point,
    /// What they can do, see [`crate::problem::Abilities`].
    pub skills: Abilities,
    /// Visits a day at most.
    pub visits_max: usize,
}

/// Technicians with their booked days. Cheap to search, and changed in place.
#[derive(Clone, Debug)]
pub struct Board {
    travel: Arc<dyn Travel>,
    /// How far from home anybody is sent, metres.
    reach: f64,
    technicians: Vec<Entry>,
    grid: Grid,
}

#[derive(Clone, Debug)]
struct Entry {
    profile: Profile,
    days: BTreeMap<i64, Day>,
}

/// A window that was asked for: on which day, and when work may begin, its end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The day by the caller's count, as in [`Board::set_day`].
    pub day: i64,
    /// The window.
    pub window: Window,
}

/// What was found for a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Somebody can keep it: the shortest detour among the first who can.
    Open {
        /// Who.
        technician: Number,
        /// How it fits into their day.
        fit: Fit,
    },
    /// Nobody in reach can, and why, with how many each reason holds for.
    Closed(BTreeMap<Closed, usize>),
}

impl Board {
    /// An empty board. Nobody is sent further from home than `reach` metres as the crow flies.
    pub fn new(travel: Arc<dyn Travel>, reach: f64) -> Self {
        Self { travel, reach, technicians: Vec::new(), grid: Grid::default() }
    }

    /// Puts a technician on the board, without any working day.
    pub fn add(&mut self, profile: Profile) -> Number {
        let number = self.technicians.len();
        self.technicians.push(Entry { profile, days: BTreeMap::new() });
        self.grid.add(profile.home, number);
        number
    }

    /// How many technicians there are.
    pub fn technicians(&self) -> usize {
        self.technicians.len()
    }

    /// Who a technician is.
    pub fn profile(&self, technician: Number) -> Option<&Profile> {
        self.technicians.get(technician).map(|entry| &entry.profile)
    }

    /// When a technician works on a day; what was booked on it is kept. A day that was never set is a
    /// day off.
    pub fn set_day(&mut self, technician: Number, day: i64, hours: WorkDay) {
        let Some(entry) = self.technicians.get_mut(technician) else { return };
        let Profile { home, visits_max, .. } = entry.profile;
        let mut new = Day::new(hours, home, Arc::clone(&self.travel), visits_max);
        for booking in entry.days.get(&day).map(Day::bookings).unwrap_or_default() {
            new.put(*booking);
        }
        entry.days.insert(day, new);
    }

    /// The day of a technician.
    pub fn day(&self, technician: Number, day: i64) -> Option<&Day> {
        self.technicians.get(technician)?.days.get(&day)
    }

    /// The day of a technician, to be changed.
    pub fn day_mut(&mut self, technician: Number, day: i64) -> Option<&mut Day> {
        self.technicians.get_mut(technician)?.days.get_mut(&day)
    }

    /// Who can keep each of the windows, in their order.
    pub fn find(&self, ask: &Ask, wanted: &[Wanted]) -> Vec<Found> {
        let mut searches: Vec<Search> = wanted.iter().map(|_| Search::default()).collect();
        let mut open = wanted.len();
        for technician in self.grid.around(ask.at, self.reach) {
            if open == 0 {
                break;
            }
            let entry = &self.technicians[technician];
            for (wanted, search) in wanted.iter().zip(&mut searches) {
                if search.found == CHOICE {
                    continue;
                }
                match entry.fit(ask, wanted) {
                    Ok(fit) => {
                        search.found += 1;
                        open -= usize::from(search.found == CHOICE);
                        if search.best.is_none_or(|(_, best)| fit.detour < best.detour) {
                            search.best = Some((technician, fit));
                        }
                    }
                    Err(why) => *search.closed.entry(why).or_default() += 1,
                }
            }
        }
        searches.into_iter().map(Search::found).collect()
    }

    /// Who takes one more visit on a day with the shortest detour, whoever they are. Unlike
    /// [`Board::find`] it looks at everybody in reach.
    pub fn best(&self, ask: &Ask, wanted: &Wanted) -> Option<(Number, Fit)> {
        let around = self.grid.around(ask.at, self.reach);
        let fits =
            around.filter_map(|one| Some((one, self.technicians[one].fit(ask, wanted).ok()?)));
        fits.min_by_key(|(technician, fit)| (fit.detour, *technician))
    }
}

impl Entry {
    fn fit(&self, ask: &Ask, wanted: &Wanted) -> Result<Fit, Closed> {
        if ask.skills & !self.profile.skills != 0 {
            return Err(Closed::Skill);
        }
        let day = self.days.get(&wanted.day).ok_or(Closed::OffDuty)?;
        day.fit(ask, wanted.window)
    }
}

/// How far the search for one window has come.
#[derive(Debug, Default)]
struct Search {
    found: usize,
    best: Option<(Number, Fit)>,
    closed: BTreeMap<Closed, usize>,
}

impl Search {
    fn found(self) -> Found {
        match self.best {
            Some((technician, fit)) => Found::Open { technician, fit },
            None => Found::Closed(self.closed),
        }
    }
}
