//! Offers and the first call: who takes work on, how soon, and when somebody calls.

use parasol_journey::Fact;
use parasol_journey::deadline::Clock;
use parasol_journey::ids::BrandId;
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::DeclineReason;

use crate::scores::indicator::Id;
use crate::scores::marks::{Fold, Job, Sheet, Step, Whose};

/// The offer that is out, and the call that is due.
#[derive(Default)]
pub struct Offers {
    made_at: Option<Timestamp>,
    /// The assignment whose call is due, with whose it is.
    to_call: Option<(u64, Job)>,
}

impl Fold for Offers {
    fn see(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        self.answers(step, sheet);
        self.calls(step, sheet);
    }
}

impl Offers {
    fn answers(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        let (seq, at) = (step.event.seq, step.event.at);
        let taken = match &step.event.fact {
            Fact::OfferMade { .. } => {
                self.made_at = Some(at);
                return;
            }
            Fact::OfferAccepted { .. } => 1,
            Fact::OfferDeclined { .. } | Fact::OfferExpired { .. } => 0,
            Fact::OfferWithdrawn { .. } => {
                self.made_at = None;
                return;
            }
            _ => return,
        };
        let Some(offer) = &step.before.offer else { return };
        let brand: &BrandId = offer.network.as_ref().unwrap_or(&step.before.filing.brand);
        let centre = Some(offer.centre.clone());
        let job = Job { brand: brand.clone(), centre, technician: None };
        sheet.put(&Whose::Job(&job), Id::AcceptRate, seq, at, taken);
        if let Some(made_at) = self.made_at.take().filter(|_| taken == 1) {
            let micros = at.since(made_at).micros();
            sheet.put(&Whose::Job(&job), Id::AcceptTime, seq, at, micros);
        }
        let wrong = matches!(
            &step.event.fact,
            Fact::OfferDeclined { reason: DeclineReason::NotOurs | DeclineReason::OutOfArea, .. }
        );
        sheet.put(&Whose::Retailer, Id::IntakeNotOurs, seq, at, i64::from(wrong));
    }

    fn calls(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        let (seq, at) = (step.event.seq, step.event.at);
        let in_time = match &step.event.fact {
            Fact::TechnicianAssigned { technician, .. } => {
                let job = Job { technician: Some(technician.clone()), ..step.job.clone() };
                self.to_call = Some((seq, job));
                return;
            }
            Fact::ContactFailed { .. }
            | Fact::WindowsProposed { .. }
            | Fact::AppointmentBooked { .. } => 1,
            Fact::DeadlineMissed { clock: Clock::FirstContact, .. } => 0,
            Fact::OfferWithdrawn { .. } | Fact::Cancelled => {
                self.to_call = None;
                return;
            }
            _ => return,
        };
        if let Some((from, job)) = self.to_call.take() {
            sheet.put(&Whose::Job(&job), Id::FirstContact, from, at, in_time);
        }
    }
}
