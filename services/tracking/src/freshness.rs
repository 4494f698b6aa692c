//! How old what is said of a case is, and from when on it is shown as stale.
//!
//! Pure. Every stage has a time for which its last report can be relied on; while a visit is agreed or a pause has an
//! end, it is that time. What nobody reports (a clock that runs out, a customer who chases) makes nothing fresher.

use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{Case, Event, Fact, Stage};

/// After the end of an arrival window somebody must have said something.
const AFTER_A_WINDOW: Span = Span::minutes(30);

/// How long the report that brought a case into a stage can be relied on; `None` once it has ended.
pub fn fresh_for(stage: Stage) -> Option<Span> {
    let span = match stage {
        Stage::Filed => Span::minutes(5),
        Stage::ChoosingCentre => Span::minutes(15),
        Stage::RemoteGuidance | Stage::Dispatched | Stage::VerdictIn | Stage::CancelRequested => {
            Span::hours(1)
        }
        Stage::OnSite | Stage::Inspecting | Stage::Deciding => Span::hours(2),
        Stage::Accepted | Stage::CentreAssigned | Stage::TechnicianAssigned | Stage::Appointed => {
            Span::hours(4)
        }
        Stage::EvidenceLinked => Span::hours(12),
        Stage::Returning
        | Stage::Unreachable
        | Stage::VerdictHeld
        | Stage::Refunding
        | Stage::Replacing
        | Stage::Repairing
        | Stage::Compensating
        | Stage::Disputed
        | Stage::Paused => Span::days(1),
        // These wait for the customer, who knows best.
        Stage::NoReason | Stage::RemedyOffered | Stage::Denied | Stage::AwaitConfirm => {
            Span::days(7)
        }
        Stage::Closed | Stage::Cancelled => return None,
    };
    Some(span)
}

/// Until when a case, last reported on at `at`, is as it is said to be; `None` once it has ended.
pub fn fresh_until(case: &Case, at: Timestamp) -> Option<Timestamp> {
    let rule = at + fresh_for(case.stage)?;
    let planned = match case.stage {
        // Nobody has anything to say until the window is over.
        Stage::Appointed => case.visit.as_ref().map(|visit| visit.window.end + AFTER_A_WINDOW),
        Stage::Paused => case.pause.as_ref().map(|pause| pause.resume_at),
        _ => None,
    };
    Some(planned.unwrap_or(rule).max(rule.min(at + Span::hours(1))))
}

/// Whether an entry tells how the case stands.
pub fn reports(fact: &Fact) -> bool {
    !matches!(
        fact,
        Fact::Reminded
            | Fact::DeadlineMissed { .. }
            | Fact::PromiseMissed { .. }
            | Fact::PromiseStarted { .. }
            | Fact::CodeRefused
            | Fact::CodeRenewed
            | Fact::EvidenceAdded { .. }
    )
}

/// When something happened at its source: as its reporter says, unless that is later than its record.
pub fn occurred_at(event: &Event) -> Timestamp {
    let said = event.heard.and_then(|heard| heard.occurred_at);
    said.map_or(event.at, |said| said.min(event.at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_of_an_open_case_grows_stale() {
        for stage in Stage::ALL {
            assert_eq!(fresh_for(*stage).is_none(), stage.is_ended(), "{stage}");
        }
    }

    #[test]
    fn what_happens_on_the_spot_grows_stale_before_what_waits() {
        let span = |stage| fresh_for(stage).unwrap();
        assert!(span(Stage::Filed) < span(Stage::Dispatched));
        assert!(span(Stage::Dispatched) < span(Stage::OnSite));
        assert!(span(Stage::OnSite) < span(Stage::Repairing));
        assert!(span(Stage::Repairing) < span(Stage::RemedyOffered));
    }
}
