//! What holds for any facts whatever.

use parasol_journey::vocab::{CaseKind, Category, Cause, Function, Promise, Remedy};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::amount::PRICE_FEN_MAX;
use crate::facts::{Age, Breaches, GuidedTest, History, Identity, Prices, Proof, Province};
use crate::outcome::Need;
use crate::promises::PromiseSet;

fn days() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0..40_u32, 4 => 0..800_u32, 1 => any::<u32>()]
}

fn price() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 0..2_000_000_i64, 1 => any::<i64>()]
}

fn finding() -> impl Strategy<Value = Option<Finding>> {
    let identity = select(vec![Identity::Matches, Identity::Differs, Identity::Altered]);
    let words = (select(Cause::ALL), select(Function::ALL), identity);
    let finding = (words, 0..5_u32, any::<bool>()).prop_map(|(words, level, evidence_ok)| {
        let (cause, function, identity) = words;
        Finding { cause, function, level, evidence_ok, identity }
    });
    prop::option::weighted(0.9, finding)
}

fn age() -> impl Strategy<Value = Age> {
    let counts = (days(), days(), prop::option::of(days()), 0..60_u32, 0..4_u32);
    counts.prop_map(|(invoice_days, receipt_days, installation_days, months, rest_days_before)| {
        Age { invoice_days, receipt_days, installation_days, months, rest_days_before }
    })
}

fn history() -> impl Strategy<Value = History> {
    let since = prop::option::weighted(0.3, days());
    (0..4_u32, days(), days(), days(), days(), 0..4_u32, since).prop_map(|counts| History {
        repairs: counts.0,
        repair_days: counts.1,
        waiting_days: counts.2,
        parts_wait_days: counts.3,
        repairer_wait_days: counts.4,
        inspections_without_result: counts.5,
        days_since_repair: counts.6,
    })
}

prop_compose! {
    fn facts()(
        kind in select(CaseKind::ALL),
        category in select(Category::ALL),
        province in select(&Province::CODES[..]),
        prices in (price(), prop::option::of(price()), prop::option::of(price())),
        age in age(),
        finding in finding(),
        history in history(),
        promises in subsequence(Promise::ALL, 0..=Promise::ALL.len()),
        wish in prop::option::of(select(Remedy::ALL)),
        proof in select(vec![
            Proof::Documents, Proof::OrderRecord, Proof::FactoryDate, Proof::Nothing,
        ]),
        guided_test in select(vec![GuidedTest::NotDone, GuidedTest::Passed, GuidedTest::Failed]),
        transport_report_hours in prop::option::of(0..100_u32),
        rare in prop::array::uniform12(prop::bool::weighted(0.1)),
        even in any::<[bool; 8]>(),
    ) -> Facts {
        Facts {
            filed_on: None, kind, category, age, finding, history, wish, proof, guided_test, transport_report_hours,
            province: Province::new(province).unwrap(),
            prices: Prices { paid_fen: prices.0, now_fen: prices.1, overdue_day_fen: prices.2 },
            breaches: Breaches {
                brand_silent: rare[0],
                brand_evidence_late: rare[1],
                promises: late(&rare),
            },
            promises: promises.into_iter().collect(),
            danger: rare[5],
            exclusion_confirmed: rare[6],
            wrong_item: rare[7],
            no_service: rare[8],
            unit_damaged: rare[9],
            extension_limit_reached: rare[10],
            intact: !rare[11],
            in_validity: even[0],
            part_in_validity: even[1],
            stock_same_model: even[2],
            customer_disputes: even[3],
            customer_evidence: even[4],
            installer_ours: even[5],
            extension_covers: even[6],
            gifts: even[7],
        }
    }
}

/// Promises whose clocks have run out.
fn late(rare: &[bool; 12]) -> PromiseSet {
    let ids = ["vendor_24_hours", "five_working_days", "hundred_minutes"];
    ids.into_iter().zip(&rare[2..5]).filter(|(_, late)| **late).map(|(id, _)| id).collect()
}

