//! One technician's booked day, ready to say whether one more visit can really be kept.

use std::sync::Arc;

use crate::problem::Abilities;
use crate::travel::{Point, Travel};
use crate::workday::{Window, WorkDay};

/// Microseconds in half an hour, the grain of what is free at a glance.
const HALF_HOUR: i64 = 1_800_000_000;

/// A visit that was promised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Booking {
    /// Whose it is; the caller's number.
    pub id: u128,
    /// Where.
    pub at: Point,
    /// When work may begin, as promised.
    pub window: Window,
    /// How long the work takes, microseconds.
    pub service: i64,
    /// What is needed of a technician, see [`crate::problem::Abilities`].
    pub skills: Abilities,
    /// Whether nobody else may come and nothing about it may change.
    pub is_pinned: bool,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ask {
    /// Where.
    pub at: Point,
    /// How long the work takes, microseconds.
    pub service: i64,
    /// What is needed of a technician, see [`crate::problem::Abilities`].
    pub skills: Abilities,
    /// Whether its window may overlap that of no other visit of the technician. Windows that touch do
    /// not overlap.
    pub is_apart: bool,
}

/// How a visit fits into a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// After so many of the day's visits.
    pub after: usize,
    /// What the way takes more, microseconds.
    pub detour: i64,
    /// When work begins, if everything before goes as planned.
    pub begins: i64,
}

/// Why a technician cannot keep a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Closed {
    /// The technician lacks a skill.
    Skill,
    /// The technician does not work then, or the work would not be done by the end of the shift.
    OffDuty,
    /// The window overlaps that of a visit that was promised.
    Taken,
    /// The technician cannot get there from the visit before, or from there to the next, in time.
    Travel,
    /// The technician has as many visits on that day as they make.
    Visits,
}

/// The day of a technician with what is booked.
#[derive(Clone, Debug)]
pub struct Day {
    hours: WorkDay,
    home: Point,
    travel: Arc<dyn Travel>,
    visits_max: usize,
    bookings: Vec<Booking>,
    /// When the technician can leave the stop before each gap; `None` when they are late by then.
    leave: Vec<Option<i64>>,
    /// By when they must be at the stop after each gap; `None` when they will be late in any case.
    by: Vec<Option<i64>>,
    /// The way across each gap.
    way: Vec<i64>,
    /// Half hours since the shift's that are promised to somebody.
    taken: u64,
}

impl Day {
    /// A day without visits, from home and back.
    pub fn new(hours: WorkDay, home: Point, travel: Arc<dyn Travel>, visits_max: usize) -> Self {
        let mut day = Self {
            hours,
            home,
            travel,
            visits_max,
            bookings: Vec::new(),
            leave: Vec::new(),
            by: Vec::new(),
            way: Vec::new(),
            taken: 0,
        };
        day.rebuild();
        day
    }

    /// What is booked, in the order in which the technician goes there.
    pub fn bookings(&self) -> &[Booking] {
        &self.bookings
    }

    /// When the technician works.
    pub fn hours(&self) -> &WorkDay {
        &self.hours
    }

    /// Adds a visit, or replaces the one with its id, in the order of the windows.
    pub fn put(&mut self, booking: Booking) {
        self.bookings.retain(|one| one.id != booking.id);
        let order = |one: &Booking| (one.window.start, one.window.end);
        let at = self.bookings.partition_point(|one| order(one) <= order(&booking));
        self.bookings.insert(at, booking);
        self.rebuild();
    }

    /// Adds a visit where it was found to fit.
    pub fn insert(&mut self, after: usize, booking: Booking) {
        self.bookings.insert(after.min(self.bookings.len()), booking);
        self.rebuild();
    }

    /// Takes a visit away; false when there is none with this id.
    pub fn remove(&mut self, id: u128) -> bool {
        let before = self.bookings.len();
        self.bookings.retain(|one| one.id != id);
        let is_gone = self.bookings.len() < before;
        if is_gone {
            self.rebuild();
        }
        is_gone
    }

    /// Whether every promise of the day can be kept as it is planned.
    pub fn is_kept(&self) -> bool {
        self.leave.iter().all(Option::is_some) && self.by.iter().all(Option::is_some)
    }

