//! The casebook: the kernel that keeps the logs of cases.
//!
//! Owns the one write path ([`committer()`]), the tasks that cases owe, saved answers, leases, the audit
//! trail with its chain, the feed and the vault, on SQLite and PostgreSQL alike. It knows the journey and nothing of
//! what services do with it: they hand in pure deeds and projections, and read.
//!
//! What it deliberately does not do: it makes no ids, reads no clock and spawns no task; it has no
//! storage trait; it sends nothing anywhere except a hint by the bell after a commit.

mod answers;
pub mod audit;
mod committer;
pub mod dialect;
mod feed;
mod handoff;
mod horizon;
mod lease;
mod meta;
pub mod migration;
mod observe;
mod point;
mod read;
pub mod row;
mod scope;
mod store;
mod submission;
pub mod tables;
mod tasks;
mod vault;
mod worker;

pub use answers::Emptied;
pub use audit::{ChainKeys, Head, Unchained};
pub use committer::{Committer, Limits, NewId, Now, Parts, Rules, Submitter, committer};
pub use dialect::Engine;
pub use feed::{Numbered, SEQUENCER, Sequenced, Stretch};
pub use handoff::{Handoff, Lease, Queue, Queues};
pub use horizon::{Looked, Reconciled};
pub use lease::Held;
pub use observe::{Observer, Traceparent, Tried};
pub use point::Point;
pub use read::Logged;
pub use row::{Cell, RowOp};
pub use scope::{SEEN_BY, Scope};
pub use store::{OpenError, Pools, Store};
pub use submission::{
    Answer, Caller, CaseDeed, Change, Deed, Error, FilingDeed, Projector, Refusal, RequestKey,
    RowsDeed, Submission, Target, Written,
};
pub use tasks::{ATTEMPTS_MAX, Claimed, Parked};
pub use vault::{Aside, KEY_LEN, Keyring, Mark, Resealed, Secret, Unreadable, VAULT_ASIDE, secret};
pub use worker::{Deadlines, Handler, Pass, Prepared, WorkError, Worker};
