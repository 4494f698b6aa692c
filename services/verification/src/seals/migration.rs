//! The table of seals, and the lock on certificates: neither engine changes or deletes one.

use parasol_casebook::migration::TableBuilder;
use sea_orm::{ConnectionTrait as _, DbBackend};
use sea_orm_migration::prelude::*;

/// Tables of which a row stays as it was written.
const FIXED: [&str; 2] = ["certificates", "certificate_seals"];

/// Creates the table, and triggers that refuse what nobody asks for: not even a mistake of ours edits a
/// certificate.
pub struct Seals;

impl MigrationName for Seals {
    fn name(&self) -> &'static str {
        "m0041_verification_seals"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Seals {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        TableBuilder::new("certificate_seals")
            .ids(&["certificate", "case_id"])
            .texts(&["digest", "key_id", "code"])
            .ints(&["sealed_at"])
            .key(&["certificate"])
            .index(&["case_id"])
            .create(manager)
            .await?;
        let connection = manager.get_connection();
        for statement in locks(manager.get_database_backend()) {
            connection.execute_unprepared(&statement).await?;
        }
        Ok(())
    }
}

fn locks(engine: DbBackend) -> Vec<String> {
    let said = "a certificate is never edited";
    match engine {
        DbBackend::Postgres => {
            let function = format!(
                "CREATE OR REPLACE FUNCTION certificates_stay() RETURNS trigger LANGUAGE plpgsql AS $$ \
                 BEGIN RAISE EXCEPTION '{said}'; END $$"
            );
            let triggers = FIXED.map(|table| {
                format!(
                    "CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE ON {table} \
                     FOR EACH ROW EXECUTE FUNCTION certificates_stay()"
                )
            });
            std::iter::once(function).chain(triggers).collect()
        }
        _ => {
            let triggers = FIXED.iter().flat_map(|table| {
                ["UPDATE", "DELETE"].map(|what| {
                    let name = format!("{table}_stay_{}", what.to_lowercase());
                    format!(
                        "CREATE TRIGGER {name} BEFORE {what} ON {table} \
                         BEGIN SELECT RAISE(ABORT, '{said}'); END"
                    )
                })
            });
            triggers.collect()
        }
    }
}
