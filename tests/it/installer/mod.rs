//! The reference client for technicians in a real browser: a visit without a network in the middle ends
//! where one with a network ends; and the calendar behind its private link.

mod browser;
mod calendar;
