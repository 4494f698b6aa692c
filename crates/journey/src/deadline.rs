//! Every clock that runs on a case: when it starts, what it counts, what happens when it runs out.
//!
//! Two kinds stand in one table. A *timer* is armed as a task while the case is in one of its stages,
//! or by an event that gives its time. A *measure* is never armed: the policy computes with it.
//! Source marks: "law", "platform rule" and "practice" name the kind of text a limit comes from; "ours"
//! is a proposal an operator may change in the configuration.

use std::collections::BTreeMap;

use crate::calendar::{Calendar, NotCovered};
use crate::stage::Stage;
use crate::time::{Span, Timestamp};
use crate::vocab::{Party, vocabulary};

vocabulary! {
    /// The clocks by name.
    Clock {
        /// Triage of a new case.
        Classify = "plat.classify",
        /// The customer declares a no-reason return intact.
        DeclareIntact = "no_reason.declare",
        /// Remote guidance before anybody travels.
        Guidance = "plat.guidance",
        /// Reading a certificate the customer already holds.
        ReadEvidence = "plat.evidence",
        /// The carrier picks the returned unit up.
        PickUp = "return.pick_up",
        /// Finding a centre.
        ChooseCentre = "plat.choose",
        /// Warning that an offer has not been answered.
        AcceptAlarm = "brand.accept_alarm",
        /// The brand answers an offer.
        Accept = "brand.accept",
        /// The brand names a centre.
        AssignCentre = "brand.assign",
        /// The centre names a technician.
        AssignTechnician = "centre.assign",
        /// The technician contacts the customer.
        FirstContact = "tech.first_contact",
        /// The technician tries an unreachable customer again, at the time given.
        NextContact = "contact.next",
        /// A held slot goes free again.
        HoldExpires = "slot.hold",
        /// The customer answers which of the proposed windows fits.
        ChooseWindow = "window.choose",
        /// The visit happens, from filing.
        Visit = "visit",
        /// The technician checks in before the window ends.
        Window = "appointment.window",
        /// From check-in to the certificate.
        Verdict = "verdict",
        /// The platform checks a certificate for completeness.
        Validate = "verdict.validate",
        /// The brand confirms or contests a held certificate.
        VerdictConfirm = "verdict_confirm",
        /// A second inspection by another centre.
        SecondInspection = "second_inspection",
        /// A laboratory reports.
        LabReport = "lab",
        /// The policy or an agent decides.
        DecideManually = "decide.manual",
        /// The customer chooses a remedy.
        ChooseRemedy = "remedy.choose",
        /// The customer answers a denial.
        AnswerDenial = "denial.answer",
        /// Money reaches the customer.
        Execute = "execute",
        /// Money must be returned by law.
        LegalRefund = "legal.refund_7",
        /// A return, refund or repair left alone this long is a deliberate delay.
        LegalDelay = "legal.refund_15",
        /// A replacement is shipped.
        ExchangeShip = "exchange.ship",
        /// Repair within the legal limit.
        LegalRepair = "legal.repair_30",
        /// Parts within the legal limit.
        LegalParts = "legal.parts_90",
        /// The other side answers a dispute.
        DisputeReply = "dispute.reply",
        /// Evidence is uploaded.
        DisputeEvidence = "dispute.evidence",
        /// The unit reaches the laboratory.
        LabTransit = "lab.transit",
        /// Experts give their opinions.
        PanelOpinions = "dispute.panel",
        /// The brand completes the evidence of a certificate that blames the user.
        BrandEvidence = "verdict.evidence",
        /// A second person approves what is above somebody's authority.
        Approval = "decide.approval",
        /// The price of a repair at the customer's cost holds.
        RepairQuote = "repair.quote",
        /// A reminder (催单) is answered.
        Reminder = "reminder",
        /// The customer is told that there is a choice, a denial, or an outcome to confirm.
        TellOutcome = "outcome.tell",
        /// An agent reaches a customer whom no notice reached.
        ReachCustomer = "outcome.reach",
        /// The customer confirms the outcome, from when they were told of it.
        Confirm = "outcome.confirm",
        /// A pause ends.
        Resume = "pause.resume",
        /// A cancellation is acknowledged.
        AcknowledgeCancel = "cancel.ack",
        /// Appeal after closing.
        Appeal = "dispute.appeal",
        /// Seven-day return without a reason.
        LegalNoReason = "legal.7d_no_reason",
        /// Quality return.
        LegalReturn7 = "legal.7d",
        /// Quality exchange.
        LegalExchange15 = "legal.15d",
        /// Warranty.
        LegalValidity = "legal.validity",
        /// Same-day delivery by cut-off.
        Promise211 = "promise.211",
        /// The next of the promises whose terms were pinned at filing.
        Promise = "promise.term",
        /// An agent's follow-up.
        FollowUp = "follow_up",
        /// A replaced part comes back.
        PartsReturn = "parts.return",
        /// A settlement period ends.
        Settlement = "settlement",
    }
}

