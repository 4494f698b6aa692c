//! The store: one database, a small pool that writes and one that reads.
//!
//! There is no storage trait. sea-orm is the abstraction over the engines, and a real SQLite file is
//! the fast test double.

use std::path::Path;
use std::sync::Arc;

use parasol_journey::time::Timestamp;
use sea_orm::{DatabaseConnection, DbErr};

use crate::audit::ChainKeys;
use crate::dialect::{self, Direct, Engine, Reader};
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
    pub(crate) writer: DatabaseConnection,
    pub(crate) direct: Option<Arc<Direct>>,
    reader: Arc<Reader>,
    pub(crate) attempts_max: i64,
    pub(crate) chain: ChainKeys,
    /// What the vault is sealed with; without it the vault is locked.
    pub(crate) keyring: Option<Keyring>,
}

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The engine did not answer.
    #[error("the database did not answer")]
    Unreachable(#[source] DbErr),
    /// The engine is set so that an acknowledged step could be lost.
    #[error("the database is not durable: {}", .0.join("; "))]
    NotDurable(Vec<String>),
}

impl Store {
    /// Opens a database by URL (`sqlite:///path/file.db` or `postgres://…`). Its vault is locked until
    /// [`Store::with_keys`].
    ///
    /// # Errors
    /// [`OpenError::NotDurable`] when a setting would let an acknowledged step be lost.
    pub async fn open(url: &str, pools: Pools) -> Result<Self, OpenError> {
        let writer = Engine::open_writer(url, pools.write).await.map_err(OpenError::Unreachable)?;
        let reader = Engine::open_reader(url, pools.read).await.map_err(OpenError::Unreachable)?;
        let engine = Engine::of(&writer);
        let problems = engine.durability_problems(&writer, &reader).await;
        let problems = problems.map_err(OpenError::Unreachable)?;
        if problems.is_empty() {
            let direct = engine.direct(&writer);
            let reader = Arc::new(Reader::over(reader, pools.read));
            let (attempts_max, chain) = (ATTEMPTS_MAX, ChainKeys::open());
            Ok(Self { engine, writer, direct, reader, attempts_max, chain, keyring: None })
        } else {
            Err(OpenError::NotDurable(problems))
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

    /// The engine underneath.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// What queries run on. It cannot write.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The connection migrations run on. Nothing else may use it: rows are written through the
    /// casebook only.
    pub fn for_migrations(&self) -> &DatabaseConnection {
        &self.writer
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
        dialect::copy_to(&self.writer, file).await
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn close(self) -> Result<(), DbErr> {
        if let Some(direct) = &self.direct {
            direct.close().await;
        }
        self.reader.close().await?;
        self.writer.close().await
    }
}

/// A column's integer as an instant.
pub(crate) fn instant(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}
