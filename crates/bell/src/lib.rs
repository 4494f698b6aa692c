//! Wake-ups and live fan-out: "something changed, look at the database". A hint, never a record.
//!
//! Owns telling workers and watchers, in this process and in others, that a case moved or that work
//! is due. It deliberately carries no facts: whoever hears a ring reads the database, and whoever
//! hears nothing reads it anyway, once a second, so a lost ring costs a second and nothing else.
//! It keeps nothing, decides nothing and starts no task; the Redis link is a future that the
//! runtime's supervisor runs.
//!
//! Between processes a ring travels by Redis publish/subscribe, through one server or any node of a cluster: there is
//! no stream to trim, no group to lose and no position to forget, so an emptied or restarted Redis needs no repair.
//! Whenever rings may have been lost the listeners hear [`Heard::Lagged`].

mod exchange;
mod link;
mod message;
mod outbox;
mod positions;
mod servers;

use std::sync::Arc;

use parasol_journey::ids::CaseId;
use parasol_journey::task::Role;

use exchange::Exchange;
pub use exchange::{CaseWatcher, LISTENER_BACKLOG_MAX, Listener, Watcher, WorkWatcher};
pub use link::{BadRedisUrl, LinkLost, RedisLink, RedisSettings};
pub use outbox::OUTBOX_CASES_MAX;
use outbox::Outbox;
pub use positions::{POSITION_LIFE, POSITIONS_MAX, Position, Positions};
pub use servers::NODES_MAX;

/// What a ring is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ring {
    /// A case moved.
    Case {
        /// Which case.
        case: CaseId,
        /// A version the case has reached; it may be further by now.
        version: u64,
    },
    /// Work is due for one kind of hands.
    Work {
        /// Whose work.
        role: Role,
    },
    /// The register of the retailer's people has changed.
    Staff,
}

/// What a listener hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// This rang, here or in another process.
    Ring(Ring),
    /// Rings may have been lost: read the database for everything of interest.
    Lagged,
}

/// Counts since the process started, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Rings made in this process that could not be sent to the others.
    pub dropped: u64,
    /// Rings heard from other processes.
    pub from_others: u64,
    /// Times the link to Redis came up.
    pub links: u64,
    /// Cases that somebody in this process watches now.
    pub watched_cases: u64,
}

/// Rings for everyone who listens. A clone is the same bell.
#[derive(Clone, Debug)]
pub struct Bell {
    exchange: Arc<Exchange>,
    reach: Reach,
    positions: Positions,
}

/// How far a ring carries.
#[derive(Clone, Debug)]
enum Reach {
    Process,
    Redis(Arc<Outbox>),
}

impl Bell {
    /// A bell that is heard in this process only: enough when all roles run in one.
    pub fn in_process() -> Self {
        let positions = Positions::in_process();
        Self { exchange: Arc::default(), reach: Reach::Process, positions }
    }

    /// A bell that is heard in every process with the same Redis server and namespace, as long as
    /// somebody runs the link; within this process it is heard in any case.
    ///
    /// # Errors
    /// When the URL is not one of a Redis server. The server itself is not asked yet.
    pub fn over_redis(settings: RedisSettings) -> Result<(Self, RedisLink), BadRedisUrl> {
        let exchange = Arc::<Exchange>::default();
        let outbox = Arc::<Outbox>::default();
        let link = RedisLink::new(settings, Arc::clone(&exchange), Arc::clone(&outbox))?;
        let positions = link.positions();
        Ok((Self { exchange, reach: Reach::Redis(outbox), positions }, link))
    }

    /// The last positions of those on the way, as far as this bell is heard.
    pub fn positions(&self) -> &Positions {
        &self.positions
    }

    /// Rings. Never fails and never waits: what cannot be sent is dropped and counted.
    pub fn ring(&self, ring: Ring) {
        self.exchange.tell(ring);
        match &self.reach {
            Reach::Process => {}
            Reach::Redis(outbox) => outbox.put(ring),
        }
    }

    /// Hears every ring from now on.
    pub fn listen(&self) -> Listener {
        self.exchange.listen()
    }

    /// Hears the rings of one case from now on. Read the case after this call, not before, or a
    /// ring in between is missed. Cheap enough for one per open stream.
    pub fn watch_case(&self, case: CaseId) -> CaseWatcher {
        Exchange::watch_case(&self.exchange, case)
    }

    /// Hears when work is due for `role`, however often it rang since.
    pub fn watch_work(&self, role: Role) -> WorkWatcher {
        self.exchange.watch_work(role)
    }

    /// Hears when the register of the retailer's people has changed, however often it rang since.
    pub fn watch_staff(&self) -> Watcher {
        self.exchange.watch_staff()
    }

    /// The counts as they are now.
    pub fn figures(&self) -> Figures {
        let dropped = match &self.reach {
            Reach::Process => 0,
            Reach::Redis(outbox) => outbox.dropped(),
        };
        Figures { dropped, ..self.exchange.figures() }
    }
}
