//! The only place that knows which engine is underneath, beside the migrations.
//!
//! The write path speaks raw SQL in one multi-row statement a table, because statements a commit are
//! what it costs; everything else goes through sea-orm. Both files offer the same few functions, and the
//! conformance suite runs every one of them on both engines.

mod postgres;
mod reader;
mod sqlite;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::Error as SqlxError;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, QueryResult,
    RuntimeErr, Statement,
};
use uuid::Uuid;

pub use self::postgres::HOSTS_MAX;
pub(crate) use self::postgres::{Address, Direct, Hosts, NoPrimary};
pub use self::reader::Reader;
pub(crate) use self::writer::{Transaction, Writer};
use crate::row::{Cell, Table};
use crate::tables::cases;
use crate::vault::Aside;

/// How long a reading connection may lie idle before it is asked whether it still lives.
const IDLE_BEFORE_PING: Duration = Duration::from_secs(2);
/// How long anybody waits for a connection before the store counts as away. A server that is being
/// restarted is waited for as long.
const ACQUIRE_MAX: Duration = Duration::from_secs(4);

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded: one file, one writer.
    Sqlite,
    /// A server, possibly shared by many processes.
    Postgres,
}

/// What to do about a row whose key exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// Fail the whole write.
    Fail,
    /// Leave the row out; the write is lost if any was.
    Lose,
    /// Replace the row.
    Replace,
}

/// Everything one commit writes, as data.
#[derive(Default)]
pub(crate) struct Batch {
    /// How many commands it is of.
    pub commands: usize,
    /// Rows whose keys must be free, where they were not taken before; written before all others.
    pub claims: Vec<(&'static Table, Vec<Vec<Cell>>)>,
    /// New rows by table.
    pub inserts: Vec<(&'static Table, Conflict, Vec<Vec<Cell>>)>,
    /// Keys to delete by table.
    pub deletes: Vec<(&'static Table, Vec<Vec<Cell>>)>,
    /// Changed cases: the whole row, and the version it must still have.
    pub cases: Vec<(Vec<Cell>, i64)>,
}

impl Batch {
    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.claims.is_empty()
            && self.inserts.is_empty()
            && self.deletes.is_empty()
            && self.cases.is_empty()
    }
}

/// Whether a batch was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All of it.
    Written,
    /// None of it: a case had moved on, or a key was taken.
    Lost,
}

/// What an error means for whoever might try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The store cannot be reached or cannot write; no part of a batch would fare better.
    Away,
    /// Others were in the way; the same may go well in a moment.
    Passing,
    /// The same would fail again.
    Lasting,
}

/// A case as its row has it.
pub(crate) struct LoadedCase {
    pub id: Uuid,
    pub version: i64,
    pub state: String,
}

/// An entry of a log as its row has it.
pub(crate) struct LoadedEvent {
    pub case: Uuid,
    pub seq: i64,
    pub body: String,
}

/// A saved answer.
pub(crate) struct SavedAnswer {
    pub key: Uuid,
    pub fingerprint: Uuid,
    pub body: Vec<u8>,
}

/// A task that was claimed.
pub(crate) struct ClaimedRow {
    pub case_id: Uuid,
    pub task: String,
    pub generation: i64,
    pub due: i64,
    pub attempts: i64,
}

/// How to claim tasks.
pub(crate) struct ClaimTasks<'a> {
    pub role: &'a str,
    pub now: i64,
    pub until: i64,
    pub lease: Uuid,
    pub lease_until: i64,
    pub limit: i64,
}

impl Engine {
    /// The engine behind a connection.
    pub(crate) fn of(connection: &impl ConnectionTrait) -> Self {
        match connection.get_database_backend() {
            DbBackend::Postgres => Self::Postgres,
            _ => Self::Sqlite,
        }
    }