/// Whether the table leaves the case to a person on purpose: damage in transport that nobody
/// reported in time, or an installation that was not ours.
fn beyond_the_table(facts: &Facts) -> bool {
    facts.finding.is_some_and(|found| matches!(found.cause, Cause::Transport | Cause::Installation))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn any_facts_give_one_sound_outcome(facts in facts()) {
        let pack = Pack::builtin_shared();
        let outcome = evaluate(pack, &facts);
        prop_assert!(!outcome.fired.is_empty());
        match &outcome.ruling {
            Ruling::Offered(offers) => {
                prop_assert!(!offers.is_empty());
                prop_assert!(offers.windows(2).all(|pair| pair[0].remedy < pair[1].remedy));
                for offer in offers {
                    prop_assert!(outcome.rests_on(offer.rule.as_str()));
                    prop_assert_eq!(offer.refund.is_some(), offer.remedy == Remedy::Refund);
                }
            }
            Ruling::Denied(denial) => prop_assert!(outcome.rests_on(denial.rule.as_str())),
            Ruling::Needs(required) => {
                prop_assert!(outcome.rests_on(required.rule.as_str()));
                let left_over = required.rule.as_str() == "R99";
                prop_assert!(!left_over || required.need == Need::Agent && beyond_the_table(&facts));
            }
        }
    }

    #[test]
    fn amounts_stay_in_range(facts in facts()) {
        let pack = Pack::builtin_shared();
        let paid = facts.prices.paid_fen.clamp(0, PRICE_FEN_MAX);
        let outcome = evaluate(pack, &facts);
        let refund = outcome.offer(Remedy::Refund).and_then(|offer| offer.refund);
        if let Some(refund) = refund {
            prop_assert!((0..=PRICE_FEN_MAX).contains(&refund.amount_fen));
            prop_assert!((0..=paid).contains(&refund.depreciation_fen));
            prop_assert!(refund.above_paid_fen >= 0);
            prop_assert_eq!(
                refund.amount_fen,
                paid - refund.depreciation_fen + refund.above_paid_fen
            );
        }
    }

    /// Source: 浙江 art. 26.
    #[test]
    fn zhejiang_never_depreciates(facts in facts()) {
        let facts = Facts { province: Province::new(33).unwrap(), ..facts };
        let outcome = evaluate(Pack::builtin_shared(), &facts);
        if let Some(refund) = outcome.offer(Remedy::Refund).and_then(|offer| offer.refund) {
            prop_assert_eq!(refund.depreciation_fen, 0);
        }
    }

    #[test]
    fn the_same_facts_give_the_same_bytes(facts in facts()) {
        let bytes = |pack: &Pack, facts: &Facts| {
            serde_json::to_string(&evaluate(pack, facts)).unwrap()
        };
        let stored: Facts =
            serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap();
        let first = bytes(Pack::builtin_shared(), &facts);
        prop_assert_eq!(&first, &bytes(&Pack::builtin_shared().clone(), &stored));
        let read: Outcome = serde_json::from_str(&first).unwrap();
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), first);
    }

    /// A wish is heard, but neither widens nor narrows what is owed.
    #[test]
    fn a_wish_changes_nothing_owed(facts in facts(), wish in select(Remedy::ALL)) {
        let pack = Pack::builtin_shared();
        let wished = Facts { wish: Some(wish), ..facts.clone() };
        prop_assert_eq!(evaluate(pack, &facts), evaluate(pack, &wished));
    }

    /// More promises never leave the customer with fewer remedies or less money.
    #[test]
    fn a_promise_never_makes_it_worse(facts in facts(), promise in select(Promise::ALL)) {
        let pack = Pack::builtin_shared();
        let more = Facts { promises: facts.promises.clone().with(promise), ..facts.clone() };
        let (before, after) = (evaluate(pack, &facts), evaluate(pack, &more));
        for offer in before.offers() {
            let kept = after.offer(offer.remedy);
            prop_assert!(kept.is_some(), "{} is lost", offer.remedy);
            let fen = |offer: &Offer| offer.refund.map_or(0, |refund| refund.amount_fen);
            prop_assert!(kept.is_some_and(|kept| fen(kept) >= fen(offer)));
        }
    }
}

impl Pack {
    /// The built-in pack, read once for all cases of a property.
    fn builtin_shared() -> &'static Self {
        static PACK: std::sync::LazyLock<Pack> = std::sync::LazyLock::new(Pack::builtin);
        &PACK
    }
}
