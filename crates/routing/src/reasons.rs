//! Why nobody comes to a visit: one reason for each technician, the first that holds.

use crate::plan::{Plan, Stop};
use crate::problem::Problem;
use crate::solver::{Fit, Model, Route};

/// Why a technician does not come to a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The visit is pinned to somebody else.
    Pinned,
    /// A skill is missing.
    Skill,
    /// A tool is missing, and there is no store.
    Tool,
    /// A part is missing, and there is no store.
    Part,
    /// From home, the visit cannot be reached and worked on within its windows and the shift, even on a
    /// day without other visits.
    Hours,
    /// The day has as many visits as the technician makes.
    Visits,
    /// Another visit of the day is promised for the same time.
    Taken,
    /// The other visits of the day leave no gap in which the windows of all can be kept, or no parts.
    Full,
    /// It would fit, but costs more than leaving the visit out.
    Cost,
}

/// Why a visit is left out of a plan: one reason for each technician, in their order.
pub fn of(problem: &Problem, plan: &Plan, visit: usize) -> Vec<Reason> {
    all(problem, plan, &[visit]).pop().unwrap_or_default()
}

/// As [`of`], for several visits.
pub fn all(problem: &Problem, plan: &Plan, visits: &[usize]) -> Vec<Vec<Reason>> {
    let model = Model::of(problem);
    let days: Vec<Route> = plan.routes.iter().enumerate().map(|day| route(&model, day)).collect();
    let reason = |visit, who| first(&model, &days, visit, who);
    let technicians = 0..problem.technicians.len();
    let of = |visit: &usize| technicians.clone().map(|who| reason(*visit, who)).collect();
    visits.iter().map(of).collect()
}

fn route(model: &Model<'_>, (technician, stops): (usize, &Vec<Stop>)) -> Route {
    let mut route = Route::empty(model, technician);
    route.nodes.extend(stops.iter().map(|stop| match stop {
        Stop::Visit(visit) => *visit,
        Stop::Store => model.store(),
    }));
    route.rebuild(model);
    route
}

fn first(model: &Model<'_>, days: &[Route], visit: usize, technician: usize) -> Reason {
    let problem = model.problem;
    let (who, what) = (&problem.technicians[technician], &problem.visits[visit]);
    if what.only.is_some_and(|only| only != technician) {
        return Reason::Pinned;
    }
    if what.skills & !who.skills != 0 {
        return Reason::Skill;
    }
    if problem.store.is_none() && !problem.is_equipped(technician, visit) {
        return if what.tools & !who.tools != 0 { Reason::Tool } else { Reason::Part };
    }
    if model.fit(technician, visit) == Fit::Never {
        return Reason::Hours;
    }
    let day = &days[technician];
    let visits = day.nodes.iter().filter(|node| **node != model.store()).count();
    match day.best_insertion(model, visit, &mut Route::default(), || false) {
        Some(_) => Reason::Cost,
        None if visits >= who.visits_max => Reason::Visits,
        None if day.is_empty() => Reason::Hours,
        None if day
            .nodes
            .iter()
            .any(|node| *node != model.store() && problem.overlap(visit, *node)) =>
        {
            Reason::Taken
        }
        None => Reason::Full,
    }
}
