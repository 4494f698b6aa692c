//! What is forbidden on a day beside time, and what is dear: the library's pluggable features, with our
//! rules in them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ::vrp_core::construction::heuristics::{
    ActivityContext, InsertionContext, MoveContext, RouteContext, SolutionContext, UnassignmentInfo,
};
use ::vrp_core::models::problem::Job;
use ::vrp_core::models::{
    ConstraintViolation, Feature, FeatureBuilder, FeatureConstraint, FeatureObjective,
    FeatureState, ViolationCode,
};
use ::vrp_core::prelude::GenericResult;

use super::layout::{self, Layout, length};
use super::line::Line;
use crate::plan::{Stop, change_cost, day};
use crate::problem::of_kind;

/// The features by their names.
pub const COST: &str = "cost";
pub const URGENCY: &str = "urgency";

/// A visit that may not be where it was tried.
const FORBIDDEN: ViolationCode = ViolationCode(1);
/// A visit that costs more where it was tried than left out.
const NOT_WORTH_IT: ViolationCode = ViolationCode(2);

/// What the features share during one search.
pub struct Search {
    layout: Arc<Layout>,
    line: Arc<Line>,
    /// Whether visits go wherever they can just now, worth it or not.
    is_eager: AtomicBool,
    /// The state of the coin that decides it.
    coin: AtomicU64,
}

/// What is known of a day under change. The library keeps it beside the day.
#[derive(Default)]
struct Load {
    service: i64,
    parts: Vec<u32>,
    /// What the day costs, see [`crate::plan::Figures::cost`].
    cost: i64,
    /// What leaving its visits out would cost.
    saved: i64,
}

struct LoadKey;

impl Search {
    pub fn new(layout: Arc<Layout>, line: Arc<Line>, seed: u64) -> Self {
        Self { layout, line, is_eager: AtomicBool::new(true), coin: AtomicU64::new(seed) }
    }

    fn load(&self, route: &RouteContext) -> Load {
        let technician = layout::technician(&route.route().actor);
        let problem = &self.layout.problem;
        let visits: Vec<usize> = visits(route).collect();
        let stops: Vec<Stop> = visits.iter().copied().map(Stop::Visit).collect();
        let figures = day(problem, technician, &stops);
        let kinds = problem.technicians[technician].stock.len();
        let mut parts = vec![0; kinds];
        for visit in &visits {
            for (kind, sum) in parts.iter_mut().enumerate() {
                *sum += of_kind(&problem.visits[*visit].parts, kind);
            }
        }
        let saved = visits.iter().map(|visit| problem.visits[*visit].left_out_cost).sum();
        Load { service: figures.service, parts, cost: figures.cost, saved }
    }

    /// What a day costs more with a visit, wherever on the day it is.
    fn joining(&self, route: &RouteContext, visit: usize) -> i64 {
        let technician = layout::technician(&route.route().actor);
        let problem = &self.layout.problem;
        let weights = &problem.weights;
        let before = kept(route).map_or(0, |load| load.service);
        let goes_out = if route.route().tour.has_jobs() { 0 } else { weights.technician };
        let more = weights.work(before + problem.visits[visit].service) - weights.work(before);
        goes_out + more + change_cost(problem, technician, visit)
    }

    /// What the way costs more with a visit between two stops.
    fn detour(&self, at: &ActivityContext<'_>) -> i64 {
        let way = |from, to| self.layout.way(from, to);
        let (before, there) = (at.prev.place.location, at.target.place.location);
        let Some(after) = at.next.map(|next| next.place.location) else {
            return way(before, there);
        };
        way(before, there) + way(there, after) - way(before, after)
    }

    /// Why a technician may not come to a visit, wherever on the day it is.
    fn forbids(&self, route: &RouteContext, visit: usize) -> bool {
        let technician = layout::technician(&route.route().actor);
        let problem = &self.layout.problem;
        let who = &problem.technicians[technician];
        let tour = &route.route().tour;
        if !self.layout.fits(technician, visit) || tour.job_count() >= who.visits_max {
            return true;
        }
        let what = &problem.visits[visit];
        let used = kept(route).map_or(&[][..], |load| &load.parts);
        let mut parts = what.parts.iter().enumerate();
        if parts.any(|(kind, need)| of_kind(used, kind) + need > of_kind(&who.stock, kind)) {
            return true;
        }
        what.is_promised && visits(route).any(|other| problem.overlap(visit, other))
    }

    /// Throws the coin: half of the library's attempts put visits wherever they can and leave it to the
    /// end whether it was worth it, because a way may be worth it for two visits and for neither alone.
    fn throw(&self) {
        // SplitMix64, a step of which is one addition: many threads could throw at once.
        let mut bits = self.coin.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.is_eager.store((bits ^ (bits >> 31)) & 1 == 0, Ordering::Relaxed);
    }
}

