//! Which questions a survey asks: those about parties that had a part in the case. Pure.

use parasol_journey::survey::{Question, SURVEY_FOR};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Party;
use parasol_journey::{ActorKind, Case, Event, Fact, Stage};

/// How often a survey can be answered.
pub const ANSWERS_MAX: i64 = 10;

/// Until when the survey of a case can be answered; `None` while it is open, and for one that was cancelled.
pub fn open_until(case: &Case) -> Option<Timestamp> {
    let (_, closed_at) = case.ending.filter(|_| case.stage == Stage::Closed)?;
    Some(closed_at + SURVEY_FOR)
}

/// The questions that fit a case, in order.
pub fn asked(log: &[Event]) -> Vec<Question> {
    let seen = |fits: fn(&Event) -> bool| log.iter().any(fits);
    let fits = |question: &&Question| match question {
        Question::Filing => true,
        Question::Dispatch => seen(|event| matches!(event.fact, Fact::OfferAccepted { .. })),
        Question::Arrival => seen(|event| matches!(event.fact, Fact::CheckedIn { .. })),
        Question::Inspection => {
            seen(|event| matches!(event.fact, Fact::CertificateSubmitted { .. }))
        }
        Question::Decision => {
            seen(|event| matches!(event.fact, Fact::Decided(_) | Fact::Denied(_)))
        }
        Question::BrandResponse => seen(|event| {
            let by_brand = event.actor.kind == ActorKind::Brand;
            by_brand
                && matches!(
                    event.fact,
                    Fact::CertificateConfirmed { .. }
                        | Fact::CertificateContested { .. }
                        | Fact::DisputeAnswered { by: Party::Brand, .. }
                        | Fact::ReminderAnswered
                )
        }),
        Question::Repair => seen(|event| matches!(event.fact, Fact::RepairCompleted)),
        Question::Parts => seen(|event| matches!(event.fact, Fact::PartsRequested { .. })),
        Question::Delivery => seen(|event| {
            matches!(
                event.fact,
                Fact::PickedUp { .. } | Fact::ReplacementDelivered { .. } | Fact::UnitReceived
            )
        }),
    };
    Question::ALL.iter().filter(fits).copied().collect()
}
