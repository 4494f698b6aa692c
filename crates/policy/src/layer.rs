//! Layers: law, provinces, brands and promises as files of their own, each with its days and source.
//!
//! A pack is a manifest that names its layers with their versions. The first layer is the law; those
//! behind it add rows, put rows before rows of the law, and lay parameters over it.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What kind of rules a layer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerKind {
    /// National law, and the house's rules where the law is silent.
    Law,
    /// What a province does differently; its rows hold there alone.
    Province,
    /// What manufacturers give beyond the law.
    Brand,
    /// What was promised or sold with a unit.
    Promise,
}

/// A layer of a pack, as a reader is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// What kind of rules it has.
    pub kind: LayerKind,
    /// Its version, as the manifest names it.
    pub version: String,
    /// The first day it is for, by the day of filing.
    pub valid_from: NaiveDate,
    /// The last day; `None` while none is known.
    pub valid_until: Option<NaiveDate>,
    /// Where its rules come from.
    pub source: String,
    /// How many rows it has.
    pub rules: usize,
}

/// A stretch of days; both ends count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) from: NaiveDate,
    pub(crate) until: Option<NaiveDate>,
}

impl Validity {
    /// A stretch, unless it ends before it begins.
    pub(crate) fn new(from: NaiveDate, until: Option<NaiveDate>) -> Result<Self, String> {
        match until {
            Some(until) if until < from => {
                Err(format!("the last day, {until}, lies before the first, {from}"))
            }
            until => Ok(Self { from, until }),
        }
    }

    /// The part of it that lies between two days.
    pub(crate) fn narrowed(
        self,
        from: Option<NaiveDate>,
        until: Option<NaiveDate>,
    ) -> Result<Self, String> {
        let until = match (self.until, until) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        Self::new(self.from.max(from.unwrap_or(self.from)), until)
    }

    pub(crate) fn contains(self, day: NaiveDate) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    /// Whether every day of `other` is one of ours.
    pub(crate) fn covers(self, other: Self) -> bool {
        let lasts = match (self.until, other.until) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(ours), Some(theirs)) => theirs <= ours,
        };
        self.from <= other.from && lasts
    }
}

/// One file of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackFile {
    /// Its name without a folder, such as `law.toml`.
    pub name: String,
    /// What is in it.
    pub text: String,
}

impl PackFile {
    /// A file.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// The name of the file with this file's tests: `law.tests.toml` beside `law.toml`.
    pub fn name_of_tests(name: &str) -> String {
        format!("{}.tests.toml", name.strip_suffix(".toml").unwrap_or(name))
    }

    /// The line an offset stands on, from 1.
    pub(crate) fn line(&self, offset: usize) -> u32 {
        let before = self.text.as_bytes().iter().take(offset);
        let breaks = before.filter(|byte| **byte == b'\n').count();
        u32::try_from(breaks).map_or(u32::MAX, |breaks| breaks.saturating_add(1))
    }
}

/// Why files are no pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct PackError {
    /// The file where it goes wrong.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The row, where the trouble is inside one.
    pub rule: Option<String>,
    /// What is wrong, in one sentence.
    pub reason: String,
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", self.file, self.line)?;
        if let Some(rule) = &self.rule {
            write!(f, ", rule {rule}")?;
        }
        write!(f, ": {}", self.reason)
    }
}
