//! The audit trail as a chain: whoever edits, deletes, inserts or swaps its rows is found out.
//!
//! A row of the trail is a row of `commands`, written in the commit of its effect. Once it is committed the
//! sequencer, alone under its lease, gives it a position and a *link*: an HMAC of the position, the link before
//! it and what the row says, under a key that is not in the database. So no commit waits for another to be
//! chained, nobody forks the chain, and nobody without the key makes a link. A [`Head`] is the newest link,
//! signed, to be kept elsewhere: only against one that was kept is it seen that the newest rows were cut off.
//!
//! Owns what a link is made of, the writing (`chain.rs`) and the looking again (`verify.rs`). Answers that are
//! saved beside a row are not covered, because they may be emptied one day; nor are the events of cases.

mod chain;
mod head;
mod verify;

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, Mac as _};
use sea_orm::FromQueryResult;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::tables::commands;

pub use chain::Unchained;
pub use head::Head;
pub use verify::{Problem, Verdict};

/// What a digest of a row is made for; another form is another name.
const ROW: &[u8] = b"parasol audit row v1";
/// What a link is made for.
const LINK: &[u8] = b"parasol audit link v1";
/// What a key is known by.
const KEY_ID: &[u8] = b"parasol audit key id v1";
/// The bytes of a row that waits for its link: key, instant, digest.
const QUEUED_BYTES: usize = 16 + 8 + 32;
/// The bytes of an entry of a stretch: key, link.
const ENTRY_BYTES: usize = 16 + 32;

/// A link of the chain; zeros before the first.
pub(crate) type Link = [u8; 32];

/// A key that links. Never printed.
struct ChainKey {
    id: String,
    secret: [u8; 32],
}

/// The keys of a cell's chain: one that links, and those that did before it. Clones share them.
#[derive(Clone)]
pub struct ChainKeys(Arc<[ChainKey]>);

impl ChainKeys {
    /// `current` links; all of them are known when the chain is looked at.
    pub fn new(current: [u8; 32], older: impl IntoIterator<Item = [u8; 32]>) -> Self {
        let keys = std::iter::once(current).chain(older).map(|secret| {
            let print = Sha256::new_with_prefix(KEY_ID).chain_update(secret).finalize();
            ChainKey { id: hex::encode(&print[..8]), secret }
        });
        Self(keys.collect())
    }

    /// A key that everybody knows, of a store that was given none: its chain is whole, and proves nothing.
    pub fn open() -> Self {
        Self::new([0; 32], [])
    }

    /// The key that links.
    fn current(&self) -> &ChainKey {
        &self.0[0]
    }

    fn known(&self, id: &str) -> Option<&ChainKey> {
        self.0.iter().find(|key| key.id == id)
    }
}

impl fmt::Debug for ChainKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

impl ChainKey {
    fn mac(&self) -> Hmac<Sha256> {
        Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of any length")
    }

    /// The link of a row at its position.
    fn link(&self, position: i64, before: &Link, digest: &[u8; 32]) -> Link {
        let mac = self.mac().chain_update(LINK).chain_update(position.to_be_bytes());
        mac.chain_update(before).chain_update(digest).finalize().into_bytes().into()
    }
}

/// What a row of the trail says and must say for ever.
#[derive(Clone, Debug, FromQueryResult)]
struct Kept {
    key: Uuid,
    commit_id: Uuid,
    place: i64,
    case_id: Uuid,
    first_seq: i64,
    last_seq: i64,
    principal: String,
    method: String,
    fingerprint: Uuid,
    at: i64,
}

/// The columns of [`Kept`].
const KEPT: [commands::Column; 10] = [
    commands::Column::Key,
    commands::Column::CommitId,
    commands::Column::Place,
    commands::Column::CaseId,
    commands::Column::FirstSeq,
    commands::Column::LastSeq,
    commands::Column::Principal,
    commands::Column::Method,
    commands::Column::Fingerprint,
    commands::Column::At,
];

impl Kept {
    /// The digest of the row: every field at its place, texts with their lengths in front.
    fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(ROW);
        for id in [self.key, self.commit_id, self.case_id, self.fingerprint] {
            hash.update(id.as_bytes());
        }
        for number in [self.place, self.first_seq, self.last_seq, self.at] {
            hash.update(number.to_be_bytes());
        }
        for text in [&self.principal, &self.method] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }
}

/// A row that waits for its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Queued {
    key: Uuid,
    at: i64,
    digest: [u8; 32],
}

/// Adds a row to those of its commit that wait for their links.
pub(crate) fn enqueue(row: &commands::Model, waiting: &mut Vec<u8>) {
    let kept = Kept {
        key: row.key,
        commit_id: row.commit_id,
        place: row.place,
        case_id: row.case_id,
        first_seq: row.first_seq,
        last_seq: row.last_seq,
        principal: row.principal.clone(),
        method: row.method.clone(),
        fingerprint: row.fingerprint,
        at: row.at,
    };
    waiting.extend_from_slice(row.key.as_bytes());
    waiting.extend_from_slice(&row.at.to_be_bytes());
    waiting.extend_from_slice(&kept.digest());
}