    /// Opens the pool that writes, through a pooler or not.
    pub(crate) async fn open_writer(
        url: &str,
        connections: u32,
        pooled: bool,
    ) -> Result<Writer, DbErr> {
        let mut options = ConnectOptions::new(url.to_owned());
        options.sqlx_logging(false).test_before_acquire(false).acquire_timeout(ACQUIRE_MAX);
        match Self::of_url(url) {
            Self::Sqlite => sqlite::writer_options(&mut options),
            Self::Postgres => postgres::writer_options(&mut options, connections, pooled),
        }
        let pool = Database::connect(options).await?;
        let pooled = pooled.then(|| postgres::pooled(&pool));
        Ok(Writer::over(pool, pooled))
    }

    /// Opens the pool that reads, through a pooler or not.
    pub(crate) async fn open_reader(
        url: &str,
        connections: u32,
        pooled: bool,
    ) -> Result<Reader, DbErr> {
        let mut options = ConnectOptions::new(url.to_owned());
        options.sqlx_logging(false).max_connections(connections).acquire_timeout(ACQUIRE_MAX);
        // A ping before every query would cost as much as most queries.
        options.test_before_acquire_if_idle_for(IDLE_BEFORE_PING);
        match Self::of_url(url) {
            Self::Sqlite => sqlite::reader_options(&mut options),
            Self::Postgres => postgres::reader_options(&mut options, pooled),
        }
        Ok(Reader::over(Database::connect(options).await?, url, connections, pooled))
    }

    /// The engine a URL names.
    pub fn of_url(url: &str) -> Self {
        if url.starts_with("postgres") { Self::Postgres } else { Self::Sqlite }
    }

    /// Settings that would let an acknowledged step be lost; empty when the engine is safe.
    pub(crate) async fn durability_problems(
        self,
        writer: &Writer,
        reader: &Reader,
    ) -> Result<Vec<String>, DbErr> {
        match self {
            Self::Sqlite => sqlite::durability_problems(writer.pool()).await,
            Self::Postgres => postgres::durability_problems(writer, reader).await,
        }
    }

    /// Whether the sessions that write have the settings they were opened with.
    pub(crate) async fn insists(self, writer: &Writer) -> Result<bool, DbErr> {
        match self {
            Self::Sqlite => Ok(true),
            Self::Postgres => postgres::insists(writer).await,
        }
    }

    /// The hosts of a server's address.
    pub(crate) fn hosts(address: &Address) -> Result<Hosts, DbErr> {
        postgres::hosts(address)
    }

    /// What an error means for whoever might try again.
    pub(crate) fn trouble(self, error: &DbErr) -> Trouble {
        let inner = match error {
            DbErr::ConnectionAcquire(_) => return Trouble::Away,
            DbErr::Conn(RuntimeErr::SqlxError(inner))
            | DbErr::Exec(RuntimeErr::SqlxError(inner))
            | DbErr::Query(RuntimeErr::SqlxError(inner)) => inner.as_ref(),
            _ => return Trouble::Lasting,
        };
        match inner {
            SqlxError::Io(_)
            | SqlxError::Tls(_)
            | SqlxError::PoolTimedOut
            | SqlxError::PoolClosed
            | SqlxError::WorkerCrashed => Trouble::Away,
            // A connection that was cut in the middle of an answer may look like this.
            SqlxError::Protocol(_) => Trouble::Passing,
            SqlxError::Database(error) => {
                let code = error.code().unwrap_or_default();
                match self {
                    Self::Sqlite => sqlite::trouble(&code),
                    Self::Postgres => postgres::trouble(&code),
                }
            }
            _ => Trouble::Lasting,
        }
    }

