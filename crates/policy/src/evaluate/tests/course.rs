//! How the stages work together.

use parasol_journey::vocab::{CaseKind, Cause, Function, Promise, Remedy};

use super::*;
use crate::facts::Proof;
use crate::layer::PackFile;
use crate::outcome::Need;

fn fired(outcome: &Outcome) -> Vec<&str> {
    outcome.fired.iter().map(|rule| rule.id.as_str()).collect()
}

/// Source: 消法 art. 23(3). Unproven misuse inside six months counts as a product fault even when the
/// customer contests it; proven misuse goes to a second inspection.
#[test]
fn burden_of_proof_comes_before_the_dispute_over_misuse() {
    let pack = Pack::builtin();
    let mut facts = found(Cause::User, Function::Fault, |facts| {
        facts.customer_disputes = true;
        finding(facts).evidence_ok = false;
    });
    assert_eq!(fired(&evaluate(&pack, &facts)), ["R50", "R30"]);
    finding(&mut facts).evidence_ok = true;
    assert_eq!(fired(&evaluate(&pack, &facts)), ["R52"]);
    let order: Vec<_> = pack.rules().map(|rule| rule.id.as_str()).collect();
    let place = |id| order.iter().position(|other| *other == id).unwrap();
    assert!(place("R50") < place("R52"));
}

/// Source: 三包 art. 9 beside the 180-day promise: "replace only" hides no statutory refund.
#[test]
fn a_promise_never_hides_a_right() {
    let pack = Pack::builtin();
    let facts = with(|facts| {
        aged(facts, 3, 0);
        promised(facts, Promise::ReplaceOnly180);
    });
    let outcome = evaluate(&pack, &facts);
    assert_eq!(fired(&outcome), ["R10", "R30", "R13"]);
    for remedy in [Remedy::Repair, Remedy::Replace, Remedy::Refund] {
        assert!(outcome.offer(remedy).is_some(), "{remedy} is missing");
    }
}

/// Guards that only take note, or turn the finding into a product fault, let later guards speak.
#[test]
fn notes_and_burdens_do_not_silence_later_guards() {
    let pack = Pack::builtin();
    let facts = found(Cause::ForceMajeure, Function::Fault, |facts| {
        facts.proof = Proof::OrderRecord;
    });
    assert_eq!(fired(&evaluate(&pack, &facts)), ["R55", "R57"]);
    let facts = found(Cause::User, Function::Fault, |facts| {
        facts.proof = Proof::Nothing;
        finding(facts).evidence_ok = false;
    });
    assert_eq!(fired(&evaluate(&pack, &facts)), ["R50", "R55-none"]);
}

/// Source: 消法实施条例 art. 18: the duty runs from installation where the seller installs.
#[test]
fn days_run_from_installation_where_the_seller_installs() {
    let pack = Pack::builtin();
    let mut facts = with(|facts| aged(facts, 20, 0));
    assert!(!evaluate(&pack, &facts).rests_on("R10"));
    facts.age.installation_days = Some(7);
    assert!(evaluate(&pack, &facts).rests_on("R10"));
}

/// Source: 民法典 art. 203: a last day on a rest day rolls to the next day that is none.
#[test]
fn a_period_that_ends_on_a_rest_day_runs_on() {
    let pack = Pack::builtin();
    let mut facts = with(|facts| aged(facts, 15, 0));
    facts.age.rest_days_before = 8;
    assert!(evaluate(&pack, &facts).rests_on("R10"), "eight days of holiday in a row");
    let rolls = "name = \"roll_over_rest_days\"\nvalue = true";
    let strict = changed(rolls, &rolls.replace("true", "false"));
    assert!(!evaluate(&Pack::read(&strict).unwrap(), &facts).rests_on("R10"));
}

#[test]
fn what_comes_on_top_is_kept_beside_the_offer() {
    let pack = Pack::builtin();
    let mut facts = with(|facts| {
        promised(facts, Promise::HundredMinutes);
        facts.breaches.promises = [Promise::HundredMinutes].into_iter().collect();
        facts.province = province(33);
        facts.history.repairer_wait_days = 6;
    });
    let outcome = evaluate(&pack, &facts);
    assert_eq!(outcome.goodwill, Goodwill { fen: 0, points: 100 });
    assert_eq!(outcome.extras, [Extra::Loaner]);
    facts.danger = true;
    let outcome = evaluate(&pack, &facts);
    assert_eq!(outcome.extras, [Extra::StopUse, Extra::IncidentReport]);
    assert_eq!(outcome.goodwill, Goodwill::default());
}

/// Source: peer practice; 上门换新. Replace-only needs no visit beforehand, a refund does.
#[test]
fn intake_knows_whether_a_visit_is_needed() {
    let pack = Pack::builtin();
    let mut facts = with(|facts| {
        aged(facts, 3, 0);
        facts.finding = None;
    });
    let prospect = entitlements_before_inspection(&pack, &facts);
    assert_eq!(prospect.without_visit.needs().unwrap().need, Need::Inspection);
    assert_eq!(prospect.if_faulty.offers().len(), 3);
    assert!(prospect.visit_needed(None) && prospect.visit_needed(Some(Remedy::Replace)));

    promised(&mut facts, Promise::ReplaceOnly180);
    let prospect = entitlements_before_inspection(&pack, &facts);
    assert_eq!(ruling(&prospect.without_visit), "replace[seller>brand]");
    assert!(!prospect.visit_needed(Some(Remedy::Replace)));
    assert!(prospect.visit_needed(Some(Remedy::Refund)));
    assert!(prospect.visit_needed(None));

    let strict: Vec<_> = Pack::builtin_files().into_iter().map(without_a_visit).collect();
    let prospect = entitlements_before_inspection(&Pack::read(&strict).unwrap(), &facts);
    assert!(prospect.visit_needed(Some(Remedy::Replace)), "the pack decides, not the code");

    facts.kind = CaseKind::NoReason;
    let prospect = entitlements_before_inspection(&pack, &facts);
    assert!(!prospect.visit_needed(None) && prospect.without_visit.offer(Remedy::Refund).is_some());
}

/// The promises' file in which every row needs an inspection.
fn without_a_visit(file: PackFile) -> PackFile {
    match file.name.as_str() {
        "promises.toml" => {
            let text = file.text.replace("inspection = \"none\"", "inspection = \"required\"");
            PackFile { text, ..file }
        }
        _ => file,
    }
}

/// The prospect is the same whether or not somebody has looked in the meantime.
#[test]
fn the_prospect_leaves_a_finding_out_of_account() {
    let pack = Pack::builtin();
    let seen = found(Cause::User, Function::Fault, |facts| aged(facts, 3, 0));
    let unseen = Facts { finding: None, ..seen.clone() };
    let prospect = entitlements_before_inspection(&pack, &seen);
    assert_eq!(prospect, entitlements_before_inspection(&pack, &unseen));
}
