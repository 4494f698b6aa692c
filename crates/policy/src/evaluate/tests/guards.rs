//! Stage 1, and the fallbacks of stage 4.

use parasol_journey::vocab::{CaseKind, Category, Cause, Function, Promise};

use super::{PAID, Row, aged, finding, found, promised, province, quality, with};
use crate::facts::{Facts, GuidedTest, Identity, Proof};

const REPAIR: &str = "repair[repairer>brand]";

fn no_reason(days: u32) -> Facts {
    let mut facts = Facts::new(CaseKind::NoReason, Category::Television, province(32), PAID);
    aged(&mut facts, days, 0);
    facts
}

fn disputed(cause: Cause, function: Function, level: u32) -> Facts {
    found(cause, function, |facts| {
        facts.customer_disputes = true;
        finding(facts).level = level;
    })
}

/// Misuse that is not proven, some months after receipt.
fn unproven(months: u32) -> Facts {
    found(Cause::User, Function::Fault, |facts| {
        aged(facts, months * 30, months);
        finding(facts).evidence_ok = false;
    })
}

/// An inspection without a result; `times` so far.
fn unclear(level: u32, times: u32, months: u32) -> Facts {
    found(Cause::Undetermined, Function::Untested, |facts| {
        aged(facts, months * 30, months);
        finding(facts).level = level;
        facts.history.inspections_without_result = times;
    })
}

