//! Connections that are kept: the committer's, and those that read.
//!
//! A pool asks a connection whether it still lives each time it comes back, and lends them in turn. That is
//! a second round trip for each statement, on a server process whose plans have gone cold meanwhile. So
//! connections are kept here: the one used last is used next, and one that fails is let go of, as is one
//! whose asker went away in the middle of an answer.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sea_orm::{DatabaseConnection, DbErr, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::{PgConnection, PgPool, PgRow, Postgres};
use sqlx::{AssertSqlSafe, Connection as _, Error as SqlxError, IntoArguments, Row as _};
use tokio::sync::Semaphore;

use super::batch::{self, Encoded, Usual};
use super::{READERS_BEGIN, WRITERS_BEGIN, outcome, primary, scope};
use crate::dialect::{ACQUIRE_MAX, Batch, Outcome};
use crate::row::{Cell, Table};

/// How long an answer is waited for; the server gives up before that. A server that is gone without a word
/// never says so.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// Connections to one database with one pool's settings.
struct Kept {
    /// Knows how to connect; its connections are others.
    pool: PgPool,
    idle: Mutex<Vec<PgConnection>>,
    places: Semaphore,
    /// What each statement's transaction begins with, where a pooler stands in between.
    begin: Option<&'static str>,
}

/// What was asked, and whether the connection had been used before.
struct Asked {
    rows: Result<Vec<PgRow>, SqlxError>,
    is_used: bool,
}

impl Kept {
    /// At most `most` connections beside those of a pool; none is opened yet.
    fn beside(pool: &DatabaseConnection, most: u32, begin: Option<&'static str>) -> Self {
        let places = usize::try_from(most).unwrap_or(1).max(1);
        Self {
            pool: pool.get_postgres_connection_pool().clone(),
            idle: Mutex::default(),
            places: Semaphore::new(places),
            begin,
        }
    }

