//! What the state of a case knows of its repairs and of the parts for them.

use serde::{Deserialize, Serialize};

use crate::pinned::Fitted;
use crate::time::{Span, Timestamp};
use crate::vocab::PartStage;

/// What repairs this case has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repairs {
    /// Completed repairs after which the fault persisted, prior cases included.
    pub failed: u32,
    /// When the present repair began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Time in repair so far, without the present one.
    pub spent: Span,
    /// Since when parts are awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts_since: Option<Timestamp>,
    /// Time spent waiting for parts so far, without the present wait.
    pub parts_spent: Span,
    /// Whether the unit is at the workshop; it still is when it is repaired and not yet on its way back.
    pub at_workshop: bool,
    /// When the last repair of this case was completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_at: Option<Timestamp>,
    /// Parts that were built in, each with its last time; of many the last ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fitted: Vec<Fitted>,
}

/// Parts ordered for a repair, while something is still to come of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedParts {
    /// Which, as they were requested.
    pub part: String,
    /// How far they have come.
    pub stage: PartStage,
    /// By when the defective part has to be back at the brand, once they are built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_by: Option<Timestamp>,
}
