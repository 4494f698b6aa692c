//! Paying: the cashier sees the payment through, its word goes into the log.

use std::sync::Arc;

use parasol_casebook::{Prepared, WorkError};
use parasol_journey::Case;

use super::Hands;
use crate::payment::cashier::Cashier;

impl Hands {
    /// Pays what the case owes, once, whatever happened on earlier attempts.
    pub(super) async fn pay(&self, case: &Case) -> Result<Prepared, WorkError> {
        let payments = Arc::clone(&self.ports.payments);
        Cashier::new(self.desk.clone(), payments).pay(case).await
    }
}
