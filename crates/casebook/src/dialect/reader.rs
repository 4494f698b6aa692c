//! The way to read: sea-orm's queries, on connections that are kept where the engine has a server.

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};

use super::Engine;
use super::postgres::Reading;

/// What queries run on. It cannot write.
#[derive(Debug)]
pub struct Reader {
    pool: DatabaseConnection,
    kept: Option<Reading>,
    /// Through a pooler, whose connections could write.
    pooled: bool,
}

impl Reader {
    /// Reads as the pool would, with at most as many connections.
    pub(crate) fn over(pool: DatabaseConnection, connections: u32, pooled: bool) -> Self {
        let kept = match Engine::of(&pool) {
            Engine::Sqlite => None,
            Engine::Postgres => Some(Reading::beside(&pool, connections, pooled)),
        };
        Self { pool, kept, pooled }
    }

    /// The pool itself, for what is no query.
    pub(crate) fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// The engine itself refuses writes of a session that reads.
    fn may_execute(&self) -> Result<(), DbErr> {
        if self.pooled {
            return Err(DbErr::Custom("whoever reads through a pooler executes nothing".into()));
        }
        Ok(())
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// What the engine says.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        if let Some(kept) = &self.kept {
            kept.close().await;
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
        match &self.kept {
            None => self.pool.query_one_raw(statement).await,
            Some(kept) => Ok(kept.rows(statement).await?.into_iter().next()),
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.kept {
            None => self.pool.query_all_raw(statement).await,
            Some(kept) => kept.rows(statement).await,
        }
    }
}
