//! Tracking's tables as migrations, the same on both engines.

use sea_orm_migration::prelude::*;

/// Tracking's migrations, oldest first; they come after the kernel's.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![]
}
