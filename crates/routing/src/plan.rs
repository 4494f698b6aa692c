//! A plan: who goes where in which order, and what is left out.

use crate::problem::Problem;
use crate::workday::Window;

/// One stop of a technician's day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// A visit, by its number in the problem.
    Visit(usize),
    /// The store, to fetch parts and tools.
    Store,
}

/// A plan for a problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The stops of every technician in order; empty for whoever stays at home.
    pub routes: Vec<Vec<Stop>>,
    /// The visits that nobody comes to, in order.
    pub left_out: Vec<usize>,
}

/// A stop on the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timed {
    /// The stop.
    pub stop: Stop,
    /// When the technician is there.
    pub arrives: i64,
    /// From the beginning of the work to its end.
    pub work: Window,
}

/// What a plan comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Technicians who go out.
    pub technicians: usize,
    /// Microseconds on the road.
    pub travel: i64,
    /// Microseconds of work at visits.
    pub service: i64,
    /// Microseconds of waiting for windows, in breaks and at the store, when everybody leaves home as late as their
    /// earliest return allows.
    pub waiting: i64,
    /// Visits left out.
    pub left_out: usize,
    /// Everything that is to be small, in microseconds of travel.
    pub cost: i64,
}

impl Plan {
    /// Nobody goes anywhere.
    pub fn empty(problem: &Problem) -> Self {
        Self {
            routes: vec![Vec::new(); problem.technicians.len()],
            left_out: (0..problem.visits.len()).collect(),
        }
    }

    /// A technician's stops on the clock, everything as early as it can be; `None` when a stop comes
    /// too late for its windows.
    pub fn timed(&self, problem: &Problem, technician: usize) -> Option<Vec<Timed>> {
        timed(problem, technician, &self.routes[technician])
    }

    /// From leaving home as late as the earliest return allows to that return; `None` for who stays at
    /// home, and when a stop comes too late for its windows.
    pub fn hours(&self, problem: &Problem, technician: usize) -> Option<Window> {
        hours(problem, technician, &self.routes[technician])
    }

    /// What the plan comes to.
    pub fn figures(&self, problem: &Problem) -> Figures {
        let mut sum = Figures { left_out: self.left_out.len(), ..Figures::default() };
        for (technician, route) in self.routes.iter().enumerate() {
            let day = day(problem, technician, route);
            sum.technicians += day.technicians;
            sum.travel += day.travel;
            sum.service += day.service;
            sum.waiting += day.waiting;
            sum.cost += day.cost;
        }
        sum.cost +=
            self.left_out.iter().map(|visit| problem.visits[*visit].left_out_cost).sum::<i64>();
        sum
    }
}

/// What one technician's day comes to; nothing for who stays at home.
pub(crate) fn day(problem: &Problem, technician: usize, route: &[Stop]) -> Figures {
    if route.is_empty() {
        return Figures::default();
    }
    let who = &problem.technicians[technician];
    let mut day = Figures { technicians: 1, ..Figures::default() };
    let mut place = who.start;
    for stop in route {
        if let Some((there, _, takes)) = at(problem, *stop) {
            day.travel += problem.travel.time(place, there);
            place = there;
            day.service += if matches!(stop, Stop::Visit(_)) { takes } else { 0 };
        }
        if let Stop::Visit(visit) = *stop {
            day.cost += change_cost(problem, technician, visit);
        }
    }
    day.travel += who.end.map_or(0, |end| problem.travel.time(place, end));
    let hours = hours(problem, technician, route);
    day.waiting = hours.map_or(0, |hours| hours.end - hours.start - day.travel - day.service);
    day.cost += if problem.weights.waiting { day.waiting } else { 0 };
    day.cost += day.travel + problem.weights.technician + problem.weights.work(day.service);
    day
}

fn timed(problem: &Problem, technician: usize, route: &[Stop]) -> Option<Vec<Timed>> {
    let who = &problem.technicians[technician];
    let (mut place, mut leave) = (who.start, who.day.shift().start);
    let mut timed = Vec::with_capacity(route.len());
    for stop in route {
        let (there, windows, service) = at(problem, *stop)?;
        let arrives = who.day.arrival(leave, problem.travel.time(place, there));
        let begin = who.day.begin(windows, service, arrives)?;
        (place, leave) = (there, begin + service);
        timed.push(Timed { stop: *stop, arrives, work: Window::new(begin, leave) });
    }
    Some(timed)
}

fn hours(problem: &Problem, technician: usize, route: &[Stop]) -> Option<Window> {
    let who = &problem.technicians[technician];
    let timed = timed(problem, technician, route)?;
    let ended = timed.last()?.work.end;
    let (last, _, _) = at(problem, timed.last()?.stop)?;
    let home = |end| who.day.arrival(ended, problem.travel.time(last, end));
    let back = who.end.map_or(ended, home);
    let (mut by, mut next) = (back, who.end);
    for stop in timed.iter().rev() {
        let (there, windows, service) = at(problem, stop.stop)?;
        let leave = |next| who.day.departure(by, problem.travel.time(there, next));
        by = who.day.begin_by(windows, service, next.map_or(by, leave))?;
        next = Some(there);
    }
    let way = next.map_or(0, |next| problem.travel.time(who.start, next));
    let leave = who.day.departure(by, way);
    Some(Window::new(leave.max(who.day.shift().start), back))
}

/// What it costs that this technician comes and not the announced one.
pub(crate) fn change_cost(problem: &Problem, technician: usize, visit: usize) -> i64 {
    match problem.visits[visit].announced {
        Some((announced, cost)) if announced != technician => cost,
        _ => 0,
    }
}

/// Place, windows and service of a stop; `None` for a store that is not there.
fn at(problem: &Problem, stop: Stop) -> Option<(usize, &[Window], i64)> {
    match stop {
        Stop::Visit(visit) => {
            let visit = problem.visits.get(visit)?;
            Some((visit.place, &visit.windows, visit.service))
        }
        Stop::Store => {
            let store = problem.store.as_ref()?;
            Some((store.place, &store.windows, store.service))
        }
    }
}
