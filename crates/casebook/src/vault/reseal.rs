//! The chore of the vault: rows in clear are sealed, rows of an older key come under the newest.
//!
//! A row is changed only if it is still what was read, so that the chore may run beside writers, and at several
//! processes at once. One pass looks at a bounded stretch of keys and reads the rows of those alone that need it. A walk
//! that came to its end is noted with the newest key, for all processes: the next one is due when there is a newer
//! key, and once a day all the same, for what an older release has written since.

use std::collections::BTreeMap;

use parasol_journey::time::{Span, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ConnectionTrait as _, DbErr, FromQueryResult as _};
use uuid::Uuid;

use super::keyring::{Keyring, Place, Unreadable};
use crate::store::Store;
use crate::tables::vault;

/// Where rows lie that have keys: what is served, and what is put aside.
const TABLES: [&str; 2] = ["vault", "vault_withheld"];
/// The most keys that one pass looks at.
const LOOKED_AT_MAX: u64 = 5_000;
/// The fact that a walk came to its end: the number of the newest key and when it began, in microseconds.
const WALKED: &str = "vault_resealed";
/// When the vault is walked again without a newer key.
const WALK_AGAIN: Span = Span::hours(24);

/// A place in the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    table: usize,
    last: Option<(Uuid, String)>,
}

/// What one pass over a stretch of the vault did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Rows that were in clear and are sealed.
    pub sealed: u64,
    /// Rows whose key was wrapped by an older key.
    pub rewrapped: u64,
    /// Rows that do not open and were left as they are.
    pub unreadable: u64,
    /// Where the next pass begins; `None` after the last row.
    pub next: Option<Mark>,
}

/// What a key of a row says about it without its data.
struct Looked {
    subject: Uuid,
    kind: String,
    sealed_by: i64,
    is_in_clear: bool,
}

/// Whether a row is in clear: it was never sealed, or was written over by a release that knows of no keys.
fn is_plain(row: &vault::Model) -> bool {
    row.sealed_by == 0 || !row.body.is_empty()
}

impl Store {
    /// Seals and wraps anew at most `limit` rows behind a place, and looks at no more than 5,000; every row whose key is
    /// older than the newest.
    ///
    /// # Errors
    /// What the engine says; [`DbErr::Custom`] when the store has no keys.
    pub async fn reseal(&self, after: Option<Mark>, limit: u64) -> Result<Resealed, DbErr> {
        let ring = self.ring()?;
        let mark = after.unwrap_or(Mark { table: 0, last: None });
        let table = TABLES[mark.table];
        let looked = self.keys_after(table, mark.last.as_ref()).await?;
        let is_full = looked.len() as u64 >= LOOKED_AT_MAX;
        let last_looked = looked.last().map(|one| (one.subject, one.kind.clone()));
        let needy = |one: &Looked| one.sealed_by < ring.newest() || one.is_in_clear;
        let mut needing: Vec<_> = looked.into_iter().filter(needy).collect();
        let is_cut = needing.len() as u64 > limit;
        needing.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let last_done = needing.last().map(|one| (one.subject, one.kind.clone()));
        let next = match (is_cut, is_full) {
            (true, _) => Some(Mark { last: last_done, ..mark }),
            (false, true) => Some(Mark { last: last_looked, ..mark }),
            (false, false) if mark.table + 1 < TABLES.len() => {
                Some(Mark { table: mark.table + 1, last: None })
            }
            (false, false) => None,
        };
        let mut done = Resealed { next, ..Resealed::default() };
        if needing.iter().any(|one| one.is_in_clear || one.sealed_by == 0) {
            // Before the first of them is overwritten: what was in clear leaves its row and not yet the file.
            self.note_traces(&self.writer).await?;
        }
        for Looked { subject, kind, .. } in needing {
            let Some(row) = self.row_of(table, subject, &kind).await? else { continue };
            let was_plain = is_plain(&row);
            match self.reseal_row(table, ring, row).await? {
                Ok(changed) if was_plain => done.sealed += changed,
                Ok(changed) => done.rewrapped += changed,
                Err(error) => {
                    tracing::error!(%subject, kind, %error, "a row of the vault cannot be sealed anew");
                    done.unreadable += 1;
                }
            }
        }
        Ok(done)
    }

    /// Whether the vault is to be walked: nobody has since the newest key, or since yesterday.
    ///
    /// # Errors
    /// As [`Store::reseal`].
    pub async fn is_reseal_due(&self, now: Timestamp) -> Result<bool, DbErr> {
        let newest = self.ring()?.newest();
        let Some((key, at)) = self.walked().await? else { return Ok(true) };
        Ok(key < newest || at + WALK_AGAIN <= now)
    }

