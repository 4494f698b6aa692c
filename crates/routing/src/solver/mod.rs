//! Solvers: from a problem to a plan, stopped at any moment with the best so far.

mod induction;
mod model;
mod route;
mod vrp;

use crate::plan::Plan;
use crate::problem::Problem;

pub use induction::Induction;
pub(crate) use model::{Fit, Model};
pub(crate) use route::Route;
pub use vrp::VrpCore;

/// How far a solver has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Plans tried.
    pub tried: u64,
    /// What the best one costs, see [`crate::plan::Figures::cost`].
    pub cost: i64,
    /// How many visits it leaves out.
    pub left_out: usize,
}

/// What a solver is told when it asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Go on; so much of what was granted, from 0 to 1, is used.
    Go(f64),
    /// Stop with the best so far.
    Stop,
}

/// Something that plans. Implementations read no clock: whoever calls knows when it is time to stop.
pub trait Solver {
    /// What it is called, for settings and reports.
    fn name(&self) -> &'static str;

    /// The best plan it finds, from `from` on if there is a plan already. It calls `watch` again and
    /// again and stops when told to. The same seed, and the same answers of `watch`, give the same plan
    /// where the implementation says so.
    ///
    /// # Errors
    /// When the problem cannot be put to it.
    fn solve(
        &self,
        problem: &Problem,
        from: Option<&Plan>,
        seed: u64,
        watch: &mut dyn FnMut(Progress) -> Pace,
    ) -> Result<Plan, SolveError>;
}

/// Every solver there is, ours first.
pub const ALL: [&(dyn Solver + Send + Sync); 2] = [&Induction, &VrpCore];

/// The solver of a name, see [`Solver::name`].
pub fn named(name: &str) -> Option<&'static (dyn Solver + Send + Sync)> {
    ALL.into_iter().find(|solver| solver.name() == name)
}

/// Why a solver has no plan.
#[derive(Debug, thiserror::Error)]
pub enum SolveError {
    /// It cannot say something that the problem says.
    #[error("{solver} cannot plan with {what}")]
    Unsupported {
        /// The solver.
        solver: &'static str,
        /// What it has no notion of.
        what: &'static str,
    },
    /// A foreign solver failed.
    #[error("{solver} failed: {message}")]
    Failed {
        /// The solver.
        solver: &'static str,
        /// What it said.
        message: String,
    },
}
