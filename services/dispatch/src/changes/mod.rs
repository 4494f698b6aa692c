//! What changed for a partner: one cursor for the stream and for polling, and no change is missed.
//!
//! **The order is the feed's.** Commits of several processes become visible out of order, so no time
//! and no id that is made before the commit can be a cursor: a late commit would slip in behind it.
//! The casebook's sequencer numbers events *after* their commit, without gaps, and a number that was
//! given never changes. A cursor is a place in that numbering.
//!
//! **A row is delivered at its newest change.** Offers and work orders carry the version of the case at
//! which they last changed. The reader walks the feed from its cursor, looks up the rows of the cases
//! it meets, in the caller's scope, and delivers a row where the walk meets exactly that version. If
//! the row has changed again since, it is passed over here: the newer change has, or will get, a number
//! further on. So every row is delivered at least once after each change, as it is now, and twice only
//! if it changed twice; a page lists it once. Pages may end between the two rows of one event, so a
//! cursor also names the last row delivered at its place.
//!
//! **The beginning is a snapshot.** An empty cursor first notes where the feed ends, then reads whatever
//! is open, by id, and then goes on from the noted place. What changes while the snapshot is read is
//! delivered again by the walk; nothing falls between.
//!
//! This needs no table of changes, no second consumer and no work in the commit beyond the rows
//! themselves. Its price is that a reader walks the numbers of the whole cell. They are read in bounded
//! steps at some forty bytes an event, and a page that finds little says where to go on.
//!
//! A cursor is opaque, proven to be ours, and bound to its caller and to the feed's epoch. Whatever is
//! forged, foreign, from before a restore, from the future or older than the feed itself is answered
//! with `RESYNC_REQUIRED`, never skipped.

mod cursor;
mod page;
mod watch;

pub use cursor::{Cursor, Place};
pub use page::{Change, Reader};
pub use watch::{OfferStream, Pace, Watch};
