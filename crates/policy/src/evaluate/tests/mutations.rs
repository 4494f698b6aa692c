//! Every row, broken in every way a row can be broken, is noticed by the tests that the pack brings.
//!
//! A row is changed after it was read: one condition less or a number beside it, one remedy more or less,
//! another payer, reason, step or amount; two neighbours change places. What no test notices must make no
//! difference to any made-up facts either: then the pack says the same in two ways.

use super::*;
use crate::amount::RefundRule;
use crate::condition::{Bound, Condition};
use crate::outcome::{DenialReason, Instead, Need};
use crate::probe::{Flag, Group, Number};
use crate::rule::Stage;
use crate::sample::Sampler;

/// Made-up facts that a change which no test notices is held against.
const FACTS: usize = 20_000;

const STAGES: [Stage; 5] =
    [Stage::Guard, Stage::Entitlement, Stage::Amount, Stage::Breach, Stage::Fallback];

const PAYERS: [Payer; 3] = [Payer::Seller, Payer::Brand, Payer::Insurer];

/// Row and what was done to it, with the row as it is then.
type Changed = (String, Rule);

fn conditions(when: &Condition) -> Vec<(String, Condition)> {
    let mut found = Vec::new();
    let mut push = |what: String, change: &dyn Fn(&mut Condition)| {
        let mut other = when.clone();
        change(&mut other);
        found.push((what, other));
    };
    if !when.is_empty() {
        push("never fires".to_owned(), &|other| other.allowed = 0);
    }
    for group in Group::ALL {
        let named = when.allowed & group.whole();
        if named == group.whole() {
            continue;
        }
        push(format!("asks no more for {named:#x}"), &|other| other.allowed |= group.whole());
        for bit in (0..64).map(|nth| 1_u64 << nth).filter(|bit| named & bit != 0) {
            push(format!("is no more for {bit:#x}"), &|other| other.allowed &= !bit);
        }
    }
    if when.provinces != u128::MAX {
        push("is for everywhere".to_owned(), &|other| other.provinces = u128::MAX);
    }
    for flag in Flag::ALL.into_iter().filter(|flag| when.flags_care & flag.bit() != 0) {
        push(format!("asks no more for {flag:?}"), &|other| {
            other.flags_care &= !flag.bit();
            other.flags_want &= !flag.bit();
        });
        push(format!("asks for the contrary of {flag:?}"), &|other| other.flags_want ^= flag.bit());
    }
    if when.promises_any != 0 {
        push("asks for no promise".to_owned(), &|other| other.promises_any = 0);
    }
    if when.missed_any != 0 {
        push("asks for no breach".to_owned(), &|other| other.missed_any = 0);
    }
    for (nth, bound) in when.bounds.iter().enumerate() {
        let Bound { number, min, max } = *bound;
        if matches!(number, Number::FiledOn) {
            continue;
        }
        let mut set = |what: &str, min: u32, max: u32| {
            push(format!("{number:?} {what}"), &|other| {
                other.bounds[nth] = Bound { number, min, max };
            });
        };
        set("does not matter", 0, u32::MAX);
        if min > 0 {
            set("from one less", min - 1, max);
            set("from one more", min + 1, max);
        }
        if max < u32::MAX {
            set("to one less", min, max - 1);
            set("to one more", min, max + 1);
        }
    }
    found
}

fn offers(rule: &Rule) -> Vec<(String, Effect)> {
    let Effect::Offer { remedies, refund, exchange_due, payer, recourse } = &rule.effect else {
        return Vec::new();
    };
    let offer = |remedies: &[Remedy], refund, exchange_due, payer, recourse| Effect::Offer {
        remedies: remedies.into(),
        refund,
        exchange_due,
        payer,
        recourse,
    };
    let mut found = Vec::new();
    for remedy in Remedy::ALL {
        let mut other: Vec<Remedy> = remedies.iter().copied().filter(|one| one != remedy).collect();
        let what = if other.len() == remedies.len() {
            other.push(*remedy);
            "gives as well"
        } else {
            "gives no more"
        };
        if !other.is_empty() {
            let effect = offer(&other, *refund, *exchange_due, *payer, *recourse);
            found.push((format!("{what} {remedy}"), effect));
        }
    }
    let gives_money = remedies.contains(&Remedy::Refund);
    let amounts = [RefundRule::Paid, RefundRule::PaidLessDepreciation, RefundRule::OverdueDay]
        .into_iter()
        .chain([RefundRule::HigherOfPaidAndNow, RefundRule::HigherOfPaidAndOverdueDay]);
    for other in amounts.filter(|other| gives_money && other != refund) {
        let effect = offer(remedies, other, *exchange_due, *payer, *recourse);
        found.push((format!("pays {other:?}"), effect));
    }
    if remedies.contains(&Remedy::Replace) {
        let effect = offer(remedies, *refund, !exchange_due, *payer, *recourse);
        found.push((format!("exchange due: {}", !exchange_due), effect));
    }
    for other in PAYERS.into_iter().filter(|other| other != payer) {
        let effect = offer(remedies, *refund, *exchange_due, other, *recourse);
        found.push((format!("{other:?} pays"), effect));
    }
    let effect = offer(
        remedies,
        *refund,
        *exchange_due,
        *payer,
        match recourse {
            None => Some(Payer::Carrier),
            Some(_) => None,
        },
    );
    found.push(("another recourse".to_owned(), effect));
    found
}

