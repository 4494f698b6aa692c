//! A rule pack: read from text, checked, compiled once.
//!
//! A pack is one TOML file: its version and days of effect, parameters, one table per category, and
//! the rows of the decision table in the order in which they are tried. Everything is checked on
//! reading, so that a pack in hand can decide every case. [`Pack::problems`] finds what is legal
//! but looks wrong.

use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;
use parasol_journey::vocab::{Category, Promise, Remedy};
use serde::Serialize;
use toml::Spanned;

use crate::amount::RATE_DENOMINATOR;
use crate::form::{CategoryForm, PackForm, Parameters, RuleForm};
use crate::rule::{Rule, RuleId, RuleText, Stage};

/// The pack that comes with the program.
const BUILTIN: &str = include_str!("../packs/cn-2026.1.toml");

/// The largest pack file accepted, in bytes.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// The most rows accepted.
const RULES_MAX: usize = 1_000;
/// The longest warranty accepted: fifty years.
const WARRANTY_MONTHS_MAX: u32 = 600;

/// A compiled rule pack. Immutable; share it in an `Arc`.
#[derive(Clone, Debug)]
pub struct Pack {
    version: Arc<str>,
    effective_from: NaiveDate,
    effective_until: Option<NaiveDate>,
    source: String,
    /// One per category, in the order of [`Category::ALL`].
    covers: Vec<Cover>,
    pub(crate) roll_over_rest_days: bool,
    pub(crate) guards: Vec<Rule>,
    pub(crate) entitlements: Vec<Rule>,
    pub(crate) amounts: Vec<Rule>,
    pub(crate) breaches: Vec<Rule>,
    pub(crate) fallbacks: Vec<Rule>,
}

/// Why a text is no pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct PackError {
    /// The line where it goes wrong, from 1.
    pub line: u32,
    /// The row, where the trouble is inside one.
    pub rule: Option<String>,
    /// What is wrong, in one sentence.
    pub reason: String,
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(rule) = &self.rule {
            write!(f, ", rule {rule}")?;
        }
        write!(f, ": {}", self.reason)
    }
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

/// What one row gives the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant<'a> {
    /// The remedies, in declaration order; never empty.
    pub remedies: &'a [Remedy],
    /// The promise it asks for; `None` for a row that stands on the law alone.
    pub promise: Option<Promise>,
}

impl Pack {
    /// Reads and checks a pack. The error names the line, the row where there is one, and the
    /// reason.
    pub fn parse(text: &str) -> Result<Self, PackError> {
        let at = |span: std::ops::Range<usize>| line_of(text, span.start);
        let whole = |reason: String| PackError { line: 1, rule: None, reason };
        if text.len() > TEXT_BYTES_MAX {
            return Err(whole(format!("the file is larger than {TEXT_BYTES_MAX} bytes")));
        }
        let form: PackForm = toml::from_str(text).map_err(|error| PackError {
            line: at(error.span().unwrap_or(0..0)),
            rule: None,
            reason: error.message().replace('\n', ", "),
        })?;
        let version_fits = |version: &str| {
            let part = |b: u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
            !version.is_empty() && version.len() <= 40 && version.bytes().all(part)
        };
        if !version_fits(form.version.get_ref()) {
            let reason = "`version` must be 1 to 40 letters, digits, `-` or `.`".to_owned();
            return Err(PackError { line: at(form.version.span()), rule: None, reason });
        }
        if form.effective_until.is_some_and(|until| until < form.effective_from) {
            return Err(whole("`effective_until` lies before `effective_from`".to_owned()));
        }
        if form.rules.len() > RULES_MAX {
            return Err(whole(format!("more than {RULES_MAX} rules")));
        }
        let mut pack = Self {
            version: form.version.into_inner().into(),
            effective_from: form.effective_from,
            effective_until: form.effective_until,
            source: form.source,
            covers: read_covers(form.categories, &at)?,
            roll_over_rest_days: form.parameters.roll_over_rest_days,
            guards: Vec::new(),
            entitlements: Vec::new(),
            amounts: Vec::new(),
            breaches: Vec::new(),
            fallbacks: Vec::new(),
        };
        let last_line = line_of(text, text.len());
        pack.read_rules(form.rules, form.parameters, &at)?;
        match pack.fallbacks.last() {
            Some(last) if last.when.is_empty() => Ok(pack),
            _ => Err(PackError {
                line: last_line,
                rule: None,
                reason: "the last `fallback` rule must hold always (`when = {}`), so that no case \
                         is left without an answer"
                    .to_owned(),
            }),
        }
    }

