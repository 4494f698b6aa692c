//! Verification on a real embedded database, with the other services' steps given directly.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

mod authority;
mod calendars;
mod courses;
mod decisions;
mod disputes;
mod faults;
mod money;
mod pairs;
mod policies;
mod seals;
mod settling;
mod tills;
mod verdicts;
mod world;
