//! New units for old ones: the port to the retailer's warehouse.
//!
//! A warehouse takes one order per operation number, however often it is sent, so an order whose answer
//! was lost is simply sent again. What happens to the parcel is the carrier's to report.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use parasol_journey::ids::{County, CustomerId, OrderLineId, Sku};

use crate::payment::Operation;

/// A new unit to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacementOrder {
    /// Its number.
    pub operation: Operation,
    /// What to send.
    pub sku: Sku,
    /// The line it replaces.
    pub order_line: OrderLineId,
    /// Where to, roughly; the warehouse has the address under the customer's reference.
    pub county: County,
    /// To whom, as a reference.
    pub customer: CustomerId,
}

/// Why an order was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOrdered {
    /// The warehouse refused.
    #[error("the warehouse refused the order: {0}")]
    Refused(String),
    /// The answer was lost; send it again.
    #[error("the warehouse did not answer")]
    NoAnswer,
}

/// Sends new units. One operation number is one parcel, however often it is sent.
#[async_trait]
pub trait Warehouse: Send + Sync {
    /// Orders a unit.
    ///
    /// # Errors
    /// [`NotOrdered`]; the same order may be sent again.
    async fn order(&self, order: &ReplacementOrder) -> Result<(), NotOrdered>;
}

/// A warehouse inside this process, for the embedded mode and for tests: never out of stock.
#[derive(Default)]
pub struct LocalWarehouse(Mutex<Floor>);

#[derive(Default)]
struct Floor {
    parcels: BTreeMap<Operation, ReplacementOrder>,
    answers_to_lose: u32,
}

impl LocalWarehouse {
    /// Lets the next orders arrive without an answer.
    pub fn lose_answers(&self, count: u32) {
        self.floor(|floor| floor.answers_to_lose += count);
    }

    /// Every parcel, by number.
    pub fn parcels(&self) -> Vec<ReplacementOrder> {
        self.floor(|floor| floor.parcels.values().cloned().collect())
    }

    fn floor<T>(&self, work: impl FnOnce(&mut Floor) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Warehouse for LocalWarehouse {
    async fn order(&self, order: &ReplacementOrder) -> Result<(), NotOrdered> {
        self.floor(|floor| {
            floor.parcels.entry(order.operation.clone()).or_insert_with(|| order.clone());
            match floor.answers_to_lose.checked_sub(1) {
                Some(left) => {
                    floor.answers_to_lose = left;
                    Err(NotOrdered::NoAnswer)
                }
                None => Ok(()),
            }
        })
    }
}
