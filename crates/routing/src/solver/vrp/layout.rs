//! A problem as the library lays it out: jobs, vehicles and places by number.
//!
//! Instants are microseconds from the first beginning of a shift. They and all costs are whole numbers
//! far below 2^53, so the library's floating point loses nothing.

use ::vrp_core::models::common::{Profile, TimeInterval, TimeWindow};
use ::vrp_core::models::problem::{
    Actor, Costs, Job, JobPlaceBuilder, Single, Vehicle, VehicleDetail, VehiclePlace,
};
use ::vrp_core::models::solution::Place as Spot;
use std::sync::Arc;

use crate::problem::Problem;
use crate::solver::{Fit, Model};
use crate::travel::Place;
use crate::workday::{Window, WorkDay};

/// The keys under which a vehicle has its technician's number and a job its visit's.
struct TechnicianKey;
struct VisitKey;

/// Microseconds in a day, more than anybody works.
const DAY: i64 = 24 * 3_600_000_000;

/// The layout.
pub struct Layout {
    pub problem: Problem,
    /// By technician and visit: whether the one can ever come to the other.
    fits: Vec<bool>,
    /// Technicians with the same number are the same in everything.
    classes: Vec<usize>,
    /// The windows of each visit in the library's time, those that nobody is there for left away.
    windows: Vec<Vec<Window>>,
    /// Where the library's time begins.
    origin: i64,
    pub has_breaks: bool,
    /// Whether leaving some visit out may cost less than coming to it.
    pub weighs: bool,
    /// Whether visits differ in what it costs to leave them out.
    pub has_urgency: bool,
    /// What it costs to leave out everything.
    pub all_out: i64,
    /// The place that is no way from anywhere: where a day ends whose last visit is its end.
    nowhere: Place,
}

impl Layout {
    pub fn of(problem: &Problem) -> Self {
        let model = Model::of(problem);
        let visits = 0..model.visits();
        let technicians = 0..problem.technicians.len();
        let pairs = technicians.clone().flat_map(|who| visits.clone().map(move |to| (who, to)));
        let starts = problem.technicians.iter().map(|who| who.day.shift().start);
        let origin = starts.min().unwrap_or_default();
        let out = || problem.visits.iter().map(|visit| visit.left_out_cost);
        let places = problem.travel.places();
        let ways = (0..places).flat_map(|from| (0..places).map(move |to| (from, to)));
        let longest =
            ways.map(|(from, to)| problem.travel.time(from, to)).max().unwrap_or_default();
        let changes = problem.visits.iter().filter_map(|visit| visit.announced);
        // No visit costs more: two ways, somebody who goes out for it and is not the announced one,
        // and whose day it makes the longest there is.
        let dearest = [
            longest.saturating_mul(2),
            problem.weights.technician,
            problem.weights.work(DAY),
            changes.map(|(_, cost)| cost).max().unwrap_or_default(),
        ];
        let dearest = dearest.into_iter().fold(0, i64::saturating_add);
        Self {
            fits: pairs.map(|(who, to)| model.fit(who, to) == Fit::AsIs).collect(),
            classes: model.class.clone(),
            windows: visits.map(|visit| windows(problem, visit, origin)).collect(),
            origin,
            has_breaks: problem.technicians.iter().any(|who| !who.day.breaks().is_empty()),
            weighs: out().any(|cost| cost <= dearest),
            has_urgency: out().min() != out().max(),
            all_out: out().sum(),
            nowhere: places,
            problem: problem.clone(),
        }
    }

    /// Whether a technician can come to a visit on a day without others.
    pub fn fits(&self, technician: usize, visit: usize) -> bool {
        self.fits[technician * self.problem.visits.len() + visit]
    }

    pub fn class(&self, technician: usize) -> usize {
        self.classes[technician]
    }

    pub fn day(&self, technician: usize) -> &WorkDay {
        &self.problem.technicians[technician].day
    }

    /// How long a way takes on a day without breaks.
    pub fn way(&self, from: Place, to: Place) -> i64 {
        if from == self.nowhere || to == self.nowhere {
            0
        } else {
            self.problem.travel.time(from, to)
        }
    }

