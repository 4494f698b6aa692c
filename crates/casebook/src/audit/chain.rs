//! Writing the chain: after the commit, in the transaction of the sequencer.

use parasol_journey::time::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, Order,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::{ENTRY_BYTES, Head, KEPT, Kept, Link, Queued, queued};
use crate::lease::{Held, still_held};
use crate::store::{Store, instant};
use crate::tables::{audit_backlog, audit_chain, commands, commits};

/// The most rows in a stretch.
const STRETCH_MAX: usize = 256;
/// The most stretches in one statement.
const STRETCHES_AT_ONCE: usize = 1_000;
/// The most rows from before the chain that are linked in one transaction.
const BACKLOG_MAX: u64 = 1_000;

/// The end of the chain as it is stored.
struct Tail {
    position: i64,
    at: i64,
    link: Link,
}

/// Rows of the trail that have no link yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unchained {
    /// Rows that wait for the sequencer.
    pub waiting: u64,
    /// When the oldest of them was committed.
    pub oldest: Option<Timestamp>,
    /// Rows from before there was a chain that are still to be linked.
    pub backlog: u64,
}

impl Store {
    /// The newest link of the chain, signed; `None` while there is none.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn audit_head(&self) -> Result<Option<Head>, DbErr> {
        let tail = tail(self.house()).await?;
        Ok(tail.map(|tail| Head::sign(&self.chain, tail.position, tail.at, tail.link)))
    }

    /// How far the chain is behind the commits.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn unchained(&self) -> Result<Unchained, DbErr> {
        let mut found = Unchained::default();
        for row in self.waiting_for_links().await? {
            let at = instant(row.at);
            found.waiting += 1;
            found.oldest = Some(found.oldest.map_or(at, |oldest| oldest.min(at)));
        }
        found.backlog = audit_backlog::Entity::find().count(self.house()).await?;
        Ok(found)
    }

    /// Links rows from before there was a chain, oldest first and a thousand at most; how many, 0 when none is
    /// left, and `None` when the sequencer's lease is another's by now.
    ///
    /// # Errors
    /// What the engine says; nothing is then linked.
    pub async fn chain_backlog(&self, held: &Held, now: Timestamp) -> Result<Option<u64>, DbErr> {
        let oldest = audit_backlog::Entity::find()
            .order_by_asc(audit_backlog::Column::At)
            .order_by_asc(audit_backlog::Column::Key)
            .limit(BACKLOG_MAX);
        let transaction = self.writer.begin().await?;
        if !still_held(&transaction, held, now).await? {
            transaction.rollback().await?;
            return Ok(None);
        }
        let taken = oldest.all(&transaction).await?;
        let Some(last) = taken.last() else {
            transaction.rollback().await?;
            return Ok(Some(0));
        };
        let mut rows: Vec<Queued> = Vec::with_capacity(taken.len());
        for part in taken.chunks(STRETCH_MAX) {
            let found = kept(&transaction, part.iter().map(|row| row.key)).await?;
            // One that is gone by now has left no trace that would have to stay.
            let kept = |key: Uuid| found.iter().find(|row| row.key == key);
            rows.extend(part.iter().filter_map(|row| kept(row.key)).map(waiting));
        }
        self.link_rows(&transaction, &rows, now).await?;
        let done = sea_orm::Condition::any().add(audit_backlog::Column::At.lt(last.at)).add(
            sea_orm::Condition::all()
                .add(audit_backlog::Column::At.eq(last.at))
                .add(audit_backlog::Column::Key.lte(last.key)),
        );
        audit_backlog::Entity::delete_many().filter(done).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(Some(taken.len() as u64))
    }

    /// Links the rows of commits, which are in no order; called with the sequencer's lease locked.
    pub(crate) async fn extend_chain(
        &self,
        transaction: &impl ConnectionTrait,
        commits: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<(), DbErr> {
        let mut commits: Vec<Vec<Queued>> =
            commits.iter().map(|waiting| queued(waiting).collect()).collect();
        commits.sort_by_key(|rows| rows.first().map(|row| (row.at, row.key)));
        let rows: Vec<Queued> = commits.into_iter().flatten().collect();
        self.link_rows(transaction, &rows, now).await
    }

    async fn link_rows(
        &self,
        transaction: &impl ConnectionTrait,
        rows: &[Queued],
        now: Timestamp,
    ) -> Result<(), DbErr> {
        if rows.is_empty() {
            return Ok(());
        }
        let key = self.chain.current();
        let tail = tail(transaction).await?;
        let (mut position, mut link) = tail.map_or((0, [0; 32]), |tail| (tail.position, tail.link));
        let mut stretches = Vec::with_capacity(rows.len().div_ceil(STRETCH_MAX));
        for part in rows.chunks(STRETCH_MAX) {
            let first = position.saturating_add(1);
            let mut entries = Vec::with_capacity(part.len() * ENTRY_BYTES);
            for row in part {
                position = position.saturating_add(1);
                link = key.link(position, &link, &row.digest);
                entries.extend_from_slice(row.key.as_bytes());
                entries.extend_from_slice(&link);
            }
            stretches.push(audit_chain::ActiveModel {
                first: Set(first),
                last: Set(position),
                at: Set(now.micros()),
                key_id: Set(key.id.clone()),
                entries: Set(entries),
                link: Set(link.to_vec()),
            });
        }
        for rows in stretches.chunks(STRETCHES_AT_ONCE) {
            let insert = audit_chain::Entity::insert_many(rows.to_vec());
            insert.exec_without_returning(transaction).await?;
        }
        Ok(())
    }

    /// The rows that wait in commits the sequencer has not taken.
    pub(super) async fn waiting_for_links(&self) -> Result<Vec<Queued>, DbErr> {
        let waiting: Vec<Vec<u8>> = commits::Entity::find()
            .select_only()
            .column(commits::Column::Audit)
            .into_tuple()
            .all(self.house())
            .await?;
        Ok(waiting.iter().flat_map(|bytes| queued(bytes).collect::<Vec<_>>()).collect())
    }
}

fn waiting(row: &Kept) -> Queued {
    Queued { key: row.key, at: row.at, digest: row.digest() }
}

/// What rows of the trail say, in any order.
pub(super) async fn kept(
    connection: &impl ConnectionTrait,
    keys: impl Iterator<Item = Uuid>,
) -> Result<Vec<Kept>, DbErr> {
    let rows = commands::Entity::find().select_only().columns(KEPT);
    rows.filter(commands::Column::Key.is_in(keys)).into_model().all(connection).await
}

/// The end of the chain. A link that somebody has cut short counts as zeros: the chain goes on, and what was
/// done to it is found when it is looked at.
async fn tail(connection: &impl ConnectionTrait) -> Result<Option<Tail>, DbErr> {
    let newest: Option<(i64, i64, Vec<u8>)> = audit_chain::Entity::find()
        .select_only()
        .columns([audit_chain::Column::Last, audit_chain::Column::At, audit_chain::Column::Link])
        .order_by(audit_chain::Column::First, Order::Desc)
        .limit(1)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(newest.map(|(position, at, link)| Tail {
        position,
        at,
        link: link.try_into().unwrap_or_default(),
    }))
}
