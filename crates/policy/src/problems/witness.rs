//! One case out of a set of cases.

use chrono::NaiveDate;
use parasol_journey::vocab::{CaseKind, Category, Cause, Function, Remedy};

use crate::facts::{
    Age, Breaches, Facts, Finding, GuidedTest, History, Identity, Prices, Proof, Province,
};
use crate::pack::Pack;
use crate::probe::{Flag, Group, Number, province_bit};
use crate::space::{Atom, Clause, Space};

/// The price of a unit nobody asks the price of: 2,999.00 yuan.
const PAID_FEN: i64 = 299_900;
/// A province without rules of its own, where one may be had: Jiangsu.
const PLAIN: u8 = 32;

/// What makes two finds the same gap: kind, cause, and whether somebody has looked.
pub(crate) fn shape(space: &Space) -> Clause {
    let lists = [Group::KIND, Group::CAUSE, Group::FUNCTION];
    let lists = lists.map(|group| {
        let bit = group.bit(group.first(space.lists));
        Atom::List(group, bit)
    });
    let seen = space.flag(Flag::Inspected).map(|seen| Atom::Flag(Flag::Inspected, seen));
    lists.into_iter().chain(seen).collect()
}

/// The calmest case of a set.
pub(crate) fn facts(pack: &Pack, space: &Space) -> Facts {
    let pick = |group: Group| group.first(space.lists);
    let number = |number: Number| space.numbers[number as usize].0;
    let flag = |flag: Flag, usual: bool| space.flag(flag).unwrap_or(usual);
    let here = |code: &&u8| {
        Province::new(**code).is_some_and(|one| space.provinces & province_bit(one) != 0)
    };
    let code = std::iter::once(&PLAIN).chain(&Province::CODES).find(here).unwrap_or(&PLAIN);
    let province = Province::new(*code).expect("a code of the list");
    let (kind, category) = (CaseKind::ALL[pick(Group::KIND)], Category::ALL[pick(Group::CATEGORY)]);
    let quiet = Facts::new(kind, category, province, PAID_FEN);
    let receipt_days = number(Number::DaysSinceReceipt);
    let service_days = number(Number::Days).max(number(Number::DaysSinceService));
    // A count that nothing bounds is not known.
    let known = |number: Number| {
        let (least, most) = space.numbers[number as usize];
        (most != u32::MAX).then_some(least)
    };
    let promises = pack.promise_numbers.ids(space.promises.set).collect();
    let missed = pack.promise_numbers.ids(space.missed.set).collect();
    let wish = pick(Group::WISH).checked_sub(1).map(|nth| Remedy::ALL[nth]);
    Facts {
        filed_on: day(number(Number::FiledOn)),
        prices: Prices { paid_fen: PAID_FEN, ..Prices::default() },
        age: Age {
            invoice_days: number(Number::DaysSinceInvoice),
            receipt_days,
            installation_days: (service_days != receipt_days).then_some(service_days),
            months: number(Number::Months),
            rest_days_before: 0,
        },
        finding: flag(Flag::Inspected, true).then(|| Finding {
            cause: Cause::ALL[pick(Group::CAUSE)],
            function: Function::ALL[pick(Group::FUNCTION)],
            level: number(Number::Level).max(1),
            evidence_ok: flag(Flag::EvidenceOk, true),
            identity: [Identity::Matches, Identity::Differs, Identity::Altered]
                [pick(Group::IDENTITY)],
        }),
        history: History {
            repairs: number(Number::Repairs),
            repair_days: number(Number::RepairDays),
            waiting_days: 0,
            parts_wait_days: number(Number::PartsWaitDays),
            repairer_wait_days: number(Number::RepairerWaitDays),
            inspections_without_result: number(Number::InspectionsWithoutResult),
            days_since_repair: known(Number::DaysSinceRepair),
        },
        breaches: Breaches {
            brand_silent: flag(Flag::BrandSilent, false),
            brand_evidence_late: flag(Flag::BrandEvidenceLate, false),
            promises: missed,
        },
        promises,
        wish,
        in_validity: flag(Flag::InValidity, true),
        part_in_validity: flag(Flag::PartInValidity, true),
        proof: [Proof::Documents, Proof::OrderRecord, Proof::FactoryDate, Proof::Nothing]
            [pick(Group::PROOF)],
        danger: flag(Flag::Danger, false),
        intact: flag(Flag::Intact, true),
        exclusion_confirmed: flag(Flag::ExclusionConfirmed, false),
        wrong_item: flag(Flag::WrongItem, false),
        transport_report_hours: known(Number::TransportReportHours),
        stock_same_model: flag(Flag::StockSameModel, true),
        customer_disputes: flag(Flag::CustomerDisputes, false),
        customer_evidence: flag(Flag::CustomerEvidence, false),
        guided_test: [GuidedTest::NotDone, GuidedTest::Passed, GuidedTest::Failed]
            [pick(Group::GUIDED_TEST)],
        no_service: flag(Flag::NoService, false),
        installer_ours: flag(Flag::InstallerOurs, true),
        unit_damaged: flag(Flag::UnitDamaged, false),
        extension_covers: flag(Flag::ExtensionCovers, false),
        extension_limit_reached: flag(Flag::ExtensionLimitReached, false),
        gifts: flag(Flag::Gifts, false),
        ..quiet
    }
}

fn day(number: u32) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_days(chrono::Days::new(u64::from(number)))
}