    /// The pack that comes with the program.
    pub fn builtin() -> Self {
        Self::parse(BUILTIN).expect("the embedded pack is read by a test")
    }

    /// The text of the pack that comes with the program, as a start for one's own.
    pub fn builtin_text() -> &'static str {
        BUILTIN
    }

    /// The version, as pinned to a case at filing.
    pub fn version(&self) -> &Arc<str> {
        &self.version
    }

    /// Where the pack as a whole comes from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the pack is meant for cases filed on this day; both ends count.
    pub fn is_effective(&self, day: NaiveDate) -> bool {
        self.effective_from <= day && self.effective_until.is_none_or(|until| day <= until)
    }

    /// Warranty and depreciation of a category.
    pub fn cover(&self, category: Category) -> &Cover {
        &self.covers[category as usize]
    }

    /// Every row's text, in the order of the stages and of the file within each.
    pub fn rules(&self) -> impl Iterator<Item = &Arc<RuleText>> {
        [&self.guards, &self.entitlements, &self.amounts, &self.breaches, &self.fallbacks]
            .into_iter()
            .flatten()
            .map(|rule| &rule.text)
    }

    /// What a row gives the customer; `None` for a row that gives no remedy, or is not in the pack.
    pub fn grant(&self, id: &RuleId) -> Option<Grant<'_>> {
        let stages = [&self.guards, &self.entitlements, &self.amounts, &self.breaches];
        let rule = stages.into_iter().flatten().find(|rule| rule.text.id == *id)?;
        let remedies = rule.effect.remedies();
        (!remedies.is_empty()).then(|| Grant { remedies, promise: rule.when.promise() })
    }

    fn read_rules(
        &mut self,
        forms: Vec<Spanned<RuleForm>>,
        parameters: Parameters,
        at: &impl Fn(std::ops::Range<usize>) -> u32,
    ) -> Result<(), PackError> {
        for form in forms {
            let line = at(form.span());
            let form = form.into_inner();
            let id = form.id.clone();
            let refuse = |reason: String| PackError { line, rule: Some(id.clone()), reason };
            if self.rules().any(|rule| rule.id.as_str() == id) {
                return Err(refuse("the id is used twice".to_owned()));
            }
            let rule = Rule::compile(form, parameters.counted_from).map_err(refuse)?;
            match rule.text.stage {
                Stage::Guard => self.guards.push(rule),
                Stage::Entitlement => self.entitlements.push(rule),
                Stage::Amount => self.amounts.push(rule),
                Stage::Breach => self.breaches.push(rule),
                Stage::Fallback => self.fallbacks.push(rule),
            }
        }
        Ok(())
    }
}

fn line_of(text: &str, offset: usize) -> u32 {
    let before = text.as_bytes().iter().take(offset);
    let breaks = before.filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks).map_or(u32::MAX, |breaks| breaks.saturating_add(1))
}

fn read_covers(
    forms: Vec<Spanned<CategoryForm>>,
    at: &impl Fn(std::ops::Range<usize>) -> u32,
) -> Result<Vec<Cover>, PackError> {
    let mut found: Vec<Option<Cover>> = vec![None; Category::ALL.len()];
    for form in forms {
        let line = at(form.span());
        let form = form.into_inner();
        let refuse = |reason: String| PackError { line, rule: None, reason };
        let name = form.name;
        let whole_first = form.whole_unit_months <= form.main_part_months;
        if !whole_first || form.main_part_months > WARRANTY_MONTHS_MAX {
            return Err(refuse(format!(
                "category {name}: months must be whole unit <= main parts <= {WARRANTY_MONTHS_MAX}"
            )));
        }
        if i128::from(form.depreciation_per_day) > RATE_DENOMINATOR {
            return Err(refuse(format!("category {name}: depreciation is above the price a day")));
        }
        let slot = &mut found[name as usize];
        if slot.is_some() {
            return Err(refuse(format!("category {name} is given twice")));
        }
        *slot = Some(Cover {
            category: name,
            whole_unit_months: form.whole_unit_months,
            main_part_months: form.main_part_months,
            main_parts: form.main_parts,
            depreciation_per_day: form.depreciation_per_day,
            source: form.source,
        });
    }
    let missing = |category: Category| PackError {
        line: 1,
        rule: None,
        reason: format!("category {category} is missing"),
    };
    found
        .into_iter()
        .zip(Category::ALL)
        .map(|(cover, category)| cover.ok_or_else(|| missing(*category)))
        .collect()
}

#[cfg(test)]
mod tests;
