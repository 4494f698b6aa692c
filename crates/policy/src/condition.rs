//! The `when` of a row, compiled once and held against the facts of a case.
//!
//! Matching allocates nothing and touches no text.

use parasol_journey::vocab::{Category, Cause};

use crate::facts::Province;
use crate::form::{StartEvent, When};
use crate::layer::Validity;
use crate::probe::{Flag, Group, Number, Probe, day_number, province_bit, wish_bit};
use crate::promises::PromiseNumbers;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) number: Number,
    pub(crate) min: u32,
    pub(crate) max: u32,
}

/// A compiled `when`: everything in it must hold.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) allowed: u64,
    pub(crate) provinces: u128,
    pub(crate) flags_care: u32,
    pub(crate) flags_want: u32,
    pub(crate) promises_any: u64,
    pub(crate) promises_none: u64,
    pub(crate) missed_any: u64,
    pub(crate) bounds: Box<[Bound]>,
}

impl Condition {
    /// Compiles a row's `when`. The error says in one sentence what cannot be meant.
    pub(crate) fn compile(when: &When, names: &PromiseNumbers) -> Result<Self, String> {
        let mut allowed = u64::MAX;
        let mut restrict = |group: Group, bits: u64| allowed &= !group.whole() | bits;
        if let Some(kind) = when.kind {
            restrict(Group::KIND, Group::KIND.bit(kind as usize));
        }
        if let Some(function) = when.function {
            restrict(Group::FUNCTION, Group::FUNCTION.bit(function as usize));
        }
        if let Some(identity) = when.identity {
            restrict(Group::IDENTITY, Group::IDENTITY.bit(identity as usize));
        }
        if let Some(proof) = when.proof {
            restrict(Group::PROOF, Group::PROOF.bit(proof as usize));
        }
        if let Some(test) = when.guided_test {
            restrict(Group::GUIDED_TEST, Group::GUIDED_TEST.bit(test as usize));
        }
        if let Some(wish) = when.wish {
            restrict(Group::WISH, wish_bit(Some(wish)));
        }
        let cause_bit = |cause: &Cause| Group::CAUSE.bit(*cause as usize);
        if let Some(bits) = union("causes", when.causes.as_deref(), cause_bit)? {
            restrict(Group::CAUSE, bits);
        }
        let category_bit = |category: &Category| Group::CATEGORY.bit(*category as usize);
        if let Some(bits) = union("categories", when.categories.as_deref(), category_bit)? {
            restrict(Group::CATEGORY, bits);
        }
        let (flags_care, flags_want) = when.flags().into_iter().fold((0, 0), |bits, item| {
            let (wanted, flag) = item;
            let (care, want) = bits;
            match wanted {
                None => bits,
                Some(true) => (care | flag.bit(), want | flag.bit()),
                Some(false) => (care | flag.bit(), want),
            }
        });
        let promises = promises(when, names)?;
        Ok(Self {
            allowed,
            provinces: provinces(when)?,
            flags_care,
            flags_want,
            promises_any: promises.any,
            promises_none: promises.none,
            missed_any: promises.missed,
            bounds: bounds(when)?,
        })
    }

    /// Narrows it to the places and days of its layer. The error says that nothing is left.
    pub(crate) fn narrow(&mut self, provinces: u128, days: Option<Validity>) -> Result<(), String> {
        self.provinces &= provinces;
        if self.provinces == 0 {
            return Err("the row is for no province of its layer".to_owned());
        }
        if let Some(days) = days {
            let (min, max) = (day_number(days.from), days.until.map_or(u32::MAX, day_number));
            let bound = Bound { number: Number::FiledOn, min, max };
            self.bounds = self.bounds.iter().copied().chain([bound]).collect();
        }
        Ok(())
    }

    /// Whether everything in the condition holds.
    pub(crate) fn matches(&self, probe: &Probe) -> bool {
        probe.word & !self.allowed == 0
            && (probe.flags ^ self.flags_want) & self.flags_care == 0
            && probe.province & self.provinces != 0
            && (self.promises_any == 0 || probe.promises & self.promises_any != 0)
            && probe.promises & self.promises_none == 0
            && (self.missed_any == 0 || probe.missed & self.missed_any != 0)
            && self.bounds.iter().all(|bound| {
                let value = probe.numbers[bound.number as usize];
                bound.min <= value && value <= bound.max
            })
    }

    /// Whether `other` holds whenever this one does.
    pub(crate) fn implies(&self, other: &Self) -> bool {
        let same_flags = (self.flags_want ^ other.flags_want) & other.flags_care == 0;
        let any_promise = other.promises_any == 0
            || self.promises_any != 0 && self.promises_any & !other.promises_any == 0;
        self.allowed & !other.allowed == 0
            && self.provinces & !other.provinces == 0
            && other.flags_care & !self.flags_care == 0
            && same_flags
            && any_promise
            && (other.missed_any == 0
                || self.missed_any != 0 && self.missed_any & !other.missed_any == 0)
            && other.promises_none & !self.promises_none == 0
            && other.bounds.iter().all(|wide| {
                wide.min == 0 && wide.max == u32::MAX
                    || self.bounds.iter().any(|narrow| {
                        narrow.number == wide.number
                            && wide.min <= narrow.min
                            && narrow.max <= wide.max
                    })
            })
    }

