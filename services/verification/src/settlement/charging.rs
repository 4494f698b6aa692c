//! Charges are priced: each once, by the card that was in force when it arose.

use parasol_casebook::RowOp;
use parasol_journey::time::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use super::{BATCH_MAX, Settlement, Trouble};
use crate::charges::{Bearer, Charge, ChargeKind, pricing};
use crate::claims::acting::{Done, write};
use crate::claims::liable::Liable;
use crate::claims::lines::{Line, total_fen};
use crate::claims::raising;
use crate::claims::store::raised_with_lines;
use crate::ledger::{Posting, postings};
use crate::rates::store::in_force;
use crate::tables::charges;

/// Entries of a log that are read to price a repair.
const LOG_MAX: u64 = 1_000;

impl Settlement {
    /// Charges that are not priced yet, the oldest first.
    pub(super) async fn price(&self, now: Timestamp) -> Result<usize, Trouble> {
        let open = charges::Entity::find()
            .filter(charges::Column::Charged.eq(0))
            .order_by(charges::Column::At, Order::Asc)
            .limit(BATCH_MAX)
            .all(self.desk.store.reader())
            .await?;
        let mut done = 0;
        for row in open {
            let Some(charge) = Charge::read(&row) else {
                tracing::warn!(case = %row.case_id, what = row.what, "a charge cannot be read");
                continue;
            };
            let rows = self.priced(&charge, now).await?;
            let effect = write(&self.desk, "PriceCharge", rows).await?;
            if effect == Done::Overtaken {
                // Priced by another process between our look and our commit.
                write(&self.desk, "PriceCharge", vec![charge.row(true)]).await?;
            }
            done += usize::from(effect == Done::Effect);
        }
        Ok(done)
    }

    /// What pricing a charge writes: lines and a claim, or a posting of the house; and that it is priced.
    async fn priced(&self, charge: &Charge, now: Timestamp) -> Result<Vec<RowOp>, Trouble> {
        let store = &self.desk.store;
        let mut rows = vec![charge.row(true)];
        let Some(case) = store.case(charge.case).await? else { return Ok(rows) };
        let brand = case.filing.brand.as_str();
        let card = in_force(store, brand, charge.at).await?;
        let log: Vec<_> = match charge.kind {
            ChargeKind::Repair => store.log_after(charge.case, 0, LOG_MAX).await?,
            ChargeKind::Test | ChargeKind::Verdict => Vec::new(),
        }
        .into_iter()
        .map(|logged| logged.event)
        .collect();
        let lines = pricing::lines(charge, case.filing.category, &card, &log);
        if lines.is_empty() {
            return Ok(rows);
        }
        if charge.kind == ChargeKind::Test {
            rows.extend(postings::tested(charge, &lines, now).rows_once());
        }
        if let Some(claim) = raising::charged(&case, charge, &lines, now) {
            let own = if claim.kind.has_lines() { &lines[..] } else { &[] };
            rows.extend(raised_with_lines(&claim, postings::raised(&claim), own));
        }
        rows.extend(of_the_house(charge, &lines, now).into_iter().flat_map(Posting::rows_once));
        Ok(rows)
    }
}

/// What nobody is claimed from: the customer's tests, and what the retailer bears itself.
fn of_the_house(charge: &Charge, lines: &[Line], now: Timestamp) -> Option<Posting> {
    match &charge.bearer {
        Bearer::Customer => Some(postings::owed_by_customer(charge, total_fen(lines), now)),
        Bearer::Party(Liable::Retailer) => {
            Some(postings::borne_charge(charge, total_fen(lines), now))
        }
        Bearer::Party(_) => None,
    }
}
