//! The store: one database, a small pool that writes and one that reads.
//!
//! There is no storage trait. sea-orm is the abstraction over the engines, and a real SQLite file is
//! the fast test double.

use std::path::Path;
use std::sync::Arc;

use parasol_journey::time::Timestamp;
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr};

use crate::audit::ChainKeys;
use crate::dialect::{self, Address, Direct, Engine, Hosts, NoPrimary, Reader, Writer};
use crate::tasks::ATTEMPTS_MAX;
use crate::vault::Keyring;

/// How many connections a store may open.
#[derive(Clone, Copy, Debug)]
pub struct Pools {
    /// Connections that write, beside the two at most that PostgreSQL's commits have for themselves: for
    /// claiming, sequencing, and batches that need a transaction. SQLite has one for everything.
    pub write: u32,
    /// Connections that read.
    pub read: u32,
}

impl Default for Pools {
    fn default() -> Self {
        Self { write: 3, read: 4 }
    }
}

/// A database that holds a cell.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) engine: Engine,
    pub(crate) writer: Writer,
    pub(crate) direct: Option<Arc<Direct>>,
    reader: Reader,
    house: Reader,
    /// Where the server may be; nothing of the embedded engine.
    hosts: Option<Arc<Hosts>>,
    pub(crate) attempts_max: i64,
    pub(crate) chain: ChainKeys,
    /// What the vault is sealed with; without it the vault is locked.
    pub(crate) keyring: Option<Keyring>,
}

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address says something that cannot be meant.
    #[error("the address of the database cannot be used: {0}")]
    Address(&'static str),
    /// The engine did not answer.
    #[error("the database did not answer")]
    Unreachable(#[source] DbErr),
    /// Whoever answered follows another server.
    #[error(
        "no host of the database's address is the primary: whoever answered follows another server"
    )]
    Standby,
    /// Something between here and the server does not keep sessions, and the address does not say so.
    #[error(
        "a pooler stands before the database and does not keep sessions; add pooler=transaction to the address"
    )]
    Pooler,
    /// The engine is set so that an acknowledged step could be lost.
    #[error("the database is not durable: {}", .0.join("; "))]
    NotDurable(Vec<String>),
}

impl From<NoPrimary> for OpenError {
    fn from(none: NoPrimary) -> Self {
        match none {
            NoPrimary::Unreachable(error) => {
                Self::Unreachable(DbErr::Conn(RuntimeErr::SqlxError(error.into())))
            }
            NoPrimary::Standby => Self::Standby,
            NoPrimary::Pooler => Self::Pooler,
        }
    }
}

impl Store {
    /// Opens a database by URL: `sqlite:///path/file.db`, or `postgres://…`, which may name up to
    /// [`dialect::HOSTS_MAX`] hosts, of which the primary is used, and say `pooler=transaction`. Its vault is locked
    /// until [`Store::with_keys`].
    ///
    /// # Errors
    /// [`OpenError::NotDurable`] when a setting would let an acknowledged step be lost.
    pub async fn open(url: &str, pools: Pools) -> Result<Self, OpenError> {
        if Engine::of_url(url) == Engine::Sqlite {
            return Self::opened(url, pools, false).await;
        }
        let address = Address::parse(url).map_err(OpenError::Address)?;
        let mut hosts = Engine::hosts(&address).map_err(OpenError::Unreachable)?;
        let place = if hosts.are_several() { hosts.find().await? } else { 0 };
        let store = match Self::opened(address.url(place), pools, address.is_pooled()).await {
            Err(OpenError::Unreachable(error)) => {
                // Why, if it can be known.
                return Err(match hosts.find().await {
                    Err(known @ (NoPrimary::Standby | NoPrimary::Pooler)) => known.into(),
                    _ => OpenError::Unreachable(error),
                });
            }
            opened => opened?,
        };
        hosts.lead([store.writer.pool(), store.reader.pool()]);
        Ok(Self { hosts: Some(Arc::new(hosts)), ..store })
    }

