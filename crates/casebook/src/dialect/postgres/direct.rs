//! Connections that write batches and nothing else.
//!
//! A pool asks a connection whether it still lives each time it comes back, and lends them in turn. For
//! the one statement of a batch that is a second round trip, on a server process whose plans have gone
//! cold meanwhile. So the committer keeps its connections: the one used last is used next, and one that
//! fails is let go of.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sea_orm::{DatabaseConnection, DbErr, RuntimeErr};
use sqlx::postgres::{PgConnection, PgPool, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, Error as SqlxError, Row as _};

use super::batch::{self, Encoded};
use super::outcome;
use crate::dialect::{ACQUIRE_MAX, Batch, Outcome};
use crate::row::{Cell, Table};

/// How long an answer is waited for; the server gives up before that. A server that is gone without a word
/// never says so.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// As many connections as there are commits in flight.
pub(crate) struct Direct {
    /// Knows how to connect; its connections are others.
    pool: PgPool,
    idle: Mutex<Vec<PgConnection>>,
}

impl Direct {
    /// Direct to the database that a pool is connected to; none is opened yet.
    pub(crate) fn beside(pool: &DatabaseConnection) -> Self {
        Self { pool: pool.get_postgres_connection_pool().clone(), idle: Mutex::default() }
    }

    /// Writes a batch in one statement that commits by itself.
    pub(crate) async fn write(&self, batch: &Batch) -> Result<Outcome, DbErr> {
        let rows = self.ask(batch::statement(batch)).await;
        outcome(rows.map(|rows| rows.first().map(|_| ())))
    }

    /// The keys among these that somebody holds, by the place of their table, as [`Cell::text`] writes
    /// them.
    pub(crate) async fn taken(
        &self,
        claims: &[(&'static Table, Vec<Vec<Cell>>)],
    ) -> Result<HashSet<(usize, Vec<String>)>, DbErr> {
        let rows = self.ask(batch::taken(claims)).await?;
        let read = |row: &PgRow| {
            let place: i64 = row.try_get(0)?;
            Ok((usize::try_from(place).unwrap_or_default(), row.try_get(1)?))
        };
        rows.iter().map(read).collect::<Result<_, SqlxError>>().map_err(query_error)
    }

    /// Asks on the connection that was used last. Reads to the end of the answer, which is after the
    /// commit.
    async fn ask(&self, (sql, values): (String, Encoded)) -> Result<Vec<PgRow>, DbErr> {
        let Encoded { arguments, error } = values;
        if let Some(error) = error {
            return Err(DbErr::Custom(error.to_string()));
        }
        let mut connection = match self.take() {
            Some(connection) => connection,
            None => self.open().await.map_err(|error| DbErr::Conn(runtime(error)))?,
        };
        let asking = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(&mut connection);
        let answer = match tokio::time::timeout(ANSWER_MAX, asking).await {
            Ok(answer) => answer,
            Err(_) => Err(SqlxError::Io(std::io::ErrorKind::TimedOut.into())),
        };
        if is_usable(&answer) {
            self.give_back(connection);
        }
        answer.map_err(query_error)
    }

    /// Closes the connections that are idle.
    pub(crate) async fn close(&self) {
        while let Some(connection) = self.take() {
            if let Err(error) = connection.close().await {
                tracing::debug!(%error, "a connection was gone before it was closed");
            }
        }
    }

    async fn open(&self) -> Result<PgConnection, SqlxError> {
        let options = self.pool.connect_options();
        let connecting = PgConnection::connect_with(&options);
        let in_time = tokio::time::timeout(ACQUIRE_MAX, connecting).await;
        in_time.unwrap_or(Err(SqlxError::PoolTimedOut))
    }

    fn take(&self) -> Option<PgConnection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, connection: PgConnection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Direct").finish_non_exhaustive()
    }
}

/// What the server says of a statement leaves the connection as it was; what it says of itself (SQLSTATE
/// class 57: it shuts down, it gave up), and anything else, may be the connection's end.
fn is_usable<T>(answer: &Result<T, SqlxError>) -> bool {
    match answer {
        Ok(_) => true,
        Err(SqlxError::Database(error)) => error.code().is_some_and(|code| !code.starts_with("57")),
        Err(_) => false,
    }
}

fn query_error(error: SqlxError) -> DbErr {
    DbErr::Query(runtime(error))
}

fn runtime(error: SqlxError) -> RuntimeErr {
    RuntimeErr::SqlxError(error.into())
}
