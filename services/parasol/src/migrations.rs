//! All migrations of the house, in order: the kernel's, then each service's.

use std::time::Duration;

use parasol_casebook::migration::guard_rows;
use parasol_casebook::{Engine, Store};
use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{IntoSchemaManagerConnection, MigrationTrait, MigratorTrait};

/// Runs the migrations of every crate as one list.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        [
            parasol_casebook::migration::migrations(),
            parasol_intake::migrations(),
            parasol_dispatch::migrations(),
            parasol_scheduling::migrations(),
            parasol_verification::migrations(),
            parasol_tracking::migrations(),
            parasol_keeping::migrations(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// How often a process tries to be the one that brings a database up to date.
const TRIES_MAX: usize = 5;
/// What is locked by whoever migrates; it stays empty.
const TURN_TABLE: &str =
    "CREATE TABLE IF NOT EXISTS migration_turns (turn bigint NOT NULL PRIMARY KEY)";
/// The lock, until the end of the transaction.
const TURN: &str = "LOCK TABLE migration_turns IN EXCLUSIVE MODE";
/// What is limited for every other query, until the end of the transaction.
const NO_LIMITS: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0";
/// How long it waits in between.
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// Brings a database up to date; does nothing to one that is.
///
/// Of several processes that start over one database the first one does it, in one transaction. The others wait
/// for it in the database and find nothing to do then; over a new database they fail first, on a table that exists by
/// then, and look again.
///
/// # Errors
/// What the engine says; what was applied before stays applied.
pub async fn up(store: &Store) -> Result<usize, DbErr> {
    for _ in 1..TRIES_MAX {
        match up_once(store).await {
            Err(error) if store.engine() == Engine::Postgres => {
                tracing::debug!(%error, "another process may be bringing the database up to date");
                pause(BETWEEN_TRIES).await;
            }
            done => return done,
        }
    }
    up_once(store).await
}

async fn up_once(store: &Store) -> Result<usize, DbErr> {
    let pending = match store.engine() {
        Engine::Sqlite => apply(store.for_migrations()).await?,
        Engine::Postgres => {
            let transaction = store.begin_for_migrations().await?;
            // Whoever is second waits at one of the next two until the first has committed; and what is written anew of a
            // large table takes longer than any query of the house may.
            transaction.execute_unprepared(NO_LIMITS).await?;
            transaction.execute_unprepared(TURN_TABLE).await?;
            transaction.execute_unprepared(TURN).await?;
            let pending = apply(&transaction).await?;
            guard_rows(&transaction).await?;
            transaction.commit().await?;
            pending
        }
    };
    if pending > 0 {
        store.analyze().await?;
    }
    Ok(pending)
}

async fn apply<C: ConnectionTrait>(connection: &C) -> Result<usize, DbErr>
where
    for<'c> &'c C: IntoSchemaManagerConnection<'c>,
{
    let pending = Migrator::get_pending_migrations(connection).await?.len();
    if pending > 0 {
        Migrator::up(connection, None).await?;
    }
    Ok(pending)
}

#[expect(clippy::disallowed_methods, reason = "a wait at the start, before there is a clock")]
async fn pause(length: Duration) {
    tokio::time::sleep(length).await;
}

/// The names of all migrations, in order.
pub fn names() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

/// Applies the next migration and no other, for whoever looks at what each of them does. Nothing else may migrate the
/// database meanwhile.
///
/// # Errors
/// What the engine says.
pub async fn up_by_one(store: &Store) -> Result<(), DbErr> {
    Migrator::up(store.for_migrations(), Some(1)).await
}

/// How many migrations are still to be applied.
///
/// # Errors
/// What the engine says.
pub async fn pending(store: &Store) -> Result<usize, DbErr> {
    let pending = match store.engine() {
        Engine::Sqlite => Migrator::get_pending_migrations(store.for_migrations()).await?,
        Engine::Postgres => {
            let transaction = store.begin_for_migrations().await?;
            let pending = Migrator::get_pending_migrations(&transaction).await?;
            transaction.rollback().await?;
            pending
        }
    };
    Ok(pending.len())
}
