//! The work of this service: one file per kind of work.

mod candidates;
mod choose_centre;
mod sweep;

pub use choose_centre::ChooseCentre;
pub use sweep::{Sweep, Swept};
