//! A plan as the wire says it.

use std::collections::BTreeMap;

use parasol_api::convert::{to_timestamp, to_window};
use parasol_api::partner::v1::{
    DayPlan, NotPlannedCount, NotPlannedReason, PlannedRoute, PlannedStop, VisitLeftOut,
};
use parasol_journey::ids::AppointmentId;
use parasol_journey::time::Timestamp;
use parasol_routing::reasons::{self, Reason};
use parasol_routing::{Plan, Stop};

use super::{Job, Task};

/// The routes and what is left out; who made it, where and when is for the caller to add.
pub fn to_wire(task: &Task, plan: &Plan) -> DayPlan {
    let routes: Vec<_> = (0..task.technicians.len())
        .filter_map(|technician| route(task, plan, technician))
        .collect();
    let whys = reasons::all(&task.problem, plan, &plan.left_out);
    let left_out = plan.left_out.iter().zip(whys);
    let stops = routes.iter().flat_map(|route| &route.stops);
    let changed = stops.filter(|stop| is_change(stop)).count();
    DayPlan {
        changes: i32::try_from(changed).unwrap_or(i32::MAX),
        routes,
        left_out: left_out.map(|(visit, whys)| left_out_of(&task.jobs[*visit], &whys)).collect(),
        ..DayPlan::default()
    }
}

/// The booked visits that change hands in a plan, each with who comes.
pub fn changes(plan: &DayPlan) -> Vec<(&PlannedStop, &str)> {
    let stops = plan
        .routes
        .iter()
        .flat_map(|route| route.stops.iter().map(move |stop| (stop, route.technician.as_str())));
    stops.filter(|(stop, _)| is_change(stop)).collect()
}

fn is_change(stop: &PlannedStop) -> bool {
    !stop.instead_of.is_empty() && !stop.appointment_id.is_empty()
}

fn route(task: &Task, plan: &Plan, technician: usize) -> Option<PlannedRoute> {
    let hours = plan.hours(&task.problem, technician)?;
    let timed = plan.timed(&task.problem, technician)?;
    let id = &task.technicians[technician];
    let at = |micros: i64| Some(to_timestamp(Timestamp::from_micros(micros)));
    let work: i64 = timed.iter().map(|one| one.work.end - one.work.start).sum();
    let stops = timed.iter().filter_map(|one| {
        let Stop::Visit(visit) = one.stop else { return None };
        let job = &task.jobs[visit];
        Some(PlannedStop {
            case_id: job.case.to_string(),
            appointment_id: appointment(job),
            window: job.booked.map(|(_, window)| to_window(window)),
            arrives_at: at(one.arrives),
            begins_at: at(one.work.start),
            ends_at: at(one.work.end),
            instead_of: match &job.technician {
                Some(before) if before != id => before.to_string(),
                _ => String::new(),
            },
        })
    });
    let stops: Vec<_> = stops.collect();
    let waiting: i64 = timed.iter().map(|one| one.work.start - one.arrives).sum();
    // What is neither work nor waiting; whoever leaves later than the shift begins waits less.
    let travel = travel_of(task, plan, technician)
        .unwrap_or_else(|| hours.end - hours.start - work - waiting);
    Some(PlannedRoute {
        technician: id.to_string(),
        leaves_at: at(hours.start),
        returns_at: at(hours.end),
        travel_seconds: i32::try_from(travel / 1_000_000).unwrap_or(i32::MAX),
        stops,
    })
}

fn travel_of(task: &Task, plan: &Plan, technician: usize) -> Option<i64> {
    let who = &task.problem.technicians[technician];
    let mut places = vec![who.start];
    for stop in &plan.routes[technician] {
        let Stop::Visit(visit) = *stop else { return None };
        places.push(task.problem.visits[visit].place);
    }
    places.extend(who.end);
    Some(places.windows(2).map(|pair| task.problem.travel.time(pair[0], pair[1])).sum())
}

fn appointment(job: &Job) -> String {
    job.booked.map(|(id, _)| AppointmentId::new(id).to_string()).unwrap_or_default()
}

fn left_out_of(job: &Job, whys: &[Reason]) -> VisitLeftOut {
    let mut counts: BTreeMap<i32, i32> = BTreeMap::new();
    for why in whys {
        *counts.entry(reason(*why).into()).or_default() += 1;
    }
    let counts =
        counts.into_iter().map(|(reason, technicians)| NotPlannedCount { reason, technicians });
    VisitLeftOut {
        case_id: job.case.to_string(),
        appointment_id: appointment(job),
        reasons: counts.collect(),
    }
}

fn reason(why: Reason) -> NotPlannedReason {
    match why {
        Reason::Pinned => NotPlannedReason::Pinned,
        Reason::Skill | Reason::Tool | Reason::Part => NotPlannedReason::NotCertified,
        Reason::Hours => NotPlannedReason::Hours,
        Reason::Visits => NotPlannedReason::DayFull,
        Reason::Taken => NotPlannedReason::Taken,
        Reason::Full => NotPlannedReason::NoGap,
        Reason::Cost => NotPlannedReason::LessUrgent,
    }
}
