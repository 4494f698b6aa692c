//! Tracking's tables as migrations, the same on both engines.

use parasol_casebook::migration::TableBuilder;
use sea_orm_migration::prelude::*;

/// Tracking's migrations, oldest first; they come after the kernel's.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(Watching)]
}

/// Whose cases are whose, and share links.
struct Watching;

impl MigrationName for Watching {
    fn name(&self) -> &'static str {
        "m0050_tracking_watching"
    }
}

#[tonic::async_trait]
impl MigrationTrait for Watching {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let readers = TableBuilder::new("case_readers")
            .texts(&["reader"])
            .ids(&["case_id"])
            .ints(&["ended"])
            .key(&["reader", "case_id"])
            .index(&["reader", "ended", "case_id"]);
        let links = TableBuilder::new("share_links")
            .ids(&["case_id"])
            .ints(&["place", "turn"])
            .ids(&["link"])
            .texts(&["proof", "made_by"])
            .ints(&["made_at", "expires_at", "revoked_at"])
            .key(&["case_id", "place", "turn"])
            .index(&["link"]);
        let uses = TableBuilder::new("share_link_uses")
            .ids(&["link"])
            .ints(&["hour"])
            .texts(&["method"])
            .key(&["link", "hour", "method"]);
        readers.create(manager).await?;
        links.create(manager).await?;
        uses.create(manager).await
    }
}
