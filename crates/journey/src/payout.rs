//! What money a case has brought or promised its customer, as its state remembers it.

use serde::{Deserialize, Serialize};

use crate::stage::Stage;
use crate::time::Timestamp;

/// Money that reached the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidOut {
    /// The operation number at the provider.
    pub operation: String,
    /// How much, in fen.
    pub amount_fen: i64,
    /// Whether it was goodwill, which comes on top of what the rules give.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub goodwill: bool,
}

/// Goodwill on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goodwill {
    /// How much, in fen.
    pub amount_fen: i64,
    /// Where the case goes on once it is paid.
    pub from: Stage,
}

/// A repair that the customer would pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The price, in fen.
    pub amount_fen: i64,
    /// Until when it holds.
    pub valid_until: Timestamp,
    /// Whether the customer accepted it.
    pub accepted: bool,
}
