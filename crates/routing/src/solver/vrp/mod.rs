//! The solver of the library `vrp-core`, behind our trait.
//!
//! Owns how a day is said to the library: the layout, how time passes, what is forbidden and what is
//! dear. It deliberately says them with our own arithmetic ([`WorkDay`](crate::WorkDay) and the costs
//! of [`crate::plan`]), so that what the library likes best is what we would like best; how to search is
//! the library's alone. Nothing it gives is used before the independent check has passed it.
//!
//! The library reads clocks, has hash maps with a seed of the process and rewards what was quick, so the
//! same seed does not give the same plan. A store it cannot say.

mod day;
mod layout;
mod line;
mod time;

use std::sync::Arc;
use std::thread;

use ::vrp_core::construction::heuristics::{InsertionContext, UnassignmentInfo};
use ::vrp_core::models::solution::{Activity, Registry, Route as Tour};
use ::vrp_core::models::{Goal, GoalContextBuilder, Problem as Put, ProblemBuilder, Solution};
use ::vrp_core::rosomaxa::evolution::{EvolutionSimulator, InitialOperators, TelemetryMode};
use ::vrp_core::rosomaxa::population::{Rosomaxa, RosomaxaConfig};
use ::vrp_core::rosomaxa::prelude::{
    DefaultRandom, Environment, EvolutionConfig, EvolutionConfigBuilder, GenericResult, Random,
};
use ::vrp_core::rosomaxa::utils::Parallelism;
use ::vrp_core::solver::{RefinementContext, create_default_init_operators, get_default_heuristic};

use self::day::Search;
use self::layout::Layout;
use self::line::{Line, Steps, Word};
use super::{Model, Pace, Progress, Route, SolveError, Solver};
use crate::check::check;
use crate::plan::{Plan, Stop};
use crate::problem::Problem;

/// What settings and reports call it.
const NAME: &str = "vrp_core";
/// Plans from which each step of the library makes new ones; its own default follows the machine.
const PARENTS: usize = 2;
/// Plans the library makes from nothing before it improves them, and the share of the time it may take.
const FIRST: usize = 4;
const FIRST_SHARE: f64 = 0.05;
/// Insertions judged for a plan from nothing, about, up to which it takes some tenths of a second.
const SMALL: usize = 500_000;
/// Seeds are told apart by so many numbers that are thrown away; the library's generator has one seed.
const SEEDS: u64 = 4_093;

/// The library's solver. Its [`Progress::tried`] counts steps, each of which tries some plans.
#[derive(Clone, Copy, Debug, Default)]
pub struct VrpCore;

impl Solver for VrpCore {
    fn name(&self) -> &'static str {
        NAME
    }

    /// One thread searches and this one answers it; both end before this returns.
    fn solve(
        &self,
        problem: &Problem,
        from: Option<&Plan>,
        seed: u64,
        watch: &mut dyn FnMut(Progress) -> Pace,
    ) -> Result<Plan, SolveError> {
        if problem.store.is_some() {
            return Err(SolveError::Unsupported { solver: NAME, what: "a store" });
        }
        let start = possible(problem, from);
        let figures = start.figures(problem);
        let now = Progress { tried: 0, cost: figures.cost, left_out: figures.left_out };
        let is_empty = problem.visits.is_empty() || problem.technicians.is_empty();
        if watch(now) == Pace::Stop || is_empty {
            return Ok(start);
        }
        let found = search(problem, from.map(|_| &start), seed, now, watch)?;
        if let Some(wrong) = check(problem, &found).first() {
            return Err(failed(wrong.to_string()));
        }
        // Whoever was stopped early may have less than there was before.
        Ok(if found.figures(problem).cost <= figures.cost { found } else { start })
    }
}

fn failed(message: impl Into<String>) -> SolveError {
    SolveError::Failed { solver: NAME, message: message.into() }
}

