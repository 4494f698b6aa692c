//! Ordering the new unit. What follows is the carrier's word.

use parasol_casebook::{Prepared, WorkError};
use parasol_journey::{Actor, Case, Command};

use super::{Hands, prepared};
use crate::payment::Operation;
use crate::warehouse::ReplacementOrder;

impl Hands {
    /// Orders the unit, once, whatever happened on earlier attempts.
    pub(super) async fn ship(&self, case: &Case) -> Result<Prepared, WorkError> {
        let filing = &case.filing;
        let order = ReplacementOrder {
            operation: Operation::replacement(case),
            sku: filing.sku.clone(),
            order_line: filing.order_line.clone(),
            county: filing.county.clone(),
            customer: filing.customer,
        };
        let ordered = self.ports.warehouse.order(&order).await;
        ordered.map_err(|error| WorkError(error.to_string()))?;
        let operation = order.operation.as_str().to_owned();
        Ok(prepared(Command::RecordReplacementOrdered { operation }, Actor::policy()))
    }
}
