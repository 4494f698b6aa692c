//! Promises as rows: what starts their clock, how long it runs, what a breach is worth, who pays.
//!
//! A row says everything the house needs to keep a promise, so that one more needs no code. What a
//! breach gives the customer stands in the decision table, in rows with `missed_any`.

use chrono::NaiveDate;
use parasol_journey::promise::{CountedIn, Pauses, Stop, Term, TermClock, Trigger, Worth};
use parasol_journey::vocab::{CaseKind, Category, Promise};
use serde::{Deserialize, Serialize};

use crate::facts::Province;
use crate::outcome::Payer;
use crate::pack::Scope;
use crate::parameters::{ParameterName, Settings};
use crate::promises::is_promise_id;

/// The longest clock of a promise: ten years in minutes.
const CLOCK_MINUTES_MAX: u32 = 10 * 366 * 24 * 60;
/// The longest name of a promise, in characters.
const NAME_CHARS_MAX: usize = 60;

/// A promise as a pack's file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromiseForm {
    /// Its id: small letters, digits and `_`; at most 40.
    pub id: String,
    /// What a customer calls it, in Chinese.
    pub name_zh: String,
    /// The same in English.
    pub name_en: String,
    /// Who has it.
    pub given: Given,
    /// Categories it is for; all when not given.
    #[serde(default)]
    pub categories: Vec<Category>,
    /// Brands it is for; all when not given.
    #[serde(default)]
    pub brands: Vec<String>,
    /// Provinces it is for; all when not given.
    #[serde(default)]
    pub provinces: Vec<Province>,
    /// What is filed that it is for; everything when not given.
    #[serde(default)]
    pub kinds: Vec<CaseKind>,
    /// The first day of filing it is for.
    pub from: Option<NaiveDate>,
    /// The last day of filing it is for.
    pub until: Option<NaiveDate>,
    /// Used up by one exchange.
    #[serde(default)]
    pub once: bool,
    /// Its clock; none for a promise that is a right without a deadline.
    pub clock: Option<ClockForm>,
    /// The rows of the decision table that say what it is worth, or what its breach is.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Who pays when it is broken, or called upon.
    pub payer: Payer,
    /// Where it is written.
    pub source: String,
}

/// Who has a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// Whoever's order line says so: it was sold or given with the unit.
    WithUnit,
    /// Everybody in its scope.
    Everybody,
}

/// The clock of a promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockForm {
    /// What starts it.
    pub starts: Trigger,
    /// The dated parameter that says instead what starts it, where the sources disagree.
    pub starts_by: Option<ParameterName>,
    /// How long it runs, in minutes of its unit; a working day is 1,440.
    pub minutes: u32,
    /// What its time is counted in.
    pub counted_in: CountedIn,
    /// What stops it.
    pub stops: Stop,
    /// Whether a pause of the case stops it.
    pub pauses: Pauses,
}

impl PromiseForm {
    /// Checks what the form alone cannot. The error says what is wrong, in one sentence.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !is_promise_id(&self.id) {
            return Err(format!("{:?} is no id: small letters, digits and `_`", self.id));
        }
        for (key, text) in [("name_zh", &self.name_zh), ("name_en", &self.name_en)] {
            if text.trim().is_empty() || text.chars().count() > NAME_CHARS_MAX {
                return Err(format!("`{key}` must be 1 to {NAME_CHARS_MAX} characters"));
            }
        }
        if self.source.trim().is_empty() {
            return Err("`source` is empty".to_owned());
        }
        if let Some(clock) = &self.clock {
            if clock.minutes == 0 || clock.minutes > CLOCK_MINUTES_MAX {
                return Err(format!("`minutes` must be 1 to {CLOCK_MINUTES_MAX}"));
            }
            if clock.counted_in == CountedIn::WorkingDays && clock.minutes % 1_440 != 0 {
                return Err("working days are whole: `minutes` a multiple of 1440".to_owned());
            }
            if clock.starts_by.is_some_and(|name| name != ParameterName::VendorReturnStarts) {
                return Err(
                    "`starts_by` names a parameter that says what starts a clock".to_owned()
                );
            }
        }
        if self.until.is_some_and(|until| self.from.is_some_and(|from| until < from)) {
            return Err("`until` lies before `from`".to_owned());
        }
        Ok(())
    }

    /// Whether a unit is in its scope, on the day of filing.
    pub fn is_for(&self, unit: &Scope<'_>) -> bool {
        let category_fits = self.categories.is_empty() || self.categories.contains(&unit.category);
        let brand_fits = self.brands.is_empty() || self.brands.iter().any(|one| one == unit.brand);
        let province_fits = self.provinces.is_empty() || self.provinces.contains(&unit.province);
        let kind_fits = self.kinds.is_empty() || self.kinds.contains(&unit.kind);
        let begun = self.from.is_none_or(|from| from <= unit.filed_on);
        let lasts = self.until.is_none_or(|until| unit.filed_on <= until);
        category_fits && brand_fits && province_fits && kind_fits && begun && lasts
    }

    /// What a filing pins of it, under the parameters of its day and place: nothing of a promise without a
    /// clock that the vocabulary has, or that everybody has. `worth` says when a breach can give anything.
    pub(crate) fn term(&self, settings: &Settings, worth: Worth) -> Option<Term> {
        let clock = self.clock.as_ref().map(|clock| TermClock {
            starts: match clock.starts_by {
                Some(_) => settings.vendor_return_starts,
                None => clock.starts,
            },
            minutes: clock.minutes,
            counted_in: clock.counted_in,
            stops: clock.stops,
            pauses: clock.pauses,
            charged_to: self.payer.party(),
            worth,
        });
        let is_needed =
            clock.is_some() || self.given == Given::WithUnit && Promise::parse(&self.id).is_none();
        is_needed.then(|| Term { promise: self.id.clone(), clock })
    }
}
