//! Keeping's tables as migrations, the same on both engines.

use parasol_casebook::migration::TableBuilder;
use parasol_journey::Stage;
use sea_orm_migration::prelude::*;

/// Keeping's migrations; they come after those of the kernel and of the services whose tables retention minds.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(Keeping)]
}

/// Ended cases, how far retention has come, holds, reveals. Cases that have ended by then are listed.
struct Keeping;

impl MigrationName for Keeping {
    fn name(&self) -> &'static str {
        "m0093_keeping"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Keeping {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            TableBuilder::new("ended_cases")
                .ids(&["case_id"])
                .ints(&["at"])
                .key(&["case_id"])
                .index(&["at", "case_id"]),
            TableBuilder::new("retention_places")
                .texts(&["class"])
                .ints(&["at"])
                .ids(&["id"])
                .key(&["class"]),
            TableBuilder::new("retention_later")
                .texts(&["class"])
                .ids(&["case_id"])
                .ints(&["at"])
                .key(&["class", "case_id"])
                .index(&["class", "at"]),
            TableBuilder::new("legal_holds")
                .ids(&["hold"])
                .texts(&["subject", "placed_by"])
                .ints(&["placed_at", "ends_at", "over_at"])
                .texts(&["lifted_by"])
                .key(&["hold"])
                .index(&["subject", "placed_at"])
                .index(&["placed_at"])
                .index(&["over_at", "ends_at"]),
            TableBuilder::new("reveals")
                .ids(&["case_id"])
                .ints(&["hour"])
                .texts(&["reader", "method", "kinds"])
                .key(&["case_id", "hour", "reader", "method"])
                .index(&["hour"]),
        ];
        for table in tables {
            table.create(manager).await?;
        }
        let ended = Stage::ALL.iter().filter(|stage| stage.is_ended());
        let ended: Vec<_> = ended.map(|stage| format!("'{}'", stage.as_str())).collect();
        let list = format!(
            "INSERT INTO ended_cases (case_id, at) SELECT id, updated_at FROM cases \
             WHERE stage IN ({}) ON CONFLICT (case_id) DO NOTHING",
            ended.join(", ")
        );
        manager.get_connection().execute_unprepared(&list).await.map(|_| ())
    }
}