/// What a limit is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Elapsed time, day and night.
    Natural,
    /// 9:00-18:00 every day, holidays included (platform dispute rules).
    ServiceHours,
    /// Statutory working days with make-up days; a limit of one day is 24 hours here.
    WorkingDays,
    /// The event that starts the clock says when it ends.
    Given,
    /// Never armed: a figure the policy computes with.
    Measure,
}

/// What happens when a timer runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// The case goes to another centre.
    Redispatch,
    /// The offer lapses and the case goes to another centre.
    ExpireOffer,
    /// The platform decides without whoever was silent, at the brand's cost (R70).
    DecideWithoutBrand,
    /// The case goes back to the decision, which sees the breach.
    DecideAgain,
    /// Recorded, and the same clock is armed again; after three misses of it `then` follows.
    Escalate(Then),
    /// Recorded, nothing else moves.
    Record,
    /// The customer was not told: an agent has to reach them.
    ReachByAgent,
    /// The technician did not come.
    NoShow,
    /// The held slot goes free.
    ReleaseHold,
    /// The proposed windows go free, and whoever proposed them has to say something else.
    ReleaseWindows,
    /// The remedy the customer asked for, else the first on offer, is carried out.
    ChooseForCustomer,
    /// The case closes.
    Close,
    /// The case is cancelled.
    Cancel,
    /// A dispute goes to its decision on what there is by then.
    Hear,
    /// What waited for a second person's approval lapses.
    LapseProposal,
    /// The case goes on where it stopped.
    Resume,
    /// Never fires.
    Never,
}

/// What follows when escalating did not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Keep asking, less and less often, and keep counting the breach.
    KeepAsking,
    /// Another centre.
    Redispatch,
    /// The decision.
    DecideAgain,
}

/// How often a clock may run out before its `Then` follows.
pub const ESCALATIONS_MAX: u32 = 3;

/// A clock that is armed again without end runs twice as long each time, up to here; one whose own
/// limit is longer keeps it.
const BACK_OFF_MAX: Span = Span::days(1);

/// One clock.
pub struct ClockRow {
    /// Its name.
    pub clock: Clock,
    /// What it counts.
    pub unit: Unit,
    /// The limit; for working days a multiple of 24 hours.
    pub limit: Span,
    /// Whom a breach is charged to.
    pub owner: Party,
    /// The stages it runs in; it is armed when the case enters the set and cancelled when it leaves.
    /// Empty: armed and cancelled by events.
    pub stages: &'static [Stage],
    /// Whether a pause of the case stops it.
    pub pausable: bool,
    /// What happens when it runs out.
    pub miss: Miss,
    /// Where the limit comes from.
    pub source: &'static str,
}

const fn clock(
    clock: Clock,
    unit: Unit,
    limit: Span,
    owner: Party,
    stages: &'static [Stage],
    miss: Miss,
    source: &'static str,
) -> ClockRow {
    ClockRow { clock, unit, limit, owner, stages, pausable: true, miss, source }
}

/// A clock that goes on while the case is paused.
const fn relentless(row: ClockRow) -> ClockRow {
    ClockRow { pausable: false, ..row }
}

/// The stages between the search for a centre and the technician's arrival.
pub const BEFORE_VISIT: &[Stage] = &[
    Stage::ChoosingCentre,
    Stage::Dispatched,
    Stage::Accepted,
    Stage::CentreAssigned,
    Stage::TechnicianAssigned,
    Stage::Unreachable,
    Stage::Appointed,
];

