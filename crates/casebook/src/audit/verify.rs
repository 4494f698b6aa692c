//! Looking at the chain again: whether the trail is still what was chained, and where it is not.
//!
//! Reads beside processes that write. Rows that are committed meanwhile are no matter of the look; what waits for
//! its link is counted and not held against anybody.

use std::collections::{BTreeMap, BTreeSet};

use parasol_journey::time::Timestamp;
use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::chain::kept;
use super::{ChainKeys, ENTRY_BYTES, Head, KEPT, Kept, Link, entries};
use crate::store::{Store, instant};
use crate::tables::{audit_backlog, audit_chain, commands};

/// Stretches read in one query.
const STRETCHES: u64 = 16;
/// Rows of the trail read in one query where all are passed.
const ROWS: u64 = 2_000;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Rows that are what was chained, before the first that is not.
    pub sound: u64,
    /// Rows that wait for their links.
    pub waiting: u64,
    /// Heads that were held against the chain and are part of it.
    pub heads: u64,
    /// The first thing that is wrong.
    pub problem: Option<Problem>,
}

/// What is wrong, and where: positions count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The row of a position is gone.
    #[error("row {key} at position {position} is gone")]
    Missing {
        /// Where in the chain.
        position: u64,
        /// The row.
        key: Uuid,
    },
    /// The row is not what was chained at this position, or its link was changed.
    #[error("row {key} at position {position} is not what was chained there")]
    Differs {
        /// Where in the chain.
        position: u64,
        /// The row.
        key: Uuid,
    },
    /// The chain has a hole, or what cannot be read, from a position on.
    #[error("the chain is broken at position {position}")]
    Broken {
        /// The first position that is not there.
        position: u64,
    },
    /// The links from a position on are of a key that is not among those given.
    #[error("the links from position {position} on are of key {key_id}, which is not known here")]
    KeyUnknown {
        /// The first position.
        position: u64,
        /// The key.
        key_id: String,
    },
    /// Links of a key that another one had replaced before: whoever has the key of before made them.
    #[error(
        "the links from position {position} on are of key {key_id}, which another had replaced by then"
    )]
    KeyReturned {
        /// The first position.
        position: u64,
        /// The key.
        key_id: String,
    },
    /// A head that was kept was not signed with a key of the cell.
    #[error("the head of position {position} that was kept is not genuine")]
    HeadForged {
        /// The position it speaks of.
        position: u64,
    },
    /// A head that was kept speaks of rows that are not there any more.
    #[error(
        "the chain ends before position {position}, and a head that was kept reaches to {kept}"
    )]
    Cut {
        /// The first position that is gone.
        position: u64,
        /// How far the chain reached.
        kept: u64,
    },
    /// A head that was kept has another link at its position: rows before it were cut off and others came instead.
    #[error("another row than in the head that was kept is at position {position}")]
    Replaced {
        /// The position of the head.
        position: u64,
    },
    /// A row of the trail that nobody chained: somebody put it there, or cut its link off.
    #[error("row {key} of {at} ({method}) is not in the chain")]
    Outside {
        /// The row.
        key: Uuid,
        /// What it says was called.
        method: String,
        /// When it says that was.
        at: Timestamp,
    },
}

/// A walk along the chain.
struct Walk<'a> {
    keys: &'a ChainKeys,
    /// Heads by position.
    heads: BTreeMap<u64, Vec<&'a Head>>,
    /// The position and the link that were reached.
    position: i64,
    link: Link,
    /// The key of the last stretch, and those that it has replaced.
    linking: String,
    replaced: BTreeSet<String>,
    /// The keys of all rows passed.
    chained: Vec<Uuid>,
    verdict: Verdict,
}

