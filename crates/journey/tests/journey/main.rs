//! The journey as a whole: every pair of stage and command, random courses, the drawn table.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

mod course;
mod disputes;
mod drawing;
mod four_eyes;
mod limits;
mod numbered;
mod parts;
mod promises;
mod properties;
mod silence;
mod stories;
mod transitions;
mod visits;
