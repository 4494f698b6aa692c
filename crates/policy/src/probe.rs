//! The facts of one case, laid out to be held against conditions.
//!
//! Closed lists share one 64-bit word with one bit per value, yes/no facts share another, counts
//! stand in an array. Conditions use the same layout, so that matching compares a few words.

use chrono::NaiveDate;
use parasol_journey::vocab::{Cause, Function, Promise, Remedy};

use crate::facts::{Facts, Identity, Province};
use crate::form::StartEvent;
use crate::pack::Pack;
use crate::parameters::Settings;

/// The place of one closed list in the shared word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    shift: u32,
    width: u32,
}

impl Group {
    /// Every closed list, with the word conditions have for it.
    pub(crate) const ALL: [Self; 8] = [
        Self::KIND,
        Self::CATEGORY,
        Self::CAUSE,
        Self::FUNCTION,
        Self::IDENTITY,
        Self::PROOF,
        Self::GUIDED_TEST,
        Self::WISH,
    ];

    pub(crate) const KIND: Self = Self { shift: 0, width: 2 };
    pub(crate) const CATEGORY: Self = Self { shift: 2, width: 16 };
    pub(crate) const CAUSE: Self = Self { shift: 18, width: 8 };
    pub(crate) const FUNCTION: Self = Self { shift: 26, width: 3 };
    pub(crate) const IDENTITY: Self = Self { shift: 29, width: 3 };
    pub(crate) const PROOF: Self = Self { shift: 32, width: 4 };
    pub(crate) const GUIDED_TEST: Self = Self { shift: 36, width: 3 };
    /// One bit for "not asked yet", then the remedies.
    pub(crate) const WISH: Self = Self { shift: 39, width: 4 };

    pub(crate) const fn bit(self, index: usize) -> u64 {
        debug_assert!(index < self.width as usize);
        1 << (self.shift as usize + index)
    }

    /// The place in the list of the first of these bits that is the list's.
    pub(crate) const fn first(self, bits: u64) -> usize {
        let own = (bits & self.whole()) >> self.shift;
        own.trailing_zeros() as usize
    }

    pub(crate) const fn whole(self) -> u64 {
        ((1 << self.width) - 1) << self.shift
    }
}

pub(crate) const fn wish_bit(wish: Option<Remedy>) -> u64 {
    match wish {
        None => Group::WISH.bit(0),
        Some(remedy) => Group::WISH.bit(1 + remedy as usize),
    }
}

/// A yes/no fact, by its bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Flag {
    InValidity,
    PartInValidity,
    Danger,
    Intact,
    ExclusionConfirmed,
    WrongItem,
    StockSameModel,
    CustomerDisputes,
    CustomerEvidence,
    NoService,
    InstallerOurs,
    UnitDamaged,
    ExtensionCovers,
    ExtensionLimitReached,
    EvidenceOk,
    Inspected,
    Inconclusive,
    BrandSilent,
    BrandEvidenceLate,
    Gifts,
    ReplaceOffered,
    ExchangeDue,
    RefundOffered,
    Depreciation,
    NoReasonFreightFree,
}

impl Flag {
    /// Every yes/no fact.
    pub(crate) const ALL: [Self; 25] = [
        Self::InValidity,
        Self::PartInValidity,
        Self::Danger,
        Self::Intact,
        Self::ExclusionConfirmed,
        Self::WrongItem,
        Self::StockSameModel,
        Self::CustomerDisputes,
        Self::CustomerEvidence,
        Self::NoService,
        Self::InstallerOurs,
        Self::UnitDamaged,
        Self::ExtensionCovers,
        Self::ExtensionLimitReached,
        Self::EvidenceOk,
        Self::Inspected,
        Self::Inconclusive,
        Self::BrandSilent,
        Self::BrandEvidenceLate,
        Self::Gifts,
        Self::ReplaceOffered,
        Self::ExchangeDue,
        Self::RefundOffered,
        Self::Depreciation,
        Self::NoReasonFreightFree,
    ];

