//! Money to the customer: the port to a payment provider, and how a payment is seen through.
//!
//! An operation number is derived from what is paid for before anything is sent, and is the same on
//! every attempt; a provider pays one number once. Whether a payment whose answer was lost took place
//! is asked, never guessed. The states of a payment are in `legs.rs`, sending and asking in `cashier.rs`,
//! and the comparison with what the provider says it has paid in `reconciling.rs`.

pub mod cashier;
pub mod http;
pub mod legs;
mod local;
pub mod reconciling;
mod till;

use async_trait::async_trait;
use chrono::NaiveDate;
use parasol_journey::Case;
use parasol_journey::ids::CustomerId;
use uuid::Uuid;

pub use local::{LocalPayments, Mishap};
pub use till::Till;

/// Names the space of operation numbers. Never change it: a number derived under another one would pay
/// again what is already under way.
const OPERATIONS: Uuid = Uuid::from_u128(0x2c1f_90d7_5d0e_5b52_9a6e_3f7b_64e0_8d11);

/// The number of one operation at a provider or warehouse, at most 40 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation(String);

impl Operation {
    /// The number of the next payment of a case. Follows from the case, the decision carried out, the
    /// kind of payment, and how much was paid before, so that a retry has the same number and a later
    /// payment has another one.
    pub fn payment(case: &Case, leg: &str) -> Self {
        let decision = case.decision.as_ref().map_or(Uuid::nil(), |decision| decision.id.uuid());
        Self::derive("pay", case, decision, leg, case.paid.len())
    }

    /// The number of the order for a replacement. The decision is no part of it: a unit that was
    /// ordered and has not arrived is not ordered a second time because somebody decided again.
    pub fn replacement(case: &Case) -> Self {
        let delivered = usize::from(case.replacement.is_some());
        Self::derive("ship", case, Uuid::nil(), "replacement", delivered)
    }

    fn derive(prefix: &str, case: &Case, decision: Uuid, leg: &str, number: usize) -> Self {
        let name = format!("{}/{decision}/{leg}/{number}", case.id);
        let id = Uuid::new_v5(&OPERATIONS, name.as_bytes());
        Self(format!("{prefix}_{}", id.simple()))
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A payment to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentOrder {
    /// Its number.
    pub operation: Operation,
    /// How much, in fen; more than 0.
    pub amount_fen: i64,
    /// To whom, as a reference.
    pub customer: CustomerId,
}

/// What a provider says about an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentState {
    /// The provider has never heard of it.
    Unsent,
    /// Taken on; the money moves later.
    Accepted,
    /// The money has moved.
    Succeeded,
    /// The provider refused; no money has moved or will.
    Failed {
        /// Why, in the provider's words.
        reason: String,
    },
    /// The answer was lost; it may have moved or not.
    Unknown,
}

/// Pays customers. One operation number is paid at most once, however often it is sent.
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    /// The name the log gives it.
    fn name(&self) -> &'static str;

    /// Sends a payment.
    async fn pay(&self, order: &PaymentOrder) -> PaymentState;

    /// Asks what became of one.
    async fn query(&self, operation: &Operation) -> PaymentState;

    /// What it says it has paid on a day in Shanghai, a page at a time: `cursor` is empty at first and then
    /// what came with the page before.
    ///
    /// # Errors
    /// [`NoStatement`]; the same page may be asked for again.
    async fn statement(&self, day: NaiveDate, cursor: &str) -> Result<StatementPage, NoStatement>;
}

/// A payment as the provider's statement has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// Its number, as we gave it.
    pub operation: String,
    /// How much, in fen.
    pub amount_fen: i64,
}

/// A page of a provider's statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatementPage {
    /// Payments, each once unless the provider has paid it more often.
    pub lines: Vec<StatementLine>,
    /// Where the next page begins; empty for the last.
    pub next: String,
}

/// Why there is no statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoStatement {
    /// The provider keeps none.
    #[error("the payment provider keeps no statement")]
    NotKept,
    /// It did not answer, or not with a statement.
    #[error("the payment provider gave no statement: {0}")]
    NoAnswer(String),
}
