//! Live: what happens in cases, to whoever watches, however many they are.
//!
//! **A case is read once.** A case that somebody in this process watches has one [`story::Story`]: it is folded once,
//! an entry is read once and rendered once for each role and language, and every watcher takes it from there. A watcher
//! itself holds a place and nothing more.
//!
//! **One ear, one reader.** One loop hears the bell for all stories and reads what is new in them in one query; a
//! second one follows the feed, which loses nothing, and so makes up for rings that were lost within a second. It is
//! also what watchers of many cases are told from, in the order of the feed.
//!
//! **The log is the truth.** Whatever is not at hand any more (an old token, a reader that fell behind, a ring that was
//! lost) is read from the log again; nothing is skipped. A token names a place, is proven to be ours, and is bound to its
//! caller, to the epoch of the feed and, over many cases, to the filter.

pub mod backfill;
pub mod feed;
pub mod filter;
pub mod many;
pub mod one;
pub mod place;
pub mod story;

use std::time::Duration;

use parasol_api::limits::BOOKMARK_EVERY_SECONDS;

/// How long a stream may be silent.
pub const BOOKMARK_EVERY: Duration = Duration::from_secs(BOOKMARK_EVERY_SECONDS);
/// How long a reader may leave a message untaken before it is cut; it may resume.
pub const PATIENCE: Duration = Duration::from_secs(30);
