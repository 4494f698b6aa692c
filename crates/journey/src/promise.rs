//! Promises with a clock of their own, as terms pinned at filing.
//!
//! What starts a clock, how long it runs and what stops it is data of the policy; this module knows when
//! those things have happened to a case. What a broken promise is worth is the policy's.

use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, NotCovered, add_service_time};
use crate::case::Case;
use crate::event::Fact;
use crate::stage::Stage;
use crate::time::{Span, Timestamp};
use crate::vocab::{Function, vocabulary};

/// Minutes of a working day, which is counted as a whole.
const DAY_MINUTES: u32 = 24 * 60;

vocabulary! {
    /// What starts the clock of a promise.
    Trigger {
        /// The case was filed.
        Filed = "filed",
        /// A centre accepted the work.
        Accepted = "accepted",
        /// A technician was assigned.
        TechnicianAssigned = "technician_assigned",
        /// The unit is at the workshop.
        UnitReceived = "unit_received",
        /// A certificate says the unit is faulty.
        FaultConfirmed = "fault_confirmed",
        /// Both: at the workshop, and found faulty.
        ReceivedAndFaultConfirmed = "received_and_fault_confirmed",
        /// The customer knows what they get.
        RemedyChosen = "remedy_chosen",
        /// The repair is done.
        RepairFinished = "repair_finished",
    }
}

vocabulary! {
    /// What the time of a promise is counted in.
    CountedIn {
        /// Day and night.
        Natural = "natural",
        /// 9:00 to 18:00, every day.
        ServiceHours = "service_hours",
        /// Statutory working days.
        WorkingDays = "working_days",
    }
}

vocabulary! {
    /// What stops the clock of a promise.
    Stop {
        /// The remedy was carried out, or the case ended.
        Solved = "solved",
        /// A technician stands at the door.
        CheckedIn = "checked_in",
        /// A decision was made.
        Decided = "decided",
        /// The unit is on its way back.
        UnitReturned = "unit_returned",
    }
}

vocabulary! {
    /// Whether a pause of the case stops the clock of a promise.
    Pauses {
        /// Never.
        Never = "never",
        /// While the case is paused on the customer's account.
        ForCustomer = "for_customer",
    }
}

/// A promise that only its policy pack knows, as it stood at filing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// The promise, by the id the pack gives it.
    pub promise: String,
    /// Its clock; `None` for a right without a deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<TermClock>,
}

/// The clock of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermClock {
    /// What starts it.
    pub starts: Trigger,
    /// How long it runs, in minutes of its unit; working days are whole days of 1,440.
    pub minutes: u32,
    /// What its time is counted in.
    pub counted_in: CountedIn,
    /// What stops it.
    pub stops: Stop,
    /// Whether a pause stops it.
    pub pauses: Pauses,
}

/// A promise whose clock runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The promise.
    pub promise: String,
    /// When it is broken.
    pub due: Timestamp,
}

impl TermClock {
    /// When it runs out if it starts at `start`.
    ///
    /// # Errors
    /// [`NotCovered`] when working days are to be counted past the end of the calendar.
    pub fn due(&self, start: Timestamp, calendar: &Calendar) -> Result<Timestamp, NotCovered> {
        let limit = Span::minutes(i64::from(self.minutes));
        match self.counted_in {
            CountedIn::Natural => Ok(start + limit),
            CountedIn::ServiceHours => Ok(add_service_time(start, limit)),
            CountedIn::WorkingDays => calendar.add_working_days(start, self.minutes / DAY_MINUTES),
        }
    }

    /// Whether this fact starts it; `case` is as it stands with the fact.
    fn starts_with(&self, fact: &Fact, case: &Case) -> bool {
        let received = matches!(fact, Fact::UnitReceived);
        let certified = matches!(fact, Fact::CertificateSubmitted { .. });
        let faulty = || case.finding().is_some_and(|one| one.finding.function == Function::Fault);
        match self.starts {
            Trigger::Filed => matches!(fact, Fact::Filed(_)),
            Trigger::Accepted => matches!(fact, Fact::OfferAccepted { .. }),
            Trigger::TechnicianAssigned => matches!(fact, Fact::TechnicianAssigned { .. }),
            Trigger::UnitReceived => received,
            Trigger::FaultConfirmed => certified && faulty(),
            Trigger::ReceivedAndFaultConfirmed => {
                (received || certified) && case.repairs.at_workshop && faulty()
            }
            Trigger::RemedyChosen => matches!(fact, Fact::RemedyChosen { .. }),
            Trigger::RepairFinished => matches!(fact, Fact::RepairCompleted),
        }
    }

