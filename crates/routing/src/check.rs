//! An independent check of a plan: it shares no code with the solvers' routes and walks every day
//! minute by minute of its own arithmetic.

use std::collections::HashMap;
use std::fmt;

use crate::plan::{Plan, Stop};
use crate::problem::Problem;
use crate::workday::{Window, WorkDay};

/// What is wrong with a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// There is not one route for each technician.
    Routes,
    /// A visit that is not in the problem.
    UnknownVisit(usize),
    /// A visit is planned, or left out, more or less often than once.
    NotOnce(usize),
    /// A technician comes who may not: another is pinned.
    WrongTechnician(usize, usize),
    /// A technician comes who cannot do it.
    Skill(usize, usize),
    /// A technician comes without a tool.
    Tool(usize, usize),
    /// A technician runs out of parts at this visit.
    Part(usize, usize),
    /// A technician comes after the last window.
    TooLate(usize, usize),
    /// The store is closed, not there, or visited twice.
    Store(usize),
    /// The day ends after the shift.
    Overtime(usize),
    /// More visits than a technician makes in a day.
    TooMany(usize),
    /// A technician has two visits whose promised windows overlap.
    Overlap(usize, usize),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Routes => f.write_str("there is not one route for each technician"),
            Self::UnknownVisit(visit) => write!(f, "visit {visit} is not in the problem"),
            Self::NotOnce(visit) => write!(f, "visit {visit} is not planned or left out once"),
            Self::WrongTechnician(who, visit) => {
                write!(f, "technician {who} is not the one of visit {visit}")
            }
            Self::Skill(who, visit) => {
                write!(f, "technician {who} lacks a skill for visit {visit}")
            }
            Self::Tool(who, visit) => write!(f, "technician {who} lacks a tool for visit {visit}"),
            Self::Part(who, visit) => {
                write!(f, "technician {who} has no parts left for visit {visit}")
            }
            Self::TooLate(who, visit) => {
                write!(f, "technician {who} comes too late to visit {visit}")
            }
            Self::Store(who) => write!(f, "technician {who} finds no store, or goes there twice"),
            Self::Overtime(who) => write!(f, "technician {who} is back after the shift"),
            Self::Overlap(one, other) => {
                write!(
                    f,
                    "visits {one} and {other} of one technician are promised at the same time"
                )
            }
            Self::TooMany(who) => write!(f, "technician {who} has too many visits"),
        }
    }
}

/// Everything that is wrong with a plan; empty when it can be carried out.
pub fn check(problem: &Problem, plan: &Plan) -> Vec<Violation> {
    let mut wrong = Vec::new();
    if plan.routes.len() != problem.technicians.len() {
        return vec![Violation::Routes];
    }
    let mut seen: HashMap<usize, usize> = HashMap::new();
    let planned = plan.routes.iter().flatten().filter_map(|stop| match stop {
        Stop::Visit(visit) => Some(*visit),
        Stop::Store => None,
    });
    for visit in planned.chain(plan.left_out.iter().copied()) {
        *seen.entry(visit).or_default() += 1;
    }
    let mut unknown: Vec<_> = seen.keys().filter(|visit| **visit >= problem.visits.len()).collect();
    unknown.sort();
    if let Some(visit) = unknown.first() {
        return vec![Violation::UnknownVisit(**visit)];
    }
    let all = 0..problem.visits.len();
    wrong.extend(all.filter(|visit| seen.get(visit) != Some(&1)).map(Violation::NotOnce));
    for technician in 0..problem.technicians.len() {
        walk(problem, technician, &plan.routes[technician], &mut wrong);
    }
    wrong
}

