//! The decisions of a case, read out of its log.
//!
//! The log has everything: who decided, what was known then, what the customer chose. A decision is
//! therefore explained years later exactly as it was made, whatever has changed since.

use parasol_journey::event::{Decision, Fact};
use parasol_journey::ids::{CaseId, DecisionId};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::{Party, Remedy};
use parasol_journey::{Actor, Case, Event};

/// One decision with its circumstances.
#[derive(Clone, Debug)]
pub struct Record {
    /// The decision.
    pub decision: Decision,
    /// When it was made.
    pub at: Timestamp,
    /// Who made it.
    pub maker: Actor,
    /// Whether it refused.
    pub denied: bool,
    /// The decision it replaced.
    pub supersedes: Option<DecisionId>,
    /// What came to be carried out.
    pub chosen: Option<Remedy>,
    /// Against whom the dispute went that it decided, and how many tests there were for it.
    pub dispute: Option<(Party, u32)>,
    /// The case as it stood when it was decided.
    pub before: Case,
}

/// Every decision of a case, oldest first; empty for a log that does not start with its filing.
pub fn of_log(id: CaseId, log: &[Event]) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    let Some(mut case) = log.get(..1).and_then(|first| Case::replay(id, first)) else {
        return records;
    };
    let mut dispute = None;
    for event in &log[1..] {
        match &event.fact {
            Fact::DisputeDecided { loser, tests } => dispute = Some((*loser, *tests)),
            Fact::Decided(decision) | Fact::Denied(decision) => records.push(Record {
                decision: decision.clone(),
                at: event.at,
                maker: event.actor.clone(),
                denied: matches!(event.fact, Fact::Denied(_)),
                supersedes: records.last().map(|earlier| earlier.decision.id),
                chosen: None,
                dispute: dispute.take(),
                before: case.clone(),
            }),
            Fact::RemedyChosen { remedy, .. } => {
                if let Some(latest) = records.last_mut() {
                    latest.chosen = Some(*remedy);
                }
            }
            _ => {}
        }
        case.apply(event);
    }
    records
}