    /// Whether a place is on the map.
    pub fn is_somewhere(&self, place: Place) -> bool {
        place != self.nowhere
    }

    /// An instant of ours, for the library.
    #[expect(clippy::cast_precision_loss, reason = "below 2^53, see the module")]
    pub fn told(&self, at: i64) -> f64 {
        (at - self.origin) as f64
    }

    /// An instant of the library's, as ours.
    #[expect(clippy::cast_possible_truncation, reason = "whole numbers, see the module")]
    pub fn heard(&self, at: f64) -> i64 {
        at as i64 + self.origin
    }

    /// The visits as jobs, in their order.
    pub fn jobs(&self) -> impl Iterator<Item = Job> + '_ {
        self.problem.visits.iter().enumerate().map(|(nth, visit)| {
            let times = self.windows[nth].iter().map(span).collect();
            let place = JobPlaceBuilder::default()
                .location(Some(visit.place))
                .duration(length(visit.service))
                .times(times)
                .build();
            let mut single =
                Single { places: place.into_iter().collect(), dimens: Default::default() };
            single.dimens.set_value::<VisitKey, usize>(nth);
            Job::Single(Arc::new(single))
        })
    }

    /// The technicians as vehicles, in their order.
    pub fn vehicles(&self) -> impl Iterator<Item = Vehicle> + '_ {
        self.problem.technicians.iter().enumerate().map(|(nth, who)| {
            let shift = who.day.shift();
            let start = Some(self.told(shift.start));
            let leaves = TimeInterval { earliest: start, latest: start };
            let is_back = TimeInterval { earliest: None, latest: Some(self.told(shift.end)) };
            let end = who.end.unwrap_or(self.nowhere);
            let mut vehicle = Vehicle {
                profile: Profile::default(),
                // What only the library's own features ask; the costs of a plan are `day.rs`'s.
                costs: Costs {
                    fixed: length(self.problem.weights.technician),
                    per_distance: 1.0,
                    per_driving_time: 0.0,
                    per_waiting_time: 0.0,
                    per_service_time: 0.0,
                },
                dimens: Default::default(),
                details: vec![VehicleDetail {
                    start: Some(VehiclePlace { location: who.start, time: leaves }),
                    end: Some(VehiclePlace { location: end, time: is_back }),
                }],
            };
            vehicle.dimens.set_value::<TechnicianKey, usize>(nth);
            vehicle
        })
    }

    /// Where a visit is planned whose work begins at an instant of ours.
    pub fn place(&self, visit: usize, begins: i64) -> Spot {
        let at = begins - self.origin;
        let windows = &self.windows[visit];
        let window = windows.iter().find(|window| window.start <= at && at <= window.end);
        let what = &self.problem.visits[visit];
        let time = span(window.unwrap_or(&windows[0]));
        Spot { idx: 0, location: what.place, duration: length(what.service), time }
    }
}

/// The number of a vehicle's technician.
pub fn technician(actor: &Actor) -> usize {
    let number = actor.vehicle.dimens.get_value::<TechnicianKey, usize>();
    *number.expect("every vehicle is made by `vehicles`")
}

/// The number of a job's visit.
pub fn visit(job: &Single) -> usize {
    let number = job.dimens.get_value::<VisitKey, usize>();
    *number.expect("every job is made by `jobs`")
}

fn windows(problem: &Problem, visit: usize, origin: i64) -> Vec<Window> {
    let all = problem.visits[visit].windows.iter();
    let told = all.map(|window| Window::new((window.start - origin).max(0), window.end - origin));
    let mut told: Vec<_> = told.filter(|window| window.start <= window.end).collect();
    if told.is_empty() {
        // Over before anybody works; it fits nobody.
        told.push(Window::new(0, 0));
    }
    told
}

#[expect(clippy::cast_precision_loss, reason = "below 2^53, see the module")]
fn span(window: &Window) -> TimeWindow {
    TimeWindow::new(window.start as f64, window.end as f64)
}

/// A duration or a cost, for the library.
#[expect(clippy::cast_precision_loss, reason = "below 2^53, see the module")]
pub fn length(micros: i64) -> f64 {
    micros as f64
}
