//! Day plans: from what a centre has promised to who goes where, and back into words.
//!
//! Pure, but for `making.rs`, which plans on a thread of its own, and `kept.rs`, which keeps plans. Windows
//! that were promised are kept or the visit is left out, never moved. What a plan takes for granted: the
//! work takes as long as [`work`] says, and parts are in the vehicle.

mod kept;
mod making;
mod words;

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use parasol_casebook::Point;
use parasol_journey::event::Window;
use parasol_journey::ids::{CaseId, County, TechnicianId};
use parasol_journey::time::{HOUR, MINUTE, Span, Timestamp};
use parasol_journey::vocab::Category;
use parasol_routing::problem::{Problem, Technician, Visit, Weights};
use parasol_routing::travel::{Matrix, Travel};
use parasol_routing::{Plan, Stop, WorkDay};
use uuid::Uuid;

use crate::tables::State;
use crate::team::{Member, Promised, on_map, skill, work};

pub use kept::{Kept, PLAN_FOR, keep, kept};
pub use making::{Making, Order};
pub use words::{changes, to_wire};

/// Visits a day where the network names no limit.
const VISITS_MAX: usize = 48;
/// What it costs, in microseconds of travel, that a promised visit is left out: more than any day.
const PROMISED: i64 = 1_000 * HOUR;
/// The same for one that is pinned.
const PINNED: i64 = 4 * PROMISED;
/// What it costs that somebody else comes than was announced.
const CHANGED: i64 = 30 * MINUTE;
/// The least and the most that it costs to leave out a case without a visit; the nearer its next deadline,
/// the more.
const OPEN: (i64, i64) = (HOUR, 20 * HOUR);
/// How far ahead a deadline makes a case more urgent.
const URGENT: Span = Span::days(3);
/// How much uneven hours count.
const FAIRNESS: f64 = 0.02;
/// How much longer work goes on at least that should be over by now.
const GOES_ON: i64 = 10 * MINUTE;

/// A case without a visit.
#[derive(Clone, Debug)]
pub struct Open {
    /// The case.
    pub case: CaseId,
    /// What is worked on.
    pub category: Category,
    /// In which county.
    pub county: County,
    /// Where, as well as anybody knows.
    pub place: Option<Point>,
    /// When its next deadline runs out.
    pub due: Option<Timestamp>,
    /// Who was named for it already.
    pub technician: Option<TechnicianId>,
}

/// Everything a plan is made from.
#[derive(Clone, Debug)]
pub struct Input {
    /// The centre's technicians.
    pub members: Vec<Member>,
    /// The day.
    pub day: NaiveDate,
    /// Now: nobody is sent into the past.
    pub now: Timestamp,
    /// What is booked on the day.
    pub booked: Vec<Promised>,
    /// What else is to be planned.
    pub open: Vec<Open>,
    /// Visits that stay with their technician.
    pub pinned: HashSet<Uuid>,
}

/// What a visit of the problem is.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its case.
    pub case: CaseId,
    /// The visit, and the window that was promised; `None` for a case without one.
    pub booked: Option<(Uuid, Window)>,
    /// Who was named so far.
    pub technician: Option<TechnicianId>,
}

/// A problem with what its numbers stand for.
#[derive(Clone, Debug)]
pub struct Task {
    /// The problem.
    pub problem: Problem,
    /// The day as it is booked.
    pub booked: Plan,
    /// By number.
    pub jobs: Vec<Job>,
    /// By number.
    pub technicians: Vec<TechnicianId>,
}

impl Task {
    /// The problem of a day.
    pub fn of(input: &Input, travel: &dyn Travel) -> Self {
        let mut making = Builder::new(input);
        for (id, entry) in &input.members {
            making.technician(input, id, entry);
        }
        let over = |one: &&Promised| {
            matches!(one.state, State::Completed | State::InProgress) || one.state.is_called_off()
        };
        for one in input.booked.iter().filter(|one| !over(one)) {
            making.booked(input, one);
        }
        for one in &input.open {
            making.open(input, one);
        }
        making.finish(travel)
    }
}

/// A task in the making.
struct Builder {
    places: Vec<parasol_routing::travel::Point>,
    somewhere: Option<Point>,
    /// Counties that somebody's territory leaves out, each a skill of those who go there.
    counties: Vec<County>,
    at_work: HashMap<TechnicianId, Promised>,
    technicians: Vec<Technician>,
    ids: Vec<TechnicianId>,
    visits: Vec<Visit>,
    jobs: Vec<Job>,
}

impl Builder {
    fn new(input: &Input) -> Self {
        let booked = input.booked.iter().map(|one| (&one.county, one.place));
        let open = input.open.iter().map(|one| (&one.county, one.place));
        let counties: BTreeSet<&County> = booked.chain(open).map(|(county, _)| county).collect();
        let left_out =
            |county: &&&County| input.members.iter().any(|(_, entry)| !entry.goes_to(county));
        let places = input.booked.iter().map(|one| one.place);
        let homes = input.members.iter().map(|(_, entry)| entry.home);
        let in_progress = input.booked.iter().filter(|one| one.state == State::InProgress);
        Self {
            places: Vec::new(),
            somewhere: homes.chain(places).flatten().next(),
            // As many as the set of skills has room for beside the categories.
            counties: counties
                .iter()
                .filter(left_out)
                .take(100)
                .map(|one| (*one).clone())
                .collect(),
            at_work: in_progress.map(|one| (one.technician.clone(), one.clone())).collect(),
            technicians: Vec::new(),
            ids: Vec::new(),
            visits: Vec::new(),
            jobs: Vec::new(),
        }
    }

