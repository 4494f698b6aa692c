//! Visits: on time, missed, doubtful; and old parts that go back.

use std::collections::BTreeMap;

use parasol_journey::Fact;
use parasol_journey::deadline::Clock;
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Party;

use super::FAR_M;
use crate::scores::indicator::Id;
use crate::scores::marks::{Fold, Job, Sheet, Step, Whose};

/// The visit that is due or going on, and parts that are to go back.
#[derive(Default)]
pub struct Visits {
    /// The arrival of the present visit: its entry and time, and whether its position vouches for it.
    arrived: Option<(u64, Timestamp, bool)>,
    /// Parts to go back, by what they are: the entry that built them in, whose job it was, their day.
    parts: BTreeMap<String, (u64, Job, Timestamp)>,
}

/// Whether a check-in proves that somebody stood at the address.
pub fn vouches(distance_m: Option<u32>, mock_location: bool) -> bool {
    distance_m.is_some_and(|metres| metres <= FAR_M) && !mock_location
}

impl Fold for Visits {
    fn see(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        self.visit(step, sheet);
        self.part(step, sheet);
    }
}

impl Visits {
    fn visit(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        let (seq, at) = (step.event.seq, step.event.at);
        let job = Whose::Job(step.job);
        match &step.event.fact {
            Fact::AppointmentBooked { .. } => self.arrived = None,
            Fact::AppointmentRescheduled { asked_by, .. } => {
                let began = step.before.visit.as_ref().is_some_and(|one| one.window.start <= at);
                if *asked_by != Party::Customer && began && self.arrived.is_none() {
                    // To move a visit once its window has begun is to miss it.
                    sheet.put(&job, Id::OnTime, seq, at, 0);
                }
            }
            Fact::CheckedIn { distance_m, mock_location, arrived_at } => {
                let arrival = arrived_at.unwrap_or(at);
                let window = step.before.visit.as_ref().map(|visit| visit.window);
                let on_time = window.is_none_or(|window| arrival <= window.end);
                sheet.put(&job, Id::OnTime, seq, at, i64::from(on_time));
                sheet.put(&job, Id::NoShow, seq, at, 0);
                let vouched = vouches(*distance_m, *mock_location);
                if distance_m.is_some() || *mock_location {
                    sheet.put(&job, Id::FalseCheckIn, seq, at, i64::from(!vouched));
                }
                self.arrived = Some((seq, at, vouched));
            }
            Fact::NoShow { by } => {
                // What was counted at the arrival is what is changed; else the visit counts from here.
                let (from, then, vouched) = self.arrived.take().unwrap_or((seq, at, false));
                match by {
                    Party::Customer if vouched => {
                        sheet.leave_out(&job, Id::OnTime, from, then, "customer_absent");
                        sheet.leave_out(&job, Id::NoShow, from, then, "customer_absent");
                    }
                    // Nothing shows that anybody stood at the door.
                    Party::Customer => {
                        sheet.put(&job, Id::OnTime, from, then, 0);
                        sheet.put(&job, Id::NoShow, from, then, 0);
                    }
                    _ => {
                        sheet.put(&job, Id::OnTime, from, then, 0);
                        sheet.put(&job, Id::NoShow, from, then, 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn part(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        let at = step.event.at;
        match &step.event.fact {
            Fact::PartsInstalled { part, return_by: Some(by) } => {
                let waiting = (step.event.seq, step.job.clone(), *by);
                self.parts.insert(part.clone(), waiting);
            }
            Fact::PartsReturned { part } => {
                if let Some((from, job, by)) = self.parts.remove(part) {
                    let in_time = i64::from(at <= by);
                    sheet.put(&Whose::Job(&job), Id::PartsReturned, from, at, in_time);
                }
            }
            Fact::DeadlineMissed { clock: Clock::PartsReturn, .. } => {
                for (from, job, by) in self.parts.values().filter(|(_, _, by)| *by <= at) {
                    sheet.put(&Whose::Job(job), Id::PartsReturned, *from, *by, 0);
                }
                self.parts.retain(|_, (_, _, by)| *by > at);
            }
            _ => {}
        }
    }
}
