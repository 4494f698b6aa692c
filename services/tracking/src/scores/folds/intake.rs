//! How good the cases are that the retailer hands on: papers, and chases that somebody answers.

use parasol_journey::Fact;
use parasol_journey::deadline::Clock;
use parasol_journey::time::Timestamp;

use crate::scores::indicator::Id;
use crate::scores::marks::{Fold, Sheet, Step, Whose};

/// The papers that were handed in, and the chase that waits.
#[derive(Default)]
pub struct Intake {
    linked: Option<(u64, Timestamp)>,
    chased: Option<(u64, Timestamp)>,
}

impl Fold for Intake {
    fn see(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        let (seq, at) = (step.event.seq, step.event.at);
        match &step.event.fact {
            Fact::CertificateLinked { .. } => {
                sheet.put(&Whose::Retailer, Id::IntakeProof, seq, at, 0);
                self.linked = Some((seq, at));
            }
            Fact::LinkedCertificateRefused { .. } => {
                if let Some((from, then)) = self.linked.take() {
                    sheet.put(&Whose::Retailer, Id::IntakeProof, from, then, 1);
                }
            }
            Fact::Reminded if self.chased.is_none() => {
                sheet.put(&Whose::Retailer, Id::ChasesUnanswered, seq, at, 0);
                self.chased = Some((seq, at));
            }
            Fact::DeadlineMissed { clock: Clock::Reminder, .. } => {
                if let Some((from, then)) = self.chased {
                    sheet.put(&Whose::Retailer, Id::ChasesUnanswered, from, then, 1);
                }
            }
            Fact::ReminderAnswered | Fact::Closed { .. } | Fact::Cancelled => self.chased = None,
            _ => {}
        }
    }
}