    /// Whether this fact, which leads to this stage, stops it.
    fn stops_with(&self, fact: &Fact, stage: Stage) -> bool {
        match self.stops {
            _ if stage.is_ended() => true,
            Stop::Solved => stage == Stage::AwaitConfirm,
            Stop::CheckedIn => matches!(fact, Fact::CheckedIn { .. }),
            Stop::Decided => matches!(fact, Fact::Decided(_) | Fact::Denied(_)),
            Stop::UnitReturned => matches!(fact, Fact::UnitReturned),
        }
    }
}

impl Case {
    fn clock_of(&self, promise: &str) -> Option<&TermClock> {
        let term = self.filing.terms.iter().find(|term| term.promise == promise)?;
        term.clock.as_ref()
    }

    /// Promises whose clocks a fact starts that neither run nor have run out.
    pub(crate) fn promises_begun(&self, fact: &Fact) -> Vec<(String, TermClock)> {
        let is_new = |promise: &String| {
            !self.promises_missed.contains(promise)
                && !self.promises_running.iter().any(|one| one.promise == *promise)
        };
        let begun = self.filing.terms.iter().filter(|term| is_new(&term.promise));
        let begun = begun.filter_map(|term| Some((term.promise.clone(), term.clock?)));
        begun.filter(|(_, clock)| clock.starts_with(fact, self)).collect()
    }

    /// Whether a pause on the customer's account stops the clock of this promise now.
    fn stands_still(&self, promise: &str) -> bool {
        let pause = self.pause.as_ref();
        let for_customer = pause.is_some_and(|pause| self.on_customer_since(pause).is_some());
        let pauses = self.clock_of(promise).map(|clock| clock.pauses);
        for_customer && pauses == Some(Pauses::ForCustomer)
    }

    /// When the next promise is broken, of those whose clocks run and do not stand still.
    pub fn next_promise_due(&self) -> Option<Timestamp> {
        let going = self.promises_running.iter().filter(|one| !self.stands_still(&one.promise));
        going.map(|one| one.due).min()
    }

    /// The promises that are broken at `now`.
    pub(crate) fn promises_due(&self, now: Timestamp) -> Vec<String> {
        let due = self.promises_running.iter().filter(|one| one.due <= now);
        let due = due.filter(|one| !self.stands_still(&one.promise));
        due.map(|one| one.promise.clone()).collect()
    }

    /// What a fact does to the promises whose clocks run.
    pub(crate) fn absorb_promises(&mut self, fact: &Fact) {
        match fact {
            Fact::PromiseStarted { promise, due } => {
                self.promises_running.push(Running { promise: promise.clone(), due: *due });
            }
            Fact::PromiseMissed { promise } => {
                self.promises_running.retain(|one| one.promise != *promise);
                self.promises_missed.push(promise.clone());
            }
            fact => {
                let mut running = std::mem::take(&mut self.promises_running);
                running.retain(|one| {
                    let clock = self.clock_of(&one.promise);
                    clock.is_some_and(|clock| !clock.stops_with(fact, self.stage))
                });
                self.promises_running = running;
            }
        }
    }

    /// A pause has ended of which so much was on the customer's account: what stood still goes on where it
    /// was.
    pub(crate) fn go_on_after(&mut self, length: Span) {
        let mut running = std::mem::take(&mut self.promises_running);
        for one in &mut running {
            if self.clock_of(&one.promise).map(|clock| clock.pauses) == Some(Pauses::ForCustomer) {
                one.due = one.due + length;
            }
        }
        self.promises_running = running;
    }
}
