//! What a case still owes: work to do now, and deadlines that will pass later.
//!
//! An obligation lives in the case's state; its row in the task table is a physical copy that the
//! casebook keeps in step. One obligation per task at a time; arming it again makes a new generation,
//! and a task that fires with an older generation moves nothing.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::deadline::Clock;
use crate::time::Timestamp;
use crate::vocab::vocabulary;

vocabulary! {
    /// Work another service does as soon as it can.
    Work {
        /// Intake classifies the case.
        Triage = "triage",
        /// Dispatch chooses a centre and makes an offer.
        ChooseCentre = "choose_centre",
        /// Verification evaluates the policy.
        Decide = "decide",
        /// Verification pays the refund through the payment provider.
        PayRefund = "pay_refund",
        /// Verification orders the new unit from the warehouse.
        ShipReplacement = "ship_replacement",
        /// Verification pays the compensation.
        PayCompensation = "pay_compensation",
    }
}

vocabulary! {
    /// Which hands do a task.
    Role {
        /// The intake service.
        Intake = "intake",
        /// The dispatch service.
        Dispatch = "dispatch",
        /// The verification service.
        Verification = "verification",
        /// The timer worker, in any process.
        Timer = "timer",
    }
}

/// One thing a case owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// Due at once, done by a service.
    Work(Work),
    /// Due later; fires when the deadline passes.
    Clock(Clock),
}

impl Task {
    /// The text form, unique over both kinds.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Work(work) => work.as_str(),
            Self::Clock(clock) => clock.as_str(),
        }
    }

    /// The task with this text form.
    pub fn parse(text: &str) -> Option<Self> {
        Work::parse(text).map(Self::Work).or_else(|| Clock::parse(text).map(Self::Clock))
    }

    /// Who does it.
    pub const fn role(self) -> Role {
        match self {
            Self::Work(Work::Triage) => Role::Intake,
            Self::Work(Work::ChooseCentre) => Role::Dispatch,
            Self::Work(_) => Role::Verification,
            Self::Clock(_) => Role::Timer,
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Task {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Task {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format_args!("unknown task {text:?}")))
    }
}

/// A task that is armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obligation {
    /// What is owed.
    pub task: Task,
    /// The sequence number of the event that armed it.
    pub generation: u64,
    /// When it is due.
    pub due: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_names_are_unique_and_read_back() {
        let works = Work::ALL.iter().copied().map(Task::Work);
        let clocks = Clock::ALL.iter().copied().map(Task::Clock);
        for task in works.chain(clocks) {
            assert_eq!(Task::parse(task.as_str()), Some(task));
        }
    }
}
