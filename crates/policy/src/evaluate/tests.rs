//! The built-in pack at work: its own tests, and how the stages play together.

mod course;
mod mutations;

use parasol_journey::vocab::{CaseKind, Category, Cause, Function, Promise};
use serde::Serialize;

use super::*;
use crate::facts::Province;
use crate::pack::tests::changed;
use crate::promises::PromiseSet;
use crate::trial::FailedTest;

/// The price in every test: 2,999.00 yuan.
const PAID: i64 = 299_900;

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

/// Each row of the built-in packs has a test beside it, which names its source, and all come out as they
/// say; see `packs/*/*.tests.toml`.
#[test]
fn every_row_has_a_test_of_its_own_and_all_pass() {
    let pack = Pack::builtin();
    assert_eq!(pack.untested(), []);
    let failed: Vec<_> = pack.failed_tests().iter().map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(pack.tests() > pack.rules().count());
    let rows = [
        "R00", "R01", "R02", "R03", "R04", "R05", "R10", "R11", "R12", "R13", "R14", "R20", "R21",
        "R22", "R23", "R24", "R25", "R26", "R27", "R28", "R30", "R31", "R40", "R41", "R50", "R51",
        "R52", "R53", "R54", "R55", "R56", "R57", "R58", "R59", "R60", "R61", "R70", "R99",
    ];
    for row in rows {
        assert!(pack.rules().any(|rule| rule.id.row() == row), "{row} is missing");
    }
}

/// A test that cannot fail is none: whatever a row says otherwise, its test notices.
#[test]
fn a_changed_row_fails_its_test() {
    for (from, to, rule, what) in [
        ("receipt\", days_max = 30 }", "receipt\", days_max = 29 }", "R12", "does not fire"),
        ("parts_wait_days_min = 91", "parts_wait_days_min = 90", "R21", "near miss"),
        ("basis = \"三包 art. 10\"", "basis = \"三包 art. 11\"", "R11", "source"),
        ("payer = \"carrier\"", "payer = \"customer\"", "R04", "`payers`"),
        ("need = \"guided_test\"", "need = \"lab\"", "R41", "`need`"),
        ("points = 100", "points = 10", "R28", "`points`"),
        ("depreciation_per_day = 5", "depreciation_per_day = 6", "R25", "`refund_fen`"),
        ("deny = \"not_intact\"", "deny = \"user_damage\"", "R02", "`deny`"),
    ] {
        let failed = Pack::read(&changed(from, to)).unwrap().failed_tests();
        let noticed = |one: &&FailedTest| one.rule.as_str() == rule && one.reason.contains(what);
        assert!(failed.iter().any(|one| noticed(&one)), "{to}: {failed:#?}");
    }
}