    /// Reads cases by id, locking their rows when `lock` is set (PostgreSQL; on SQLite the write
    /// transaction is the lock).
    pub(crate) async fn load_cases(
        self,
        connection: &impl ConnectionTrait,
        ids: &[Uuid],
        lock: bool,
    ) -> Result<Vec<LoadedCase>, DbErr> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let statement = match self {
            Self::Sqlite => sqlite::by_ids("id, version, state", "cases", "id", ids),
            Self::Postgres => postgres::load_cases(ids, lock),
        };
        let rows = connection.query_all_raw(statement).await?;
        rows.iter()
            .map(|row| {
                Ok(LoadedCase {
                    id: row.try_get_by_index(0)?,
                    version: row.try_get_by_index(1)?,
                    state: row.try_get_by_index(2)?,
                })
            })
            .collect()
    }

    /// Reads whole logs, in no order.
    pub(crate) async fn logs(
        self,
        connection: &impl ConnectionTrait,
        cases: &[Uuid],
    ) -> Result<Vec<LoadedEvent>, DbErr> {
        let columns = "case_id, seq, body";
        let statement = match self {
            Self::Sqlite => sqlite::by_ids(columns, "events", "case_id", cases),
            Self::Postgres => postgres::by_ids(columns, "events", "case_id", cases),
        };
        loaded_events(connection, statement).await
    }

    /// Reads single entries of logs, in no order; what is not there is left out.
    pub(crate) async fn entries(
        self,
        connection: &impl ConnectionTrait,
        wanted: &[(Uuid, i64)],
    ) -> Result<Vec<LoadedEvent>, DbErr> {
        let statement = match self {
            Self::Sqlite => sqlite::entries(wanted),
            Self::Postgres => postgres::entries(wanted),
        };
        loaded_events(connection, statement).await
    }

    /// Reads saved answers by key.
    pub(crate) async fn saved_answers(
        self,
        connection: &impl ConnectionTrait,
        keys: &[Uuid],
    ) -> Result<Vec<SavedAnswer>, DbErr> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let columns = "key, fingerprint, body";
        let statement = match self {
            Self::Sqlite => sqlite::by_ids(columns, "commands", "key", keys),
            Self::Postgres => postgres::by_ids(columns, "commands", "key", keys),
        };
        let rows = connection.query_all_raw(statement).await?;
        rows.iter()
            .map(|row| {
                Ok(SavedAnswer {
                    key: row.try_get_by_index(0)?,
                    fingerprint: row.try_get_by_index(1)?,
                    body: row.try_get_by_index(2)?,
                })
            })
            .collect()
    }

    /// Takes keys that nobody holds; answers with the keys that were taken.
    pub(crate) async fn claim_rows(
        self,
        connection: &impl ConnectionTrait,
        table: &'static Table,
        rows: &[Vec<Cell>],
    ) -> Result<Vec<Vec<Cell>>, DbErr> {
        let statements = match self {
            Self::Sqlite => sqlite::claim(table, rows),
            Self::Postgres => vec![postgres::claim(table, rows)],
        };
        let mut keys = Vec::with_capacity(rows.len());
        for statement in statements {
            for row in connection.query_all_raw(statement).await? {
                keys.push(read_key(table, &row)?);
            }
        }
        Ok(keys)
    }

    /// Takes every commit that waits to be numbered out of its table; answers with their entries and rows
    /// of the audit trail. One statement, so that what is taken is what was there at one moment.
    pub(crate) async fn take_commits(
        self,
        connection: &impl ConnectionTrait,
    ) -> Result<Vec<(String, Vec<u8>)>, DbErr> {
        let backend = match self {
            Self::Sqlite => DbBackend::Sqlite,
            Self::Postgres => DbBackend::Postgres,
        };
        let take = "DELETE FROM commits RETURNING entries, audit";
        let statement = Statement::from_string(backend, take);
        let rows = connection.query_all_raw(statement).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }

    /// Waits until nobody else is writing to a table, and lets nobody until the end of the transaction. Readers go
    /// on. The embedded engine has one writer anyway.
    pub(crate) async fn keep_writers_out(
        self,
        transaction: &Transaction,
        table: &str,
    ) -> Result<(), DbErr> {
        match self {
            Self::Sqlite => Ok(()),
            Self::Postgres => {
                let sql = format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE");
                transaction.execute_unprepared(&sql).await.map(|_| ())
            }
        }
    }

    /// Writes a batch inside a transaction; a lost batch must be rolled back by the caller.
    pub(crate) async fn write(
        self,
        transaction: &Transaction,
        batch: &Batch,
    ) -> Result<Outcome, DbErr> {
        match self {
            Self::Sqlite => sqlite::write(transaction, batch).await,
            Self::Postgres => postgres::write(transaction, batch).await,
        }
    }

    /// Connections that write a batch in one statement that commits by itself, beside the pool that
    /// writes; `None` where the engine needs a transaction for that.
    pub(crate) fn direct(self, writer: &Writer, pooled: bool) -> Option<Arc<Direct>> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(Arc::new(Direct::beside(writer.pool(), pooled))),
        }
    }

    /// How many commits may be in flight. The embedded engine has one writer: a second commit would only
    /// be closed early, to wait for the first.
    pub(crate) const fn commits_max(self) -> usize {
        match self {
            Self::Sqlite => 1,
            Self::Postgres => usize::MAX,
        }
    }

    /// The words that pass over rows somebody else has locked.
    const fn skip_locked(self) -> (DbBackend, &'static str) {
        match self {
            Self::Sqlite => (DbBackend::Sqlite, ""),
            Self::Postgres => (DbBackend::Postgres, "FOR UPDATE SKIP LOCKED"),
        }
    }

    /// Claims due tasks of a role; tasks another worker is claiming are passed over.
    pub(crate) async fn claim_tasks(
        self,
        connection: &impl ConnectionTrait,
        claim: &ClaimTasks<'_>,
    ) -> Result<Vec<ClaimedRow>, DbErr> {
        let (backend, skip) = self.skip_locked();
        let sql = format!(
            "WITH picked (c, t, g) AS (SELECT case_id, task, generation FROM tasks \
             WHERE role = $1 AND visible_at <= $2 AND parked = '' \
             AND (visible_at <= $6 OR visible_at = due) \
             ORDER BY visible_at LIMIT $5 {skip}) \
             UPDATE tasks SET lease = $3, visible_at = $4, attempts = attempts + 1 \
             FROM picked WHERE case_id = c AND task = t AND generation = g \
             RETURNING case_id, task, generation, due, attempts"
        );
        let values = [
            claim.role.into(),
            claim.until.into(),
            claim.lease.into(),
            claim.lease_until.into(),
            claim.limit.into(),
            claim.now.into(),
        ];
        let statement = Statement::from_sql_and_values(backend, sql, values);
        let rows = connection.query_all_raw(statement).await?;
        rows.iter()
            .map(|row| {
                Ok(ClaimedRow {
                    case_id: row.try_get_by_index(0)?,
                    task: row.try_get_by_index(1)?,
                    generation: row.try_get_by_index(2)?,
                    due: row.try_get_by_index(3)?,
                    attempts: row.try_get_by_index(4)?,
                })
            })
            .collect()
    }
}

