//! Dated parameters: where sources disagree, the reading in force on a day in a province.
//!
//! The law, the provinces and the retailer's pages answer some questions differently, and answers
//! change. Each answer is a row with its source and its days; none is a choice made in code.

use chrono::NaiveDate;
use parasol_journey::pinned::Contract;
use parasol_journey::promise::Trigger;
use serde::{Deserialize, Serialize};

use crate::amount::PRICE_FEN_MAX;
use crate::facts::Province;
use crate::form::{ParameterForm, StartEvent, Value};
use crate::layer::Validity;
use crate::probe::province_bit;

/// The highest penalty: the whole price.
const PERCENT_MAX: i64 = 100;

/// The questions a pack answers by parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterName {
    /// From which event a row without `counted_from` counts its days: `service_start`, `receipt` or
    /// `invoice`.
    CountedFrom,
    /// Whether a period whose last day is a statutory rest day runs on (民法典 art. 203).
    RollOverRestDays,
    /// Whether a plain weekend is such a rest day; the article does not say.
    WeekendsAreRestDays,
    /// Whether a depreciation fee may be taken at all (三包 art. 13 allows, 浙江 art. 26 forbids).
    Depreciation,
    /// Whether a refund at the price of an overdue day is never below the price paid.
    OverdueDayFloor,
    /// Whether the seller pays the way back of a return without a reason.
    NoReasonFreightFree,
    /// Whether a promise that gives one exchange gives another for the exchanged unit.
    PromiseAgainAfterExchange,
    /// What starts the time in which the brand returns a repaired unit: a trigger of a promise's clock.
    VendorReturnStarts,
    /// Whether the warranty of a main part begins anew when it was replaced in a repair.
    RepairedPartRestarts,
    /// What a broken contract costs the brand, in per cent of the price of the unit.
    PenaltyPercent,
    /// What a defective part costs that does not come back in time, in fen.
    PartPriceFen,
}

impl ParameterName {
    /// Every parameter.
    pub const ALL: [Self; 11] = [
        Self::CountedFrom,
        Self::RollOverRestDays,
        Self::WeekendsAreRestDays,
        Self::Depreciation,
        Self::OverdueDayFloor,
        Self::NoReasonFreightFree,
        Self::PromiseAgainAfterExchange,
        Self::VendorReturnStarts,
        Self::RepairedPartRestarts,
        Self::PenaltyPercent,
        Self::PartPriceFen,
    ];
}

/// What the parameters say for one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    pub(crate) counted_from: StartEvent,
    /// See [`ParameterName::RollOverRestDays`].
    pub roll_over_rest_days: bool,
    /// See [`ParameterName::WeekendsAreRestDays`].
    pub weekends_are_rest_days: bool,
    /// See [`ParameterName::Depreciation`].
    pub depreciation: bool,
    /// See [`ParameterName::OverdueDayFloor`].
    pub overdue_day_floor: bool,
    /// See [`ParameterName::NoReasonFreightFree`].
    pub no_reason_freight_free: bool,
    /// See [`ParameterName::PromiseAgainAfterExchange`].
    pub promise_again_after_exchange: bool,
    /// See [`ParameterName::VendorReturnStarts`].
    pub vendor_return_starts: Trigger,
    /// See [`ParameterName::RepairedPartRestarts`].
    pub repaired_part_restarts: bool,
    /// What the contract says about money: [`ParameterName::PenaltyPercent`] and
    /// [`ParameterName::PartPriceFen`].
    pub contract: Contract,
}

/// Readings where no row says otherwise: what leaves the customer no worse off.
impl Default for Settings {
    fn default() -> Self {
        Self {
            counted_from: StartEvent::ServiceStart,
            roll_over_rest_days: true,
            weekends_are_rest_days: true,
            depreciation: false,
            overdue_day_floor: true,
            no_reason_freight_free: false,
            promise_again_after_exchange: false,
            vendor_return_starts: Trigger::UnitReceived,
            repaired_part_restarts: false,
            contract: Contract::default(),
        }
    }
}

/// One row: an answer with its days and places.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    name: ParameterName,
    value: Reading,
    validity: Validity,
    /// Everywhere, or the provinces of its layer.
    provinces: u128,
}

#[derive(Clone, Copy, Debug)]
enum Reading {
    YesNo(bool),
    Start(StartEvent),
    Trigger(Trigger),
    Number(i64),
}

