//! What a task is about, and whether that is still there.
//!
//! The one place that says so: the log drops every task whose subject is gone, so that no command has
//! to remember what it ends. Arming stays with the events.

use crate::case::{Case, Inspected};
use crate::deadline::Clock;
use crate::event::Awaited;
use crate::stage::Stage;
use crate::task::Task;
use crate::time::Timestamp;

/// Where a second inspection is under way: from the search for its centre to its certificate.
const INSPECTING_AGAIN: &[Stage] = &[
    Stage::ChoosingCentre,
    Stage::EvidenceLinked,
    Stage::Dispatched,
    Stage::Accepted,
    Stage::CentreAssigned,
    Stage::TechnicianAssigned,
    Stage::Unreachable,
    Stage::Appointed,
    Stage::OnSite,
    Stage::Inspecting,
    Stage::CancelRequested,
];

impl Case {
    /// The stage the case stands in, or goes on in after its pause.
    pub fn standing(&self) -> Stage {
        self.pause.as_ref().map_or(self.stage, |pause| pause.from)
    }

    /// Whether what the task is about is still there; a task without its subject is never armed.
    pub fn has_subject(&self, task: Task) -> bool {
        match task {
            Task::Work(work) => self.standing().row().work == Some(work),
            // Nobody has to call who waits for an answer.
            Task::Clock(Clock::FirstContact | Clock::NextContact) if !self.proposed.is_empty() => {
                false
            }
            Task::Clock(Clock::TellOutcome) => {
                self.stage.silence().is_some() && self.is_untold() && !self.is_unreached()
            }
            Task::Clock(clock) if clock.row().stages.is_empty() => self.has_started(clock),
            Task::Clock(clock) => clock.row().stages.contains(&self.standing()),
        }
    }

    /// By when the next defective part has to be back.
    pub fn next_return(&self) -> Option<Timestamp> {
        self.parts.iter().filter_map(|ordered| ordered.return_by).min()
    }

    fn is_at_lab(&self) -> bool {
        self.dispute.as_ref().is_some_and(|dispute| dispute.at_lab)
    }

    fn lacks_proof(&self) -> bool {
        self.finding().is_some_and(Inspected::lacks_proof)
    }

    /// Whether the event that starts a clock has happened and the one that ends it has not.
    fn has_started(&self, clock: Clock) -> bool {
        let stage = self.standing();
        let repairing = stage == Stage::Repairing;
        let hears = |awaited| {
            let awaits = self.dispute.as_ref().map(|dispute| dispute.awaits);
            stage == Stage::Disputed && awaits == Some(awaited)
        };
        match clock {
            Clock::NextContact => stage == Stage::Unreachable,
            Clock::HoldExpires => self.hold.is_some(),
            Clock::ChooseWindow => !self.proposed.is_empty(),
            Clock::Window => self.visit.is_some() && self.checked_in_at.is_none(),
            Clock::SecondInspection => self.second_opinion && INSPECTING_AGAIN.contains(&stage),
            Clock::DisputeReply => hears(Awaited::Reply),
            Clock::DisputeEvidence => hears(Awaited::Evidence),
            Clock::LabTransit => hears(Awaited::Lab) && !self.is_at_lab(),
            Clock::LabReport => hears(Awaited::Lab) && self.is_at_lab(),
            Clock::PanelOpinions => hears(Awaited::Panel),
            Clock::BrandEvidence => stage == Stage::VerdictHeld && self.lacks_proof(),
            Clock::Approval => self.proposal.is_some(),
            Clock::LegalParts => repairing && self.repairs.parts_since.is_some(),
            Clock::Promise => !stage.is_ended() && self.next_promise_due().is_some(),
            Clock::PartsReturn => !stage.is_ended() && self.next_return().is_some(),
            Clock::Reminder => !stage.is_ended(),
            Clock::ReachCustomer => self.stage.silence().is_some() && self.is_unreached(),
            Clock::ChooseRemedy | Clock::AnswerDenial | Clock::Confirm => {
                self.stage.silence() == Some(clock) && self.is_told()
            }
            Clock::Resume => self.pause.is_some(),
            _ => false,
        }
    }
}
