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

/// Creates the tables of money.
pub struct Settlement;

impl MigrationName for Settlement {
    fn name(&self) -> &'static str {
        "m0024_settlement"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Settlement {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            TableBuilder::new("ledger_entries")
                .ids(&["posting"])
                .ints(&["line"])
                .ids(&["case_id", "claim"])
                .ints(&["at"])
                .texts(&["period", "kind", "account", "party"])
                .ints(&["amount_fen"])
                .key(&["posting", "line"])
                .index(&["case_id"])
                .index(&["party", "period"]),
            TableBuilder::new("payment_legs")
                .texts(&["operation"])
                .ids(&["case_id"])
                .texts(&["kind"])
                .ints(&["amount_fen"])
                .texts(&["state"])
                .ints(&["attempts", "planned_at", "changed_at"])
                .texts(&["reason"])
                .key(&["operation"])
                .index(&["case_id"])
                .index(&["changed_at"])
                .index(&["state", "changed_at"]),
            TableBuilder::new("payment_differences")
                .texts(&["operation", "kind", "day"])
                .ints(&["ours_fen", "theirs_fen", "found_at", "cleared_at"])
                .key(&["operation", "kind"])
                .index(&["cleared_at"]),
            claims_table(),
            TableBuilder::new("claim_steps")
                .ids(&["claim"])
                .ints(&["number", "at"])
                .texts(&["act", "said_by"])
                .key(&["claim", "number"]),
            TableBuilder::new("part_returns")
                .ids(&["case_id"])
                .texts(&["part", "centre"])
                .ints(&["return_by", "charged"])
                .key(&["case_id", "part"])
                .index(&["charged", "return_by"]),
            TableBuilder::new("statements")
                .texts(&["party", "period"])
                .ints(&["closed_at"])
                .texts(&["body"])
                .key(&["party", "period"]),
        ];
        for table in tables {
            table.create(manager).await?;
        }
        Ok(())
    }
}

fn claims_table() -> TableBuilder {
    TableBuilder::new("claims")
        .ids(&["claim"])
        .ints(&["version"])
        .ids(&["case_id"])
        .texts(&["kind", "party", "brand"])
        .ints(&["amount_fen"])
        .texts(&["state"])
        .ids(&["certificate"])
        .texts(&["rules", "reference"])
        .ints(&["raised_at", "respond_by", "changed_at"])
        .texts(&["period"])
        .key(&["claim"])
        .index(&["case_id"])
        .index(&["raised_at", "claim"])
        .index(&["party", "raised_at"])
        .index(&["state", "respond_by"])
}
