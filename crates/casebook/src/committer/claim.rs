//! Claiming: keys that only one may hold are taken before anything is written, so that whoever loses
//! one is dropped from the batch instead of failing it.

use std::collections::{BTreeMap, HashMap};

use sea_orm::DbErr;

use super::Writer;
use super::plan::Planned;
use super::write::{Cause, Failed, Refused, failed};
use crate::dialect::{Batch, Conflict, Direct, Transaction};
use crate::row::{Cell, Table};
use crate::submission::Error;

type Row = Vec<Cell>;
type Key = Vec<Cell>;

/// The keys a batch asks for, each with the row of whoever asked first. Sorted, so that two writers
/// take the same keys in the same order and cannot wait for each other.
type Wanted = BTreeMap<&'static str, (&'static Table, BTreeMap<Key, Row>)>;

/// Keys that were free and are ours now, with the row that stands there.
type Got = HashMap<(&'static str, Key), Row>;

impl Writer {
    /// Takes every key that is claimed. A command that did not get all of its keys gives back those it
    /// got and is refused; a later command of the batch may have them.
    pub(super) async fn claim(
        &self,
        transaction: &Transaction,
        planned: Vec<Planned>,
    ) -> Result<(Vec<Planned>, Refused), Failed> {
        let wanted = wanted(&planned);
        if wanted.is_empty() {
            return Ok((planned, Vec::new()));
        }
        let got = match self.take(transaction, wanted).await {
            Ok(got) => got,
            Err(error) => return Err(failed(planned, Vec::new(), Cause::Store(error))),
        };
        let (winners, losers, mended) = settle(planned, got);
        if mended.is_empty() {
            return Ok((winners, losers));
        }
        match self.parts.store.engine.write(transaction, &mended).await {
            Ok(_) => Ok((winners, losers)),
            Err(error) => Err(failed(winners, losers, Cause::Store(error))),
        }
    }

    /// Drops whoever claims a key that somebody holds, or that an earlier command of the batch claims;
    /// for the swift road, after a batch was lost.
    pub(super) async fn drop_losers(
        &self,
        direct: &Direct,
        planned: Vec<Planned>,
    ) -> Result<(Vec<Planned>, Refused), Failed> {
        let claimed = claimed_rows(&planned);
        let mut taken = match direct.taken(&claimed).await {
            Ok(taken) => taken,
            Err(error) => return Err(failed(planned, Vec::new(), Cause::Store(error))),
        };
        let place = |table: &Table| claimed.iter().position(|(one, _)| one.name == table.name);
        let (mut winners, mut losers) = (Vec::with_capacity(planned.len()), Vec::new());
        for one in planned {
            let keys = one.claims.iter().map(|(table, row)| (*table, table.key_of(row)));
            let keys: Vec<_> = keys.collect();
            let marks = keys.iter().map(|(table, key)| {
                (place(table).unwrap_or_default(), key.iter().map(Cell::text).collect::<Vec<_>>())
            });
            let marks: Vec<_> = marks.collect();
            match marks.iter().position(|mark| taken.contains(mark)) {
                Some(nth) => {
                    let (table, key) = keys[nth].clone();
                    losers.push((one.pending, Error::Taken { table: table.name, key }));
                }
                None => {
                    taken.extend(marks);
                    winners.push(one);
                }
            }
        }
        Ok((winners, losers))
    }

    async fn take(&self, transaction: &Transaction, wanted: Wanted) -> Result<Got, DbErr> {
        let mut got = Got::new();
        for (name, (table, mut rows)) in wanted {
            let asked: Vec<Row> = rows.values().cloned().collect();
            let engine = self.parts.store.engine;
            for key in engine.claim_rows(transaction, table, &asked).await? {
                if let Some(row) = rows.remove(&key) {
                    got.insert((name, key), row);
                }
            }
        }
        Ok(got)
    }
}

/// Every row that claims a key, in the order in which all writers take them. Two that claim the same key
/// both stand here: then one of them has lost.
pub(super) fn claimed_rows(planned: &[Planned]) -> Vec<(&'static Table, Vec<Row>)> {
    let mut claimed: BTreeMap<&'static str, (&'static Table, Vec<Row>)> = BTreeMap::new();
    for (table, row) in planned.iter().flat_map(|one| &one.claims) {
        claimed.entry(table.name).or_insert((table, Vec::new())).1.push(row.clone());
    }
    claimed
        .into_values()
        .map(|(table, mut rows)| {
            rows.sort_by_cached_key(|row| table.key_of(row));
            (table, rows)
        })
        .collect()
}

fn wanted(planned: &[Planned]) -> Wanted {
    let mut wanted = Wanted::new();
    for (table, row) in planned.iter().flat_map(|one| &one.claims) {
        let (_, rows) = wanted.entry(table.name).or_insert_with(|| (table, BTreeMap::new()));
        rows.entry(table.key_of(row)).or_insert_with(|| row.clone());
    }
    wanted
}

/// Says who wins, in the order of the batch, and what has to be written so that each key taken stands
/// with its winner's row, or is free again.
fn settle(planned: Vec<Planned>, mut got: Got) -> (Vec<Planned>, Refused, Batch) {
    let mut winners = Vec::with_capacity(planned.len());
    let mut losers = Vec::new();
    let mut changed: BTreeMap<&'static str, (&'static Table, Vec<Row>)> = BTreeMap::new();
    let mut tables: BTreeMap<&'static str, &'static Table> = BTreeMap::new();
    for one in planned {
        tables.extend(one.claims.iter().map(|(table, _)| (table.name, *table)));
        let missed = one.claims.iter().find_map(|(table, row)| {
            let key = table.key_of(row);
            let is_free = got.contains_key(&(table.name, key.clone()));
            (!is_free).then_some(Error::Taken { table: table.name, key })
        });
        if let Some(error) = missed {
            losers.push((one.pending, error));
            continue;
        }
        for (table, row) in &one.claims {
            let stands = got.remove(&(table.name, table.key_of(row)));
            if stands.is_some_and(|stands| stands != *row) {
                changed.entry(table.name).or_insert((table, Vec::new())).1.push(row.clone());
            }
        }
        winners.push(one);
    }
    (winners, losers, mend(changed, got, &tables))
}

fn mend(
    changed: BTreeMap<&'static str, (&'static Table, Vec<Row>)>,
    left: Got,
    tables: &BTreeMap<&'static str, &'static Table>,
) -> Batch {
    let mut batch = Batch::default();
    for (_, (table, rows)) in changed {
        batch.inserts.push((table, Conflict::Replace, rows));
    }
    let mut free: BTreeMap<&'static str, Vec<Key>> = BTreeMap::new();
    for (name, key) in left.into_keys() {
        free.entry(name).or_default().push(key);
    }
    for (name, mut keys) in free {
        keys.sort();
        batch.deletes.push((tables[name], keys));
    }
    batch
}
