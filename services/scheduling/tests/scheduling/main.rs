//! The scheduling service over a real store: what each method does, refuses, and repeats.

#![expect(clippy::unwrap_used, reason = "a test fails where its expectation is not met")]

mod booking;
mod calendars;
mod checklists;
mod course;
mod crews;
mod day;
mod doorstep;
mod filed;
mod keeping;
mod licences;
mod offline;
mod overlap;
mod places;
mod planning;
mod positions;
mod refusals;
mod relay;
mod slots;
mod visits;
mod world;