impl Reading {
    fn of(name: ParameterName, value: &Value) -> Result<Self, String> {
        use ParameterName::{CountedFrom, PartPriceFen, PenaltyPercent, VendorReturnStarts};
        let number = |number: i64, most: i64| match (0..=most).contains(&number) {
            true => Ok(Self::Number(number)),
            false => Err(format!("must be 0 to {most}")),
        };
        match (name, value) {
            (CountedFrom, Value::Word(word)) => {
                let start = StartEvent::parse(word).map(Self::Start);
                start.ok_or_else(|| format!("`{word}` is none of service_start, receipt, invoice"))
            }
            (CountedFrom, _) => Err("expected service_start, receipt or invoice".to_owned()),
            (VendorReturnStarts, Value::Word(word)) => {
                let trigger = Trigger::parse(word).map(Self::Trigger);
                trigger.ok_or_else(|| format!("`{word}` starts no clock"))
            }
            (VendorReturnStarts, _) => Err("expected what starts a clock".to_owned()),
            (PenaltyPercent, Value::Number(percent)) => number(*percent, PERCENT_MAX),
            (PartPriceFen, Value::Number(fen)) => number(*fen, PRICE_FEN_MAX),
            (PenaltyPercent | PartPriceFen, _) => Err("expected a number".to_owned()),
            (_, Value::YesNo(yes)) => Ok(Self::YesNo(*yes)),
            (_, _) => Err("expected true or false".to_owned()),
        }
    }
}

impl Parameter {
    /// Reads a row. The error says what is wrong with its value.
    pub(crate) fn read(form: &ParameterForm, whole: Validity, area: u128) -> Result<Self, String> {
        if form.source.trim().is_empty() {
            return Err("`source` is empty".to_owned());
        }
        let validity = whole.narrowed(form.from, form.until)?;
        let value = Reading::of(form.name, &form.value)?;
        Ok(Self { name: form.name, value, validity, provinces: area })
    }

    /// A parameter that says this on every day and everywhere.
    pub(crate) fn always(name: ParameterName, value: &Value) -> Result<Self, String> {
        let validity = Validity { from: NaiveDate::MIN, until: None };
        Ok(Self { name, value: Reading::of(name, value)?, validity, provinces: u128::MAX })
    }
    /// The first day it counts and the first it no longer does.
    pub(crate) fn turning_days(&self) -> impl Iterator<Item = NaiveDate> {
        let ended = self.validity.until.and_then(|until| until.succ_opt());
        std::iter::once(self.validity.from).chain(ended)
    }

    fn lay_over(&self, settings: &mut Settings) {
        match (self.name, self.value) {
            (_, Reading::Start(start)) => settings.counted_from = start,
            (_, Reading::Trigger(trigger)) => settings.vendor_return_starts = trigger,
            (ParameterName::PenaltyPercent, Reading::Number(percent)) => {
                settings.contract.penalty_percent = u32::try_from(percent).unwrap_or(0);
            }
            (_, Reading::Number(fen)) => settings.contract.part_fen = fen,
            (name, Reading::YesNo(yes)) => {
                if let Some(slot) = settings.flag(name) {
                    *slot = yes;
                }
            }
        }
    }
}

impl Settings {
    /// The place of a parameter that is answered with yes or no.
    fn flag(&mut self, name: ParameterName) -> Option<&mut bool> {
        match name {
            ParameterName::RollOverRestDays => Some(&mut self.roll_over_rest_days),
            ParameterName::WeekendsAreRestDays => Some(&mut self.weekends_are_rest_days),
            ParameterName::Depreciation => Some(&mut self.depreciation),
            ParameterName::OverdueDayFloor => Some(&mut self.overdue_day_floor),
            ParameterName::NoReasonFreightFree => Some(&mut self.no_reason_freight_free),
            ParameterName::PromiseAgainAfterExchange => {
                Some(&mut self.promise_again_after_exchange)
            }
            ParameterName::RepairedPartRestarts => Some(&mut self.repaired_part_restarts),
            ParameterName::CountedFrom
            | ParameterName::VendorReturnStarts
            | ParameterName::PenaltyPercent
            | ParameterName::PartPriceFen => None,
        }
    }
}

/// What the rows say on a day in a province: later rows go over earlier ones, so that an overlay,
/// which stands behind the law, has the last word.
pub(crate) fn settings(rows: &[Parameter], day: NaiveDate, province: Province) -> Settings {
    let mut settings = Settings::default();
    let here = province_bit(province);
    let counts = |row: &&Parameter| row.provinces & here != 0 && row.validity.contains(day);
    rows.iter().filter(counts).for_each(|row| row.lay_over(&mut settings));
    settings
}
