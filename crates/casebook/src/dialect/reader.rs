//! The way to read: sea-orm's queries, on connections that are kept where the engine has a server, and within a scope
//! on those that the engine confines.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};

use super::Engine;
use super::postgres::Reading;
use super::sqlite::Confined;
use crate::scope::Scope;

/// What queries run on. It cannot write. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Reader {
    pool: DatabaseConnection,
    beside: Arc<Beside>,
    /// Through a pooler, whose connections could write.
    pooled: bool,
    scope: Scope,
}

/// Connections beside the pool.
#[derive(Debug)]
enum Beside {
    Sqlite(Confined),
    Postgres(Reading),
}

impl Reader {
    /// Reads as the pool would, with at most as many connections.
    pub(crate) fn over(pool: DatabaseConnection, url: &str, most: u32, pooled: bool) -> Self {
        let beside = Arc::new(match Engine::of(&pool) {
            Engine::Sqlite => Beside::Sqlite(Confined::at(url, most)),
            Engine::Postgres => Beside::Postgres(Reading::beside(&pool, most, pooled)),
        });
        Self { pool, beside, pooled, scope: Scope::House }
    }

    /// The same, seeing no more than that.
    pub(crate) fn within(&self, scope: Scope) -> Self {
        Self { scope, ..self.clone() }
    }

    /// The pool itself, for what is no query.
    pub(crate) fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// The engine itself refuses writes of a session that reads; nobody confined has a session of their own.
    fn may_execute(&self) -> Result<(), DbErr> {
        if self.pooled || self.scope != Scope::House {
            let words = "whoever reads through a pooler, or within a scope, executes nothing";
            return Err(DbErr::Custom(words.into()));
        }
        Ok(())
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// What the engine says.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        match self.beside.as_ref() {
            Beside::Sqlite(confined) => confined.close().await,
            Beside::Postgres(kept) => kept.close().await,
        }
        self.pool.close_by_ref().await
    }
}

#[async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.may_execute()?;
        self.pool.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.may_execute()?;
        self.pool.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match (self.beside.as_ref(), self.scope.told()) {
            (Beside::Sqlite(_), None) => self.pool.query_one_raw(statement).await,
            _ => Ok(self.query_all_raw(statement).await?.into_iter().next()),
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match (self.beside.as_ref(), self.scope.told()) {
            (Beside::Sqlite(_), None) => self.pool.query_all_raw(statement).await,
            (Beside::Sqlite(confined), Some(told)) => confined.rows(told, statement).await,
            (Beside::Postgres(kept), told) => kept.rows(told, statement).await,
        }
    }
}
