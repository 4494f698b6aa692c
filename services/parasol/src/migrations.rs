//! All migrations of the house, in order: the kernel's, then each service's.

use parasol_casebook::Store;
use sea_orm::DbErr;
use sea_orm_migration::{MigrationTrait, MigratorTrait};

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
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Brings a database up to date; does nothing to one that is.
///
/// # Errors
/// What the engine says; what was applied before stays applied.
pub async fn up(store: &Store) -> Result<usize, DbErr> {
    let pending = pending(store).await?;
    if pending > 0 {
        Migrator::up(store.for_migrations(), None).await?;
        store.analyze().await?;
    }
    Ok(pending)
}

/// How many migrations are still to be applied.
///
/// # Errors
/// What the engine says.
pub async fn pending(store: &Store) -> Result<usize, DbErr> {
    Ok(Migrator::get_pending_migrations(store.for_migrations()).await?.len())
}
