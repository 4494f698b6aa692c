//! What is known of a case once it has closed. A case that is opened again is taken out of the month in which it
//! had closed, and counts when it closes again.

use parasol_journey::Fact;
use parasol_journey::deadline::Clock;
use parasol_journey::event::Ending;
use parasol_journey::time::{HOUR, Timestamp};
use parasol_journey::vocab::{AnomalyKind, DeclineReason, Party, Remedy, UnableReason};

use super::surveys::is_of_surveys;
use super::visits::vouches;
use crate::scores::indicator::Id;
use crate::scores::marks::{Fold, Job, Sheet, Step, Whose};

/// What was seen of a case on its way to the closing.
#[derive(Default)]
pub struct Closing {
    /// Visits of the first opinion, and how many of them were in vain for the customer's side, with proof.
    visits: u32,
    in_vain: u32,
    vouched: bool,
    is_disputed: bool,
    is_upheld: bool,
    /// Whether a repair failed, or the customer did not accept its outcome.
    has_failed: bool,
    breaches_field: i64,
    breaches_centre: i64,
    /// Whether the field said that the data of the case are wrong.
    is_wrong: bool,
    closed: Option<u64>,
}

impl Fold for Closing {
    fn see(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        self.remember(step);
        match &step.event.fact {
            Fact::Closed { ending } => {
                self.closed = Some(step.event.seq);
                self.close(step, *ending, sheet);
            }
            Fact::Cancelled => {
                let value = i64::from(self.is_wrong);
                let (seq, at) = (step.event.seq, step.event.at);
                sheet.put(&Whose::Retailer, Id::IntakeCancelled, seq, at, value);
            }
            Fact::Reopened => {
                self.has_failed = true;
                if let Some(seq) = self.closed.take() {
                    // What the customer said of it stays said.
                    sheet.take_back(seq, |indicator| !is_of_surveys(indicator));
                }
            }
            _ => {}
        }
    }
}

impl Closing {
    fn remember(&mut self, step: &Step<'_>) {
        match &step.event.fact {
            Fact::CheckedIn { distance_m, mock_location, .. } if !step.before.second_opinion => {
                self.visits += 1;
                self.vouched = vouches(*distance_m, *mock_location);
            }
            Fact::VisitFailed {
                reason: UnableReason::NoAccess | UnableReason::NoPowerOrWater,
                ..
            }
            | Fact::NoShow { by: Party::Customer }
                if self.vouched =>
            {
                self.in_vain += 1;
                self.vouched = false;
            }
            Fact::DisputeOpened { .. } => self.is_disputed = true,
            Fact::DisputeDecided { loser, .. } => self.is_upheld |= *loser != Party::Customer,
            Fact::RepairFailed | Fact::OutcomeRejected => self.has_failed = true,
            // A first alarm is no missed limit.
            Fact::DeadlineMissed { clock: Clock::AcceptAlarm, .. } => {}
            Fact::DeadlineMissed { charged_to, .. } => {
                let is_centre = matches!(charged_to, Party::Centre | Party::Technician);
                self.breaches_centre += i64::from(is_centre);
                self.breaches_field += i64::from(is_centre || *charged_to == Party::Brand);
            }
            Fact::AnomalyRaised { kind: AnomalyKind::AddressWrong, .. }
            | Fact::OfferDeclined {
                reason: DeclineReason::NotOurs | DeclineReason::OutOfArea,
                ..
            } => self.is_wrong = true,
            _ => {}
        }
    }

    fn close(&self, step: &Step<'_>, ending: Ending, sheet: &mut Sheet<'_>) {
        let (seq, at, case) = (step.event.seq, step.event.at, step.after);
        let own = Whose::Brand(&case.filing.brand);
        let centre = step.job.centre.as_ref().map(Whose::Centre);
        let both = |sheet: &mut Sheet<'_>, indicator, value: i64| {
            for whose in [Some(&own), centre.as_ref()].into_iter().flatten() {
                sheet.put(whose, indicator, seq, at, value);
            }
        };
        let elapsed = at.since(case.filed_at).micros();
        let within = [(Id::Completion24, 24), (Id::Completion48, 48), (Id::Completion72, 72)];
        for (indicator, hours) in within {
            both(sheet, indicator, i64::from(elapsed <= hours * HOUR));
        }
        both(sheet, Id::Upheld, i64::from(self.is_upheld));
        both(sheet, Id::Chased, i64::from(case.reminders > 0));
        sheet.put(&own, Id::Breaches, seq, at, self.breaches_field);
        if let Some(centre) = &centre {
            sheet.put(centre, Id::Breaches, seq, at, self.breaches_centre);
        }
        sheet.put(&own, Id::Intervention, seq, at, i64::from(self.is_disputed));
        sheet.put(&own, Id::FlowGross, seq, at, elapsed);
        sheet.put(&own, Id::FlowNet, seq, at, elapsed - customers_time(step, at));
        sheet.put(&Whose::Retailer, Id::IntakeCancelled, seq, at, 0);
        if self.visits > 0 {
            self.visited(step.job, ending, case.remedy.map(|(remedy, _)| remedy), (seq, at), sheet);
        }
    }

    fn visited(
        &self,
        job: &Job,
        ending: Ending,
        remedy: Option<Remedy>,
        (seq, at): (u64, Timestamp),
        sheet: &mut Sheet<'_>,
    ) {
        let whose = Whose::Job(job);
        let own_visits = self.visits.saturating_sub(self.in_vain);
        match (self.visits, own_visits) {
            (2.., ..=1) => sheet.leave_out(&whose, Id::SecondVisit, seq, at, "customer_site"),
            (_, own) => sheet.put(&whose, Id::SecondVisit, seq, at, i64::from(own > 1)),
        }
        if ending == Ending::DenialAccepted {
            return;
        }
        sheet.put(&whose, Id::CodeUse, seq, at, i64::from(ending == Ending::Code));
        if remedy == Some(Remedy::Repair) {
            let fixed = own_visits <= 1 && !self.has_failed;
            sheet.put(&whose, Id::FirstFix, seq, at, i64::from(fixed));
        }
    }
}

/// The customer's own turns, time between a closing and a reopening included: nobody else waited for anything.
fn customers_time(step: &Step<'_>, at: Timestamp) -> i64 {
    let times = step.after.turn.times(at);
    let own = times.iter().filter(|(party, _)| *party == Party::Customer);
    let own: i64 = own.map(|(_, span)| span.micros()).sum();
    let open = step.after.turn.elapsed(at).micros();
    own + (at.since(step.after.filed_at).micros() - open)
}
