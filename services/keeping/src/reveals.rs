//! The log of reveals: who was shown a name, a number or an address of a case's customer in full, by which method, in
//! which hour.
//!
//! What was shown is noticed where it leaves the house, by the layer that masks answers, and handed over through a queue
//! with a bound; a loop of each process writes it down, a batch at a time. An hour of one reader, case and method is one row,
//! however often they looked. What is shown is never in it. An answer does not wait for its row: a process that is
//! killed loses those of the last moment, and what finds the queue full is counted.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use parasol_api::Error;
use parasol_api::admin::v1::Reveal;
use parasol_api::common::v1::Personal;
use parasol_api::convert::to_timestamp;
use parasol_casebook::{Caller, RowOp, RowsDeed, Store, Submission, Target};
use parasol_desk::{Desk, to_error};
use parasol_journey::ids::CaseId;
use parasol_journey::time::{HOUR, Timestamp};
use parasol_journey::{Actor, ActorKind};
use parasol_runtime::transport::reveals::{Revealed, Seen};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::tables::reveals;

/// Entries that are listed.
const LISTED_MAX: u64 = 500;
/// Answers whose reveals are written in one commit.
const ANSWERS_MAX: usize = 256;
/// Rows that are remembered to be written already; with more all are forgotten, and some are written twice alike.
const REMEMBERED_MAX: usize = 20_000;

/// A row without what it says: case, hour, reader, method.
type Key = (Uuid, i64, String, String);

/// Writes down what was shown. Clones share their memory.
#[derive(Clone)]
pub struct Writer {
    desk: Desk,
    seen: Arc<Mutex<Seen>>,
    written: Arc<Mutex<HashSet<(Key, String)>>>,
}

impl Writer {
    /// The writer of a process, for what its layers have seen.
    pub fn new(desk: Desk, seen: Seen) -> Self {
        Self { desk, seen: Arc::new(Mutex::new(seen)), written: Arc::default() }
    }

    /// Writes what waits, of at most 256 answers; whether there may be more.
    ///
    /// # Errors
    /// What the store says; what was taken from the queue then waits for the next time.
    pub async fn run_once(&self) -> Result<bool, Error> {
        let mut seen = self.seen.lock().await;
        let taken = seen.waiting(ANSWERS_MAX);
        let is_full = taken.len() >= ANSWERS_MAX;
        let mut merged: BTreeMap<Key, BTreeSet<Personal>> = BTreeMap::new();
        for Revealed { reader, method, at, shown } in taken {
            for (case, kinds) in shown {
                let case = case.parse::<CaseId>().map_or(Uuid::nil(), |case| case.uuid());
                let key = (case, hour_of(*at), reader.clone(), method.clone());
                merged.entry(key).or_default().extend(kinds);
            }
        }
        let mut written = self.written.lock().await;
        if written.len() > REMEMBERED_MAX {
            written.clear();
        }
        let fresh: Vec<_> = merged
            .into_iter()
            .map(|(key, kinds)| (key, joined(&kinds)))
            .filter(|row| !written.contains(row))
            .collect();
        if !fresh.is_empty() {
            self.write(fresh.iter().map(|(key, kinds)| put(key.clone(), kinds.clone())).collect())
                .await?;
            written.extend(fresh);
        }
        seen.done();
        Ok(is_full)
    }

    async fn write(&self, rows: Vec<RowOp>) -> Result<(), Error> {
        let submission = Submission {
            target: Target::NoCase,
            key: None,
            caller: Caller {
                principal: "service:keeping".to_owned(),
                method: "keeping.reveals",
                trace: String::new(),
            },
            actor: Actor::new(ActorKind::Policy, "keeping.reveals"),
            expected: None,
            deed: Arc::new(RowsDeed { rows, answer: Vec::new() }),
        };
        let written = self.desk.submitter.submit(submission).await;
        written.map(|_| ()).map_err(|error| to_error(error, None))
    }
}

fn hour_of(at: Timestamp) -> i64 {
    at.micros() - at.micros().rem_euclid(HOUR)
}

fn joined(kinds: &BTreeSet<Personal>) -> String {
    let numbers: Vec<_> = kinds.iter().map(|kind| (*kind as i32).to_string()).collect();
    numbers.join(",")
}

fn put((case, hour, reader, method): Key, kinds: String) -> RowOp {
    RowOp::put(reveals::ActiveModel {
        case_id: Set(case),
        hour: Set(hour),
        reader: Set(reader),
        method: Set(method),
        kinds: Set(kinds),
    })
}

/// The rows that say that a reader was shown something of cases at a time.
pub(crate) fn rows<'a>(
    reader: &str,
    method: &str,
    shown: impl Iterator<Item = (Uuid, &'a BTreeSet<Personal>)>,
    at: Timestamp,
) -> Vec<RowOp> {
    let key = |case| (case, hour_of(at), reader.to_owned(), method.to_owned());
    shown.map(|(case, kinds)| put(key(case), joined(kinds))).collect()
}

/// Who was shown something of these cases, the newest first.
///
/// # Errors
/// What the engine says.
pub(crate) async fn listed(store: &Store, cases: &[CaseId]) -> Result<Vec<Reveal>, DbErr> {
    let rows = reveals::Entity::find()
        .filter(reveals::Column::CaseId.is_in(cases.iter().map(|case| case.uuid())))
        .order_by_desc(reveals::Column::Hour)
        .order_by_desc(reveals::Column::Reader)
        .limit(LISTED_MAX)
        .all(store.reader())
        .await?;
    let shown = |row: reveals::Model| Reveal {
        case_id: CaseId::new(row.case_id).to_string(),
        reader: row.reader,
        method: row.method,
        kinds: row.kinds.split(',').filter_map(|kind| kind.parse().ok()).collect(),
        hour: Some(to_timestamp(Timestamp::from_micros(row.hour))),
    };
    Ok(rows.into_iter().map(shown).collect())
}
