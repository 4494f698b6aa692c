//! Whose cases are whose, as keys: under which readers a case is found, told of, and seen at all.
//!
//! A key narrows the search, and confines what queries see; whether a caller may know of a case is asked of the
//! case itself, each time, by [`sees`](crate::sees).

use parasol_casebook::tables::readers;
use parasol_casebook::{Change, Projector, RowOp, Scope};
use parasol_journey::Case;
use parasol_journey::ids::CustomerId;
use parasol_runtime::identity::{Principal, Role, link};
use sea_orm::ActiveValue::Set;

use crate::scope::customer_id;

/// The key of the retailer's people and of the house's own services, who see all cases.
const HOUSE: &str = "house";
/// What the keys of customers begin with.
const CUSTOMER: &str = "customer:";

/// The key under which a caller finds cases; `None` for roles that watch one case at a time.
pub fn reader(principal: &Principal) -> Option<String> {
    match principal.role {
        Role::Agent | Role::Manager | Role::Service => Some(HOUSE.to_owned()),
        _ => own_key(principal),
    }
}

/// What the queries of a caller may see.
///
/// Technicians and laboratories have no key: which cases are theirs changes with every hand-over and dispute, and
/// is asked of the case alone.
pub fn scope(principal: &Principal) -> Scope {
    let one_case = || link::of_principal(principal).map(|(case, _)| Scope::Case(case));
    let own = || own_key(principal).map(Scope::Reader);
    own().or_else(one_case).unwrap_or(Scope::House)
}

fn own_key(principal: &Principal) -> Option<String> {
    let subject = &principal.subject;
    match principal.role {
        Role::Customer => Some(of_customer(customer_id(subject))),
        Role::Brand => Some(format!("brand:{subject}")),
        Role::Centre => Some(format!("centre:{subject}")),
        _ => None,
    }
}

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

/// Keeps the table of readers in step with the log.
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