impl Store {
    /// Holds every row of the audit trail against the chain, and the chain against heads that were kept. Takes 16
    /// bytes of memory for each row.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn verify_audit(&self, keys: &ChainKeys, heads: &[Head]) -> Result<Verdict, DbErr> {
        let mut walk = Walk::new(keys, heads);
        if walk.verdict.problem.is_none() {
            self.walk(&mut walk).await?;
        }
        if walk.verdict.problem.is_none() {
            walk.check_reach();
        }
        if walk.verdict.problem.is_none() {
            self.look_outside(&mut walk).await?;
        }
        Ok(walk.verdict)
    }

    /// From the first stretch to the last, or to the first that is wrong.
    async fn walk(&self, walk: &mut Walk<'_>) -> Result<(), DbErr> {
        let mut after = 0;
        loop {
            let stretches = audit_chain::Entity::find()
                .filter(audit_chain::Column::First.gt(after))
                .order_by_asc(audit_chain::Column::First)
                .limit(STRETCHES)
                .all(self.house())
                .await?;
            let Some(last) = stretches.last() else { return Ok(()) };
            after = last.first;
            for stretch in &stretches {
                let keys = entries(&stretch.entries).map(|(key, _)| key);
                let rows = kept(self.house(), keys).await?;
                if let Err(problem) = walk.pass(stretch, &rows) {
                    walk.verdict.problem = Some(problem);
                    return Ok(());
                }
            }
        }
    }

    /// Looks for rows that nobody chained: of all the trail, those that neither the walk has passed, nor wait, nor
    /// were chained since. What waits is asked for first, so that a row that is being chained is in one of the two.
    async fn look_outside(&self, walk: &mut Walk<'_>) -> Result<(), DbErr> {
        walk.chained.sort_unstable();
        let mut outside: BTreeMap<Uuid, Kept> = BTreeMap::new();
        let mut after = Uuid::nil();
        loop {
            let rows: Vec<Kept> = commands::Entity::find()
                .select_only()
                .columns(KEPT)
                .filter(commands::Column::Key.gt(after))
                .order_by_asc(commands::Column::Key)
                .limit(ROWS)
                .into_model()
                .all(self.house())
                .await?;
            let Some(last) = rows.last() else { break };
            after = last.key;
            let unknown =
                rows.into_iter().filter(|row| walk.chained.binary_search(&row.key).is_err());
            outside.extend(unknown.map(|row| (row.key, row)));
        }
        for row in self.waiting_for_links().await? {
            // Its digest is that of the commit: a row that was changed while it waits is not what waits.
            if outside.get(&row.key).is_some_and(|kept| kept.digest() == row.digest) {
                outside.remove(&row.key);
                walk.verdict.waiting += 1;
            }
        }
        for row in audit_backlog::Entity::find().all(self.house()).await? {
            walk.verdict.waiting += u64::from(outside.remove(&row.key).is_some());
        }
        let later =
            audit_chain::Entity::find().filter(audit_chain::Column::First.gt(walk.position));
        for stretch in later.all(self.house()).await? {
            for (key, _) in entries(&stretch.entries) {
                outside.remove(&key);
            }
        }
        let first = outside.into_values().min_by_key(|row| (row.at, row.commit_id, row.place));
        walk.verdict.problem = first.map(|row| Problem::Outside {
            key: row.key,
            method: row.method,
            at: instant(row.at),
        });
        Ok(())
    }
}

impl<'a> Walk<'a> {
    fn new(keys: &'a ChainKeys, heads: &'a [Head]) -> Self {
        let mut by_position: BTreeMap<u64, Vec<&Head>> = BTreeMap::new();
        for head in heads {
            by_position.entry(head.position).or_default().push(head);
        }
        let forged = by_position.values().flatten().find_map(|head| match head.is_genuine(keys) {
            Some(true) => None,
            Some(false) => Some(Problem::HeadForged { position: head.position }),
            None => {
                Some(Problem::KeyUnknown { position: head.position, key_id: head.key_id.clone() })
            }
        });
        Self {
            keys,
            heads: by_position,
            position: 0,
            link: [0; 32],
            linking: String::new(),
            replaced: BTreeSet::new(),
            chained: Vec::new(),
            verdict: Verdict { problem: forged, ..Verdict::default() },
        }
    }

    /// Passes a stretch with what its rows say now.
    fn pass(&mut self, stretch: &audit_chain::Model, rows: &[Kept]) -> Result<(), Problem> {
        let next = number(self.position + 1);
        let many = stretch.entries.len() / ENTRY_BYTES;
        let whole = stretch.entries.len().is_multiple_of(ENTRY_BYTES) && many > 0;
        let last = stretch.first.checked_add(i64::try_from(many).unwrap_or(i64::MAX) - 1);
        if stretch.first != self.position + 1 || last != Some(stretch.last) || !whole {
            return Err(Problem::Broken { position: next });
        }
        let Some(linking) = self.keys.known(&stretch.key_id) else {
            return Err(Problem::KeyUnknown { position: next, key_id: stretch.key_id.clone() });
        };
        self.turn_to(&stretch.key_id, next)?;
        let rows: BTreeMap<Uuid, &Kept> = rows.iter().map(|row| (row.key, row)).collect();
        for (key, link) in entries(&stretch.entries) {
            let place = self.position + 1;
            let position = number(place);
            let row = rows.get(&key).ok_or(Problem::Missing { position, key })?;
            if linking.link(place, &self.link, &row.digest()) != link {
                return Err(Problem::Differs { position, key });
            }
            for head in self.heads.get(&position).into_iter().flatten() {
                if *head.link() != link {
                    return Err(Problem::Replaced { position });
                }
                self.verdict.heads += 1;
            }
            (self.position, self.link) = (place, link);
            self.chained.push(key);
            self.verdict.sound += 1;
        }
        // What the next stretch was linked to is the last link of this one.
        if stretch.link != self.link {
            return Err(Problem::Broken { position: number(self.position) });
        }
        Ok(())
    }

    /// From here on this key links. Where a key was replaced because somebody else has it, they can make links with it
    /// and cannot make them look older than the first link of the next key, which was linked to what was there.
    fn turn_to(&mut self, key_id: &str, position: u64) -> Result<(), Problem> {
        if self.linking == key_id {
            return Ok(());
        }
        if self.replaced.contains(key_id) {
            return Err(Problem::KeyReturned { position, key_id: key_id.to_owned() });
        }
        let before = std::mem::replace(&mut self.linking, key_id.to_owned());
        self.replaced.insert(before);
        Ok(())
    }

    /// Whether the chain reaches as far as every head that was kept.
    fn check_reach(&mut self) {
        let reached = number(self.position);
        let beyond = self.heads.keys().next_back().copied().filter(|kept| *kept > reached);
        self.verdict.problem = beyond.map(|kept| Problem::Cut { position: reached + 1, kept });
    }
}

fn number(position: i64) -> u64 {
    u64::try_from(position).unwrap_or_default()
}
