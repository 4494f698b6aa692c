//! Through a pooler that lends a connection of its own for one transaction at a time, as PgBouncer does in its mode
//! `transaction`.
//!
//! Nothing is kept there from one transaction to the next: no prepared statement, no setting. So each statement gets
//! a transaction around it whose first words say what a session would insist on, in the same round trip; and
//! statements are prepared without a name, which the next one takes over. That costs three round trips a statement.

use sea_orm::{DbErr, ExecResult, QueryResult, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::{PgPool, Postgres};
use sqlx::{AssertSqlSafe, Error as SqlxError, Executor as _, Transaction};
use tokio::sync::Mutex;

use super::direct::runtime;

/// The pool that leads to the pooler.
#[derive(Clone, Debug)]
pub(crate) struct Pooled {
    pool: PgPool,
    /// What a transaction begins with.
    begin: &'static str,
}

impl Pooled {
    pub(super) fn new(pool: PgPool, begin: &'static str) -> Self {
        Self { pool, begin }
    }

    /// Opens a transaction.
    pub(crate) async fn begin(&self) -> Result<PooledTransaction, DbErr> {
        let begun = self.pool.begin_with(self.begin).await;
        begun.map(|begun| PooledTransaction(Mutex::new(begun))).map_err(conn_error)
    }

    /// A statement, or several without values, in a transaction of their own.
    pub(crate) async fn execute(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let transaction = self.begin().await?;
        let done = transaction.execute(statement).await;
        transaction.end(done).await
    }

    /// As [`Pooled::execute`], without preparing them.
    pub(crate) async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let transaction = self.begin().await?;
        let done = transaction.execute_unprepared(sql).await;
        transaction.end(done).await
    }

    /// The rows of a query.
    pub(crate) async fn rows(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let transaction = self.begin().await?;
        let rows = transaction.rows(statement).await;
        transaction.end(rows).await
    }
}

/// A transaction; dropping it undoes it.
#[derive(Debug)]
pub(crate) struct PooledTransaction(Mutex<Transaction<'static, Postgres>>);

impl PooledTransaction {
    pub(crate) async fn execute(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let (sql, values) = parts(statement);
        let query = sqlx::query_with(AssertSqlSafe(sql), values).persistent(false);
        let mut transaction = self.0.lock().await;
        query.execute(&mut **transaction).await.map(ExecResult::from).map_err(exec_error)
    }

    pub(crate) async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut transaction = self.0.lock().await;
        let done = transaction.execute(AssertSqlSafe(sql.to_owned())).await;
        done.map(ExecResult::from).map_err(exec_error)
    }

    pub(crate) async fn rows(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (sql, values) = parts(statement);
        let query = sqlx::query_with(AssertSqlSafe(sql), values).persistent(false);
        let mut transaction = self.0.lock().await;
        let rows = query.fetch_all(&mut **transaction).await.map_err(query_error)?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.0.into_inner().commit().await.map_err(exec_error)
    }

    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        self.0.into_inner().rollback().await.map_err(exec_error)
    }

    /// Commits what went well and undoes what did not.
    async fn end<T>(self, done: Result<T, DbErr>) -> Result<T, DbErr> {
        match done {
            Ok(value) => self.commit().await.map(|()| value),
            Err(error) => {
                if let Err(error) = self.rollback().await {
                    tracing::debug!(%error, "the end of its connection undoes what this did not");
                }
                Err(error)
            }
        }
    }
}

fn parts(statement: Statement) -> (String, SqlxValues) {
    let Statement { sql, values, .. } = statement;
    (sql, SqlxValues(values.unwrap_or_else(|| sea_orm::Values(Vec::new()))))
}

fn conn_error(error: SqlxError) -> DbErr {
    DbErr::Conn(runtime(error))
}

fn exec_error(error: SqlxError) -> DbErr {
    DbErr::Exec(runtime(error))
}

fn query_error(error: SqlxError) -> DbErr {
    DbErr::Query(runtime(error))
}