/// The days of a plan that can be carried out; the visits of the others, and all without one, are out.
fn possible(problem: &Problem, from: Option<&Plan>) -> Plan {
    let model = Model::of(problem);
    let mut plan = Plan::empty(problem);
    let days = from.into_iter().flat_map(|plan| plan.routes.iter().enumerate());
    for (technician, stops) in days.take(problem.technicians.len()) {
        let visits = stops.iter().map(|stop| match stop {
            Stop::Visit(visit) if *visit < model.visits() => Some(*visit),
            _ => None,
        });
        let Some(visits) = visits.collect::<Option<Vec<usize>>>() else { continue };
        let mut route = Route::empty(&model, technician);
        route.nodes = visits;
        if route.rebuild(&model) {
            plan.routes[technician].clone_from(stops);
        }
    }
    plan.left_out
        .retain(|visit| !plan.routes.iter().any(|route| route.contains(&Stop::Visit(*visit))));
    plan
}

/// Lets the library search on a thread of its own and tells it how to go on.
fn search(
    problem: &Problem,
    start: Option<&Plan>,
    seed: u64,
    mut now: Progress,
    watch: &mut dyn FnMut(Progress) -> Pace,
) -> Result<Plan, SolveError> {
    let layout = Arc::new(Layout::of(problem));
    let (line, ear) = line::open();
    let mut was_stopped = false;
    let ended = thread::scope(|scope| {
        // Hung up when this ends, however it does: a library that nobody hears stops.
        let ear = ear;
        let searching = scope.spawn(|| run(&layout, start, seed, Arc::new(line)));
        while let Some(word) = ear.hear() {
            if let Word::Step(progress) = word {
                now = progress;
            }
            let pace = watch(now);
            was_stopped |= pace == Pace::Stop;
            ear.answer(word, pace);
        }
        searching.join()
    });
    match ended {
        Ok(Ok(plan)) => Ok(plan),
        // Stopped before it had any plan.
        Ok(Err(_)) if was_stopped => Ok(Plan::empty(problem)),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(panic) => Err(failed(match panic.downcast::<String>() {
            Ok(text) => *text,
            Err(panic) => {
                panic.downcast::<&str>().map_or_else(|_| String::new(), |text| (*text).to_owned())
            }
        })),
    }
}

/// On the library's thread: puts the problem, searches, reads the plan.
fn run(
    layout: &Arc<Layout>,
    start: Option<&Plan>,
    seed: u64,
    line: Arc<Line>,
) -> GenericResult<Plan> {
    let random: Arc<dyn Random> = Arc::new(DefaultRandom::new_repeatable());
    // One thread: whatever the library does at once, it does on this one.
    let parallelism = Parallelism::new(1, 1);
    let environment = Arc::new(Environment::new(
        Arc::clone(&random),
        Some(Arc::new(line::StopSign(Arc::clone(&line)))),
        parallelism.clone(),
        Arc::new(|_| {}),
        false,
    ));
    parallelism.thread_pool_execute(0, move || {
        for _ in 0..seed % SEEDS {
            random.uniform_int(0, 1);
        }
        let put = Arc::new(put(layout, seed, &line)?);
        let config = config(layout, &put, start, &environment, line)?;
        let (mut found, _) = EvolutionSimulator::new(config)?.run()?;
        let best = if found.is_empty() { None } else { Some(found.swap_remove(0)) };
        let best = best.ok_or("it has no plan")?;
        Ok(read(layout, &Solution::from(best)))
    })
}

/// The problem in the library's words.
fn put(layout: &Arc<Layout>, seed: u64, line: &Arc<Line>) -> GenericResult<Put> {
    let search = Arc::new(Search::new(Arc::clone(layout), Arc::clone(line), seed));
    let features = [time::feature(layout)?, day::feature(&search)?, day::urgency(layout)?];
    let main = Goal::subset_of(&features, &[day::COST])?;
    let mut goal = GoalContextBuilder::with_features(&features)?.set_main_goal(main);
    if layout.has_urgency {
        let urgent = Goal::subset_of(&features, &[day::URGENCY, day::COST])?;
        goal = goal.add_alternative_goal(urgent, 1.0);
    }
    let alike = Arc::clone(layout);
    ProblemBuilder::default()
        .add_jobs(layout.jobs())
        .add_vehicles(layout.vehicles())
        .with_vehicle_similarity(move |_| {
            let alike = Arc::clone(&alike);
            Box::new(move |actor| alike.class(layout::technician(actor)))
        })
        .with_goal(goal.build()?)
        .with_transport_cost(Arc::new(time::Ways(Arc::clone(layout))))
        .with_activity_cost(Arc::new(time::Works(Arc::clone(layout))))
        .with_logger(Arc::new(|_| {}))
        .build()
}