/// One row per clock, in declaration order.
#[rustfmt::skip]
pub const CLOCKS: &[ClockRow] = {
    use Party::{Brand, Carrier, Centre, Customer, Lab, Payment, Retailer, Technician};
    use Unit::{Given, Measure, Natural, ServiceHours};
    const fn min(n: i64) -> Span { Span::minutes(n) }
    const fn h(n: i64) -> Span { Span::hours(n) }
    const fn d(n: i64) -> Span { Span::days(n) }
    &[
        clock(Clock::Classify,         Natural,      min(1),   Retailer,   &[Stage::Filed],              Miss::Escalate(Then::KeepAsking),  "ours"),
        clock(Clock::DeclareIntact,    Natural,      d(7),     Customer,   &[Stage::NoReason],           Miss::Cancel,                      "law: 七日无理由办法"),
        clock(Clock::Guidance,         Natural,      h(2),     Retailer,   &[Stage::RemoteGuidance],     Miss::Redispatch,                  "ours"),
        clock(Clock::ReadEvidence,     Natural,      h(24),    Retailer,   &[Stage::EvidenceLinked],     Miss::Redispatch,                  "ours"),
        clock(Clock::PickUp,           Natural,      d(3),     Carrier,    &[Stage::Returning],          Miss::Escalate(Then::KeepAsking),  "ours"),
        clock(Clock::ChooseCentre,     Natural,      h(2),     Retailer,   &[Stage::ChoosingCentre],     Miss::DecideAgain,                 "ours"),
        clock(Clock::AcceptAlarm,      ServiceHours, min(30),  Brand,      &[Stage::Dispatched],         Miss::Record,                      "practice: alarm at 30 min"),
        clock(Clock::Accept,           ServiceHours, h(2),     Brand,      &[Stage::Dispatched],         Miss::ExpireOffer,                 "ours"),
        clock(Clock::AssignCentre,     ServiceHours, h(4),     Brand,      &[Stage::Accepted],           Miss::Redispatch,                  "ours"),
        clock(Clock::AssignTechnician, ServiceHours, h(4),     Centre,     &[Stage::CentreAssigned],     Miss::Redispatch,                  "ours"),
        clock(Clock::FirstContact,     ServiceHours, h(2),     Technician, &[Stage::TechnicianAssigned], Miss::Escalate(Then::Redispatch),  "ours; SMS at 48 h in practice"),
        clock(Clock::NextContact,      Given,        h(0),     Technician, &[],                          Miss::Escalate(Then::Redispatch),  "practice: next contact is mandatory"),
        relentless(clock(Clock::HoldExpires, Given,  min(15),  Customer,   &[],                          Miss::ReleaseHold,                 "ours")),
        relentless(clock(Clock::ChooseWindow, Given, h(24), Customer,  &[],                          Miss::ReleaseWindows,                 "ours")),
        clock(Clock::Visit,            Natural,      h(48),    Centre,     BEFORE_VISIT,                 Miss::Escalate(Then::KeepAsking),  "ours; 48 h in brand practice"),
        clock(Clock::Window,           Given,        h(0),     Technician, &[],                          Miss::NoShow,                      "ours"),
        clock(Clock::Verdict,          Natural,      h(24),    Technician, &[Stage::OnSite, Stage::Inspecting], Miss::DecideWithoutBrand,   "ours"),
        clock(Clock::Validate,         Natural,      h(1),     Retailer,   &[Stage::VerdictIn],          Miss::DecideAgain,                 "ours"),
        clock(Clock::VerdictConfirm,   Natural,      h(24),    Brand,      &[Stage::VerdictHeld],        Miss::DecideAgain,                 "ours; first verdict stands"),
        clock(Clock::SecondInspection, Natural,      d(5),     Centre,     &[],                          Miss::DecideAgain,                 "practice: 5 d after warehouse-in"),
        clock(Clock::LabReport,        Natural,      d(15),    Lab,        &[],                          Miss::DecideAgain,                 "ours"),
        clock(Clock::DecideManually,   Natural,      h(2),     Retailer,   &[Stage::Deciding],           Miss::Escalate(Then::KeepAsking),  "ours"),
        clock(Clock::ChooseRemedy,     Natural,      d(7),     Customer,   &[],                          Miss::ChooseForCustomer,           "ours"),
        clock(Clock::AnswerDenial,     Natural,      d(15),    Customer,   &[],                          Miss::Close,                       "platform rule: 15 days"),
        clock(Clock::Execute,          Natural,      h(24),    Payment,    &[Stage::Refunding, Stage::Compensating], Miss::Escalate(Then::KeepAsking), "platform rule: 24 h"),
        relentless(clock(Clock::LegalRefund, Natural, d(7),    Retailer,   &[Stage::Refunding],          Miss::Record,                      "law: 消法 art. 25")),
        relentless(clock(Clock::LegalDelay,  Natural, d(15),   Retailer,   &[Stage::Refunding],          Miss::Record,                      "law: 处罚办法 art. 8-9")),
        clock(Clock::ExchangeShip,     Natural,      h(72),    Carrier,    &[Stage::Replacing],          Miss::Escalate(Then::DecideAgain), "platform rule: 72 h"),
        clock(Clock::LegalRepair,      Natural,      d(30),    Centre,     &[Stage::Repairing],          Miss::DecideAgain,                 "law: 三包 art. 12"),
        relentless(clock(Clock::LegalParts, Natural, d(90),    Brand,      &[],                          Miss::DecideAgain,                 "law: 三包 art. 12")),
        clock(Clock::DisputeReply,     Natural,      h(24),    Brand,      &[],                          Miss::DecideAgain,                 "platform rule: 24 h"),
        clock(Clock::DisputeEvidence,  ServiceHours, h(4),     Customer,   &[],                          Miss::Hear,                        "platform rule: 4 working hours, 9-18"),
        clock(Clock::LabTransit,       Natural,      d(3),     Carrier,    &[],                          Miss::Escalate(Then::DecideAgain), "ours; the laboratory's own time stands still meanwhile"),
        clock(Clock::PanelOpinions,    Natural,      d(5),     Retailer,   &[],                          Miss::Hear,                        "ours"),
        clock(Clock::BrandEvidence,    ServiceHours, h(4),     Brand,      &[],                          Miss::DecideAgain,                 "platform rule: 4 working hours, 9-18"),
        clock(Clock::Approval,         Natural,      h(24),    Retailer,   &[],                          Miss::LapseProposal,               "ours"),
        clock(Clock::RepairQuote,      Measure,      d(7),     Centre,     &[],                          Miss::Never,                       "ours"),
        relentless(clock(Clock::Reminder, Natural,   h(24),    Retailer,   &[],                          Miss::Escalate(Then::KeepAsking),  "practice: 24 h, again at 48 h")),
        clock(Clock::TellOutcome,      Natural,      h(24),    Retailer,   &[Stage::RemedyOffered, Stage::Denied, Stage::AwaitConfirm], Miss::ReachByAgent,                "ours"),
        clock(Clock::ReachCustomer,    ServiceHours, h(4),     Retailer,   &[],                          Miss::Escalate(Then::KeepAsking),  "ours"),
        clock(Clock::Confirm,          Natural,      d(7),     Customer,   &[],                          Miss::Close,                       "ours"),
        relentless(clock(Clock::Resume, Given,       h(0),     Retailer,   &[],                          Miss::Resume,                      "ours: a pause names its end")),
        clock(Clock::AcknowledgeCancel, Natural,     h(1),     Centre,     &[Stage::CancelRequested],    Miss::Cancel,                      "ours"),
        clock(Clock::Appeal,           Measure,      d(7),     Customer,   &[],                          Miss::Never,                       "platform rule: 7 calendar days"),
        clock(Clock::LegalNoReason,    Measure,      d(7),     Customer,   &[],                          Miss::Never,                       "law: 消法 art. 25; 民法典 art. 203"),
        clock(Clock::LegalReturn7,     Measure,      d(7),     Customer,   &[],                          Miss::Never,                       "law: 三包 art. 9"),
        clock(Clock::LegalExchange15,  Measure,      d(15),    Customer,   &[],                          Miss::Never,                       "law: 三包 art. 10"),
        clock(Clock::LegalValidity,    Measure,      d(365),   Customer,   &[],                          Miss::Never,                       "law: 三包 art. 8; per category in the policy pack"),
        clock(Clock::Promise211,       Measure,      h(24),    Carrier,    &[],                          Miss::Never,                       "promise: cut-off 11:00 / 23:00"),
        relentless(clock(Clock::Promise, Given,      h(0),     Retailer,   &[],                          Miss::DecideAgain,                 "promise rows of the policy pack")),
        clock(Clock::FollowUp,         Measure,      h(24),    Retailer,   &[],                          Miss::Never,                       "practice: per issue type"),
        relentless(clock(Clock::PartsReturn, Natural, d(30),   Centre,     &[],                          Miss::Record,                      "ours")),
        clock(Clock::Settlement,       Measure,      d(30),    Brand,      &[],                          Miss::Never,                       "ours: monthly"),
    ]
};

