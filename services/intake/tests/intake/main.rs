//! Intake as its callers meet it: every method on a real embedded store, with a clock that only moves
//! when told.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

mod acting;
mod after;
mod desk;
mod entitlements;
mod evidence;
mod filing;
mod flow;
mod importing;
mod packs;
mod reading;
mod samples;
mod sweeping;
mod triage;
mod world;
