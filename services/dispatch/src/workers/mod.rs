//! The work of this service's role: one file per kind of task.

mod choose_centre;

pub use choose_centre::ChooseCentre;