fn effects(rule: &Rule) -> Vec<(String, Effect)> {
    let mut found = offers(rule);
    let mut push = |what: &str, effect| found.push((what.to_owned(), effect));
    match &rule.effect {
        Effect::Offer { .. } => {}
        Effect::TreatAsProductFault => push("takes note only", Effect::CarryOn),
        Effect::CarryOn => push("treats as a fault", Effect::TreatAsProductFault),
        Effect::ChargeAll { .. } => {
            push("charges the carrier", Effect::ChargeAll { payer: Payer::Carrier });
            push("charges nobody", Effect::CarryOn);
        }
        Effect::Deny { reason, instead, payer } => {
            let (reason, instead, payer) = (*reason, *instead, *payer);
            let other = match reason {
                DenialReason::OutOfValidity => DenialReason::UserDamage,
                _ => DenialReason::OutOfValidity,
            };
            push("other reason", Effect::Deny { reason: other, instead, payer });
            let other = match instead {
                Instead::PaidRepair => Instead::Nothing,
                _ => Instead::PaidRepair,
            };
            push("other way out", Effect::Deny { reason, instead: other, payer });
            let other = Some(Payer::Carrier);
            push("other payer", Effect::Deny { reason, instead, payer: other });
        }
        Effect::Need { need, payer } => {
            let (need, payer) = (*need, *payer);
            let other = if need == Need::Agent { Need::Lab } else { Need::Agent };
            push("other step", Effect::Need { need: other, payer });
            push("other payer", Effect::Need { need, payer: Some(Payer::Carrier) });
        }
    }
    found
}

/// Every way in which one row can be wrong by one thing.
fn changes(rule: &Rule) -> Vec<Changed> {
    let mut found: Vec<Changed> = Vec::new();
    for (what, when) in conditions(&rule.when) {
        found.push((what, Rule { when, ..rule.clone() }));
    }
    for (what, effect) in effects(rule) {
        found.push((what, Rule { effect, ..rule.clone() }));
    }
    if rule.waits() {
        let inspection = match rule.inspection {
            Inspection::Required => Inspection::None,
            Inspection::None => Inspection::Required,
        };
        found.push((format!("inspection {inspection:?}"), Rule { inspection, ..rule.clone() }));
    }
    for (nth, extra) in rule.extras.iter().enumerate() {
        let mut extras = rule.extras.to_vec();
        extras.remove(nth);
        let changed = Rule { extras: extras.into(), ..rule.clone() };
        found.push((format!("no more {extra:?}"), changed));
    }
    if rule.goodwill.points > 0 {
        let goodwill = Goodwill { points: rule.goodwill.points - 1, ..rule.goodwill };
        found.push(("one point less".to_owned(), Rule { goodwill, ..rule.clone() }));
    }
    found
}

/// What the pack's tests are held against: the pack as it is, and what comes of made-up facts by it.
struct Standard {
    pack: Pack,
    facts: Vec<Facts>,
    outcomes: Vec<Outcome>,
}

impl Standard {
    fn new() -> Self {
        let pack = Pack::builtin();
        let failed: Vec<_> = pack.failed_tests().iter().map(ToString::to_string).collect();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        let sampler = Sampler::new(20_261_127).with_promises_of(&pack);
        let facts: Vec<Facts> = sampler.take(FACTS).collect();
        let outcomes = facts.iter().map(|facts| evaluate(&pack, facts)).collect();
        Self { pack, facts, outcomes }
    }

    /// What is wrong with the tests, if a change goes unnoticed and is one. The order in which rows are
    /// told of is looked at where `order` says so.
    fn unnoticed(&self, what: &str, changed: &Pack, order: bool) -> Option<String> {
        if !changed.failed_tests().is_empty() {
            return None;
        }
        let differs = |(facts, was): &(&Facts, &Outcome)| {
            let found = evaluate(changed, facts);
            let same = (&found.ruling, &found.extras, &found.goodwill)
                == (&was.ruling, &was.extras, &was.goodwill);
            !same || order && found.fired != was.fired
        };
        let (facts, was) = self.facts.iter().zip(&self.outcomes).find(differs)?;
        let (was, is) = (ruling(was), ruling(&evaluate(changed, facts)));
        let words = crate::wording::FactsForm::of(facts, &self.pack).line();
        Some(format!("{what}: {was} became {is}: {words}"))
    }
}

#[test]
fn no_row_can_be_wrong_unnoticed() {
    let standard = Standard::new();
    let (mut tried, mut unnoticed) = (0, Vec::new());
    for stage in STAGES {
        let count = standard.pack.stage(stage).len();
        for nth in 0..count {
            let rule = standard.pack.stage(stage)[nth].clone();
            for (what, changed) in changes(&rule) {
                let mut pack = standard.pack.clone();
                pack.stage_mut(stage)[nth] = changed;
                tried += 1;
                let what = format!("{} {what}", rule.text.id);
                unnoticed.extend(standard.unnoticed(&what, &pack, true));
            }
        }
    }
    assert!(tried > 900, "only {tried} changes were tried");
    assert!(unnoticed.is_empty(), "{} of {tried}:\n{}", unnoticed.len(), unnoticed.join("\n"));
}

/// The first guard that rules ends it, and the first offer of a remedy sets its terms: places matter.
#[test]
fn no_two_rows_can_change_places_unnoticed() {
    let standard = Standard::new();
    let mut unnoticed = Vec::new();
    for stage in STAGES {
        let count = standard.pack.stage(stage).len();
        // That the last row of all holds always is seen when a pack is read.
        let count = if stage == Stage::Fallback { count - 1 } else { count };
        for nth in 1..count {
            let mut pack = standard.pack.clone();
            let stage = pack.stage_mut(stage);
            stage.swap(nth - 1, nth);
            let what = format!("{} before {}", stage[nth - 1].text.id, stage[nth].text.id);
            unnoticed.extend(standard.unnoticed(&what, &pack, false));
        }
    }
    assert!(unnoticed.is_empty(), "{}:\n{}", unnoticed.len(), unnoticed.join("\n"));
}
