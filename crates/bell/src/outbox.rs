//! What waits to be sent to other processes: bounded, and one entry per case however often it rings.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::Ring;
use crate::message::Batch;

/// How many cases may wait to be sent; the rings of further ones are dropped and the other
/// processes are told that some were lost.
pub const OUTBOX_CASES_MAX: usize = 4096;

/// The rings made here since the last message.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    filled: Notify,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    batch: Batch,
    /// A batch was taken and nobody has said yet that it was sent.
    in_flight: bool,
}

impl Outbox {
    /// Adds a ring, or drops and counts it when there is no room.
    pub(crate) fn put(&self, ring: Ring) {
        let mut waiting = self.waiting();
        let batch = &mut waiting.batch;
        match ring {
            Ring::Work { role } => {
                batch.roles.insert(role);
            }
            Ring::Staff => batch.staff = true,
            Ring::Case { case, version } => {
                let room = batch.cases.len() < OUTBOX_CASES_MAX;
                if let Some(known) = batch.cases.get_mut(&case) {
                    *known = version.max(*known);
                } else if room {
                    batch.cases.insert(case, version);
                } else {
                    batch.lost = true;
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        drop(waiting);
        self.filled.notify_one();
    }

    /// Waits until something was put in since the last return. May return early.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Takes all that waits. When the batch before was never reported as sent, this one says that
    /// rings were lost.
    pub(crate) fn take(&self) -> Batch {
        let mut waiting = self.waiting();
        let mut batch = mem::take(&mut waiting.batch);
        batch.lost |= mem::replace(&mut waiting.in_flight, true);
        batch
    }

    /// The batch last taken has reached the server.
    pub(crate) fn sent(&self) {
        self.waiting().in_flight = false;
    }

    /// How many rings found no room.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// No panic can happen between two halves of a change, so a poisoned lock is still sound.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use parasol_journey::ids::CaseId;
    use parasol_journey::task::Role;
    use uuid::Uuid;

    use super::*;

    fn ring(number: usize, version: u64) -> Ring {
        Ring::Case { case: CaseId::new(Uuid::from_u128(number as u128)), version }
    }

    #[test]
    fn a_case_that_rings_often_takes_one_place_with_its_highest_version() {
        let outbox = Outbox::default();
        for version in [1, 3, 2] {
            outbox.put(ring(1, version));
        }
        outbox.put(Ring::Work { role: Role::Dispatch });
        outbox.put(Ring::Work { role: Role::Dispatch });
        let batch = outbox.take();
        assert_eq!(batch.cases.into_values().collect::<Vec<_>>(), [3]);
        assert_eq!(batch.roles.len(), 1);
    }

    #[test]
    fn what_finds_no_room_is_counted_and_confessed_once() {
        let outbox = Outbox::default();
        for number in 0..OUTBOX_CASES_MAX + 2 {
            outbox.put(ring(number, 1));
        }
        // A case that waits already needs no room.
        outbox.put(ring(0, 2));
        let batch = outbox.take();
        outbox.sent();
        assert_eq!((batch.cases.len(), batch.lost), (OUTBOX_CASES_MAX, true));
        assert_eq!(outbox.dropped(), 2);
        assert!(!outbox.take().lost);
    }

    #[test]
    fn a_batch_that_never_arrived_is_confessed_with_the_next() {
        let outbox = Outbox::default();
        outbox.put(ring(1, 1));
        outbox.take();
        assert!(outbox.take().lost);
        outbox.sent();
        assert!(!outbox.take().lost);
    }
}