    async fn opened(url: &str, pools: Pools, pooled: bool) -> Result<Self, OpenError> {
        let unreachable = OpenError::Unreachable;
        let writer = Engine::open_writer(url, pools.write, pooled).await.map_err(unreachable)?;
        let reader = Engine::open_reader(url, pools.read, pooled).await.map_err(unreachable)?;
        let engine = Engine::of_url(url);
        if !engine.insists(&writer).await.map_err(unreachable)? {
            return Err(OpenError::Pooler);
        }
        let problems = engine.durability_problems(&writer, &reader).await;
        let problems = problems.map_err(unreachable)?;
        if !problems.is_empty() {
            return Err(OpenError::NotDurable(problems));
        }
        Ok(Self {
            engine,
            direct: engine.direct(&writer, pooled),
            writer,
            house: reader.clone(),
            reader,
            hosts: None,
            attempts_max: ATTEMPTS_MAX,
            chain: ChainKeys::open(),
            keyring: None,
        })
    }

    /// Whether its address names several hosts, so that somebody has to [follow the primary](Store::follow_primary).
    pub fn has_several_hosts(&self) -> bool {
        self.hosts.as_ref().is_some_and(|hosts| hosts.are_several())
    }

    /// Looks which host is the primary, and leads new connections there; the host, where it is another than before.
    /// Connections that lead elsewhere have broken, or will: a server that ceases to be the primary ends them.
    ///
    /// # Errors
    /// When none is, as far as can be seen; the next look may find one.
    pub async fn follow_primary(&self) -> Result<Option<String>, OpenError> {
        match &self.hosts {
            Some(hosts) => Ok(hosts.look().await?),
            None => Ok(None),
        }
    }

    /// The same store, parking tasks after this many attempts instead of [`ATTEMPTS_MAX`]. Clones made
    /// before do not know.
    #[must_use]
    pub fn parking_after(self, attempts: u32) -> Self {
        Self { attempts_max: i64::from(attempts.max(1)), ..self }
    }

    /// The same store, chaining its audit trail with these keys instead of [`ChainKeys::open`]. Clones made
    /// before do not know.
    #[must_use]
    pub fn chaining_with(self, chain: ChainKeys) -> Self {
        Self { chain, ..self }
    }

    /// The same store with the keys of its vault. Without them nothing personal is written, and what is sealed is not
    /// read. Clones made before do not have them.
    #[must_use]
    pub fn with_keys(self, keyring: Keyring) -> Self {
        Self { keyring: Some(keyring), ..self }
    }

    /// The same store, reading so.
    pub(crate) fn reading_with(&self, reader: Reader) -> Self {
        Self { reader, ..self.clone() }
    }

    /// The engine underneath.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// What queries run on. It cannot write, and sees what the store is [within](Store::within).
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What the kernel's own queries run on, whoever asks.
    pub(crate) fn house(&self) -> &Reader {
        &self.house
    }

    /// The connection migrations run on. Nothing else may use it: rows are written through the
    /// casebook only.
    pub fn for_migrations(&self) -> &DatabaseConnection {
        self.writer.pool()
    }

    /// A transaction that migrations run in, on a server; behind a pooler they run nowhere else.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn begin_for_migrations(&self) -> Result<DatabaseTransaction, DbErr> {
        self.writer.begin_for_migrations().await
    }

    /// Tells the planner about the tables; once after migrating.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn analyze(&self) -> Result<(), DbErr> {
        dialect::analyze(&self.writer).await
    }

    /// One pass of keeping the embedded file short; the server engine does this by itself.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn checkpoint(&self) -> Result<(), DbErr> {
        dialect::checkpoint(self.reader.pool()).await
    }

    /// Writes a whole copy of the embedded store, of one moment, to a file that is not there yet. Nobody who works on
    /// the store waits for it. The copy may still be on its way to the disk.
    ///
    /// # Errors
    /// What the engine says; a server's store is copied by the server's own tools alone.
    pub async fn copy_to(&self, file: &Path) -> Result<(), DbErr> {
        dialect::copy_to(self.writer.pool(), file).await
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn close(self) -> Result<(), DbErr> {
        if let Some(direct) = &self.direct {
            direct.close().await;
        }
        if let Some(hosts) = &self.hosts {
            hosts.close().await;
        }
        self.reader.close().await?;
        self.writer.close().await
    }
}

/// A column's integer as an instant.
pub(crate) fn instant(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}