/// The rows of a commit that wait. Bytes that are no row are left: what they stood for is then found to be
/// outside the chain, and the rest goes on.
fn queued(waiting: &[u8]) -> impl Iterator<Item = Queued> + '_ {
    waiting.chunks_exact(QUEUED_BYTES).map(|bytes| {
        let (key, rest) = bytes.split_at(16);
        let (at, digest) = rest.split_at(8);
        Queued {
            key: Uuid::from_slice(key).expect("an id has 16 bytes"),
            at: i64::from_be_bytes(at.try_into().expect("an instant has 8 bytes")),
            digest: digest.try_into().expect("a digest has 32 bytes"),
        }
    })
}

/// The entries of a stretch, in order.
pub(crate) fn entries(bytes: &[u8]) -> impl Iterator<Item = (Uuid, Link)> + '_ {
    bytes.chunks_exact(ENTRY_BYTES).map(|bytes| {
        let (key, link) = bytes.split_at(16);
        let key = Uuid::from_slice(key).expect("an id has 16 bytes");
        (key, link.try_into().expect("a link has 32 bytes"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Kept {
        let id = Uuid::from_u128;
        Kept {
            key: id(1),
            commit_id: id(2),
            place: 3,
            case_id: id(4),
            first_seq: 5,
            last_seq: 6,
            principal: "agent:a-1".to_owned(),
            method: "FileCase".to_owned(),
            fingerprint: id(7),
            at: 1_780_882_200_000_000,
        }
    }

    #[test]
    fn every_field_counts_and_at_its_place() {
        let changes: [fn(&mut Kept); 12] = [
            |row| row.key = Uuid::from_u128(9),
            |row| row.commit_id = Uuid::from_u128(9),
            |row| row.place += 1,
            |row| row.case_id = Uuid::from_u128(9),
            |row| row.first_seq += 1,
            |row| row.last_seq += 1,
            |row| row.principal.push('1'),
            |row| row.method.push('s'),
            |row| row.fingerprint = Uuid::from_u128(9),
            |row| row.at += 1,
            |row| std::mem::swap(&mut row.first_seq, &mut row.last_seq),
            |row| (row.principal, row.method) = ("agent:a-1F".into(), "ileCase".into()),
        ];
        for (nth, change) in changes.iter().enumerate() {
            let mut changed = kept();
            change(&mut changed);
            assert_ne!(changed.digest(), kept().digest(), "change {nth}");
        }
    }

    /// Chains of years ago have to be found good: whoever changes the form makes a new name for it.
    #[test]
    fn the_form_of_rows_and_links_stays_what_it_is() {
        let digest = kept().digest();
        let expected = "37caa3f5ddd6672f310b6a7233ff72929fcbf22184b8e0da1df78f2612480fcf";
        assert_eq!(hex::encode(digest), expected);
        let keys = ChainKeys::new([1; 32], []);
        assert_eq!(keys.current().id, "f6f622e2a1bc5662");
        let expected = "93d86d0fa953ead0bb47c53fdcf0b2f7bca8199558e465d450e2952610369331";
        assert_eq!(hex::encode(keys.current().link(8, &[2; 32], &digest)), expected);
    }

    #[test]
    fn a_link_depends_on_its_place_on_the_one_before_and_on_the_key() {
        let (keys, others) = (ChainKeys::new([1; 32], []), ChainKeys::new([2; 32], [[1; 32]]));
        let link = keys.current().link(8, &[0; 32], &[3; 32]);
        assert_ne!(keys.current().link(9, &[0; 32], &[3; 32]), link);
        assert_ne!(keys.current().link(8, &[1; 32], &[3; 32]), link);
        assert_ne!(keys.current().link(8, &[0; 32], &[4; 32]), link);
        assert_ne!(others.current().link(8, &[0; 32], &[3; 32]), link);
        let older = others.known(&keys.current().id).expect("an older key is known");
        assert_eq!(older.link(8, &[0; 32], &[3; 32]), link);
        assert!(!format!("{others:?}").contains("2, 2"), "keys are not printed");
    }

    #[test]
    fn what_waits_reads_back_and_what_is_no_row_is_left() {
        let row = Queued { key: Uuid::from_u128(1), at: -5, digest: [7; 32] };
        let mut bytes = Vec::new();
        for key in [row.key, Uuid::from_u128(2)] {
            bytes.extend_from_slice(key.as_bytes());
            bytes.extend_from_slice(&row.at.to_be_bytes());
            bytes.extend_from_slice(&row.digest);
        }
        assert_eq!(queued(&bytes).next(), Some(row));
        assert_eq!(queued(&bytes).count(), 2);
        assert_eq!(queued(&bytes[..QUEUED_BYTES + 3]).count(), 1);
    }
}
