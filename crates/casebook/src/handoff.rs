//! Work that is due at once goes straight from the commit to a worker of the same process.
//!
//! Such a task is born leased: its row says so, so no other process claims it, and if this process dies
//! the lease runs out and somebody else does. Claiming from the table is therefore only for deadlines,
//! for work that found no free worker, and for what a dead process left behind.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parasol_journey::ids::CaseId;
use parasol_journey::task::{Obligation, Role};
use parasol_journey::time::Span;
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
    wakes: Arc<HashMap<Role, Notify>>,
    committed: Arc<Notify>,
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
        let wakes = Role::ALL.iter().map(|role| (*role, Notify::new())).collect();
        let handoff = Self {
            lease,
            queues: Arc::new(senders),
            wakes: Arc::new(wakes),
            committed: Arc::new(Notify::new()),
        };
        (handoff, receivers)
    }

    /// How tasks are leased.
    pub fn lease(&self) -> Lease {
        self.lease
    }

    /// Woken when a task of this role was armed, here or, by the bell, elsewhere.
    pub fn wake(&self, role: Role) -> &Notify {
        &self.wakes[&role]
    }

    /// Woken after every commit of this process.
    pub fn committed(&self) -> &Notify {
        &self.committed
    }

    pub(crate) fn reserve(&self, role: Role) -> Option<Permit> {
        self.queues.get(&role)?.clone().try_reserve_owned().ok()
    }

    /// Tells the workers of these roles that something was armed.
    pub(crate) fn armed(&self, roles: &HashSet<Role>) {
        for role in roles {
            self.wake(*role).notify_one();
        }
        self.committed.notify_one();
    }
}
