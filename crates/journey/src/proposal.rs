//! What somebody proposes who lacks the authority to do it alone.
//!
//! Owns the shape of a proposal only; how far an authority reaches is for the services to know.

use serde::{Deserialize, Serialize};

use crate::event::Decision;
use crate::ids::ProposalId;

/// What somebody proposes who lacks the authority to do it alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proposed {
    /// To offer remedies, or to refuse where the set is empty.
    Decision(Decision),
    /// To grant goodwill, in fen.
    Goodwill(i64),
}

/// A decision that waits for a second person (four eyes).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Its id.
    pub id: ProposalId,
    /// What is proposed. In an entry of the log `what` is the kind of the entry.
    #[serde(rename = "proposed", alias = "what")]
    pub what: Proposed,
    /// What it is worth to the customer, in fen: the authority that whoever approves it needs.
    pub worth_fen: i64,
}
