//! Work that is due at once, and deadlines that are due soon, go straight from the commit to a worker of
//! the same process.
//!
//! Such a task is born leased: its row says so, so no other process claims it, and if this process dies
//! the lease runs out and somebody else does. Claiming from the table is therefore only for deadlines
//! armed long ago, for work that found no free worker, and for what a dead process left behind.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parasol_journey::Task;
use parasol_journey::task::{Obligation, Role};
use parasol_journey::time::{Span, Timestamp};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use crate::tasks::Claimed;

/// A place in a worker's queue.
pub(crate) type Permit = mpsc::OwnedPermit<Claimed>;

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
    ahead: Span,
    queues: Arc<HashMap<Role, mpsc::Sender<Claimed>>>,
    wakes: Arc<HashMap<Role, Arc<Notify>>>,
    committed: Arc<Notify>,
}

/// The receiving end of a role's queue.
pub type Queue = mpsc::Receiver<Claimed>;

/// The receiving ends, one per role.
pub type Queues = HashMap<Role, Queue>;

impl Handoff {
    /// Queues for these roles, each with room for `depth` tasks. A deadline is handed over, and claimed,
    /// up to `ahead` before it is due.
    pub fn new(lease: Lease, ahead: Span, roles: &[Role], depth: usize) -> (Self, Queues) {
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
            ahead,
            queues: Arc::new(senders),
            wakes: Arc::new(wakes),
            committed: Arc::default(),
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

    /// Until when a role takes tasks on.
    pub(crate) fn reach(&self, role: Role, now: Timestamp) -> Timestamp {
        if role == Role::Timer { now + self.ahead } else { now }
    }

    /// Whether a task armed now is for its role's worker to take on at once.
    pub(crate) fn is_near(&self, owed: &Obligation, now: Timestamp) -> bool {
        owed.due <= self.reach(owed.task.role(), now)
    }

    /// Until when a task that is taken on now is leased.
    pub(crate) fn leased_until(&self, owed: &Obligation, now: Timestamp) -> Timestamp {
        let from = if let Task::Clock(_) = owed.task { owed.due.max(now) } else { now };
        from + self.lease.length
    }

    pub(crate) fn reserve(&self, role: Role) -> Option<Permit> {
        self.queues.get(&role)?.clone().try_reserve_owned().ok()
    }

    /// Places in a role's queue, at most so many; `None` where this process has no queue for it.
    pub(crate) fn reserve_up_to(&self, role: Role, most: usize) -> Option<Vec<Permit>> {
        let queue = self.queues.get(&role)?;
        Some((0..most).map_while(|_| queue.clone().try_reserve_owned().ok()).collect())
    }

    /// Tells the workers of a commit: the roles whose work was not handed over.
    pub(crate) fn armed(&self, roles: &HashSet<Role>) {
        for role in roles {
            self.wake(*role).notify_one();
        }
        self.committed.notify_one();
    }
}