impl Clock {
    /// This clock's row.
    pub fn row(self) -> &'static ClockRow {
        &CLOCKS[self as usize]
    }
}

/// The limits in force: the table's, with an operator's changes laid over it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deadlines {
    changed: BTreeMap<Clock, Span>,
}

impl Deadlines {
    /// Lays one changed limit over the table.
    pub fn change(&mut self, clock: Clock, limit: Span) {
        self.changed.insert(clock, limit);
    }

    /// The limit of a clock.
    pub fn limit(&self, clock: Clock) -> Span {
        self.changed.get(&clock).copied().unwrap_or(clock.row().limit)
    }

    /// When a clock that starts at `start` runs out.
    ///
    /// # Errors
    /// [`NotCovered`] when working days are to be counted past the end of the calendar.
    pub fn due(
        &self,
        clock: Clock,
        start: Timestamp,
        calendar: &Calendar,
    ) -> Result<Timestamp, NotCovered> {
        count(clock, self.limit(clock), start, calendar)
    }

    /// When a clock that starts again at `start`, after having run out `misses` times, runs out: the
    /// limit doubles with each miss, up to a day.
    ///
    /// # Errors
    /// As [`due`](Self::due).
    pub fn due_backed_off(
        &self,
        clock: Clock,
        misses: u32,
        start: Timestamp,
        calendar: &Calendar,
    ) -> Result<Timestamp, NotCovered> {
        let limit = self.limit(clock);
        let factor = 1_i64.checked_shl(misses).filter(|factor| *factor > 0).unwrap_or(i64::MAX);
        let doubled = Span::from_micros(limit.micros().saturating_mul(factor));
        count(clock, doubled.min(BACK_OFF_MAX).max(limit), start, calendar)
    }
}

