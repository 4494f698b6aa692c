//! Planning: what the rows of a chunk write, and what becomes of each. Pure.

use std::collections::HashSet;

use parasol_api::Reason;
use parasol_casebook::{RowOp, Secret, secret};
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::TokenKey;
use sea_orm::IntoActiveModel;

use super::row::{Fault, Row};
use super::store::Stored;
use crate::person::{CUSTOMER, Person, phone_lookup};
use crate::tables::{orders, skus, units};

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Added,
    Unchanged,
    Updated,
    Refused(Fault),
}

/// Keys that came in this import already.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    skus: HashSet<String>,
    lines: HashSet<String>,
}

/// Plans a chunk against what is stored. The outcomes are those of the rows, in their order.
pub(crate) fn plan(
    rows: &[(i64, Row)],
    mut stored: Stored,
    seen: &mut Seen,
    key: &TokenKey,
    at: Timestamp,
) -> (Vec<RowOp>, Vec<Outcome>) {
    let mut ops = Vec::with_capacity(rows.len() * 3);
    let outcomes = rows
        .iter()
        .map(|(_, row)| {
            let planned = match row {
                Row::Sku(sku) => plan_sku(sku, &mut stored, seen, &mut ops),
                Row::Order(order, person) => {
                    let mut sale = Sale { order, person, key, at };
                    sale.plan(&mut stored, seen, &mut ops)
                }
            };
            planned.unwrap_or_else(Outcome::Refused)
        })
        .collect();
    (ops, outcomes)
}

fn plan_sku(
    sku: &skus::Model,
    stored: &mut Stored,
    seen: &mut Seen,
    ops: &mut Vec<RowOp>,
) -> Result<Outcome, Fault> {
    if !seen.skus.insert(sku.sku.clone()) {
        return Err(Fault::of("sku", Reason::RowDuplicate));
    }
    let before = stored.skus.insert(sku.sku.clone(), sku.clone());
    if before.as_ref() == Some(sku) {
        return Ok(Outcome::Unchanged);
    }
    ops.push(RowOp::put(sku.clone().into_active_model()));
    Ok(if before.is_some() { Outcome::Updated } else { Outcome::Added })
}

/// One order line on its way into the store.
struct Sale<'a> {
    order: &'a orders::Model,
    person: &'a Person,
    key: &'a TokenKey,
    at: Timestamp,
}

impl Sale<'_> {
    fn plan(
        &mut self,
        stored: &mut Stored,
        seen: &mut Seen,
        ops: &mut Vec<RowOp>,
    ) -> Result<Outcome, Fault> {
        let order = self.order;
        if seen.lines.contains(&order.order_line) {
            return Err(Fault::of("order_line", Reason::RowDuplicate));
        }
        if !stored.skus.contains_key(&order.sku) {
            return Err(Fault::of("sku", Reason::SkuUnknown));
        }
        let outcome = match stored.orders.get(&order.order_line) {
            Some(before) => {
                let grown = grows(before, order)?;
                if grown {
                    ops.push(RowOp::put(order.clone().into_active_model()));
                }
                if grown { Outcome::Updated } else { Outcome::Unchanged }
            }
            None => {
                if stored.units.contains_key(&order.serial) {
                    return Err(Fault::of("serial", Reason::SerialOfAnotherOrder));
                }
                ops.extend(self.claims());
                Outcome::Added
            }
        };
        seen.lines.insert(order.order_line.clone());
        stored.units.insert(order.serial.clone(), order.order_line.clone());
        let moved = stored.people.insert(order.customer, self.person.clone());
        if moved.as_ref() == Some(self.person) {
            return Ok(outcome);
        }
        ops.push(self.person_row());
        Ok(if outcome == Outcome::Unchanged { Outcome::Updated } else { outcome })
    }

    /// Both keys are claimed: if another import takes one of them first, the chunk is planned anew.
    fn claims(&self) -> [RowOp; 2] {
        let (serial, order_line) = (self.order.serial.clone(), self.order.order_line.clone());
        let unit = units::Model { serial, order_line };
        [
            RowOp::claim(self.order.clone().into_active_model()),
            RowOp::claim(unit.into_active_model()),
        ]
    }

    fn person_row(&self) -> RowOp {
        let row = Secret {
            subject: self.order.customer,
            kind: CUSTOMER,
            lookup: phone_lookup(self.key, &self.person.phone),
            body: self.person.body(),
        };
        secret(row, self.at)
    }
}

/// Whether a stored order line gains something: its installation, or promises. What was sold is not
/// rewritten; a row that says otherwise is refused.
fn grows(before: &orders::Model, after: &orders::Model) -> Result<bool, Fault> {
    let changed = |field| Err(Fault::of(field, Reason::OrderLineChanged));
    let fixed = [
        ("sku", before.sku == after.sku),
        ("serial", before.serial == after.serial),
        ("customer.customer", before.customer == after.customer),
        ("customer.county", before.county == after.county),
        ("price_fen", before.price_fen == after.price_fen),
        ("delivered_at", before.delivered_at == after.delivered_at),
        ("gifts", before.gifts == after.gifts),
    ];
    if let Some((field, _)) = fixed.into_iter().find(|(_, same)| !same) {
        return changed(field);
    }
    let installed = before.installed_at != after.installed_at;
    if installed && before.installed_at != 0 {
        return changed("installed_at");
    }
    let promises = |order: &orders::Model| -> Vec<String> {
        serde_json::from_str(&order.promises).unwrap_or_default()
    };
    let (had, has) = (promises(before), promises(after));
    if had.iter().any(|promise| !has.contains(promise)) {
        return changed("promises");
    }
    Ok(installed || has.len() > had.len())
}