    /// Asks on the connection that was used last. Reads to the end of the answer, which is after the
    /// commit.
    async fn ask<A: IntoArguments<Postgres>>(
        &self,
        begin: Option<&str>,
        sql: String,
        arguments: A,
    ) -> Asked {
        let place = tokio::time::timeout(ACQUIRE_MAX, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else {
            return Asked { rows: Err(SqlxError::PoolTimedOut), is_used: false };
        };
        let (mut connection, is_used) = match self.take() {
            Some(connection) => (connection, true),
            None => match self.open().await {
                Ok(connection) => (connection, false),
                Err(error) => return Asked { rows: Err(error), is_used: false },
            },
        };
        let asking = ask_on(&mut connection, begin, self.begin.is_none(), sql, arguments);
        let rows = match tokio::time::timeout(ANSWER_MAX, asking).await {
            Ok(rows) => rows,
            Err(_) => Err(SqlxError::Io(std::io::ErrorKind::TimedOut.into())),
        };
        if is_usable(&rows) {
            self.give_back(connection);
        }
        Asked { rows, is_used }
    }

    /// Closes the connections that are idle.
    async fn close(&self) {
        while let Some(connection) = self.take() {
            if let Err(error) = connection.close().await {
                tracing::debug!(%error, "a connection was gone before it was closed");
            }
        }
    }

    async fn open(&self) -> Result<PgConnection, SqlxError> {
        let options = self.pool.connect_options();
        let connecting = async {
            let mut connection = PgConnection::connect_with(&options).await?;
            primary::refuse_standby(&mut connection).await?;
            Ok(connection)
        };
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

/// Asks, where there are first words in a transaction that begins with them; whether the connection keeps the statement
/// prepared is told.
async fn ask_on<A: IntoArguments<Postgres>>(
    connection: &mut PgConnection,
    begin: Option<&str>,
    keeps: bool,
    sql: String,
    arguments: A,
) -> Result<Vec<PgRow>, SqlxError> {
    let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
    let Some(begin) = begin else {
        return query.fetch_all(connection).await;
    };
    let mut transaction = connection.begin_with(AssertSqlSafe(begin.to_owned())).await?;
    match query.persistent(keeps).fetch_all(&mut *transaction).await {
        Ok(rows) => transaction.commit().await.map(|()| rows),
        Err(error) => {
            // If even that fails, the connection is let go of.
            transaction.rollback().await?;
            Err(error)
        }
    }
}

/// The committer's connections: as many as there are commits in flight, and one to look for lost keys.
pub(crate) struct Direct {
    kept: Kept,
    usual: Mutex<Usual>,
}

/// The most connections that write batches.
const COMMITTING_MAX: u32 = 8;

impl Direct {
    /// Direct to the database that a pool is connected to, or to the pooler in between.
    pub(crate) fn beside(pool: &DatabaseConnection, pooled: bool) -> Self {
        let begin = pooled.then(|| WRITERS_BEGIN.as_str());
        Self { kept: Kept::beside(pool, COMMITTING_MAX, begin), usual: Mutex::default() }
    }

    /// Writes a batch in one statement that commits by itself.
    pub(crate) async fn write(&self, mut batch: Batch) -> Result<Outcome, DbErr> {
        self.usual.lock().unwrap_or_else(PoisonError::into_inner).complete(&mut batch);
        let rows = self.ask(batch::statement(&batch)).await;
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

    /// Once: of a commit that may have happened, whoever asked finds out otherwise.
    async fn ask(&self, (sql, values): (String, Encoded)) -> Result<Vec<PgRow>, DbErr> {
        let Encoded { arguments, error } = values;
        if let Some(error) = error {
            return Err(DbErr::Custom(error.to_string()));
        }
        self.kept.ask(self.kept.begin, sql, arguments).await.rows.map_err(query_error)
    }

    /// Closes the connections that are idle.
    pub(crate) async fn close(&self) {
        self.kept.close().await;
    }
}

/// Connections that read.
pub(crate) struct Reading(Kept);

impl Reading {
    /// At most `most` connections with the settings of the pool that reads.
    pub(crate) fn beside(pool: &DatabaseConnection, most: u32, pooled: bool) -> Self {
        Self(Kept::beside(pool, most, pooled.then(|| READERS_BEGIN.as_str())))
    }

    /// The rows of a query, of a reader and a case alone where they are told. A connection that was kept may have ended
    /// since, which says nothing of the server: then the query is asked once more, on another.
    pub(crate) async fn rows(
        &self,
        told: Option<(&str, String)>,
        query: Statement,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let within = told.map(|told| scope::begin(self.0.begin, told));
        let begin = within.as_deref().or(self.0.begin);
        let Statement { sql, values, .. } = query;
        let values = SqlxValues(values.unwrap_or_else(|| sea_orm::Values(Vec::new())));
        loop {
            let Asked { rows, is_used } = self.0.ask(begin, sql.clone(), values.clone()).await;
            match rows {
                Ok(rows) => return Ok(rows.into_iter().map(QueryResult::from).collect()),
                Err(error) if is_used && is_end_of_connection(&error) => {}
                Err(error) => return Err(query_error(error)),
            }
        }
    }

    /// Closes the connections that are idle.
    pub(crate) async fn close(&self) {
        self.0.close().await;
    }
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Direct").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").finish_non_exhaustive()
    }
}

/// Whether the connection ended, and not the server's patience with the query.
fn is_end_of_connection(error: &SqlxError) -> bool {
    match error {
        SqlxError::Io(error) => error.kind() != std::io::ErrorKind::TimedOut,
        // The server ended the connection by an operator's word, or a pooler lost its own.
        SqlxError::Database(error) => {
            let ends = |code: &str| code.starts_with("57P") || code.starts_with("08");
            error.code().is_some_and(|code| ends(&code))
        }
        _ => false,
    }
}

/// What the server says of a statement leaves the connection as it was; what it says of itself (SQLSTATE
/// classes 57 and 08: it shuts down, it gave up, a pooler lost it; 25006: it follows another), and anything else,
/// may be the connection's end.
fn is_usable<T>(answer: &Result<T, SqlxError>) -> bool {
    let ends = |code: &str| ["57", "08", "25006"].iter().any(|class| code.starts_with(class));
    match answer {
        Ok(_) => true,
        Err(SqlxError::Database(error)) => error.code().is_some_and(|code| !ends(&code)),
        Err(_) => false,
    }
}

pub(super) fn query_error(error: SqlxError) -> DbErr {
    DbErr::Query(runtime(error))
}

pub(super) fn runtime(error: SqlxError) -> RuntimeErr {
    RuntimeErr::SqlxError(error.into())
}
