//! The provider of the embedded mode: pays at once, on paper, and keeps its books in a table of the same store.
//!
//! No money moves here. Everything else is as at a real provider: a number is paid once, whatever was lost is
//! asked about, and there is a statement for every day, so that comparing shows something, also after a start.

use async_trait::async_trait;
use chrono::NaiveDate;
use parasol_casebook::RowOp;
use parasol_desk::Desk;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use super::{
    NoStatement, Operation, PaymentOrder, PaymentProvider, PaymentState, StatementLine,
    StatementPage,
};
use crate::claims::acting::{Done, write};
use crate::tables::till_payments::{self, Column, Entity};

/// Lines on a page of its statement.
const PAGE_LINES_MAX: u64 = 500;

/// The till.
#[derive(Clone)]
pub struct Till(Desk);

impl Till {
    /// A till whose books are in the store of this desk.
    pub fn new(desk: Desk) -> Self {
        Self(desk)
    }

    async fn entered(&self, operation: &Operation) -> Result<Option<till_payments::Model>, DbErr> {
        let number = operation.as_str().to_owned();
        Entity::find_by_id(number).one(self.0.store.reader()).await
    }
}

#[async_trait]
impl PaymentProvider for Till {
    fn name(&self) -> &'static str {
        "till"
    }

    async fn pay(&self, order: &PaymentOrder) -> PaymentState {
        let now = self.0.clock.now();
        let entry = RowOp::claim(till_payments::ActiveModel {
            operation: Set(order.operation.as_str().to_owned()),
            amount_fen: Set(order.amount_fen),
            customer: Set(order.customer.uuid()),
            day: Set(now.shanghai_day().to_string()),
            at: Set(now.micros()),
        });
        match write(&self.0, "PayAtTill", vec![entry]).await {
            Ok(Done::Effect) => return PaymentState::Succeeded,
            Ok(Done::Overtaken) => {}
            Err(_) => return PaymentState::Unknown,
        }
        let is_same = |entry: &till_payments::Model| {
            (entry.amount_fen, entry.customer) == (order.amount_fen, order.customer.uuid())
        };
        match self.entered(&order.operation).await {
            Ok(Some(entry)) if is_same(&entry) => PaymentState::Succeeded,
            Ok(Some(_)) => PaymentState::Failed { reason: "number used for another".to_owned() },
            Ok(None) | Err(_) => PaymentState::Unknown,
        }
    }

    async fn query(&self, operation: &Operation) -> PaymentState {
        match self.entered(operation).await {
            Ok(Some(_)) => PaymentState::Succeeded,
            Ok(None) => PaymentState::Unsent,
            Err(_) => PaymentState::Unknown,
        }
    }

    async fn statement(&self, day: NaiveDate, cursor: &str) -> Result<StatementPage, NoStatement> {
        let entries = Entity::find()
            .filter(Column::Day.eq(day.to_string()))
            .filter(Column::Operation.gt(cursor))
            .order_by(Column::Operation, Order::Asc)
            .limit(PAGE_LINES_MAX)
            .all(self.0.store.reader())
            .await
            .map_err(|error| NoStatement::NoAnswer(error.to_string()))?;
        let is_full = entries.len() as u64 == PAGE_LINES_MAX;
        let last = entries.last().filter(|_| is_full);
        let next = last.map(|entry| entry.operation.clone()).unwrap_or_default();
        let line = |entry: till_payments::Model| StatementLine {
            operation: entry.operation,
            amount_fen: entry.amount_fen,
        };
        Ok(StatementPage { lines: entries.into_iter().map(line).collect(), next })
    }
}