fn extended(facts: &mut Facts) {
    promised(facts, Promise::ExtendedWarranty);
    facts.extension_covers = true;
}

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "R00",
        basis: "house rule: safety first",
        case: || with(|facts| facts.danger = true),
        expect: "replace[seller>brand] refund[seller>brand] 299900",
        near: |facts| facts.danger = false,
    },
    Row {
        id: "R01",
        basis: "消法 art. 25",
        case: || no_reason(7),
        expect: "refund[customer] 299900",
        near: |facts| facts.age.receipt_days = 8,
    },
    Row {
        id: "R01-insured",
        basis: "消法 art. 25; freight insurance (运费险)",
        case: || {
            let mut facts = no_reason(7);
            promised(&mut facts, Promise::FreightInsurance);
            facts
        },
        expect: "refund[insurer] 299900",
        near: |facts| promised(facts, Promise::Return30),
    },
    Row {
        id: "R01-excluded",
        basis: "消法 art. 25",
        case: || Facts { exclusion_confirmed: true, ..no_reason(2) },
        expect: "denied confirmed_exclusion[customer] quality_case",
        near: |facts| facts.exclusion_confirmed = false,
    },
    Row {
        id: "R02",
        basis: "七日无理由退货暂行办法",
        case: || Facts { intact: false, ..no_reason(2) },
        expect: "denied not_intact[customer] nothing",
        near: |facts| facts.intact = true,
    },
    Row {
        id: "R02-disputed",
        basis: "七日无理由退货暂行办法",
        case: || Facts { intact: false, customer_disputes: true, ..no_reason(2) },
        expect: "needs second_inspection[loser]",
        near: |facts| facts.customer_disputes = false,
    },
    Row {
        id: "R03",
        basis: "消法 art. 25",
        case: || no_reason(8),
        expect: "denied no_reason_period_over[customer] quality_case",
        near: |facts| facts.age.rest_days_before = 1,
    },
    Row {
        id: "R04",
        basis: "house rule: damage in transport reported at signing or within 48 hours",
        case: || {
            found(Cause::Transport, Function::Fault, |facts| {
                facts.transport_report_hours = Some(48)
            })
        },
        expect: "replace[carrier>seller] refund[carrier>seller] 299900",
        near: |facts| facts.transport_report_hours = Some(49),
    },
    Row {
        id: "R05",
        basis: "house rule: wrong item or serial delivered",
        case: || with(|facts| facts.wrong_item = true),
        expect: "replace[seller] refund[seller] 299900",
        near: |facts| facts.wrong_item = false,
    },
    Row {
        id: "R56",
        basis: "三包 art. 17; house rule: hold, do not deny",
        case: || {
            found(Cause::User, Function::Fault, |facts| finding(facts).identity = Identity::Differs)
        },
        expect: "needs on_site_identity_check[seller]",
        near: |facts| finding(facts).identity = Identity::Matches,
    },
    Row {
        id: "R56-altered",
        basis: "三包 art. 17",
        case: || with(|facts| finding(facts).identity = Identity::Altered),
        expect: "denied certificate_altered[customer] paid_repair",
        near: |facts| finding(facts).identity = Identity::Differs,
    },
    Row {
        id: "R40",
        basis: "platform dispute rules 2025; house promise: the first home inspection is free",
        case: || found(Cause::Product, Function::Normal, |_| ()),
        expect: "denied no_fault_found[seller] nothing",
        near: |facts| facts.customer_disputes = true,
    },
    Row {
        id: "R40-repeat",
        basis: "platform dispute rules 2025",
        case: || found(Cause::Product, Function::Normal, |facts| finding(facts).level = 2),
        expect: "denied no_fault_found[customer] nothing",
        near: |facts| finding(facts).level = 1,
    },
    Row {
        id: "R40-final",
        basis: "platform dispute rules 2025; 北京 art. 11",
        case: || disputed(Cause::Product, Function::Normal, 3),
        expect: "denied no_fault_found[customer] nothing",
        near: |facts| finding(facts).level = 2,
    },
    Row {
        id: "R41",
        basis: "platform dispute rules 2025",
        case: || disputed(Cause::Product, Function::Normal, 1),
        expect: "needs guided_test[seller]",
        near: |facts| facts.guided_test = GuidedTest::Passed,
    },
    Row {
        id: "R41-failed",
        basis: "platform dispute rules 2025",
        case: || Facts {
            guided_test: GuidedTest::Failed,
            ..disputed(Cause::Undetermined, Function::Normal, 1)
        },
        expect: REPAIR,
        near: |facts| facts.guided_test = GuidedTest::NotDone,
    },
    Row {
        id: "R41-lab",
        basis: "platform dispute rules 2025; 北京 art. 11",
        case: || Facts {
            guided_test: GuidedTest::Passed,
            ..disputed(Cause::Product, Function::Normal, 2)
        },
        expect: "needs lab[loser]",
        near: |facts| facts.guided_test = GuidedTest::Failed,
    },
    Row {
        id: "R50",
        basis: "消法 art. 23(3)",
        case: || unproven(5),
        expect: REPAIR,
        near: |facts| facts.age.months = 6,
    },
    Row {
        id: "R51",
        basis: "platform dispute rules 2025 (four working hours for evidence)",
        case: || unproven(6),
        expect: "needs brand_evidence[brand]",
        near: |facts| facts.breaches.brand_evidence_late = true,
    },
    Row {
        id: "R51-late",
        basis: "platform dispute rules 2025 (four working hours for evidence)",
        case: || {
            let mut facts = unproven(6);
            facts.breaches.brand_evidence_late = true;
            facts
        },
        expect: "needs second_inspection[brand]",
        near: |facts| finding(facts).level = 2,
    },
    Row {
        id: "R51-still",
        basis: "platform dispute rules 2025; house rule",
        case: || {
            let mut facts = unproven(6);
            finding(&mut facts).level = 2;
            facts
        },
        expect: REPAIR,
        near: |facts| finding(facts).evidence_ok = true,
    },
    Row {
        id: "R52",
        basis: "北京 art. 11; platform dispute rules 2025",
        case: || disputed(Cause::User, Function::Fault, 1),
        expect: "needs second_inspection[loser]",
        near: |facts| finding(facts).evidence_ok = false,
    },
    Row {
        id: "R52-lab",
        basis: "北京 art. 11; platform dispute rules 2025",
        case: || disputed(Cause::User, Function::Fault, 2),
        expect: "needs lab[loser]",
        near: |facts| finding(facts).level = 1,
    },
    Row {
        id: "R53",
        basis: "三包 art. 17",
        case: || found(Cause::User, Function::Fault, |_| ()),
        expect: "denied user_damage[customer] paid_repair",
        near: |facts| facts.customer_disputes = true,
    },
    Row {
        id: "R53-final",
        basis: "三包 art. 17; 北京 art. 11",
        case: || disputed(Cause::User, Function::Fault, 3),
        expect: "denied user_damage[customer] paid_repair",
        near: |facts| finding(facts).level = 2,
    },
    Row {
        id: "R54",
        basis: "三包 art. 17",
        case: || found(Cause::UnauthorisedOpening, Function::Fault, |_| ()),
        expect: "denied unauthorised_opening[customer] paid_repair",
        near: |facts| finding(facts).cause = Cause::Product,
    },
    Row {
        id: "R55",
        basis: "house rule: the retailer's order record stands for the invoice",
        case: || with(|facts| facts.proof = Proof::OrderRecord),
        expect: REPAIR,
        near: |facts| facts.proof = Proof::Documents,
    },
    Row {
        id: "R55-factory",
        basis: "brand practice: without an invoice the factory date counts",
        case: || with(|facts| facts.proof = Proof::FactoryDate),
        expect: REPAIR,
        near: |facts| facts.proof = Proof::OrderRecord,
    },
    Row {
        id: "R55-none",
        basis: "三包 art. 17",
        case: || with(|facts| facts.proof = Proof::Nothing),
        expect: "denied no_proof_of_purchase[customer] paid_repair",
        near: |facts| facts.proof = Proof::FactoryDate,
    },
    Row {
        id: "R57",
        basis: "三包 art. 17",
        case: || found(Cause::ForceMajeure, Function::Fault, |_| ()),
        expect: "denied force_majeure[customer] paid_repair",
        near: extended,
    },
    Row {
        id: "R57-extension",
        basis: "三包 art. 17; extended warranty terms",
        case: || found(Cause::ForceMajeure, Function::Fault, extended),
        expect: "repair[insurer]",
        near: |facts| facts.extension_covers = false,
    },
    Row {
        id: "R58",
        basis: "house rule: the installer answers for the installation",
        case: || found(Cause::Installation, Function::Fault, |_| ()),
        expect: "repair[installer]",
        near: |facts| facts.installer_ours = false,
    },
    Row {
        id: "R58-damage",
        basis: "house rule: the installer answers for the installation",
        case: || found(Cause::Installation, Function::Fault, |facts| facts.unit_damaged = true),
        expect: "repair[installer] replace[installer]",
        near: |facts| facts.unit_damaged = false,
    },
    Row {
        id: "R59",
        basis: "house rule: surroundings are not the user's fault unless proven",
        case: || found(Cause::Environment, Function::Fault, |_| ()),
        expect: "needs surroundings_mended[seller]",
        near: |facts| finding(facts).level = 2,
    },
    Row {
        id: "R59-again",
        basis: "house rule: surroundings are not the user's fault unless proven",
        case: || found(Cause::Environment, Function::Fault, |facts| finding(facts).level = 2),
        expect: "needs agent[seller]",
        near: |facts| finding(facts).level = 1,
    },
    // Taken note of only: R59 behind it must not rule, so the extension repairs.
    Row {
        id: "R59-extension",
        basis: "extended warranty terms (voltage, damp)",
        case: || found(Cause::Environment, Function::Fault, extended),
        expect: "repair[insurer]",
        near: |facts| facts.extension_covers = false,
    },
    Row {
        id: "R60",
        basis: "house rule",
        case: || unclear(1, 1, 2),
        expect: "needs second_visit[brand]",
        near: |facts| facts.history.inspections_without_result = 2,
    },
    Row {
        id: "R60-burden",
        basis: "消法 art. 23(3); house rule",
        case: || unclear(1, 2, 5),
        expect: REPAIR,
        near: |facts| facts.age.months = 6,
    },
    Row {
        id: "R60-lab",
        basis: "house rule",
        case: || unclear(1, 2, 6),
        expect: "needs lab[brand]",
        near: |facts| finding(facts).level = 3,
    },
    Row {
        id: "R60-untestable",
        basis: "消法 art. 23(3); platform dispute rules 2025",
        case: || unclear(3, 1, 5),
        expect: REPAIR,
        near: |facts| facts.age.months = 6,
    },
    Row {
        id: "R60-11",
        basis: "北京 art. 11",
        case: || Facts { province: province(11), ..unclear(3, 2, 9) },
        expect: REPAIR,
        near: |facts| facts.province = province(12),
    },
    Row {
        id: "R60-panel",
        basis: "house rule",
        case: || unclear(3, 2, 9),
        expect: "needs agent[seller]",
        near: |facts| finding(facts).level = 2,
    },
    Row {
        id: "R70",
        basis: "house rule: the platform decides on the customer's evidence",
        case: || {
            with(|facts| {
                facts.finding = None;
                facts.breaches.brand_silent = true;
                facts.customer_evidence = true;
            })
        },
        expect: "repair[brand]",
        near: |facts| facts.breaches.brand_silent = false,
    },
    Row {
        id: "R70-agent",
        basis: "house rule: the platform decides without the brand",
        case: || {
            with(|facts| {
                facts.finding = None;
                facts.breaches.brand_silent = true;
            })
        },
        expect: "needs agent[brand]",
        near: |facts| facts.customer_evidence = true,
    },
    Row {
        id: "R60-first",
        basis: "retailer's terms: a fault of a large appliance is inspected at home",
        case: || with(|facts| facts.finding = None),
        expect: "needs inspection[seller]",
        near: |facts| *facts = quality(),
    },
    Row {
        id: "R61",
        basis: "三包 art. 15",
        case: || {
            with(|facts| {
                aged(facts, 1_500, 49);
                facts.in_validity = false;
                facts.part_in_validity = false;
            })
        },
        expect: "denied out_of_validity[customer] paid_repair",
        near: |facts| facts.part_in_validity = true,
    },
    Row {
        id: "R99",
        basis: "house rule: a person decides within their authority and gives a reason",
        case: || found(Cause::Transport, Function::Fault, |_| ()),
        expect: "needs agent[seller]",
        near: |facts| facts.transport_report_hours = Some(1),
    },
];