fn walk(problem: &Problem, technician: usize, route: &[Stop], wrong: &mut Vec<Violation>) {
    let who = &problem.technicians[technician];
    if route.is_empty() {
        return;
    }
    let visits = route.iter().filter(|stop| **stop != Stop::Store).count();
    overlaps(problem, route, wrong);
    if visits > who.visits_max {
        wrong.push(Violation::TooMany(technician));
    }
    let mut stock: HashMap<usize, u32> = who.stock.iter().copied().enumerate().collect();
    let mut has_fetched = false;
    let (mut place, mut now) = (who.start, who.day.shift().start);
    for stop in route {
        let (there, windows, service) = match *stop {
            Stop::Visit(number) => {
                let visit = &problem.visits[number];
                if visit.only.is_some_and(|only| only != technician) {
                    wrong.push(Violation::WrongTechnician(technician, number));
                }
                if (0..128).any(|bit| has(visit.skills, bit) && !has(who.skills, bit)) {
                    wrong.push(Violation::Skill(technician, number));
                }
                if !has_fetched {
                    if (0..128).any(|bit| has(visit.tools, bit) && !has(who.tools, bit)) {
                        wrong.push(Violation::Tool(technician, number));
                    }
                    for (kind, need) in visit.parts.iter().enumerate() {
                        let left = stock.entry(kind).or_default();
                        match left.checked_sub(*need) {
                            Some(rest) => *left = rest,
                            None => wrong.push(Violation::Part(technician, number)),
                        }
                    }
                }
                (visit.place, &visit.windows, visit.service)
            }
            Stop::Store => {
                let Some(store) = problem.store.as_ref().filter(|_| !has_fetched) else {
                    wrong.push(Violation::Store(technician));
                    continue;
                };
                has_fetched = true;
                (store.place, &store.windows, store.service)
            }
        };
        now = after_travel(&who.day, now, problem.travel.time(place, there));
        place = there;
        match work_begins(&who.day, windows, service, now) {
            Some(begin) => now = begin + service,
            None => wrong.push(match *stop {
                Stop::Visit(number) => Violation::TooLate(technician, number),
                Stop::Store => Violation::Store(technician),
            }),
        }
    }
    if let Some(end) = who.end {
        now = after_travel(&who.day, now, problem.travel.time(place, end));
    }
    if now > who.day.shift().end {
        wrong.push(Violation::Overtime(technician));
    }
}

fn overlaps(problem: &Problem, route: &[Stop], wrong: &mut Vec<Violation>) {
    let mut promised: Vec<(Window, usize)> = Vec::new();
    for stop in route {
        if let Stop::Visit(number) = *stop {
            let visit = &problem.visits[number];
            let windows = visit.windows.iter().filter(|_| visit.is_promised);
            promised.extend(windows.map(|window| (*window, number)));
        }
    }
    promised.sort_by_key(|(window, number)| (window.start, *number));
    for pair in promised.windows(2) {
        let [(before, one), (after, other)] = [pair[0], pair[1]];
        if after.start <= before.end && one != other {
            wrong.push(Violation::Overlap(one, other));
        }
    }
}

fn has(set: u128, bit: u32) -> bool {
    set >> bit & 1 == 1
}

/// Goes piece by piece: up to the next break, through it, on.
fn after_travel(day: &WorkDay, mut now: i64, mut left: i64) -> i64 {
    while left > 0 {
        if let Some(pause) = day.breaks().iter().find(|pause| pause.start <= now && now < pause.end)
        {
            now = pause.end;
        }
        let ahead = day.breaks().iter().map(|pause| pause.start).filter(|start| *start > now).min();
        let piece = ahead.map_or(left, |start| left.min(start - now));
        now += piece;
        left -= piece;
    }
    now
}

/// Tries the arrival, each window's start and each break's end: work can only begin at one of them.
fn work_begins(day: &WorkDay, windows: &[Window], service: i64, arrival: i64) -> Option<i64> {
    let starts = windows.iter().map(|window| window.start);
    let ends = day.breaks().iter().map(|pause| pause.end);
    let fits = |at: &i64| {
        let in_window = windows.iter().any(|window| window.start <= *at && *at <= window.end);
        let cut = day.breaks().iter().any(|pause| *at < pause.end && pause.start < *at + service);
        *at >= arrival && in_window && !cut
    };
    std::iter::once(arrival).chain(starts).chain(ends).filter(fits).min()
}
