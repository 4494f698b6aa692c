//! The way to write: sea-orm's statements and transactions, straight to the engine or through a pooler.

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _,
};

use super::postgres::{Pooled, PooledTransaction};

/// What everything but the committer's own statements is written on.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    pool: DatabaseConnection,
    /// In front of the pool, where a pooler stands behind it.
    pooled: Option<Pooled>,
}

impl Writer {
    pub(super) fn over(pool: DatabaseConnection, pooled: Option<Pooled>) -> Self {
        Self { pool, pooled }
    }

    /// The pool itself, for migrations.
    pub(crate) fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// Opens a transaction. SQLite takes its write lock at once: a transaction that reads first and writes later
    /// fails there.
    pub(crate) async fn begin(&self) -> Result<Transaction, DbErr> {
        Ok(Transaction(match &self.pooled {
            None => Open::Plain(self.begin_plain().await?),
            Some(pooled) => Open::Pooled(pooled.begin().await?),
        }))
    }

    /// Opens a transaction of sea-orm's own kind, for migrations: their statements are prepared with names, so that
    /// those that a pooler's connection still has from others are forgotten first.
    pub(crate) async fn begin_for_migrations(&self) -> Result<DatabaseTransaction, DbErr> {
        let transaction = self.begin_plain().await?;
        if self.pooled.is_some() {
            transaction.execute_unprepared("DEALLOCATE ALL").await?;
        }
        Ok(transaction)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that opens transactions")]
    async fn begin_plain(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        self.pool.begin_with_options(options).await
    }

    /// Closes all connections.
    pub(crate) async fn close(self) -> Result<(), DbErr> {
        self.pool.close().await
    }
}

#[async_trait]
impl ConnectionTrait for Writer {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match &self.pooled {
            None => self.pool.execute_raw(statement).await,
            Some(pooled) => pooled.execute(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.pooled {
            None => self.pool.execute_unprepared(sql).await,
            Some(pooled) => pooled.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.pooled {
            None => self.pool.query_one_raw(statement).await,
            Some(pooled) => Ok(pooled.rows(statement).await?.into_iter().next()),
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.pooled {
            None => self.pool.query_all_raw(statement).await,
            Some(pooled) => pooled.rows(statement).await,
        }
    }
}

/// A transaction that writes; dropping it undoes it.
#[derive(Debug)]
pub(crate) struct Transaction(Open);

#[derive(Debug)]
enum Open {
    Plain(DatabaseTransaction),
    Pooled(PooledTransaction),
}

impl Transaction {
    /// Keeps what was written.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        match self.0 {
            Open::Plain(transaction) => transaction.commit().await,
            Open::Pooled(transaction) => transaction.commit().await,
        }
    }

    /// Undoes what was written.
    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        match self.0 {
            Open::Plain(transaction) => transaction.rollback().await,
            Open::Pooled(transaction) => transaction.rollback().await,
        }
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        match &self.0 {
            Open::Plain(transaction) => transaction.get_database_backend(),
            Open::Pooled(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Open::Plain(transaction) => transaction.execute_raw(statement).await,
            Open::Pooled(transaction) => transaction.execute(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Open::Plain(transaction) => transaction.execute_unprepared(sql).await,
            Open::Pooled(transaction) => transaction.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.0 {
            Open::Plain(transaction) => transaction.query_one_raw(statement).await,
            Open::Pooled(transaction) => Ok(transaction.rows(statement).await?.into_iter().next()),
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.0 {
            Open::Plain(transaction) => transaction.query_all_raw(statement).await,
            Open::Pooled(transaction) => transaction.rows(statement).await,
        }
    }
}
