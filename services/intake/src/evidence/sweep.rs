//! Content that no piece of evidence refers to any more, or never did: a process died between the object and its
//! row, or the pieces of a case were erased.
//!
//! An object is never deleted while a row refers to it, whoever writes the row at that moment. It is put aside,
//! then its rows are looked for again, and only then it is deleted; whoever has just written a row looks after that
//! whether the object is there and else writes it anew. Whichever of the two comes second sees the first.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use parasol_api::Error;
use parasol_casebook::Store;
use parasol_desk::Desk;
use parasol_evidence::{Kept, Shelf};
use parasol_journey::time::{Span, Timestamp};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::tables::{evidence, evidence_withheld};
use crate::unreadable;

/// How old an object is before it is looked at: whoever wrote it has long written its row, or never will.
const GRACE: Span = Span::hours(24);
/// Objects whose rows are looked for at a time.
const ASKED_MAX: usize = 200;
/// Objects that one pass deletes.
const REMOVED_MAX: usize = 1_000;

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Objects that were looked at.
    pub looked_at: usize,
    /// Objects that were deleted.
    pub removed: usize,
}

/// Removes what nobody refers to. Clones share their place.
#[derive(Clone)]
pub struct Sweep {
    desk: Desk,
    shelf: Shelf,
    next: Arc<AtomicU8>,
}

impl Sweep {
    pub(crate) fn new(desk: Desk, shelf: Shelf) -> Self {
        Self { desk, shelf, next: Arc::default() }
    }

    /// One pass over one of the 256 folders, the next each time, and over what an earlier pass left aside.
    ///
    /// # Errors
    /// What the store of evidence and the database say; nothing is lost by ending anywhere.
    pub async fn run_once(&self, now: Timestamp) -> Result<Swept, Error> {
        for left in self.shelf.aside().await?.into_iter().take(REMOVED_MAX) {
            settle_aside(&self.desk.store, &self.shelf, &left.sha256).await?;
        }
        let folder = self.next.fetch_add(1, Ordering::Relaxed);
        let kept = self.shelf.folder(folder).await?;
        let mut swept = Swept { looked_at: kept.len(), removed: 0 };
        let is_old = |one: &Kept| Timestamp::from_micros(one.at_micros) + GRACE <= now;
        let old: Vec<_> = kept.into_iter().filter(is_old).map(|one| one.sha256).collect();
        for some in old.chunks(ASKED_MAX) {
            let referred = referred(&self.desk.store, some).await?;
            for sha256 in some.iter().filter(|one| !referred.contains(*one)) {
                if swept.removed == REMOVED_MAX {
                    return Ok(swept);
                }
                swept.removed += usize::from(remove(&self.desk.store, &self.shelf, sha256).await?);
            }
        }
        Ok(swept)
    }
}

/// Removes an object unless a row refers to it; true if it is gone.
///
/// # Errors
/// What the store of evidence and the database say.
pub(crate) async fn remove(store: &Store, shelf: &Shelf, sha256: &str) -> Result<bool, Error> {
    if !referred(store, &[sha256.to_owned()]).await?.is_empty() {
        return Ok(false);
    }
    shelf.put_aside(sha256).await?;
    settle_aside(store, shelf, sha256).await
}

/// Deletes what was put aside, or takes it back where a row refers to it by now; true if it is gone.
async fn settle_aside(store: &Store, shelf: &Shelf, sha256: &str) -> Result<bool, Error> {
    let is_referred = !referred(store, &[sha256.to_owned()]).await?.is_empty();
    match is_referred {
        true => shelf.take_back(sha256).await?,
        false => shelf.forget(sha256).await?,
    }
    Ok(!is_referred)
}

/// Which of these are referred to, by what is shown or by what a legal hold keeps.
async fn referred(store: &Store, names: &[String]) -> Result<HashSet<String>, Error> {
    let found: Vec<String> = evidence::Entity::find()
        .select_only()
        .column(evidence::Column::Stored)
        .distinct()
        .filter(evidence::Column::Stored.is_in(names.iter().map(String::as_str)))
        .into_tuple()
        .all(store.reader())
        .await
        .map_err(unreadable)?;
    let withheld: Vec<String> = evidence_withheld::Entity::find()
        .select_only()
        .column(evidence_withheld::Column::Stored)
        .distinct()
        .filter(evidence_withheld::Column::Stored.is_in(names.iter().map(String::as_str)))
        .into_tuple()
        .all(store.reader())
        .await
        .map_err(unreadable)?;
    Ok(found.into_iter().chain(withheld).collect())
}
