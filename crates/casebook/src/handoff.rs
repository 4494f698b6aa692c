//! Work that is due at once goes straight from the commit to a worker of the same process.
//!
//! Such a task is born leased: its row says so, so no other process claims it, and if this process dies
//! the lease runs out and somebody else does. Claiming from the table is therefore only for deadlines,
//! for work that found no free worker, and for what a dead process left behind.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parasol_journey::ids::CaseId;
use parasol_journey::task::{Obligation, Role};
use parasol_journey::time::{Span, Timestamp};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

/// A place in a worker's queue.
pub(crate) type Permit = mpsc::OwnedPermit<Handed>;

/// A task handed over.
#[derive(Clone, Copy, Debug)]
pub struct Handed {
    /// The case.
    pub case: CaseId,
    /// What it owes.
    pub obligation: Obligation,
}

/// How tasks are leased by this process.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// This process.
    pub holder: Uuid,
    /// How long a lease lasts.
    pub length: Span,
}

/// The roles this process works for, with their queues and wake-ups.
#[derive(Clone)]
pub struct Handoff {
    lease: Lease,
    queues: Arc<HashMap<Role, mpsc::Sender<Handed>>>,
    wakes: Arc<HashMap<Role, Arc<Notify>>>,
    committed: Arc<Notify>,
    /// When the timer worker looks again; a deadline armed before it wakes the worker.
    horizon: Arc<AtomicI64>,
}

/// The receiving ends, one per role.
pub type Queues = HashMap<Role, mpsc::Receiver<Handed>>;

impl Handoff {
    /// Queues for these roles, each with room for `depth` tasks.
    pub fn new(lease: Lease, roles: &[Role], depth: usize) -> (Self, Queues) {
        let mut senders = HashMap::new();
        let mut receivers = HashMap::new();
        for role in roles {
            let (sender, receiver) = mpsc::channel(depth);
            senders.insert(*role, sender);
            receivers.insert(*role, receiver);
        }
        let wakes = Role::ALL.iter().map(|role| (*role, Arc::default())).collect();
        let handoff = Self {
            lease,
            queues: Arc::new(senders),
            wakes: Arc::new(wakes),
            committed: Arc::default(),
            horizon: Arc::new(AtomicI64::new(i64::MAX)),
        };
        (handoff, receivers)
    }

    /// How tasks are leased.
    pub fn lease(&self) -> Lease {
        self.lease
    }

    /// Woken when this role has something to claim sooner than its worker knows.
    pub fn wake(&self, role: Role) -> Arc<Notify> {
        Arc::clone(&self.wakes[&role])
    }

    /// Woken after every commit of this process.
    pub fn committed(&self) -> Arc<Notify> {
        Arc::clone(&self.committed)
    }

    /// When the timer worker means to look again.
    pub fn horizon(&self) -> Timestamp {
        Timestamp::from_micros(self.horizon.load(Ordering::Acquire))
    }

    /// Forgets the horizon, before the worker asks the table for the next one.
    pub(crate) fn forget_horizon(&self) {
        self.horizon.store(i64::MAX, Ordering::Release);
    }

    /// Draws the horizon nearer; true when it was farther.
    pub(crate) fn draw_horizon(&self, due: Timestamp) -> bool {
        self.horizon.fetch_min(due.micros(), Ordering::AcqRel) > due.micros()
    }

    pub(crate) fn reserve(&self, role: Role) -> Option<Permit> {
        self.queues.get(&role)?.clone().try_reserve_owned().ok()
    }

    /// Tells the workers of a commit: the roles whose work was not handed over, and the earliest
    /// deadline it armed.
    pub(crate) fn armed(&self, roles: &HashSet<Role>, earliest: Option<Timestamp>) {
        for role in roles {
            self.wake(*role).notify_one();
        }
        if earliest.is_some_and(|due| self.draw_horizon(due)) {
            self.wake(Role::Timer).notify_one();
        }
        self.committed.notify_one();
    }
}
