//! Whose cases are whose, as keys: under which readers a case is found and told of.
//!
//! A key narrows the search; whether a caller may know of a case is asked of the case itself, each time.

use parasol_casebook::{Change, Projector, RowOp};
use parasol_desk::customer_id;
use parasol_journey::Case;
use parasol_journey::ids::CustomerId;
use parasol_runtime::identity::{Principal, Role};
use sea_orm::ActiveValue::Set;

use crate::tables::readers;

/// The key of the retailer's people and of the house's own services, who see all cases.
const HOUSE: &str = "house";

/// The key under which a caller finds cases; `None` for roles that watch one case at a time.
pub fn reader(principal: &Principal) -> Option<String> {
    let subject = &principal.subject;
    match principal.role {
        Role::Customer => Some(of_customer(customer_id(subject))),
        Role::Brand => Some(format!("brand:{subject}")),
        Role::Centre => Some(format!("centre:{subject}")),
        Role::Agent | Role::Manager | Role::Service => Some(HOUSE.to_owned()),
        _ => None,
    }
}

/// What the keys of customers begin with.
const CUSTOMER: &str = "customer:";

fn of_customer(id: CustomerId) -> String {
    format!("{CUSTOMER}{}", id.uuid().simple())
}

/// Whether a key is a customer's.
pub fn is_customer(reader: &str) -> bool {
    reader.starts_with(CUSTOMER)
}

/// Every reader of a case; each once.
pub fn readers(case: &Case) -> Vec<String> {
    let brands = case.lenders.iter().chain([&case.filing.brand]);
    let offered = case.offer.as_ref().map(|offer| &offer.centre);
    let working = case.work_order.as_ref().map(|order| &order.centre);
    let centres = case.passed_over.iter().chain(offered).chain(working);
    let mut found = vec![HOUSE.to_owned(), of_customer(case.filing.customer)];
    found.extend(brands.map(|brand| format!("brand:{brand}")));
    found.extend(centres.map(|centre| format!("centre:{centre}")));
    found.sort_unstable();
    found.dedup();
    found
}

/// Keeps `case_readers` in step with the log.
pub struct CaseReaders;

impl Projector for CaseReaders {
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>) {
        let ended = change.after.stage.is_ended();
        let known = match change.before {
            Some(before) if before.stage.is_ended() == ended => readers(before),
            // Filed, ended or opened again: every row is written.
            _ => Vec::new(),
        };
        let new = readers(change.after).into_iter().filter(|reader| !known.contains(reader));
        rows.extend(new.map(|reader| {
            RowOp::put(readers::ActiveModel {
                reader: Set(reader),
                case_id: Set(change.after.id.uuid()),
                ended: Set(i64::from(ended)),
            })
        }));
    }
}
