//! What is pinned at filing beside the sale itself: terms of a contract, and what earlier repairs left.
//!
//! Pinned, so that a case is decided and settled on what held on its day, whatever a later pack says.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What the brand's contract says about money, as the policy had it on the day of filing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// What a broken contract costs, in per cent of the price of the unit; 0 where none is agreed.
    #[serde(default)]
    pub penalty_percent: u32,
    /// What a defective part costs that does not come back in time, in fen; 0 where none is agreed.
    #[serde(default)]
    pub part_fen: i64,
}

/// What earlier repairs of the same fault left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairsBefore {
    /// When the last of them was completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_at: Option<Timestamp>,
    /// Parts that were built in, each with its last time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fitted: Vec<Fitted>,
}

impl RepairsBefore {
    /// Whether there was no repair.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A part that was built in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fitted {
    /// Which, as it was requested.
    pub part: String,
    /// When.
    pub at: Timestamp,
}