fn count(
    clock: Clock,
    limit: Span,
    start: Timestamp,
    calendar: &Calendar,
) -> Result<Timestamp, NotCovered> {
    match clock.row().unit {
        Unit::ServiceHours => Ok(crate::calendar::add_service_time(start, limit)),
        Unit::WorkingDays => {
            let days = u32::try_from(limit.micros() / crate::time::DAY).unwrap_or(u32::MAX);
            calendar.add_working_days(start, days)
        }
        Unit::Natural | Unit::Given | Unit::Measure => Ok(start + limit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_one_row_per_clock_in_order() {
        assert_eq!(CLOCKS.len(), Clock::ALL.len());
        for (row, clock) in CLOCKS.iter().zip(Clock::ALL) {
            assert_eq!(row.clock, *clock);
            assert_eq!(row.unit == Unit::Measure, row.miss == Miss::Never, "{clock}");
        }
    }

    #[test]
    fn every_stage_of_an_open_case_has_a_clock() {
        let given_by_event = [
            Stage::Unreachable, // contact.next
            Stage::Disputed,    // dispute.reply, dispute.evidence, dispute.panel, lab, lab.transit
            Stage::Paused,      // pause.resume
        ];
        for stage in crate::stage::OPEN.iter().filter(|stage| !given_by_event.contains(stage)) {
            assert!(
                CLOCKS.iter().any(|row| row.stages.contains(stage)),
                "{stage} could wait for ever"
            );
        }
    }

    #[test]
    fn an_operator_can_change_a_limit() {
        let mut deadlines = Deadlines::default();
        deadlines.change(Clock::Confirm, Span::from_micros(50_000));
        let start = Timestamp::from_micros(0);
        let due = deadlines.due(Clock::Confirm, start, Calendar::china()).unwrap();
        assert_eq!(due, Timestamp::from_micros(50_000));
    }

    #[test]
    fn what_is_asked_for_without_end_is_asked_for_less_and_less_often() {
        let start = Timestamp::from_micros(0);
        let deadlines = Deadlines::default();
        for (clock, misses, expected) in [
            (Clock::Classify, 0, Span::minutes(1)),
            (Clock::Classify, 1, Span::minutes(2)),
            (Clock::Classify, 10, Span::minutes(1024)),
            (Clock::Classify, 11, Span::days(1)),
            (Clock::Classify, u32::MAX, Span::days(1)),
            (Clock::Classify, 63, Span::days(1)),
            (Clock::Visit, 5, Span::hours(48)),
        ] {
            let due = deadlines.due_backed_off(clock, misses, start, Calendar::china()).unwrap();
            assert_eq!(due.since(start), expected, "{clock} after {misses} misses");
        }
    }
}
