//! The vault as a whole, for whoever answers for it: what it has about a person, and that it is no more.
//!
//! Owns which tables lead to what is kept about whom ([`WHOSE`]) and what a database that is put back is told anew
//! ([`journal`]). Rows, keys and tombstones are the casebook's; holds are keeping's. It decides nothing: that somebody is
//! to be erased is said by an operator.

pub mod journal;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::Context as _;
use parasol_casebook::Store;
use parasol_journey::time::Timestamp;
use uuid::Uuid;

use parasol_casebook::VAULT_ASIDE;
use parasol_keeping::holds;
pub use parasol_keeping::person;
use parasol_keeping::person::{Person, Whose, trace};

/// What services keep beside the logs that leads from a person to what is kept about them. Whoever keeps something in the
/// vault under a new kind of id that is in no log adds a row.
pub const WHOSE: Whose = Whose {
    cases: trace("filings", "case_id", "customer"),
    traces: &[
        trace("notices", "notice", "customer"),
        trace("notices", "notice", "case_id"),
        trace("surveys", "voice", "case_id"),
        trace("voices", "voice", "case_id"),
        trace("follow_ups", "follow_up", "case_id"),
        trace("complaints", "complaint", "case_id"),
        trace("voice_steps", "words", "subject"),
        trace("part_orders", "part_order", "case_id"),
        trace("dispute_evidence", "evidence", "case_id"),
        trace("claims", "claim", "case_id"),
        trace("authority_uses", "use_id", "case_id"),
        trace("score_objections", "objection", "case_id"),
        trace("late_actions", "words", "case_id"),
    ],
    bought: trace("orders", "delivered_at", "customer"),
    photos: trace("evidence", "evidence", "case_id"),
    asides: &[VAULT_ASIDE, parasol_intake::EVIDENCE_ASIDE],
};

/// What an erasure did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// How many rows are gone from the vault.
    pub rows: u64,
    /// The legal holds that keep them aside until they are over; where there is none, they are destroyed.
    pub holds: Vec<Uuid>,
}

/// Erases a person: first in the journal, then in the database, so that what breaks off in between is made up for at
/// the next start. What a legal hold is on leaves the vault like the rest and is put aside until the hold is over: nobody
/// is served it meanwhile, and then it is destroyed without being asked for again.
///
/// # Errors
/// When the journal cannot be written, and nothing is erased then; else what the engine says, and the journal stands.
pub async fn erase(
    store: &Store,
    folder: &Path,
    person: &Person,
    now: Timestamp,
) -> anyhow::Result<Erased> {
    let holds = holds::cover(store, person).await.context("nothing is erased")?;
    let subjects = person.erasable();
    journal::append(folder, &subjects, now).context("nothing is erased")?;
    let gone = store.erase(&subjects, now).await;
    let gone = gone.context("the journal says erased and the database does not yet: try again")?;
    store.scrub().await.context("erased, but the file still has traces: try again")?;
    Ok(Erased { rows: gone, holds })
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
