//! The tables of what customers say as a migration, the same on both engines.

use parasol_casebook::migration::TableBuilder;
use sea_orm_migration::prelude::*;

/// Creates the tables of what customers say.
pub struct Voice;

impl MigrationName for Voice {
    fn name(&self) -> &'static str {
        "m0053_tracking_voice"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Voice {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in said().into_iter().chain(worked_on()) {
            table.create(manager).await?;
        }
        Ok(())
    }
}

fn said() -> [TableBuilder; 4] {
    [
        TableBuilder::new("surveys")
            .ids(&["case_id"])
            .ints(&["number", "at", "csat", "nps"])
            .ids(&["voice"])
            .texts(&["brand", "category"])
            .key(&["case_id", "number"])
            .index(&["at"]),
        TableBuilder::new("voices")
            .ids(&["voice"])
            .ints(&["version"])
            .ids(&["case_id"])
            .texts(&["brand", "category"])
            .ints(&["csat", "at"])
            .texts(&["assignee"])
            .ints(&["read_at"])
            .key(&["voice"])
            .index(&["read_at", "at"]),
        TableBuilder::new("follow_ups")
            .ids(&["follow_up"])
            .ints(&["version"])
            .ids(&["case_id"])
            .ints(&["number"])
            .texts(&["brand", "category", "issue"])
            .ints(&["tier"])
            .texts(&["state", "assignee"])
            .ints(&[
                "opened_at",
                "valid_until",
                "next_check_at",
                "solved_at",
                "closed_at",
                "in_time",
            ])
            .key(&["follow_up"])
            .index(&["case_id"])
            .index(&["closed_at", "valid_until"])
            .index(&["opened_at"]),
        TableBuilder::new("voice_steps")
            .ids(&["subject"])
            .ints(&["number", "at"])
            .texts(&["act", "said_by"])
            .ids(&["words"])
            .key(&["subject", "number"])
            .index(&["act", "at"]),
    ]
}

fn worked_on() -> [TableBuilder; 6] {
    [
        TableBuilder::new("complaints")
            .ids(&["complaint"])
            .ints(&["version"])
            .ids(&["case_id"])
            .ints(&["number"])
            .texts(&["brand", "category", "sku", "class", "state", "owner", "acted_by", "outcome"])
            .ids(&["project"])
            .ints(&["opened_at", "closed_at"])
            .key(&["complaint"])
            .index(&["case_id"])
            .index(&["opened_at"])
            .index(&["closed_at"]),
        TableBuilder::new("product_notices")
            .texts(&["sku"])
            .ids(&["notice", "complaint"])
            .ints(&["at"])
            .key(&["sku", "notice"]),
        TableBuilder::new("projects")
            .ids(&["project"])
            .ints(&["version"])
            .texts(&["owner", "state", "promise"])
            .ints(&["made_at"])
            .key(&["project"])
            .index(&["made_at"]),
        TableBuilder::new("project_cases")
            .ids(&["project", "case_id"])
            .ints(&["at"])
            .texts(&["said_by"])
            .key(&["project", "case_id"]),
        TableBuilder::new("seats")
            .ids(&["seat"])
            .texts(&["person", "period"])
            .ints(&["number"])
            .ids(&["case_id"])
            .ints(&["at", "attended_at"])
            .key(&["seat"])
            .index(&["person", "period"]),
        TableBuilder::new("voice_reports")
            .texts(&["kind", "period", "category"])
            .ints(&["made_at"])
            .texts(&["body"])
            .key(&["kind", "period", "category"]),
    ]
}
