//! Planning on a thread of its own, told to stop from outside.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parasol_api::Error;
use parasol_routing::check::check;
use parasol_routing::solver::{Induction, SolveError};
use parasol_routing::{Pace, Plan, Progress};
use parasol_runtime::clock::Stopwatch;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use uuid::Uuid;

use super::Task;
use crate::PlanSolver;

/// Plans that are made at a time in one process: planning takes a core.
const PLANNINGS_MAX: usize = 1;
/// How often a planning says how far it is.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// What is planned in this process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Making {
    places: Arc<Semaphore>,
    running: Arc<Mutex<HashMap<Uuid, Running>>>,
}

/// A planning that goes on.
#[derive(Clone, Debug)]
struct Running {
    centre: String,
    stop: Arc<AtomicBool>,
}

/// By whom, for how long, and from which seed.
#[derive(Clone, Copy)]
pub struct Order {
    /// The solver that is asked first.
    pub solver: PlanSolver,
    /// The time it may take.
    pub time: Duration,
    /// Plans it may try; 0 for as many as it can.
    pub tries: u64,
    /// The seed.
    pub seed: u64,
}

/// A plan with how it was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The plan.
    pub plan: Plan,
    /// Plans tried.
    pub tried: u64,
    /// The solver that made it.
    pub solver: &'static str,
    /// Why not the one that was asked first; empty where it did.
    pub note: String,
}

impl Default for Making {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(PLANNINGS_MAX)), running: Arc::default() }
    }
}

impl Making {
    /// A place to plan; `None` while all are taken.
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Whose day is planned under an id in this process.
    pub fn centre(&self, plan: Uuid) -> Option<String> {
        self.running().get(&plan).map(|running| running.centre.clone())
    }

    /// Tells a planning of this process to stop; false when there is none by this id.
    pub fn stop(&self, plan: Uuid) -> bool {
        let running = self.running();
        let found = running.get(&plan);
        found.inspect(|running| running.stop.store(true, Ordering::Relaxed)).is_some()
    }

    /// Plans until it is done, out of time, told to stop, or nobody listens to its progress any more.
    ///
    /// # Errors
    /// When the solver fails, or what it made cannot be carried out.
    pub async fn make(
        &self,
        (plan, centre): (Uuid, &str),
        task: Arc<Task>,
        order: Order,
        progress: mpsc::Sender<Progress>,
    ) -> Result<Made, Error> {
        let stop = Arc::new(AtomicBool::new(false));
        let running = Running { centre: centre.to_owned(), stop: Arc::clone(&stop) };
        self.running().insert(plan, running);
        // Also when nobody waits for the plan any more and this is dropped.
        let _listed = Listed { making: self, plan };
        let solving = tokio::task::spawn_blocking(move || solve(&task, order, &stop, &progress));
        solving.await.map_err(Error::internal)?
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Uuid, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a planning off the list when it ends.
struct Listed<'a> {
    making: &'a Making,
    plan: Uuid,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.making.running().remove(&self.plan);
    }
}

fn solve(
    task: &Task,
    order: Order,
    stop: &AtomicBool,
    progress: &mpsc::Sender<Progress>,
) -> Result<Made, Error> {
    let watch = Stopwatch::start();
    let (mut told, mut tried) = (None, 0);
    let mut pace = |now: Progress| {
        tried = now.tried;
        let elapsed = watch.elapsed();
        if told.is_none_or(|told| elapsed >= told + TELL_EVERY) {
            told = Some(elapsed);
            // A reader that is slow misses a step and sees the next.
            if let Err(mpsc::error::TrySendError::Closed(_)) = progress.try_send(now) {
                return Pace::Stop;
            }
        }
        let by_time = elapsed.as_secs_f64() / order.time.as_secs_f64().max(1e-9);
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        let by_tries = match order.tries {
            0 => 0.0,
            tries => now.tried as f64 / tries as f64,
        };
        let used = match order.tries {
            0 => by_time,
            _ => by_tries,
        };
        let is_over = by_time >= 1.0 || by_tries >= 1.0;
        if is_over || stop.load(Ordering::Relaxed) { Pace::Stop } else { Pace::Go(used) }
    };
    let mut ask =
        |solver: PlanSolver| solver.solve(&task.problem, Some(&task.booked), order.seed, &mut pace);
    let mut note = String::new();
    let mut solver = order.solver;
    let plan = match ask(solver) {
        // It says so before it begins, so the time is there for ours.
        Err(cannot @ SolveError::Unsupported { .. }) => {
            note = cannot.to_string();
            solver = &Induction;
            ask(solver)
        }
        answer => answer,
    };
    let plan = plan.map_err(Error::internal)?;
    let violations = check(&task.problem, &plan);
    match violations.first() {
        Some(first) => Err(Error::internal(std::io::Error::other(first.to_string()))),
        None => Ok(Made { plan, tried, solver: solver.name(), note }),
    }
}

#[cfg(test)]
mod tests {
    use parasol_routing::generate::City;
    use parasol_routing::solver::VrpCore;

    use super::*;

    fn made(has_store: bool) -> Made {
        let city = City { technicians: 2, visits: 4, half_side: 10_000.0, has_store };
        let problem = city.day(1).problem;
        let booked = Plan::empty(&problem);
        let task = Task { problem, booked, jobs: Vec::new(), technicians: Vec::new() };
        let time = Duration::from_secs(60);
        let order = Order { solver: &VrpCore, time, tries: 20, seed: 1 };
        let (progress, _heard) = mpsc::channel(4);
        solve(&task, order, &AtomicBool::new(false), &progress).unwrap()
    }

    #[test]
    fn a_solver_that_cannot_say_a_day_leaves_it_to_ours_and_the_plan_says_why() {
        let theirs = made(false);
        assert_eq!((theirs.solver, theirs.note.as_str()), ("vrp_core", ""));
        let ours = made(true);
        assert_eq!(ours.solver, "induction");
        assert_eq!(ours.note, "vrp_core cannot plan with a store");
        assert!(ours.plan.left_out.len() < 4, "it is a plan");
    }
}
