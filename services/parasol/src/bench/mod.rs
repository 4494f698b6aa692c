//! `parasol bench`: the product beside a yardstick, in the same run, on the same engine.
//!
//! Benchmarks report; they never judge. What counts are the ratios of a run, because the machine is
//! rarely alone.

mod course;
mod stats;
mod steps;
mod world;
pub mod yardstick;

pub use steps::{Args as StepsArgs, Report, run as steps};
