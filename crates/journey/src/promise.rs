//! Promises with a clock of their own, as terms pinned at filing.
//!
//! What starts a clock, how long it runs, what stops it and whom a breach is charged to is data of the
//! policy; this module knows when those things have happened to a case, and in which stages a broken promise
//! leads back to the decision. What it is worth there is the policy's.

use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, NotCovered, add_service_time};
use crate::case::Case;
use crate::event::Fact;
use crate::stage::Stage;
use crate::time::{Span, Timestamp};
use crate::vocab::{Function, Party, Remedy, vocabulary};

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
        /// The repair is done and the unit is at the workshop, so that it has to be returned.
        WorkshopRepairFinished = "workshop_repair_finished",
        /// The customer of a return without a reason declared the unit intact: it can be picked up.
        DeclaredIntact = "declared_intact",
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
        /// The unit is on its way back, or need not come back; a repair that is finished while the clock runs is
        /// handed over.
        UnitReturned = "unit_returned",
        /// The unit, a new one or money is on its way to the customer.
        HandedBack = "handed_back",
        /// The unit was picked up.
        PickedUp = "picked_up",
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

vocabulary! {
    /// When a breach of a promise can give the customer anything, and so is worth a decision.
    Worth {
        /// Never: no row of the policy asks for it. It is measured, and charged.
        Nothing = "nothing",
        /// Once somebody has inspected the unit.
        OnceInspected = "once_inspected",
        /// At any time.
        Always = "always",
    }
}

/// A promise, as its policy pack had it at filing.
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
    /// Whom a breach is charged to.
    pub charged_to: Party,
    /// When a breach is worth a decision.
    pub worth: Worth,
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
            Trigger::WorkshopRepairFinished => {
                matches!(fact, Fact::RepairCompleted) && case.repairs.at_workshop
            }
            Trigger::DeclaredIntact => matches!(fact, Fact::DeclaredIntact),
        }
    }

    /// Whether this fact, which leads to this stage, stops it.
    fn stops_with(&self, fact: &Fact, stage: Stage) -> bool {
        let is_back = matches!(fact, Fact::UnitReturned | Fact::RepairCompleted);
        match self.stops {
            _ if stage.is_ended() => true,
            Stop::Solved => stage == Stage::AwaitConfirm,
            Stop::CheckedIn => matches!(fact, Fact::CheckedIn { .. }),
            Stop::Decided => matches!(fact, Fact::Decided(_) | Fact::Denied(_)),
            Stop::UnitReturned => is_back || matches!(stage, Stage::Refunding | Stage::Replacing),
            Stop::HandedBack => {
                let is_sent = is_back || matches!(fact, Fact::ReplacementOrdered { .. });
                is_sent || matches!(stage, Stage::Refunding | Stage::AwaitConfirm)
            }
            Stop::PickedUp => matches!(fact, Fact::PickedUp { .. }),
        }
    }
}

/// What a broken promise leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnBreach {
    /// The case goes to the decision, which weighs the breach.
    DecideAnew,
    /// It is on record, and whatever is under way goes on.
    GoOn,
}

/// One stage of an open case, and what a promise that is broken in it leads to.
#[derive(Debug)]
pub struct BreachRow {
    /// Where the case stands; of a paused one where it goes on.
    pub stage: Stage,
    /// What follows.
    pub then: OnBreach,
    /// Why.
    pub why: &'static str,
}

