//! Tracking's tables as migrations, the same on both engines.

use parasol_casebook::migration::TableBuilder;
use sea_orm_migration::prelude::*;

/// Tracking's migrations, oldest first; they come after the kernel's.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(Watching),
        Box::new(Notices),
        Box::new(crate::scores::migration::Scores),
        Box::new(crate::voice::migration::Voice),
        Box::new(QuietHours),
        Box::new(crate::scores::migration::Objections),
        Box::new(crate::watching::backfill::Readers),
        Box::new(crate::scores::migration::Recount),
        Box::new(crate::scores::gathering::Sheets),
        Box::new(crate::scores::migration::Cards),
    ]
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
        let readers = parasol_casebook::migration::readers();
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

/// Notices, what is said about them, and what customers want.
struct Notices;

impl MigrationName for Notices {
    fn name(&self) -> &'static str {
        "m0051_tracking_notices"
    }
}

#[tonic::async_trait]
impl MigrationTrait for Notices {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let notices = TableBuilder::new("notices")
            .ids(&["notice", "case_id", "customer", "merged_into"])
            .texts(&["template", "state", "channel", "tried", "reason"])
            .ints(&["seq", "attempts", "asks", "due", "planned_at", "sent_at", "changed_at"])
            .key(&["notice"])
            .index(&["due", "state"])
            .index(&["case_id"])
            .index(&["customer", "sent_at"]);
        notices.create(manager).await?;
        let notes = TableBuilder::new("notice_notes")
            .ids(&["notice"])
            .texts(&["channel", "said", "reason"])
            .ints(&["at"])
            .key(&["notice", "channel", "said"])
            .index(&["at"]);
        notes.create(manager).await?;
        let preferences = TableBuilder::new("notice_preferences")
            .ids(&["customer"])
            .texts(&["language", "muted", "refused"])
            .ints(&["version", "digest", "changed_at"])
            .key(&["customer", "version"]);
        preferences.create(manager).await
    }
}

/// When each customer does not want to be disturbed.
struct QuietHours;

impl MigrationName for QuietHours {
    fn name(&self) -> &'static str {
        "m0073_tracking_quiet_hours"
    }
}

#[tonic::async_trait]
impl MigrationTrait for QuietHours {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut quiet = ColumnDef::new("quiet");
        quiet.text().not_null().default("");
        let table = Table::alter().table("notice_preferences").add_column(quiet).to_owned();
        manager.alter_table(table).await
    }
}
