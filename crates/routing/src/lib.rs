//! Who goes where, when: travel, skills, slots and day plans, as pure functions.
//!
//! Owns the problem of one centre's day, the plans for it, the solvers, an independent check, and the
//! reasons why a visit was left out or a window is closed. It knows nothing of cases, centres or
//! addresses: places and technicians are numbers, time is microseconds from wherever the caller counts.
//! It reads no clock and draws no random number of its own.

pub mod board;
pub mod check;
pub mod generate;
pub mod instances;
pub mod plan;
pub mod problem;
pub mod reasons;
pub mod solver;
pub mod travel;
pub mod workday;

pub use plan::{Plan, Stop};
pub use problem::Problem;
pub use solver::{Pace, Progress, Solver};
pub use workday::{Window, WorkDay};