/// Engine settings for the tables that every step touches.
pub(crate) async fn tune_hot_tables(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    match Engine::of(connection) {
        Engine::Sqlite => Ok(()),
        Engine::Postgres => postgres::tune_hot_tables(connection).await,
    }
}

async fn loaded_events(
    connection: &impl ConnectionTrait,
    statement: Statement,
) -> Result<Vec<LoadedEvent>, DbErr> {
    let rows = connection.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            Ok(LoadedEvent {
                case: row.try_get_by_index(0)?,
                seq: row.try_get_by_index(1)?,
                body: row.try_get_by_index(2)?,
            })
        })
        .collect()
}

/// How an engine writes values that a migration needs.
pub(crate) struct Words {
    /// The nil id.
    pub nil_id: &'static str,
    /// A new random id.
    pub fresh_id: &'static str,
    /// No bytes.
    pub no_bytes: &'static str,
    /// The type of a column of bytes.
    pub bytes: &'static str,
}

pub(crate) fn words(connection: &impl ConnectionTrait) -> Words {
    match Engine::of(connection) {
        Engine::Sqlite => Words {
            nil_id: "zeroblob(16)",
            fresh_id: "randomblob(16)",
            no_bytes: "x''",
            bytes: "blob",
        },
        Engine::Postgres => Words {
            nil_id: "'00000000-0000-0000-0000-000000000000'::uuid",
            fresh_id: "gen_random_uuid()",
            no_bytes: "''::bytea",
            bytes: "bytea",
        },
    }
}

