//! The feed: every event of the cell in one order without gaps, numbered after its commit.
//!
//! A commit leaves one row that lists its events. The sequencer, alone under a lease, turns waiting
//! rows into chunks with positions. No database sequence decides the order, because sequences have
//! holes and are handed out before commits; and because a case's next event can only commit after its
//! last one, sorting what is visible by time and case keeps every case in order. In the same transaction
//! the commits' rows of the audit trail are chained, see [`crate::audit`].

use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::lease::{Held, still_held};
use crate::store::Store;
use crate::tables::{commits, feed};

/// The name of the sequencer's lease.
pub const SEQUENCER: &str = "sequencer";
/// The most events in one chunk: what a reader of one event reads at most.
const CHUNK_MAX: usize = 256;
/// The most chunks in one statement.
const CHUNKS_AT_ONCE: usize = 1_000;

/// One numbered event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// Its position in the feed: 1, 2, 3 …
    pub position: u64,
    /// The case.
    pub case: CaseId,
    /// Its number in the case.
    pub seq: u64,
}

/// A piece of the feed, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its events.
    pub events: Vec<Numbered>,
    /// Whether it was cut where as much was read as was asked for. Whoever follows the feed reads on at once then,
    /// and else waits for the next ring or its next turn: reading on after every event that a busy cell numbers would
    /// be reading without end.
    pub more: bool,
}

/// What one pass of the sequencer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequenced {
    /// So many events were numbered; 0 when none waited, though commits without events may have.
    Events(u64),
    /// The lease is another's by now; nothing was numbered.
    LeaseLost,
}

type Entry = (Uuid, u64, u64, i64);

impl Store {
    /// Numbers every commit that waits, and chains its rows of the audit trail.
    ///
    /// # Errors
    /// What the engine says; nothing is then numbered.
    pub async fn sequence(&self, held: &Held, now: Timestamp) -> Result<Sequenced, DbErr> {
        let transaction = self.writer.begin().await?;
        if !still_held(&transaction, held, now).await? {
            transaction.rollback().await?;
            return Ok(Sequenced::LeaseLost);
        }
        let waiting = self.engine.take_commits(&transaction).await?;
        if waiting.is_empty() {
            transaction.rollback().await?;
            return Ok(Sequenced::Events(0));
        }
        let (entries, audit): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        let events = in_order(&entries)?;
        self.extend_chain(&transaction, &audit, now).await?;
        if events.is_empty() {
            transaction.commit().await?;
            return Ok(Sequenced::Events(0));
        }
        let mut first = last_position(&transaction).await? + 1;
        let mut chunks = Vec::with_capacity(events.len().div_ceil(CHUNK_MAX));
        for chunk in events.chunks(CHUNK_MAX) {
            let last = first + i64::try_from(chunk.len()).unwrap_or(i64::MAX) - 1;
            let entries = serde_json::to_string(chunk).map_err(broken)?;
            let row =
                feed::ActiveModel { first: Set(first), last: Set(last), entries: Set(entries) };
            chunks.push(row);
            first = last + 1;
        }
        for rows in chunks.chunks(CHUNKS_AT_ONCE) {
            let insert = feed::Entity::insert_many(rows.to_vec());
            insert.exec_without_returning(&transaction).await?;
        }
        transaction.commit().await?;
        Ok(Sequenced::Events(events.len() as u64))
    }

    /// Up to `chunks` chunks of events after a position, in order; a chunk has at most 256 events.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn feed_after(&self, position: u64, chunks: u64) -> Result<Stretch, DbErr> {
        let after = i64::try_from(position).unwrap_or(i64::MAX);
        let rows = feed::Entity::find()
            // No chunk is longer than this, so none of those before it reaches past the position; the
            // search starts there and not at the beginning of time.
            .filter(feed::Column::First.gt(after.saturating_sub(CHUNK_MAX as i64)))
            .filter(feed::Column::Last.gt(after))
            .order_by(feed::Column::First, Order::Asc)
            .limit(chunks)
            .all(self.house())
            .await?;
        let more = rows.len() as u64 == chunks;
        let mut events = Vec::new();
        for row in rows {
            let entries: Vec<(Uuid, u64)> = serde_json::from_str(&row.entries).map_err(broken)?;
            let first = u64::try_from(row.first).unwrap_or_default();
            let numbered = (first..).zip(entries).map(|(position, (case, seq))| Numbered {
                position,
                case: CaseId::new(case),
                seq,
            });
            events.extend(numbered.filter(|one| one.position > position));
        }
        Ok(Stretch { events, more })
    }

    /// The last position given.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn feed_position(&self) -> Result<u64, DbErr> {
        let last = last_position(self.house()).await?;
        Ok(u64::try_from(last).unwrap_or_default())
    }

    /// The moment before which every commit has its numbers: `now`, or when the oldest commit that
    /// still waits was decided. Ask before reading the feed, and the reader has everything that was
    /// committed before the answer.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn numbered_until(&self, now: Timestamp) -> Result<Timestamp, DbErr> {
        let waiting: Vec<String> = commits::Entity::find()
            .select_only()
            .column(commits::Column::Entries)
            .into_tuple()
            .all(self.house())
            .await?;
        let mut until = now;
        for entries in waiting {
            let listed: Vec<Entry> = serde_json::from_str(&entries).map_err(broken)?;
            let oldest = listed.iter().map(|(_, _, _, at)| Timestamp::from_micros(*at)).min();
            until = oldest.map_or(until, |at| until.min(at));
        }
        Ok(until)
    }
}

async fn last_position(connection: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let last: Option<i64> = feed::Entity::find()
        .select_only()
        .column(feed::Column::Last)
        .order_by(feed::Column::First, Order::Desc)
        .limit(1)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(last.unwrap_or(0))
}

/// All events of the waiting commits, each case in its own order.
fn in_order(waiting: &[String]) -> Result<Vec<(Uuid, u64)>, DbErr> {
    let mut entries: Vec<Entry> = Vec::new();
    for commit in waiting {
        let listed: Vec<Entry> = serde_json::from_str(commit).map_err(broken)?;
        entries.extend(listed);
    }
    entries.sort_by_key(|(case, first, _, at)| (*at, *case, *first));
    let expand = |(case, first, last, _): Entry| (first..=last).map(move |seq| (case, seq));
    Ok(entries.into_iter().flat_map(expand).collect())
}

fn broken(error: serde_json::Error) -> DbErr {
    DbErr::Json(error.to_string())
}