    fn place(&mut self, place: Option<Point>) -> usize {
        let point = place.or(self.somewhere).unwrap_or(Point { lat: 0, lon: 0 });
        self.places.push(on_map(point));
        self.places.len() - 1
    }

    fn technician(&mut self, input: &Input, id: &TechnicianId, entry: &crate::roster::Entry) {
        let Some(hours) = entry.working_time.hours(input.day) else { return };
        let home = self.place(entry.home);
        let shift = hours.shift();
        let mut start = shift.start.max(input.now.micros());
        let mut from = home;
        if let Some(visit) = self.at_work.get(id).cloned() {
            let arrived = visit.arrived_at.unwrap_or(input.now).micros();
            let ends = arrived + work(visit.category).micros();
            start = start.max(ends.max(input.now.micros() + GOES_ON));
            from = self.place(visit.place);
        }
        let rest = parasol_routing::Window::new(start.min(shift.end), shift.end);
        let limit = usize::try_from(entry.visits_a_day).unwrap_or_default();
        let may = |category: &&Category| entry.is_certified(**category, input.day);
        let categories = Category::ALL.iter().filter(may).fold(0, |set, one| set | skill(*one));
        let goes = |(_, county): &(usize, &County)| entry.goes_to(county);
        let counties = self.counties.iter().enumerate().filter(goes);
        let counties = counties.fold(0, |set, (nth, _)| set | area(nth));
        self.technicians.push(Technician {
            start: from,
            end: Some(home),
            day: WorkDay::new(rest, hours.breaks().iter().copied()),
            skills: categories | counties,
            tools: 0,
            stock: Vec::new(),
            visits_max: if limit == 0 { VISITS_MAX } else { limit },
        });
        self.ids.push(id.clone());
    }

    fn number(&self, technician: &TechnicianId) -> Option<usize> {
        self.ids.iter().position(|one| one == technician)
    }

    fn skills(&self, category: Category, county: &County) -> u128 {
        let area = self.counties.iter().position(|one| one == county).map_or(0, area);
        skill(category) | area
    }

    fn booked(&mut self, input: &Input, one: &Promised) {
        let announced = self.number(&one.technician);
        // Whoever comes along has the same visit; the two are not planned apart.
        let both = input.booked.iter().filter(|other| other.appointment == one.appointment);
        let is_pinned = one.state == State::EnRoute
            || input.pinned.contains(&one.appointment)
            || both.count() > 1;
        let (start, end) = (one.window.start.micros(), one.window.end.micros() - 1);
        let place = self.place(one.place);
        self.visits.push(Visit {
            place,
            windows: vec![parasol_routing::Window::new(start, end)],
            is_promised: true,
            service: work(one.category).micros(),
            skills: self.skills(one.category, &one.county),
            tools: 0,
            parts: Vec::new(),
            left_out_cost: if is_pinned { PINNED } else { PROMISED },
            only: announced.filter(|_| is_pinned),
            announced: announced.map(|who| (who, CHANGED)),
        });
        self.jobs.push(Job {
            case: one.case,
            booked: Some((one.appointment, one.window)),
            technician: Some(one.technician.clone()),
        });
    }

    fn open(&mut self, input: &Input, one: &Open) {
        let left = one.due.map_or(URGENT, |due| due.since(input.now));
        let left = left.micros().clamp(0, URGENT.micros());
        let (least, most) = OPEN;
        // A deadline that is over costs the most, one beyond the horizon the least.
        let urgency = most - (most - least) / URGENT.micros().max(1) * left;
        let midnight = Timestamp::shanghai_midnight(input.day).micros();
        let place = self.place(one.place);
        let announced = one.technician.as_ref().and_then(|who| self.number(who));
        self.visits.push(Visit {
            place,
            windows: vec![parasol_routing::Window::new(midnight, midnight + 24 * HOUR - 1)],
            is_promised: false,
            service: work(one.category).micros(),
            skills: self.skills(one.category, &one.county),
            tools: 0,
            parts: Vec::new(),
            left_out_cost: urgency,
            only: None,
            announced: announced.map(|who| (who, CHANGED)),
        });
        let (case, technician) = (one.case, one.technician.clone());
        self.jobs.push(Job { case, booked: None, technician });
    }

    fn finish(self, travel: &dyn Travel) -> Task {
        let mut routes: Vec<Vec<usize>> = vec![Vec::new(); self.technicians.len()];
        for (nth, job) in self.jobs.iter().enumerate() {
            let who = job.technician.as_ref().filter(|_| job.booked.is_some());
            if let Some(who) = who.and_then(|who| self.number(who)) {
                routes[who].push(nth);
            }
        }
        for route in &mut routes {
            route.sort_by_key(|visit| self.visits[*visit].windows[0].start);
        }
        let is_booked = |visit: &usize| routes.iter().any(|route| route.contains(visit));
        let booked = Plan {
            left_out: (0..self.visits.len()).filter(|visit| !is_booked(visit)).collect(),
            routes: routes
                .iter()
                .map(|route| route.iter().map(|visit| Stop::Visit(*visit)).collect())
                .collect(),
        };
        let problem = Problem {
            travel: Matrix::of_points(&self.places, travel),
            technicians: self.technicians,
            visits: self.visits,
            store: None,
            weights: Weights { technician: 0, waiting: false, fairness: FAIRNESS },
        };
        Task { problem, booked, jobs: self.jobs, technicians: self.ids }
    }
}

/// The bit of a county, behind those of the categories.
fn area(nth: usize) -> u128 {
    1 << (Category::ALL.len() + nth)
}