    fn rebuild(&mut self) {
        let stops = self.bookings.len();
        let place = |stop: usize| self.bookings.get(stop).map_or(self.home, |one| one.at);
        let from = |gap: usize| gap.checked_sub(1).map_or(self.home, place);
        self.way = (0..=stops).map(|gap| self.travel.time(from(gap), place(gap))).collect();
        self.taken = self.bookings.iter().fold(0, |taken, one| taken | self.half_hours(one.window));
        self.leave.clear();
        let mut leave = Some(self.hours.shift().start);
        self.leave.push(leave);
        for (gap, one) in self.bookings.iter().enumerate() {
            let arrives = leave.map(|leave| self.hours.arrival(leave, self.way[gap]));
            let begin = arrives.and_then(|at| self.hours.begin(&[one.window], one.service, at));
            leave = begin.map(|begin| begin + one.service);
            self.leave.push(leave);
        }
        self.by.clear();
        let mut by = Some(self.hours.shift().end);
        self.by.push(by);
        for (gap, one) in self.bookings.iter().enumerate().rev() {
            let leave = by.map(|by| self.hours.departure(by, self.way[gap + 1]));
            by = leave.and_then(|at| self.hours.begin_by(&[one.window], one.service, at));
            self.by.push(by);
        }
        self.by.reverse();
    }

    /// The half hours a window touches, as far as they lie within 32 hours of the shift's begin.
    fn half_hours(&self, window: Window) -> u64 {
        let begin = self.hours.shift().start.div_euclid(HALF_HOUR);
        let first = window.start.div_euclid(HALF_HOUR) - begin;
        let last = (window.end - 1).div_euclid(HALF_HOUR) - begin;
        if window.end <= window.start || last < 0 || first > 63 {
            return 0;
        }
        let (first, last) = (first.max(0), last.min(63));
        (u64::MAX >> (63 - last)) & (u64::MAX << first)
    }

    /// Where a visit fits best into the day so that work begins within `window`, its end excluded, and
    /// every other promise is kept.
    ///
    /// # Errors
    /// Why it does not.
    pub fn fit(&self, ask: &Ask, window: Window) -> Result<Fit, Closed> {
        let shift = self.hours.shift();
        if window.end <= shift.start || shift.end <= window.start {
            return Err(Closed::OffDuty);
        }
        if self.bookings.len() >= self.visits_max {
            return Err(Closed::Visits);
        }
        if ask.is_apart && self.taken & self.half_hours(window) != 0 && self.overlaps(window) {
            return Err(Closed::Taken);
        }
        // The last instant at which work may begin lies inside the window.
        let begin_in = [Window::new(window.start, window.end - 1)];
        let from_home = self.travel.time(self.home, ask.at);
        let arrives = self.hours.arrival(shift.start, from_home);
        let alone = self.hours.begin(&begin_in, ask.service, arrives);
        let back = alone.map(|begin| self.hours.arrival(begin + ask.service, from_home));
        if back.is_none_or(|back| back > shift.end) {
            return Err(Closed::OffDuty);
        }
        let stops = self.bookings.len();
        let mut best: Option<Fit> = None;
        for gap in 0..=stops {
            let before = gap.checked_sub(1).map(|stop| &self.bookings[stop]);
            let (Some(leave), Some(by)) = (self.leave[gap], self.by[gap]) else { continue };
            let there = self.travel.time(before.map_or(self.home, |one| one.at), ask.at);
            let on =
                self.travel.time(ask.at, self.bookings.get(gap).map_or(self.home, |one| one.at));
            let arrives = self.hours.arrival(leave, there);
            let Some(begins) = self.hours.begin(&begin_in, ask.service, arrives) else { break };
            if self.hours.arrival(begins + ask.service, on) > by {
                continue;
            }
            let detour = there + on - if stops == 0 { 0 } else { self.way[gap] };
            if best.is_none_or(|best| detour < best.detour) {
                best = Some(Fit { after: gap, detour, begins });
            }
        }
        best.ok_or(Closed::Travel)
    }

    fn overlaps(&self, window: Window) -> bool {
        let overlap =
            |one: &Booking| one.window.start < window.end && window.start < one.window.end;
        self.bookings.iter().any(overlap)
    }
}
