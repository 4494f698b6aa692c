//! This service's tables as migrations, the same on both engines. Forward only.

use parasol_casebook::migration::TableBuilder;
use sea_orm_migration::prelude::*;

/// This service's migrations, oldest first.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(Scheduling), Box::new(Checklists), Box::new(Relay)]
}

struct Scheduling;

impl MigrationName for Scheduling {
    fn name(&self) -> &'static str {
        "m0004_scheduling"
    }
}

#[tonic::async_trait]
impl MigrationTrait for Scheduling {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let cells = TableBuilder::new("slot_cells")
            .texts(&["technician"])
            .ints(&["cell"])
            .ids(&["case_id", "appointment"])
            .key(&["technician", "cell"]);
        let appointments = TableBuilder::new("appointments")
            .ids(&["appointment", "case_id"])
            .texts(&["technician", "centre"])
            .ints(&["window_start", "window_end"])
            .texts(&["state"])
            .ints(&["version", "changed_at"])
            .key(&["appointment"])
            .index(&["technician", "window_start"]);
        cells.create(manager).await?;
        appointments.create(manager).await
    }
}

/// The forms of inspections and what was filled.
struct Checklists;

impl MigrationName for Checklists {
    fn name(&self) -> &'static str {
        "m0021_scheduling_checklists"
    }
}

#[tonic::async_trait]
impl MigrationTrait for Checklists {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let checklists = TableBuilder::new("checklists")
            .texts(&["checklist", "category"])
            .ints(&["published_at"])
            .bytes(&["body"])
            .key(&["checklist"])
            .index(&["category", "published_at"]);
        let filled = TableBuilder::new("filled_checklists")
            .ids(&["certificate", "case_id"])
            .texts(&["checklist"])
            .ints(&["filled_at"])
            .bytes(&["body"])
            .key(&["certificate"])
            .index(&["case_id"]);
        checklists.create(manager).await?;
        filled.create(manager).await
    }
}

/// Relay numbers and what has to be looked at.
struct Relay;

impl MigrationName for Relay {
    fn name(&self) -> &'static str {
        "m0022_scheduling_relay"
    }
}

#[tonic::async_trait]
impl MigrationTrait for Relay {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let notes = TableBuilder::new("relay_notes")
            .ids(&["appointment"])
            .ints(&["version"])
            .ids(&["case_id"])
            .ints(&["due"])
            .key(&["appointment", "version"])
            .index(&["due"]);
        let numbers = TableBuilder::new("relay_numbers")
            .ids(&["appointment", "case_id"])
            .texts(&["technician", "number", "binding"])
            .ints(&["until"])
            .key(&["appointment"])
            .index(&["case_id"]);
        notes.create(manager).await?;
        numbers.create(manager).await
    }
}