/// Tells the planner about freshly made tables; a plan made for an empty table is a scan that stays.
pub(crate) async fn analyze(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    connection.execute_unprepared("ANALYZE").await.map(|_| ())
}

/// Lets the engine confine queries within a scope. On SQLite the connections that they run on do it.
pub(crate) async fn guard_rows(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    match Engine::of(connection) {
        Engine::Sqlite => Ok(()),
        Engine::Postgres => postgres::guard_rows(connection).await,
    }
}

/// Moves what SQLite has logged into its file, without making the writer wait. PostgreSQL does it
/// by itself.
pub(crate) async fn checkpoint(connection: &DatabaseConnection) -> Result<(), DbErr> {
    match Engine::of(connection) {
        Engine::Sqlite => sqlite::checkpoint(connection).await,
        Engine::Postgres => Ok(()),
    }
}

/// A copy of SQLite's file, of one moment. PostgreSQL is copied from outside.
pub(crate) async fn copy_to(connection: &DatabaseConnection, file: &Path) -> Result<(), DbErr> {
    match Engine::of(connection) {
        Engine::Sqlite => sqlite::copy_to(connection, file).await,
        Engine::Postgres => {
            Err(DbErr::Custom("a server's store is copied by its own tools".into()))
        }
    }
}

/// Has a table leave out every new row whose `column` is in another table, without a word to its writer. May be
/// applied twice.
pub(crate) async fn leave_out(
    connection: &impl ConnectionTrait,
    table: &str,
    listed: &str,
    column: &str,
) -> Result<(), DbErr> {
    let statements = match Engine::of(connection) {
        Engine::Sqlite => sqlite::leave_out(table, listed, column),
        Engine::Postgres => postgres::leave_out(table, listed, column),
    };
    for statement in statements {
        connection.execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// Has a table put its rows about whoever is on hold aside when they are deleted, without a word to whoever deletes them.
/// `columns` are all of the table's, `key` those of its key. May be applied twice.
pub(crate) async fn put_aside(
    connection: &impl ConnectionTrait,
    aside: &Aside,
    columns: &[&str],
    key: &[&str],
) -> Result<(), DbErr> {
    let statements = match Engine::of(connection) {
        Engine::Sqlite => sqlite::put_aside(aside, columns),
        Engine::Postgres => postgres::put_aside(aside, columns, key),
    };
    for statement in statements {
        connection.execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// Leaves nothing of what is gone in SQLite's file and its log. PostgreSQL has its own housekeeping.
pub(crate) async fn scrub(connection: &DatabaseConnection) -> Result<(), DbErr> {
    match Engine::of(connection) {
        Engine::Sqlite => sqlite::scrub(connection).await,
        Engine::Postgres => Ok(()),
    }
}

fn read_key(table: &Table, row: &QueryResult) -> Result<Vec<Cell>, DbErr> {
    use crate::row::CellType;
    table
        .key
        .iter()
        .enumerate()
        .map(|(index, place)| {
            Ok(match table.columns[*place].cell {
                CellType::Id => Cell::Id(row.try_get_by_index(index)?),
                CellType::Text => Cell::Text(row.try_get_by_index(index)?),
                CellType::Int => Cell::Int(row.try_get_by_index(index)?),
                CellType::Bytes => Cell::Bytes(row.try_get_by_index(index)?),
            })
        })
        .collect()
}

/// The table of cases, whose rows are changed by version.
fn cases_table() -> &'static Table {
    Table::of::<cases::Entity>()
}