type Config = EvolutionConfig<RefinementContext, ::vrp_core::models::GoalContext, InsertionContext>;

fn config(
    layout: &Layout,
    put: &Arc<Put>,
    start: Option<&Plan>,
    environment: &Arc<Environment>,
    line: Arc<Line>,
) -> GenericResult<Config> {
    let parents = RosomaxaConfig::new_with_defaults(PARENTS);
    let population = Rosomaxa::new(Arc::clone(&put.goal), Arc::clone(environment), parents)?;
    let context = RefinementContext::new(
        Arc::clone(put),
        Box::new(population),
        TelemetryMode::None,
        Arc::clone(environment),
    );
    let first: InitialOperators<_, _, _> =
        create_default_init_operators(Arc::clone(put), Arc::clone(environment));
    // On a large day a plan from nothing takes all the time, so that one there is already is improved at
    // once; on a small one others beside it cost little and keep the search from narrowing.
    let start = start.map(|plan| begin(layout, put, plan, environment));
    let (visits, technicians) = (layout.problem.visits.len(), layout.problem.technicians.len());
    let is_small = visits * visits * technicians <= SMALL;
    let enough = start.as_ref().map(|_| if is_small { FIRST } else { 1 });
    let config = EvolutionConfigBuilder::<_, _, _, String>::default()
        .with_heuristic(get_default_heuristic(Arc::clone(put), Arc::clone(environment)))
        .with_context(context)
        .with_initial(FIRST, FIRST_SHARE, first)
        .with_init_solutions(start.into_iter().collect(), enough)
        .build()?;
    // The builder knows the library's own ways to end only.
    Ok(EvolutionConfig { termination: Box::new(Steps(line)), ..config })
}

/// A plan as the library has plans.
fn begin(
    layout: &Layout,
    put: &Arc<Put>,
    plan: &Plan,
    environment: &Arc<Environment>,
) -> InsertionContext {
    let mut registry = Registry::new(&put.fleet, Arc::clone(&environment.random));
    let jobs = put.jobs.all();
    let mut routes = Vec::new();
    for actor in &put.fleet.actors {
        let technician = layout::technician(actor);
        let timed = plan.timed(&layout.problem, technician).unwrap_or_default();
        if timed.is_empty() {
            continue;
        }
        registry.use_actor(actor);
        let mut tour = ::vrp_core::models::solution::Tour::new(actor);
        for stop in timed {
            let Stop::Visit(visit) = stop.stop else { continue };
            let single = jobs[visit].to_single();
            let mut activity = Activity::new_with_job(Arc::clone(single));
            activity.place = layout.place(visit, stop.work.start);
            tour.insert_last(activity);
        }
        routes.push(Tour { actor: Arc::clone(actor), tour });
    }
    let unassigned = plan.left_out.iter();
    let unassigned =
        unassigned.map(|visit| (jobs[*visit].clone(), UnassignmentInfo::Unknown)).collect();
    let solution = Solution { cost: 0.0, registry, routes, unassigned, telemetry: None };
    InsertionContext::new_from_solution(Arc::clone(put), (solution, None), Arc::clone(environment))
}

/// The library's plan as ours.
fn read(layout: &Layout, solution: &Solution) -> Plan {
    let mut plan = Plan::empty(&layout.problem);
    let mut is_planned = vec![false; layout.problem.visits.len()];
    for route in &solution.routes {
        let stops = &mut plan.routes[layout::technician(&route.actor)];
        for job in route.tour.all_activities().filter_map(|activity| activity.job.as_ref()) {
            let visit = layout::visit(job);
            is_planned[visit] = true;
            stops.push(Stop::Visit(visit));
        }
    }
    plan.left_out.retain(|visit| !is_planned[*visit]);
    plan
}
