//! How occurrences of each indicator are found in a log: small folds, each with its own memory.

mod agents;
mod closing;
mod intake;
mod offers;
mod surveys;
mod verdicts;
mod visits;

use super::marks::Fold;

/// Metres from the address beyond which a check-in is doubtful; the timeline tells the same.
const FAR_M: u32 = 500;

/// One of each, fresh.
pub fn all() -> Vec<Box<dyn Fold>> {
    vec![
        Box::new(offers::Offers::default()),
        Box::new(visits::Visits::default()),
        Box::new(verdicts::Verdicts::default()),
        Box::new(closing::Closing::default()),
        Box::new(surveys::Surveys::default()),
        Box::new(intake::Intake::default()),
        Box::new(agents::Agents::default()),
    ]
}