    /// Whether it holds for every case.
    pub(crate) fn is_empty(&self) -> bool {
        self.allowed == u64::MAX
            && self.provinces == u128::MAX
            && self.flags_care == 0
            && self.promises_any == 0
            && self.promises_none == 0
            && self.missed_any == 0
            && self.bounds.is_empty()
    }

    /// Whether it asks for something that is only known once remedies are on the table.
    pub(crate) fn asks_for_offers(&self) -> bool {
        let offers =
            Flag::ReplaceOffered.bit() | Flag::ExchangeDue.bit() | Flag::RefundOffered.bit();
        self.flags_care & offers != 0
    }
}

/// The bits of a list, `None` when the list is not given, an error when it is given empty.
fn union<T>(key: &str, list: Option<&[T]>, bit: impl Fn(&T) -> u64) -> Result<Option<u64>, String> {
    match list {
        None => Ok(None),
        Some([]) => Err(format!("`{key}` is an empty list, so the row could never hold")),
        Some(values) => Ok(Some(values.iter().map(bit).fold(0, |bits, bit| bits | bit))),
    }
}

fn provinces(when: &When) -> Result<u128, String> {
    let bits = |list: &[Province]| list.iter().copied().map(province_bit).fold(0, |a, b| a | b);
    if when.province.as_deref() == Some(&[]) || when.not_province.as_deref() == Some(&[]) {
        return Err("`province` or `not_province` is an empty list".to_owned());
    }
    let wanted = when.province.as_deref().map_or(u128::MAX, bits);
    let left = wanted & !when.not_province.as_deref().map_or(0, bits);
    if left == 0 {
        return Err("`not_province` takes away every province the row is for".to_owned());
    }
    Ok(left)
}

/// The promises a row asks for, as the pack numbers them.
struct Promises {
    any: u64,
    none: u64,
    missed: u64,
}

fn promises(when: &When, names: &PromiseNumbers) -> Result<Promises, String> {
    let bits = |key: &str, list: &Option<Vec<String>>| match list.as_deref() {
        None => Ok(0),
        Some([]) => Err(format!("`{key}` is an empty list")),
        Some(ids) => ids.iter().try_fold(0, |bits, id| {
            let bit = names.bit(id);
            let bit = bit.ok_or_else(|| format!("`{key}`: there is no promise `{id}`"))?;
            Ok(bits | bit)
        }),
    };
    let any = bits("promises_any", &when.promises_any)?;
    let none = bits("promises_none", &when.promises_none)?;
    let missed = bits("missed_any", &when.missed_any)?;
    if any != 0 && any & !none == 0 {
        return Err("`promises_none` excludes everything `promises_any` asks for".to_owned());
    }
    Ok(Promises { any, none, missed })
}

fn bounds(when: &When) -> Result<Box<[Bound]>, String> {
    let days = match when.counted_from {
        None => Number::Days,
        Some(StartEvent::ServiceStart) => Number::DaysSinceService,
        Some(StartEvent::Receipt) => Number::DaysSinceReceipt,
        Some(StartEvent::Invoice) => Number::DaysSinceInvoice,
    };
    let has_days = when.days_min.is_some() || when.days_max.is_some();
    if when.counted_from.is_some() && !has_days {
        return Err("`counted_from` means nothing without `days_min` or `days_max`".to_owned());
    }
    let mut bounds = Vec::new();
    for (key, number, min, max) in [
        ("days", days, when.days_min, when.days_max),
        ("months", Number::Months, when.months_min, when.months_max),
        ("repairs", Number::Repairs, when.repairs_min, None),
        ("repair_days", Number::RepairDays, when.repair_days_min, None),
        ("parts_wait_days", Number::PartsWaitDays, when.parts_wait_days_min, None),
        ("repairer_wait_days", Number::RepairerWaitDays, when.repairer_wait_days_min, None),
        ("level", Number::Level, when.level_min, when.level_max),
        (
            "inspections_without_result",
            Number::InspectionsWithoutResult,
            when.inspections_without_result_min,
            when.inspections_without_result_max,
        ),
        (
            "transport_report_hours",
            Number::TransportReportHours,
            None,
            when.transport_report_hours_max,
        ),
        ("repaired_days", Number::DaysSinceRepair, None, when.repaired_days_max),
    ] {
        if min.is_none() && max.is_none() {
            continue;
        }
        let (min, max) = (min.unwrap_or(0), max.unwrap_or(u32::MAX));
        if min > max {
            return Err(format!("`{key}_min` is {min}, above `{key}_max` {max}"));
        }
        bounds.push(Bound { number, min, max });
    }
    Ok(bounds.into())
}
