//! Verification on a real embedded database, with the other services' steps given directly.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

mod calendars;
mod courses;
mod decisions;
mod faults;
mod money;
mod pairs;
mod settling;
mod tills;
mod verdicts;
mod world;
