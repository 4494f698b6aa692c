//! What rows change, given what is stored and what came before them. Pure.

use std::collections::{HashMap, HashSet};

use parasol_api::Reason;
use parasol_casebook::{Cell, RowOp};
use sea_orm::IntoActiveModel as _;

use super::{Fault, Outcome, Row, Stored};
use crate::network::{Area, Capacity, Member, changed, listed};
use crate::tables::{centres, coverage};

/// What came earlier in the same import: a later row may refer to it, and must not contradict it.
#[derive(Clone, Default)]
pub struct Seen(HashMap<(Kind, String), Row>);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    County,
    Brand,
    Centre,
    Technician,
}

/// What some rows change, in an order in which it may be written piece by piece: the row itself comes
/// after everything that follows from it, so that a half-written one is found different and is
/// written again.
#[derive(Default)]
pub struct Plan {
    /// Rows to write.
    pub ops: Vec<RowOp>,
    /// What became of each row.
    pub outcomes: Vec<Outcome>,
}

/// Plans rows in their order.
pub fn plan<'a>(rows: impl Iterator<Item = &'a Row>, stored: &Stored, seen: &mut Seen) -> Plan {
    let mut plan = Plan::default();
    for row in rows {
        let outcome = plan.add(row, stored, seen);
        plan.outcomes.push(outcome);
    }
    plan
}

impl Plan {
    fn add(&mut self, row: &Row, stored: &Stored, seen: &mut Seen) -> Outcome {
        let key = key(row);
        if let Some(earlier) = seen.0.get(&key) {
            return match earlier == row {
                true => Outcome::Unchanged,
                false => Outcome::Refused(Fault::of("", Reason::RowDuplicate)),
            };
        }
        if let Some(fault) = missing(row, stored, seen) {
            return Outcome::Refused(fault);
        }
        seen.0.insert(key, row.clone());
        match row {
            Row::County(row) => {
                let before = stored.counties.get(&row.county);
                if before == Some(row) {
                    return Outcome::Unchanged;
                }
                self.ops.push(RowOp::put(row.clone().into_active_model()));
                if before.is_some() { Outcome::Updated } else { Outcome::Added }
            }
            Row::Brand(row) => self.put(stored.brands.get(&row.brand), &**row, |_, _, _| {}),
            Row::Technician(row) => {
                self.put(stored.technicians.get(&row.technician), &**row, |_, _, _| {})
            }
            Row::Centre(row) => self.put(stored.centres.get(&row.centre), &**row, Self::follow),
        }
    }

    /// Writes a row with what follows from it, unless it is as it was.
    fn put<M: Member>(
        &mut self,
        before: Option<&M>,
        row: &M,
        follow: impl FnOnce(&mut Self, Option<&M>, &M),
    ) -> Outcome {
        let mut row = row.clone();
        let Some(before) = before else {
            follow(self, None, &row);
            self.ops.push(row.put());
            return Outcome::Added;
        };
        row.set_standing(before.standing());
        if *before == row {
            return Outcome::Unchanged;
        }
        follow(self, Some(before), &row);
        self.ops.extend(changed(&mut row));
        Outcome::Updated
    }

    /// The index of who goes where follows from the centre.
    fn follow(&mut self, before: Option<&centres::Model>, row: &centres::Model) {
        let now = served(row);
        let kept: HashSet<_> = now.iter().map(coverage_key).collect();
        let old = before.map(served).unwrap_or_default();
        let gone = old.iter().map(coverage_key).filter(|key| !kept.contains(key));
        self.ops.extend(gone.map(RowOp::delete::<coverage::Entity>));
        self.ops.extend(now.into_iter().map(|row| RowOp::put(row.into_active_model())));
    }
}

fn key(row: &Row) -> (Kind, String) {
    match row {
        Row::County(row) => (Kind::County, row.county.clone()),
        Row::Brand(row) => (Kind::Brand, row.brand.clone()),
        Row::Centre(row) => (Kind::Centre, row.centre.clone()),
        Row::Technician(row) => (Kind::Technician, row.technician.clone()),
    }
}

/// What a row refers to and nobody knows.
fn missing(row: &Row, stored: &Stored, seen: &Seen) -> Option<Fault> {
    let known =
        |kind, key: &String, is_stored| is_stored || seen.0.contains_key(&(kind, key.clone()));
    match row {
        // A brand that lends its network may come later, or never.
        Row::County(_) | Row::Brand(_) => None,
        Row::Centre(row) => {
            let is_stored = stored.brands.contains_key(&row.brand);
            let known = known(Kind::Brand, &row.brand, is_stored);
            (!known).then(|| Fault::of("centre.brand", Reason::BrandUnknown))
        }
        Row::Technician(row) => {
            let is_stored = stored.centres.contains_key(&row.centre);
            let known = known(Kind::Centre, &row.centre, is_stored);
            (!known).then(|| Fault::of("technician.centre", Reason::CentreUnknown))
        }
    }
}

/// Every county and category a centre serves. A category without a capacity has none.
fn served(row: &centres::Model) -> Vec<coverage::Model> {
    let capacity: HashMap<_, _> = listed::<Capacity>(&row.daily_capacity)
        .into_iter()
        .map(|one| (one.category, one.visits))
        .collect();
    let areas = listed::<Area>(&row.coverage).into_iter();
    let served = areas.flat_map(|area| {
        let categories = area.categories.clone();
        categories.into_iter().map(move |category| (area.clone(), category))
    });
    served
        .map(|(area, category)| coverage::Model {
            county: area.county,
            brand: row.brand.clone(),
            category: category.as_str().to_owned(),
            centre: row.centre.clone(),
            home_county: row.county.clone(),
            visits: i64::from(capacity.get(&category).copied().unwrap_or_default()),
            valid_from: area.valid_from,
            valid_until: area.valid_until,
        })
        .collect()
}

fn coverage_key(row: &coverage::Model) -> Vec<Cell> {
    [&row.county, &row.brand, &row.category, &row.centre]
        .into_iter()
        .map(|text| Cell::from(text.as_str()))
        .collect()
}
