//! Triage: which way a new case goes, by the policy alone.

use std::sync::Arc;

use parasol_casebook::{CaseDeed, Claimed, Handler, Prepared, Submitter, WorkError};
use parasol_journey::event::Path;
use parasol_journey::task::Work;
use parasol_journey::vocab::CaseKind;
use parasol_journey::{Actor, Case, Command, Task};
use parasol_policy::{Facts, Prospect, Shelf, entitlements_before_inspection};

/// Does [`Work::Triage`].
pub(crate) struct Triage {
    submitter: Submitter,
    shelf: Shelf,
}

impl Triage {
    /// Triage by the packs of this shelf. The submitter knows the calendar in force.
    pub(crate) fn new(submitter: Submitter, shelf: Shelf) -> Self {
        Self { submitter, shelf }
    }
}

#[async_trait::async_trait]
impl Handler for Triage {
    async fn prepare(&self, case: &Case, claimed: &Claimed) -> Result<Prepared, WorkError> {
        let task = claimed.obligation.task;
        if task != Task::Work(Work::Triage) {
            return Err(WorkError(format!("{task} is not intake's work")));
        }
        let Some(pack) = self.shelf.of(&case.filing.policy) else {
            let policy = &case.filing.policy;
            return Err(WorkError(format!("the case was filed under {policy}, which is not here")));
        };
        let calendar = self.submitter.rules().calendar;
        let facts = Facts::of_filing(&pack, &case.filing, case.filed_at, &calendar);
        let facts = facts.map_err(|error| WorkError(error.to_string()))?;
        let prospect = entitlements_before_inspection(&pack, &facts);
        let guided = pack.guides(&case.filing, case.filed_at.shanghai_day());
        let path = path(case, &prospect, guided);
        let fired = prospect.without_visit.fired.iter();
        let rules = fired.map(|rule| rule.id.to_string()).collect();
        let command = Command::Triage { path, rules };
        let deed = CaseDeed { command, rows: Vec::new(), answer: |_: &Case| Vec::new() };
        Ok(Prepared { deed: Arc::new(deed), actor: Actor::policy() })
    }
}

/// A return without a reason goes its own way while its period runs; what the policy can answer
/// without anybody looking at the unit, a refusal included, goes to the decision; everything else is
/// inspected, after guidance where the pack says so.
fn path(case: &Case, prospect: &Prospect, guided: bool) -> Path {
    let granted = !prospect.without_visit.offers().is_empty();
    match case.filing.kind {
        CaseKind::NoReason if granted => Path::NoReason,
        CaseKind::Quality if prospect.visit_needed(case.filing.wants) => match guided {
            true => Path::RemoteGuidance,
            false => Path::Inspection,
        },
        _ => Path::NoVisit,
    }
}
