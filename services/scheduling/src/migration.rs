//! This service's tables as migrations, the same on both engines. Forward only.

use parasol_casebook::migration::TableBuilder;
use sea_orm_migration::prelude::*;

/// This service's migrations, oldest first.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(Scheduling)]
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
