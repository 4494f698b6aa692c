//! The tables of this service as a migration, the same on both engines.

use parasol_casebook::migration::TableBuilder;
use sea_orm_migration::prelude::*;

/// Creates the tables.
pub struct Verification;

impl MigrationName for Verification {
    fn name(&self) -> &'static str {
        "m0005_verification"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Verification {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            TableBuilder::new("certificates")
                .ids(&["certificate", "case_id"])
                .texts(&["level"])
                .ints(&["submitted_at"])
                .texts(&["body"])
                .key(&["certificate"])
                .index(&["case_id"]),
            TableBuilder::new("decisions")
                .ids(&["decision", "case_id"])
                .ints(&["at"])
                .texts(&["maker", "body"])
                .key(&["decision"])
                .index(&["case_id"]),
            TableBuilder::new("calendars")
                .texts(&["version"])
                .ints(&["imported_at"])
                .texts(&["body"])
                .key(&["version"]),
        ];
        for table in tables {
            table.create(manager).await?;
        }
        Ok(())
    }
}
