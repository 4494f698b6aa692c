//! Scores and the voice of the customer, on real databases, with cases that are simulated through the journey.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

/// The journey's own samples of every command, and courses made of them.
#[path = "../../../../crates/journey/tests/journey/course/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the journey's tests use more of it")]
mod course;

mod backfill;
mod counting;
mod gathering;
mod indicators;
mod objections;
mod readers;
mod rows;
mod simulated;
mod surveys;
mod voices;
mod world;
