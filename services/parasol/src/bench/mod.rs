//! `parasol bench`: the product beside a yardstick, or beside itself, in the same run, on the same engine.
//!
//! Benchmarks report; they never judge. What counts are the ratios of a run, because the machine is
//! rarely alone.

mod course;
mod dispatch;
mod stats;
mod steps;
mod world;
pub mod yardstick;

pub use dispatch::{Args as DispatchArgs, run as dispatch};
pub use stats::Report;
pub use steps::{Args as StepsArgs, run as steps};
