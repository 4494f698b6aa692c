//! A rule pack: read from files, checked, compiled once.
//!
//! A pack is a manifest with its version and days of effect, and layers with parameters, one table per
//! category, warranties, promises, and the rows of the decision table. Everything is checked on
//! reading, so that a pack in hand can decide every case. [`Pack::problems`] finds what is legal but
//! looks wrong, [`Pack::failed_tests`] what does not come out as its own tests say.

use std::sync::Arc;

use chrono::NaiveDate;
use parasol_journey::event::Filing;
use parasol_journey::promise::{Term, Worth};
use parasol_journey::vocab::{CaseKind, Category, Promise, Remedy};
use serde::Serialize;

use crate::facts::Province;
use crate::guidance::Guidance;
use crate::layer::{Layer, PackError, PackFile, Validity};
use crate::parameters::{self, Parameter, Settings};
use crate::promises::PromiseNumbers;
use crate::rule::{Inspection, Rule, RuleId, RuleText, Stage};
use crate::terms::{Given, PromiseForm};
use crate::trial::Trial;

mod builtin;
mod read;

/// A compiled rule pack. Immutable; share it in an `Arc`.
#[derive(Clone, Debug)]
pub struct Pack {
    version: Arc<str>,
    effect: Validity,
    source: String,
    layers: Vec<Layer>,
    parameters: Vec<Parameter>,
    /// One per category, in the order of [`Category::ALL`].
    covers: Vec<Cover>,
    warranties: Vec<Warranty>,
    promises: Vec<PromiseForm>,
    pub(crate) promise_numbers: PromiseNumbers,
    pub(crate) guards: Vec<Rule>,
    pub(crate) entitlements: Vec<Rule>,
    pub(crate) amounts: Vec<Rule>,
    pub(crate) breaches: Vec<Rule>,
    pub(crate) fallbacks: Vec<Rule>,
    pub(crate) guidance: Vec<Guidance>,
    /// What is left to a person on purpose.
    pub(crate) left: Vec<LeftToAPerson>,
    pub(crate) trials: Vec<Trial>,
}

/// Facts that the table leaves to a person on purpose.
#[derive(Clone, Debug)]
pub(crate) struct LeftToAPerson {
    pub(crate) when: crate::condition::Condition,
}

/// What a category's warranty and depreciation are by law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cover {
    /// The category.
    pub category: Category,
    /// Warranty of the whole unit in months.
    pub whole_unit_months: u32,
    /// Warranty of the main parts in months; not shorter than the whole unit's.
    pub main_part_months: u32,
    /// The main parts by name.
    pub main_parts: Vec<String>,
    /// The depreciation fee a day, in 1/10000 of the price (5 is 0.05 %).
    pub depreciation_per_day: u32,
    /// Where the numbers come from.
    pub source: String,
}

/// What a brand gives beyond the law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warranty {
    /// The brand.
    pub brand: String,
    /// The category.
    pub category: Category,
    /// Warranty of the whole unit in months.
    pub whole_unit_months: u32,
    /// Warranty of the main parts in months; not shorter than the whole unit's.
    pub main_part_months: u32,
    /// The first day of receipt it is for.
    pub sold_from: NaiveDate,
    /// The last day of receipt; `None` while none is known.
    pub sold_until: Option<NaiveDate>,
    /// Where it is published.
    pub source: String,
}

/// How long the warranty of one unit is: the longest of law and brand, each part by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Months {
    /// Of the whole unit.
    pub whole_unit: u32,
    /// Of its main parts; `None` for a category that names none.
    pub main_parts: Option<u32>,
}

/// What the scope of a promise is held against.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The category of the unit.
    pub category: Category,
    /// Its brand.
    pub brand: &'a str,
    /// Where it stands.
    pub province: Province,
    /// What is filed.
    pub kind: CaseKind,
    /// The Shanghai day of filing.
    pub filed_on: NaiveDate,
}

/// What one row gives the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant<'a> {
    /// The remedies, in declaration order; never empty.
    pub remedies: &'a [Remedy],
    /// The promise it asks for; `None` for a row that stands on the law alone.
    pub promise: Option<Promise>,
}

impl Pack {
    /// Reads and checks a pack of one file, which is manifest and layer at once.
    ///
    /// # Errors
    /// As [`Pack::read`].
    pub fn parse(text: &str) -> Result<Self, PackError> {
        Self::read(&[PackFile::new("pack.toml", text)])
    }

    /// The version, as pinned to a case at filing.
    pub fn version(&self) -> &Arc<str> {
        &self.version
    }

    /// Where the pack as a whole comes from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The layers, the law first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The first day of filing the pack is for.
    pub fn effective_from(&self) -> NaiveDate {
        self.effect.from
    }

    /// The last day of filing the pack is for; `None` while none is known.
    pub fn effective_until(&self) -> Option<NaiveDate> {
        self.effect.until
    }

    /// Whether the pack is meant for cases filed on this day; both ends count.
    pub fn is_effective(&self, day: NaiveDate) -> bool {
        self.effect.contains(day)
    }

