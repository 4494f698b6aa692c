//! One file per method: decode, check, one step of the case, encode.

pub mod appointment;
pub mod calendar;
pub mod checklist;
pub mod visit;
