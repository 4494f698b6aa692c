//! Connections that write batches and nothing else.
//!
//! A pool asks a connection whether it still lives each time it comes back, and lends them in turn. For
//! the one statement of a batch that is a second round trip, on a server process whose plans have gone
//! cold meanwhile. So the committer keeps its connections: the one used last is used next, and one that
//! fails is let go of.

use std::sync::{Mutex, PoisonError};

use sea_orm::{DatabaseConnection, DbErr, RuntimeErr};
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Connection as _, Error as SqlxError};

use super::batch::{self, Encoded};
use super::outcome;
use crate::dialect::{ACQUIRE_MAX, Batch, Outcome};

/// As many connections as there are commits in flight.
pub(crate) struct Lanes {
    /// Knows how to connect; its connections are others.
    pool: PgPool,
    idle: Mutex<Vec<PgConnection>>,
}

impl Lanes {
    /// Lanes to the database that a pool is connected to; none is opened yet.
    pub(crate) fn beside(pool: &DatabaseConnection) -> Self {
        Self { pool: pool.get_postgres_connection_pool().clone(), idle: Mutex::default() }
    }

    /// Writes a batch in one statement that commits by itself.
    pub(crate) async fn write(&self, batch: &Batch) -> Result<Outcome, DbErr> {
        let (sql, Encoded { arguments, error }) = batch::statement::<Encoded>(batch);
        if let Some(error) = error {
            return Err(DbErr::Custom(error.to_string()));
        }
        let mut connection = match self.take() {
            Some(connection) => connection,
            None => self.open().await.map_err(|error| DbErr::Conn(runtime(error)))?,
        };
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
        // Reads to the end of the answer, which is after the commit.
        match query.fetch_optional(&mut connection).await {
            Ok(row) => {
                self.give_back(connection);
                outcome(Ok(row.map(|_| ())))
            }
            Err(error) => {
                // What the server says leaves the connection as it was; anything else may be its end.
                if matches!(error, SqlxError::Database(_)) {
                    self.give_back(connection);
                }
                outcome(Err(DbErr::Query(runtime(error))))
            }
        }
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

impl std::fmt::Debug for Lanes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

fn runtime(error: SqlxError) -> RuntimeErr {
    RuntimeErr::SqlxError(error.into())
}
