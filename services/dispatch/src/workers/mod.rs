//! The work of this service: one file per kind of work.

mod candidates;
mod centre_scores;
mod choose_centre;
mod sweep;

pub use centre_scores::CentreScores;
pub use choose_centre::ChooseCentre;
pub use sweep::{Sweep, Swept};