    /// Notes that a walk that began at a time has passed all rows.
    ///
    /// # Errors
    /// As [`Store::reseal`].
    pub async fn note_resealed(&self, began: Timestamp) -> Result<(), DbErr> {
        let newest = self.ring()?.newest();
        // Whoever has an older key yet says nothing about what the newer one has to do.
        if self.walked().await?.is_some_and(|(key, _)| key > newest) {
            return Ok(());
        }
        self.set_meta(WALKED, &format!("{newest} {}", began.micros())).await
    }

    async fn walked(&self) -> Result<Option<(i64, Timestamp)>, DbErr> {
        let noted = self.meta(WALKED).await?.unwrap_or_default();
        let parts = noted.split_once(' ');
        let parse = |(key, at): (&str, &str)| {
            Some((key.parse().ok()?, Timestamp::from_micros(at.parse().ok()?)))
        };
        Ok(parts.and_then(parse))
    }

    fn ring(&self) -> Result<&Keyring, DbErr> {
        let locked = || DbErr::Custom(format!("vault: {}", Unreadable::Locked));
        self.keyring.as_ref().ok_or_else(locked)
    }

    /// How many rows each key seals, what is put aside included, by its number; 0 stands for those in clear. Looks at
    /// every row, a stretch at a time.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn sealed_by(&self) -> Result<Vec<(i64, i64)>, DbErr> {
        let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
        for table in TABLES {
            let mut last = None;
            loop {
                let looked = self.keys_after(table, last.as_ref()).await?;
                for one in &looked {
                    *counts.entry(one.sealed_by).or_default() += 1;
                }
                if (looked.len() as u64) < LOOKED_AT_MAX {
                    break;
                }
                last = looked.into_iter().next_back().map(|one| (one.subject, one.kind));
            }
        }
        Ok(counts.into_iter().collect())
    }

    /// A stretch of keys in their order, without the data.
    async fn keys_after(
        &self,
        table: &'static str,
        after: Option<&(Uuid, String)>,
    ) -> Result<Vec<Looked>, DbErr> {
        let mut query = Query::select();
        query
            .columns(["subject", "kind", "sealed_by"])
            .expr(Expr::cust("CAST(length(body) AS bigint)"))
            .from(table)
            .order_by("subject", Order::Asc)
            .order_by("kind", Order::Asc)
            .limit(LOOKED_AT_MAX);
        if let Some((subject, kind)) = after {
            // The first half alone is a stretch of the index.
            let behind = Expr::col("subject").gt(*subject).or(Expr::col("kind").gt(kind.as_str()));
            query.and_where(Expr::col("subject").gte(*subject)).and_where(behind);
        }
        let rows = self.house().query_all(&query).await?;
        rows.iter()
            .map(|row| {
                Ok(Looked {
                    subject: row.try_get_by_index(0)?,
                    kind: row.try_get_by_index(1)?,
                    sealed_by: row.try_get_by_index(2)?,
                    is_in_clear: row.try_get_by_index::<i64>(3)? > 0,
                })
            })
            .collect()
    }

    async fn row_of(
        &self,
        table: &'static str,
        subject: Uuid,
        kind: &str,
    ) -> Result<Option<vault::Model>, DbErr> {
        let mut query = Query::select();
        query
            .columns(["subject", "kind", "lookup", "body", "at", "sealed_by", "sealed"])
            .from(table)
            .and_where(Expr::col("subject").eq(subject))
            .and_where(Expr::col("kind").eq(kind));
        let row = self.house().query_one(&query).await?;
        row.map(|row| vault::Model::from_query_result(&row, "")).transpose()
    }

    async fn reseal_row(
        &self,
        table: &'static str,
        ring: &Keyring,
        row: vault::Model,
    ) -> Result<Result<u64, Unreadable>, DbErr> {
        let place = Place { subject: row.subject, kind: &row.kind };
        let sealed = match is_plain(&row) {
            true => ring.seal(place, &row.body),
            false => ring.rewrap(place, row.sealed_by, &row.sealed),
        };
        let sealed = match sealed {
            Ok(sealed) => sealed,
            Err(error) => return Ok(Err(error)),
        };
        let update = Query::update()
            .table(table)
            .value("body", "")
            .value("sealed_by", ring.newest())
            .value("sealed", sealed)
            .and_where(Expr::col("subject").eq(row.subject))
            .and_where(Expr::col("kind").eq(row.kind.as_str()))
            // Only if it is still what was read.
            .and_where(Expr::col("sealed_by").eq(row.sealed_by))
            .and_where(Expr::col("body").eq(row.body.as_str()))
            .and_where(Expr::col("sealed").eq(row.sealed))
            .to_owned();
        let changed = self.writer.execute(&update).await?;
        Ok(Ok(changed.rows_affected()))
    }
}
