//! Decisions by hand: what they are worth, and the floor they may not fall below.

use std::collections::BTreeSet;
use std::sync::Arc;

use parasol_api::Reason;
use parasol_casebook::Refusal;
use parasol_journey::Case;
use parasol_journey::calendar::Calendar;
use parasol_journey::event::{OfferedRemedy, Proposed};
use parasol_journey::ids::ProposalId;
use parasol_journey::vocab::Remedy;
use parasol_policy::{Outcome, Ruling, Shelf};

use crate::handlers::refuse;
use crate::ruling;

/// What a set of remedies is worth to the customer, in fen: the most that one of them costs. A new unit
/// costs what was paid for the old one; a repair counts for nothing, since it is what the unit is due.
pub fn worth_fen(offered: &[OfferedRemedy], price_fen: i64) -> i64 {
    let worth = |one: &OfferedRemedy| match one.remedy {
        Remedy::Refund => one.amount_fen,
        Remedy::Replace => price_fen,
        Remedy::Repair => 0,
    };
    offered.iter().map(worth).max().unwrap_or(0)
}

/// Whether this proposal waits on the case.
pub fn waits(case: &Case, proposal: ProposalId) -> bool {
    case.proposal.as_ref().is_some_and(|waiting| waiting.proposal.id == proposal)
}

/// The floor of decisions by hand: what the policy gives.
#[derive(Clone)]
pub struct Floor {
    /// The packs to ask.
    pub shelf: Shelf,
    /// The calendar in force.
    pub calendar: Arc<Calendar>,
}

impl Floor {
    /// A person may improve on what the policy gives and never falls below it. Where the policy gave it
    /// before, or cannot say, there is no floor.
    ///
    /// # Errors
    /// `DECISION_INVALID`, naming what the policy gives.
    pub fn check(&self, case: &Case, offered: &[OfferedRemedy]) -> Result<(), Refusal> {
        let Some(outcome) = self.outcome(case) else { return Ok(()) };
        for due in outcome.offers() {
            let due_fen = due.refund.map_or(0, |refund| refund.amount_fen);
            let given = offered.iter().find(|one| one.remedy == due.remedy);
            if given.is_none_or(|one| one.amount_fen < due_fen) {
                let message = format!("the policy gives {} ({due_fen} fen)", due.remedy);
                return Err(refuse(Reason::DecisionInvalid, message));
            }
        }
        Ok(())
    }

    /// Whether the policy has an answer for a case and this is another one.
    pub fn is_override(&self, case: &Case, offered: &[OfferedRemedy]) -> bool {
        let Some(outcome) = self.outcome(case) else { return false };
        if matches!(outcome.ruling, Ruling::Needs(_)) {
            return false;
        }
        let due = outcome
            .offers()
            .iter()
            .map(|due| (due.remedy.as_str(), due.refund.map_or(0, |refund| refund.amount_fen)));
        let given = offered.iter().map(|one| (one.remedy.as_str(), one.amount_fen));
        due.collect::<BTreeSet<_>>() != given.collect::<BTreeSet<_>>()
    }

    /// What the policy says of a case; nothing where it gave it before, or cannot say.
    fn outcome(&self, case: &Case) -> Option<Outcome> {
        let pack = self.shelf.of(&case.filing.policy)?;
        if ruling::is_carried_out(case) {
            return None;
        }
        Some(ruling::judge(&pack, case, &self.calendar).ok()?.outcome)
    }

    /// The same of what was proposed; goodwill takes nothing away.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_proposed(&self, case: &Case, proposed: &Proposed) -> Result<(), Refusal> {
        match proposed {
            Proposed::Decision(decision) => self.check(case, &decision.offered),
            Proposed::Goodwill(_) => Ok(()),
        }
    }
}
