//! The vault as a whole, for whoever answers for it: what it has about a person, and that it is no more.
//!
//! Owns who belongs to whom ([`person`]) and what a database that is put back is told anew ([`journal`]). Rows, keys
//! and tombstones are the casebook's. It decides nothing: that somebody is to be erased is said by an operator.

pub mod journal;
pub mod person;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::Context as _;
use parasol_casebook::Store;
use parasol_journey::time::Timestamp;
use uuid::Uuid;

use person::Person;

/// Erases a person: first in the journal, then in the database, so that what breaks off in between is made up for at
/// the next start. Answers with how many rows are gone.
///
/// # Errors
/// When the journal cannot be written, and nothing is erased then; else what the engine says, and the journal stands.
pub async fn erase(
    store: &Store,
    folder: &Path,
    person: &Person,
    now: Timestamp,
) -> anyhow::Result<u64> {
    let subjects = person.erasable();
    journal::append(folder, &subjects, now).context("nothing is erased")?;
    let gone = store.erase(&subjects, now).await;
    let gone = gone.context("the journal says erased and the database does not yet: try again")?;
    store.scrub().await.context("erased, but the file still has traces: try again")?;
    Ok(gone)
}

/// Erases in this database what the journal of the folder says is erased: of a database that was put back, and of an
/// erasure that broke off. Answers with how many subjects the database did not know to be erased.
///
/// # Errors
/// When the journal cannot be read, and what the engine says.
pub async fn replay(store: &Store, folder: &Path) -> anyhow::Result<usize> {
    let entries = journal::read(folder)?;
    let subjects: Vec<_> = entries.iter().map(|(subject, _)| *subject).collect();
    let known: HashSet<_> =
        store.erased(&subjects).await?.into_iter().map(|(subject, _)| subject).collect();
    let mut missing: BTreeMap<Timestamp, Vec<Uuid>> = BTreeMap::new();
    for (subject, at) in entries.into_iter().filter(|(subject, _)| !known.contains(subject)) {
        missing.entry(at).or_default().push(subject);
    }
    let (mut subjects, mut rows) = (0, 0);
    for (at, some) in &missing {
        rows += store.erase(some, *at).await?;
        subjects += some.len();
    }
    if subjects > 0 {
        store.scrub().await?;
        tracing::warn!(subjects, rows, "erased anew what the journal says is erased");
    }
    Ok(subjects)
}
