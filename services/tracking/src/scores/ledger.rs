//! Figures as sums of marks: what a change of a case's marks changes, and what is restated by it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use parasol_journey::ids::CaseId;
use serde::{Deserialize, Serialize};

use super::marks::{Figure, Mark, Marks};
use super::period::Month;

/// What a figure stands at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many occurrences count.
    pub count: i64,
    /// The sum of their values.
    pub sum: i64,
    /// How many are left out.
    pub excluded: i64,
}

impl Tally {
    /// With one more.
    fn add(&mut self, mark: &Mark) {
        self.take(mark, 1);
    }

    fn take(&mut self, mark: &Mark, times: i64) {
        if mark.excluded.is_empty() {
            self.count += times;
            self.sum += times * mark.value;
        } else {
            self.excluded += times;
        }
    }

    /// Changed by a difference.
    #[must_use]
    pub fn changed(self, by: Self) -> Self {
        Self {
            count: self.count + by.count,
            sum: self.sum + by.sum,
            excluded: self.excluded + by.excluded,
        }
    }
}

/// What a new reading of a case changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Marks that are new or other.
    pub written: Vec<((Figure, u64), Mark)>,
    /// Marks that are no more.
    pub removed: Vec<(Figure, u64)>,
    /// By how much each figure changes; figures that stay are left out.
    pub tallies: BTreeMap<Figure, Tally>,
}

/// What is different now.
pub fn difference(before: &Marks, after: &Marks) -> Difference {
    let mut difference = Difference::default();
    for (key, mark) in after {
        let known = before.get(key);
        if known == Some(mark) {
            continue;
        }
        let tally = difference.tallies.entry(key.0.clone()).or_default();
        if let Some(known) = known {
            tally.take(known, -1);
        }
        tally.add(mark);
        difference.written.push((key.clone(), *mark));
    }
    for (key, mark) in before {
        if !after.contains_key(key) {
            difference.tallies.entry(key.0.clone()).or_default().take(mark, -1);
            difference.removed.push(key.clone());
        }
    }
    difference.tallies.retain(|_, tally| *tally != Tally::default());
    difference
}

/// A change of a figure whose month was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restated {
    /// The figure.
    pub figure: Figure,
    /// The case behind it.
    pub case: CaseId,
    /// What it stood at.
    pub before: Tally,
    /// What it stands at.
    pub after: Tally,
}

/// All figures as they stand, in memory: the same sums that the store keeps, for tests and recounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The marks of each case.
    pub cases: BTreeMap<CaseId, Marks>,
    /// The figures.
    pub figures: BTreeMap<Figure, Tally>,
    /// The figures of published months, as they were published.
    pub published: BTreeMap<Figure, Tally>,
    /// Which months those are.
    pub months: BTreeSet<Month>,
    /// What changed since.
    pub restated: Vec<Restated>,
}

impl Ledger {
    /// Takes in a case as its log now reads.
    pub fn take(&mut self, case: CaseId, after: Marks) {
        let before = self.cases.remove(&case).unwrap_or_default();
        let difference = difference(&before, &after);
        for (figure, by) in difference.tallies {
            let stood = self.figures.entry(figure.clone()).or_default();
            let before = *stood;
            *stood = before.changed(by);
            if self.months.contains(&figure.month) {
                let after = *stood;
                self.restated.push(Restated { figure, case, before, after });
            }
        }
        self.cases.insert(case, after);
    }

    /// Freezes a month as it stands.
    pub fn publish(&mut self, month: Month) {
        self.months.insert(month);
        let of_month = self.figures.iter().filter(|(figure, _)| figure.month == month);
        self.published.extend(of_month.map(|(figure, tally)| (figure.clone(), *tally)));
    }
}

/// Counts everything from the beginning.
pub fn recount<'a>(cases: impl IntoIterator<Item = &'a Marks>) -> BTreeMap<Figure, Tally> {
    let mut figures: BTreeMap<Figure, Tally> = BTreeMap::new();
    for marks in cases {
        for ((figure, _), mark) in marks {
            figures.entry(figure.clone()).or_default().add(mark);
        }
    }
    figures
}