    pub(crate) const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A count, by its place in [`Probe::numbers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Number {
    /// Since the event the parameters name.
    Days,
    DaysSinceService,
    DaysSinceReceipt,
    DaysSinceInvoice,
    Months,
    Repairs,
    RepairDays,
    PartsWaitDays,
    RepairerWaitDays,
    Level,
    InspectionsWithoutResult,
    TransportReportHours,
    DaysSinceRepair,
    /// The day of filing, in days since 1970.
    FiledOn,
}

pub(crate) const NUMBERS: usize = Number::FiledOn as usize + 1;

/// A day as a number that conditions can hold bounds against; what lies before 1970 is 0.
pub(crate) fn day_number(day: NaiveDate) -> u32 {
    u32::try_from((day - NaiveDate::default()).num_days()).unwrap_or(0)
}

/// The facts of one case in the same layout, with what the evaluation found out on the way.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    pub(crate) word: u64,
    pub(crate) province: u128,
    pub(crate) flags: u32,
    pub(crate) promises: u64,
    pub(crate) missed: u64,
    pub(crate) settings: Settings,
    pub(crate) numbers: [u32; NUMBERS],
}

impl Probe {
    /// Lays the facts out. Without a finding the customer's word stands in for it: a fault, by the
    /// product; rows that need an inspection are kept apart by [`Flag::Inspected`].
    pub(crate) fn new(facts: &Facts, pack: &Pack) -> Self {
        let filed_on = facts.filed_on.unwrap_or(pack.effective_from());
        let settings = pack.settings(filed_on, facts.province);
        let finding = facts.finding.as_ref();
        let cause = finding.map_or(Cause::Product, |found| found.cause);
        let function = finding.map_or(Function::Fault, |found| found.function);
        let identity = finding.map_or(Identity::Matches, |found| found.identity);
        let word = Group::KIND.bit(facts.kind as usize)
            | Group::CATEGORY.bit(facts.category as usize)
            | Group::CAUSE.bit(cause as usize)
            | Group::FUNCTION.bit(function as usize)
            | Group::IDENTITY.bit(identity as usize)
            | Group::PROOF.bit(facts.proof as usize)
            | Group::GUIDED_TEST.bit(facts.guided_test as usize)
            | wish_bit(facts.wish);
        let inconclusive = cause == Cause::Undetermined || function == Function::Untested;
        Self {
            word,
            province: province_bit(facts.province),
            flags: flags(facts, inconclusive, &settings),
            promises: pack.promise_numbers.bits(&facts.promises),
            missed: pack.promise_numbers.bits(&facts.breaches.promises),
            numbers: numbers(facts, &settings, day_number(filed_on)),
            settings,
        }
    }

    /// From here on the finding counts as a fault of the product, whoever found what.
    pub(crate) fn treat_as_product_fault(&mut self) {
        self.word &= !(Group::CAUSE.whole() | Group::FUNCTION.whole());
        self.word |= Group::CAUSE.bit(Cause::Product as usize);
        self.word |= Group::FUNCTION.bit(Function::Fault as usize);
        self.set(Flag::Inspected);
        self.flags &= !Flag::Inconclusive.bit();
    }

    pub(crate) fn set(&mut self, flag: Flag) {
        self.flags |= flag.bit();
    }

    pub(crate) fn has(&self, flag: Flag) -> bool {
        self.flags & flag.bit() != 0
    }
}

pub(crate) fn province_bit(province: Province) -> u128 {
    1 << province.code()
}

fn flags(facts: &Facts, inconclusive: bool, settings: &Settings) -> u32 {
    let finding = facts.finding.as_ref();
    let breaches = &facts.breaches;
    let extended = facts.promises.contains(Promise::ExtendedWarranty);
    [
        (facts.in_validity, Flag::InValidity),
        (facts.part_in_validity, Flag::PartInValidity),
        (facts.danger, Flag::Danger),
        (facts.intact, Flag::Intact),
        (facts.exclusion_confirmed, Flag::ExclusionConfirmed),
        (facts.wrong_item, Flag::WrongItem),
        (facts.stock_same_model, Flag::StockSameModel),
        (facts.customer_disputes, Flag::CustomerDisputes),
        (facts.customer_evidence, Flag::CustomerEvidence),
        (facts.no_service, Flag::NoService),
        (facts.installer_ours, Flag::InstallerOurs),
        (facts.unit_damaged, Flag::UnitDamaged),
        (extended && facts.extension_covers, Flag::ExtensionCovers),
        (facts.extension_limit_reached, Flag::ExtensionLimitReached),
        (finding.is_some_and(|found| found.evidence_ok), Flag::EvidenceOk),
        (finding.is_some(), Flag::Inspected),
        (inconclusive, Flag::Inconclusive),
        (breaches.brand_silent, Flag::BrandSilent),
        (breaches.brand_evidence_late, Flag::BrandEvidenceLate),
        (facts.gifts, Flag::Gifts),
        (settings.depreciation, Flag::Depreciation),
        (settings.no_reason_freight_free, Flag::NoReasonFreightFree),
    ]
    .into_iter()
    .fold(0, |bits, (holds, flag)| bits | (u32::from(holds) << flag as u32))
}

fn numbers(facts: &Facts, settings: &Settings, filed_on: u32) -> [u32; NUMBERS] {
    let age = &facts.age;
    let rest = if settings.roll_over_rest_days { age.rest_days_before } else { 0 };
    let counted = match settings.counted_from {
        StartEvent::ServiceStart => age.service_start_days(),
        StartEvent::Receipt => age.receipt_days,
        StartEvent::Invoice => age.invoice_days,
    };
    let mut numbers = [0; NUMBERS];
    for (number, value) in [
        (Number::Days, counted.saturating_sub(rest)),
        (Number::FiledOn, filed_on),
        (Number::DaysSinceService, age.service_start_days().saturating_sub(rest)),
        (Number::DaysSinceReceipt, age.receipt_days.saturating_sub(rest)),
        (Number::DaysSinceInvoice, age.invoice_days.saturating_sub(rest)),
        (Number::Months, age.months),
        (Number::Repairs, facts.history.repairs),
        (Number::RepairDays, facts.history.repair_days),
        (Number::PartsWaitDays, facts.history.parts_wait_days),
        (Number::RepairerWaitDays, facts.history.repairer_wait_days),
        (Number::Level, facts.finding.map_or(0, |found| found.level)),
        (Number::InspectionsWithoutResult, facts.history.inspections_without_result),
        (Number::TransportReportHours, facts.transport_report_hours.unwrap_or(u32::MAX)),
        (Number::DaysSinceRepair, facts.history.days_since_repair.unwrap_or(u32::MAX)),
    ] {
        numbers[number as usize] = value;
    }
    numbers
}