/// One row per open stage, in declaration order. In a pause, the row of the stage in which the case goes on.
#[rustfmt::skip]
pub const BREACHES: &[BreachRow] = {
    use OnBreach::{DecideAnew, GoOn};
    const fn row(stage: Stage, then: OnBreach, why: &'static str) -> BreachRow {
        BreachRow { stage, then, why }
    }
    &[
        row(Stage::Filed,              GoOn,       "triage asks the policy within the minute"),
        row(Stage::NoReason,           GoOn,       "the customer has yet to declare the unit intact"),
        row(Stage::RemoteGuidance,     DecideAnew, "nobody travels yet"),
        row(Stage::EvidenceLinked,     GoOn,       "a certificate is being read, and leads to the decision"),
        row(Stage::Returning,          DecideAnew, "the refund does not wait for the pick-up any more"),
        row(Stage::ChoosingCentre,     DecideAnew, "nobody has the work"),
        row(Stage::Dispatched,         DecideAnew, "the offer is taken back"),
        row(Stage::Accepted,           DecideAnew, "the work is taken back before anybody travels"),
        row(Stage::CentreAssigned,     DecideAnew, "the work is taken back before anybody travels"),
        row(Stage::TechnicianAssigned, DecideAnew, "the work is taken back before anybody travels"),
        row(Stage::Unreachable,        DecideAnew, "the work is taken back before anybody travels"),
        row(Stage::Appointed,          DecideAnew, "the visit is taken back"),
        row(Stage::OnSite,             GoOn,       "somebody is at the door; the certificate leads to the decision"),
        row(Stage::Inspecting,         GoOn,       "the certificate leads to the decision"),
        row(Stage::VerdictIn,          GoOn,       "the decision is next"),
        row(Stage::VerdictHeld,        GoOn,       "the decision follows the brand's word"),
        row(Stage::Deciding,           DecideAnew, "the policy is asked again"),
        row(Stage::RemedyOffered,      DecideAnew, "the customer chooses among more"),
        row(Stage::Refunding,          GoOn,       "a payment on its way is not taken apart"),
        row(Stage::Replacing,          GoOn,       "a new unit on its way is not taken apart"),
        row(Stage::Repairing,          DecideAnew, "what was chosen is late"),
        row(Stage::Denied,             GoOn,       "no promise outweighs the ground of a refusal; whoever contests it is decided anew"),
        row(Stage::Compensating,       GoOn,       "a payment on its way is not taken apart"),
        row(Stage::Disputed,           GoOn,       "the hearing ends in a decision"),
        row(Stage::AwaitConfirm,       DecideAnew, "a repair that is not back; money and new units stay"),
        row(Stage::Paused,             GoOn,       "as the stage in which the case goes on"),
        row(Stage::CancelRequested,    GoOn,       "who wants to cancel wants no other decision"),
    ]
};

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

    /// The terms of the promise that is broken next.
    pub fn next_promise(&self) -> Option<&TermClock> {
        let going = self.promises_running.iter().filter(|one| !self.stands_still(&one.promise));
        going.min_by_key(|one| one.due).and_then(|one| self.clock_of(&one.promise))
    }

    /// The promises that are broken at `now`, with their clocks.
    pub(crate) fn promises_due(&self, now: Timestamp) -> Vec<(String, TermClock)> {
        let due = self.promises_running.iter().filter(|one| one.due <= now);
        let due = due.filter(|one| !self.stands_still(&one.promise));
        due.filter_map(|one| Some((one.promise.clone(), *self.clock_of(&one.promise)?))).collect()
    }

    /// Whether a promise that is broken now leads to the decision: its breach can be worth something, and
    /// nothing is under way that must not be taken apart.
    pub(crate) fn is_decided_anew(&self, broken: &TermClock) -> bool {
        let is_worth = match broken.worth {
            Worth::Nothing => false,
            Worth::OnceInspected => !self.certificates.is_empty(),
            Worth::Always => true,
        };
        let stage = self.standing();
        let opens =
            BREACHES.iter().any(|row| row.stage == stage && row.then == OnBreach::DecideAnew);
        // What was paid, or given in place of the unit, stays; only a repair may be worth more yet.
        let stays =
            stage == Stage::AwaitConfirm && !matches!(self.remedy, Some((Remedy::Repair, _)));
        // Whoever pays for a repair has a contract of their own.
        let is_bought = self.quote.is_some_and(|quote| quote.accepted);
        is_worth && opens && !stays && !is_bought && self.proposal.is_none()
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