    /// What the dated parameters say on a day of filing in a province.
    pub fn settings(&self, day: NaiveDate, province: Province) -> Settings {
        parameters::settings(&self.parameters, day, province)
    }

    /// The same pack with other parameters laid over its own.
    pub(crate) fn with_parameters(&self, over: &[Parameter]) -> Self {
        let mut pack = self.clone();
        pack.parameters.extend_from_slice(over);
        pack
    }

    /// The days of filing on which some parameter begins or has ended.
    pub(crate) fn turning_days(&self) -> Vec<NaiveDate> {
        self.parameters.iter().flat_map(Parameter::turning_days).collect()
    }

    /// Warranty and depreciation of a category by law.
    pub fn cover(&self, category: Category) -> &Cover {
        &self.covers[category as usize]
    }

    /// How long the warranty of a unit is: what the law gives or the brand, whichever is longer.
    /// `sold_on` is the day it was received.
    pub fn months(&self, category: Category, brand: &str, sold_on: NaiveDate) -> Months {
        let cover = self.cover(category);
        let counts = |one: &&Warranty| {
            one.category == category
                && one.brand == brand
                && one.sold_from <= sold_on
                && one.sold_until.is_none_or(|until| sold_on <= until)
        };
        let given = || self.warranties.iter().filter(counts);
        let longest = |law: u32, of: fn(&Warranty) -> u32| given().map(of).fold(law, u32::max);
        let parts = longest(cover.main_part_months, |one| one.main_part_months);
        Months {
            whole_unit: longest(cover.whole_unit_months, |one| one.whole_unit_months),
            main_parts: (!cover.main_parts.is_empty()).then_some(parts),
        }
    }

    /// What brands give beyond the law.
    pub fn warranties(&self) -> &[Warranty] {
        &self.warranties
    }

    /// The promises as rows, in the order of the files.
    pub fn promises(&self) -> &[PromiseForm] {
        &self.promises
    }

    /// The terms of promises that a case pins at filing: of those everybody has in their scope, and of
    /// those that came with the unit, given by their ids.
    pub fn terms(&self, unit: &Scope<'_>, with_unit: &[&str]) -> Vec<Term> {
        let has = |promise: &&PromiseForm| match promise.given {
            Given::Everybody => true,
            Given::WithUnit => with_unit.contains(&promise.id.as_str()),
        };
        let settings = self.settings(unit.filed_on, unit.province);
        let fits = self.promises.iter().filter(has).filter(|promise| promise.is_for(unit));
        fits.filter_map(|promise| promise.term(&settings, self.worth_of_breach(&promise.id)))
            .collect()
    }

    /// When a breach of a promise can give anything: the most that a row which asks for it allows.
    fn worth_of_breach(&self, promise: &str) -> Worth {
        let bit = self.promise_numbers.bit(promise).unwrap_or_default();
        let asking = self.rows().filter(|rule| rule.when.missed_any & bit != 0);
        let waits = |rule: &Rule| rule.inspection == Inspection::Required && rule.waits();
        asking
            .map(|rule| if waits(rule) { Worth::OnceInspected } else { Worth::Always })
            .max()
            .unwrap_or(Worth::Nothing)
    }

    /// Whether a case that is filed on a day is guided by telephone or video before anybody travels.
    pub fn guides(&self, filing: &Filing, day: NaiveDate) -> bool {
        self.guidance.iter().any(|row| row.is_for(filing, day))
    }

    /// Every row's text, in the order of the stages and of the files within each.
    pub fn rules(&self) -> impl Iterator<Item = &Arc<RuleText>> {
        self.rows().map(|rule| &rule.text)
    }

    /// Every row, in that order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Rule> {
        let stages = [&self.guards, &self.entitlements, &self.amounts];
        stages.into_iter().chain([&self.breaches, &self.fallbacks]).flatten()
    }

    /// What a row gives the customer; `None` for a row that gives no remedy, or is not in the pack.
    pub fn grant(&self, id: &RuleId) -> Option<Grant<'_>> {
        let stages = [&self.guards, &self.entitlements, &self.amounts, &self.breaches];
        let rule = stages.into_iter().flatten().find(|rule| rule.text.id == *id)?;
        let remedies = rule.effect.remedies();
        let mut asked = self.promise_numbers.ids(rule.when.promises_any);
        let promise = asked.find_map(Promise::parse);
        (!remedies.is_empty()).then_some(Grant { remedies, promise })
    }

    pub(crate) fn stage(&self, stage: Stage) -> &[Rule] {
        match stage {
            Stage::Guard => &self.guards,
            Stage::Entitlement => &self.entitlements,
            Stage::Amount => &self.amounts,
            Stage::Breach => &self.breaches,
            Stage::Fallback => &self.fallbacks,
        }
    }

    pub(crate) fn stage_mut(&mut self, stage: Stage) -> &mut Vec<Rule> {
        match stage {
            Stage::Guard => &mut self.guards,
            Stage::Entitlement => &mut self.entitlements,
            Stage::Amount => &mut self.amounts,
            Stage::Breach => &mut self.breaches,
            Stage::Fallback => &mut self.fallbacks,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