fn kept(route: &RouteContext) -> Option<&Load> {
    route.state().get_tour_state::<LoadKey, Load>()
}

/// The visits of a day, in order.
fn visits(route: &RouteContext) -> impl Iterator<Item = usize> + '_ {
    let stops = route.route().tour.all_activities();
    stops.filter_map(|stop| stop.job.as_ref()).map(|job| layout::visit(job))
}

/// Rules and costs, with what is known of every day.
pub fn feature(search: &Arc<Search>) -> GenericResult<Feature> {
    FeatureBuilder::default()
        .with_name(COST)
        .with_constraint(Rules(Arc::clone(search)))
        .with_objective(Dear(Arc::clone(search)))
        .with_state(Loads(Arc::clone(search)))
        .build()
}

/// What is dear to leave out, alone: another way of looking at a day, by which the library now and then
/// puts the most urgent visits first.
pub fn urgency(layout: &Arc<Layout>) -> GenericResult<Feature> {
    FeatureBuilder::default().with_name(URGENCY).with_objective(Urgent(Arc::clone(layout))).build()
}

/// What is forbidden.
struct Rules(Arc<Search>);

impl FeatureConstraint for Rules {
    fn evaluate(&self, tried: &MoveContext<'_>) -> Option<ConstraintViolation> {
        let search = &self.0;
        match tried {
            MoveContext::Route { route_ctx, job, .. } => {
                search.line.judge();
                let is_forbidden = || search.forbids(route_ctx, layout::visit(job.to_single()));
                // Once it is time to stop nothing fits any more, so that the step ends at once.
                if search.line.is_stopped() || is_forbidden() {
                    return ConstraintViolation::fail(FORBIDDEN);
                }
                None
            }
            MoveContext::Activity { route_ctx, activity_ctx } => {
                if !search.layout.weighs || search.is_eager.load(Ordering::Relaxed) {
                    return None;
                }
                let visit = layout::visit(activity_ctx.target.job.as_ref()?);
                let costs = search.joining(route_ctx, visit) + search.detour(activity_ctx);
                if costs < search.layout.problem.visits[visit].left_out_cost {
                    return None;
                }
                ConstraintViolation::skip(NOT_WORTH_IT)
            }
        }
    }
}

/// What is dear: the cost of a plan as everybody here counts it.
struct Dear(Arc<Search>);

impl FeatureObjective for Dear {
    fn fitness(&self, plan: &InsertionContext) -> f64 {
        let mut cost = self.0.layout.all_out;
        for route in &plan.solution.routes {
            cost += match kept(route) {
                Some(load) => load.cost - load.saved,
                None => {
                    let load = self.0.load(route);
                    load.cost - load.saved
                }
            };
        }
        length(cost)
    }

    fn estimate(&self, tried: &MoveContext<'_>) -> f64 {
        length(match tried {
            MoveContext::Route { route_ctx, job, .. } => {
                self.0.joining(route_ctx, layout::visit(job.to_single()))
            }
            MoveContext::Activity { activity_ctx, .. } => self.0.detour(activity_ctx),
        })
    }
}

/// What it costs to leave out.
struct Urgent(Arc<Layout>);

impl FeatureObjective for Urgent {
    fn fitness(&self, plan: &InsertionContext) -> f64 {
        let loads = plan.solution.routes.iter().filter_map(kept);
        length(self.0.all_out - loads.map(|load| load.saved).sum::<i64>())
    }

    fn estimate(&self, tried: &MoveContext<'_>) -> f64 {
        match tried {
            MoveContext::Route { job, .. } => {
                let visit = layout::visit(job.to_single());
                -length(self.0.problem.visits[visit].left_out_cost)
            }
            MoveContext::Activity { .. } => 0.0,
        }
    }
}

/// Keeps what is known of every day up to date.
struct Loads(Arc<Search>);

impl FeatureState for Loads {
    fn accept_insertion(&self, plan: &mut SolutionContext, route: usize, _: &Job) {
        if let Some(route) = plan.routes.get_mut(route) {
            self.accept_route_state(route);
        }
    }

    fn accept_route_state(&self, route: &mut RouteContext) {
        let load = self.0.load(route);
        route.state_mut().set_tour_state::<LoadKey, Load>(load);
    }

    /// The library calls it before it puts visits back, and after.
    fn accept_solution_state(&self, plan: &mut SolutionContext) {
        for route in plan.routes.iter_mut().filter(|route| route.is_stale()) {
            self.accept_route_state(route);
        }
        if self.0.layout.weighs {
            self.0.throw();
            // It tries a visit that failed for a reason only where a day has changed since; but what
            // is not worth it today may be with the next coin.
            for why in plan.unassigned.values_mut() {
                if matches!(why, UnassignmentInfo::Simple(code) if *code == NOT_WORTH_IT) {
                    *why = UnassignmentInfo::Unknown;
                }
            }
        }
    }
}
