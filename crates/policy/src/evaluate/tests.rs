//! Every row of the built-in pack, with its source, a case it fires for and a near miss.

mod course;
mod entitlements;
mod guards;

use parasol_journey::vocab::{CaseKind, Category, Cause, Function, Promise};
use serde::Serialize;

use super::*;
use crate::facts::{PromiseSet, Province};

/// The price in every test: 2,999.00 yuan.
const PAID: i64 = 299_900;

/// One row of the pack under test.
struct Row {
    id: &'static str,
    /// The source the row must name.
    basis: &'static str,
    /// A case the row fires for.
    case: fn() -> Facts,
    /// The outcome of that case.
    expect: &'static str,
    /// A small change after which the row must not fire.
    near: fn(&mut Facts),
}

fn province(code: u8) -> Province {
    Province::new(code).unwrap()
}

/// A refrigerator in Jiangsu, 100 days old, with a confirmed fault of the product.
fn quality() -> Facts {
    let mut facts = Facts::new(CaseKind::Quality, Category::Refrigerator, province(32), PAID);
    facts.finding = Some(Finding::first(Cause::Product, Function::Fault));
    aged(&mut facts, 100, 3);
    facts
}

fn aged(facts: &mut Facts, days: u32, months: u32) {
    facts.age.invoice_days = days;
    facts.age.receipt_days = days;
    facts.age.installation_days = None;
    facts.age.months = months;
}

fn with(change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = quality();
    change(&mut facts);
    facts
}

/// The quality case with another finding.
fn found(cause: Cause, function: Function, change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = quality();
    facts.finding = Some(Finding::first(cause, function));
    change(&mut facts);
    facts
}

fn finding(facts: &mut Facts) -> &mut Finding {
    facts.finding.as_mut().unwrap()
}

fn promised(facts: &mut Facts, promise: Promise) {
    facts.promises = PromiseSet::EMPTY.with(promise);
}

/// An outcome's ruling on one line: `repair[repairer>brand] refund[seller>brand] 299900`.
fn ruling(outcome: &Outcome) -> String {
    let cost = |payer: Option<Payer>, recourse: Option<Payer>| match (payer, recourse) {
        (None, _) => String::new(),
        (Some(payer), None) => format!("[{}]", word(payer)),
        (Some(payer), Some(recourse)) => format!("[{}>{}]", word(payer), word(recourse)),
    };
    match &outcome.ruling {
        Ruling::Offered(offers) => {
            let one = |offer: &Offer| {
                let amount =
                    offer.refund.map_or(String::new(), |refund| format!(" {}", refund.amount_fen));
                format!("{}{}{amount}", offer.remedy, cost(Some(offer.payer), offer.recourse))
            };
            offers.iter().map(one).collect::<Vec<_>>().join(" ")
        }
        Ruling::Denied(denial) => {
            let instead = word(denial.instead);
            format!("denied {}{} {instead}", word(denial.reason), cost(denial.payer, None))
        }
        Ruling::Needs(requirement) => {
            format!("needs {}{}", word(requirement.need), cost(requirement.payer, None))
        }
    }
}

fn word(value: impl Serialize) -> String {
    serde_json::to_string(&value).unwrap().trim_matches('"').to_owned()
}

fn check(pack: &Pack, rows: &[Row]) {
    for row in rows {
        let mut facts = (row.case)();
        let outcome = evaluate(pack, &facts);
        let fired: Vec<_> = outcome.fired.iter().map(|rule| rule.id.as_str()).collect();
        assert!(outcome.rests_on(row.id), "{} did not fire, but {fired:?}", row.id);
        assert_eq!(ruling(&outcome), row.expect, "{} with {fired:?}", row.id);
        let text = outcome.fired.iter().find(|rule| rule.id.as_str() == row.id).unwrap();
        assert_eq!(text.basis, row.basis, "{}", row.id);
        (row.near)(&mut facts);
        let outcome = evaluate(pack, &facts);
        assert!(!outcome.rests_on(row.id), "{} fired for the near miss", row.id);
    }
}

#[test]
fn every_row_fires_for_its_case_and_not_for_the_near_miss() {
    let pack = Pack::builtin();
    check(&pack, guards::ROWS);
    check(&pack, entitlements::ROWS);
}

#[test]
fn every_row_of_the_pack_is_in_a_table() {
    let pack = Pack::builtin();
    let tested: Vec<_> = guards::ROWS.iter().chain(entitlements::ROWS).map(|row| row.id).collect();
    for rule in pack.rules() {
        assert!(tested.contains(&rule.id.as_str()), "{} has no test", rule.id);
    }
    assert_eq!(tested.len(), pack.rules().count());
}
