//! A provider inside this process, for the embedded mode and for tests.
//!
//! Behaves as real ones do: it keeps a ledger by operation number, pays a number once, and can be told
//! to have the mishaps that real ones have.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::NaiveDate;

use super::{NoStatement, Operation, PaymentOrder, PaymentProvider, PaymentState, StatementPage};

/// What can go wrong with one call of [`PaymentProvider::pay`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The provider refuses.
    Refuse,
    /// The money moves, the answer is lost.
    LoseAnswer,
    /// The request is lost; no money moves.
    LoseRequest,
    /// The provider takes it on and pays when it is asked the next time.
    PayLater,
}

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    order: PaymentOrder,
    is_paid: bool,
}

/// A provider with a ledger of its own.
#[derive(Default)]
pub struct LocalPayments(Mutex<Books>);

#[derive(Default)]
struct Books {
    ledger: BTreeMap<Operation, Line>,
    mishaps: VecDeque<Mishap>,
}

impl LocalPayments {
    /// Lets the next calls of `pay` go wrong, one each, in this order.
    pub fn go_wrong(&self, mishaps: impl IntoIterator<Item = Mishap>) {
        self.books(|books| books.mishaps.extend(mishaps));
    }

    /// Every payment made, by number.
    pub fn paid(&self) -> Vec<PaymentOrder> {
        let paid = |books: &mut Books| {
            let lines = books.ledger.values().filter(|line| line.is_paid);
            lines.map(|line| line.order.clone()).collect()
        };
        self.books(paid)
    }

    fn books<T>(&self, work: impl FnOnce(&mut Books) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Books {
    /// Enters an order; the first one under a number counts, as at every provider.
    fn enter(&mut self, order: &PaymentOrder, is_paid: bool) -> PaymentState {
        let line = self.ledger.entry(order.operation.clone());
        let line = line.or_insert_with(|| Line { order: order.clone(), is_paid });
        match (line.order == *order, line.is_paid) {
            (false, _) => PaymentState::Failed { reason: "number used for another".to_owned() },
            (true, true) => PaymentState::Succeeded,
            (true, false) => PaymentState::Accepted,
        }
    }
}

#[async_trait]
impl PaymentProvider for LocalPayments {
    fn name(&self) -> &'static str {
        "local"
    }

    async fn pay(&self, order: &PaymentOrder) -> PaymentState {
        self.books(|books| match books.mishaps.pop_front() {
            None => books.enter(order, true),
            Some(Mishap::Refuse) => PaymentState::Failed { reason: "refused".to_owned() },
            Some(Mishap::LoseRequest) => PaymentState::Unknown,
            Some(Mishap::PayLater) => books.enter(order, false),
            Some(Mishap::LoseAnswer) => {
                books.enter(order, true);
                PaymentState::Unknown
            }
        })
    }

    async fn query(&self, operation: &Operation) -> PaymentState {
        self.books(|books| match books.ledger.get_mut(operation) {
            None => PaymentState::Unsent,
            Some(line) => {
                line.is_paid = true;
                PaymentState::Succeeded
            }
        })
    }

    /// It lives as long as the process and knows no days.
    async fn statement(&self, _: NaiveDate, _: &str) -> Result<StatementPage, NoStatement> {
        Err(NoStatement::NotKept)
    }
}

#[cfg(test)]
mod tests {
    use parasol_journey::ids::CustomerId;
    use uuid::Uuid;

    use super::*;

    fn order(operation: &str) -> PaymentOrder {
        PaymentOrder {
            operation: Operation(operation.to_owned()),
            amount_fen: 1_000,
            customer: CustomerId::new(Uuid::from_u128(7)),
        }
    }

    #[tokio::test]
    async fn a_number_stands_for_one_payment_only() {
        let provider = LocalPayments::default();
        provider.pay(&order("pay_1")).await;
        provider.pay(&order("pay_1")).await;
        let other = PaymentOrder { amount_fen: 2_000, ..order("pay_1") };
        assert!(matches!(provider.pay(&other).await, PaymentState::Failed { .. }));
        assert_eq!(provider.paid(), [order("pay_1")]);
    }
}
