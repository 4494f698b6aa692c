//! Intake's tables as a migration, the same on both engines.

use parasol_casebook::migration::{TableBuilder, put_aside};
use sea_orm_migration::prelude::*;

/// Intake's migrations, oldest first; they come after the kernel's.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(Tables),
        Box::new(Replacements),
        Box::new(Evidence),
        Box::new(Gifts),
        Box::new(Flow),
        Box::new(Desk),
        Box::new(WithheldEvidence),
    ]
}

struct Tables;

impl MigrationName for Tables {
    fn name(&self) -> &'static str {
        "m0002_intake"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Tables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            TableBuilder::new("skus")
                .texts(&["sku", "brand", "category", "model", "name_zh", "name_en"])
                .ints(&["seller_installs"])
                .key(&["sku"]),
            TableBuilder::new("orders")
                .texts(&["order_line", "sku", "serial"])
                .ids(&["customer"])
                .texts(&["county"])
                .ints(&["price_fen", "delivered_at", "installed_at"])
                .texts(&["promises"])
                .ints(&["at"])
                .key(&["order_line"])
                .index(&["customer"]),
            TableBuilder::new("units").texts(&["serial", "order_line"]).key(&["serial"]),
            TableBuilder::new("open_units").texts(&["serial"]).ids(&["case_id"]).key(&["serial"]),
            TableBuilder::new("filings")
                .ids(&["case_id", "customer"])
                .texts(&["order_line", "serial", "brand"])
                .ints(&["filed_at", "ended"])
                .key(&["case_id"])
                .index(&["customer", "case_id"])
                .index(&["order_line", "case_id"]),
            TableBuilder::new("lookups")
                .ids(&["id"])
                .texts(&["principal"])
                .ids(&["customer"])
                .ints(&["at"])
                .key(&["id"])
                .index(&["customer", "at"]),
        ];
        for table in tables {
            table.create(manager).await?;
        }
        Ok(())
    }
}

/// What came with a unit; of order lines that were stored before nothing is known.
struct Gifts;

impl MigrationName for Gifts {
    fn name(&self) -> &'static str {
        "m0060_intake_gifts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Gifts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let gifts = ColumnDef::new(Alias::new("gifts")).text().not_null().default("[]").to_owned();
        let orders = Table::alter().table(Alias::new("orders")).add_column(gifts).to_owned();
        manager.alter_table(orders).await
    }
}

struct Replacements;

impl MigrationName for Replacements {
    fn name(&self) -> &'static str {
        "m0040_intake_replacements"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Replacements {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        TableBuilder::new("replacements")
            .texts(&["serial", "order_line", "replaces"])
            .ids(&["case_id"])
            .ints(&["at"])
            .key(&["serial"])
            .index(&["order_line", "at"])
            .index(&["replaces"])
            .create(manager)
            .await
    }
}

struct Evidence;

impl MigrationName for Evidence {
    fn name(&self) -> &'static str {
        "m0042_intake_evidence"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Evidence {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            TableBuilder::new("evidence")
                .ids(&["evidence", "case_id"])
                .texts(&["kind", "original", "stored", "media_type"])
                .ints(&["bytes", "stored_bytes", "width", "height"])
                .texts(&["by_kind", "by_id"])
                .ints(&["taken_at", "at"])
                .key(&["evidence"])
                .index(&["case_id"])
                .index(&["original"])
                .index(&["stored"]),
            TableBuilder::new("evidence_looks")
                .ints(&["band"])
                .ids(&["evidence", "case_id"])
                .ints(&["look_rows", "look_columns"])
                .key(&["band", "evidence"])
                .index(&["evidence"]),
        ];
        for table in tables {
            table.create(manager).await?;
        }
        Ok(())
    }
}

struct Flow;

impl MigrationName for Flow {
    fn name(&self) -> &'static str {
        "m0070_intake_flow"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Flow {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            TableBuilder::new("flow_cases")
                .ids(&["case_id"])
                .texts(&["stage", "holder"])
                .ints(&["since", "due"])
                .texts(&["clock"])
                .ints(&["late"])
                .texts(&["brand", "centre", "category", "sku"])
                .ints(&["filed_at", "reminders", "answer_due"])
                .key(&["case_id"])
                .index(&["due", "case_id"])
                .index(&["since", "case_id"])
                .index(&["late", "case_id"])
                .index(&["holder", "due", "case_id"])
                .index(&["stage", "since", "case_id"])
                .index(&["brand", "due", "case_id"])
                .index(&["brand", "since", "case_id"]),
            TableBuilder::new("flow_places")
                .texts(&["name"])
                .ids(&["epoch"])
                .ints(&["position"])
                .key(&["name"]),
        ];
        for table in tables {
            table.create(manager).await?;
        }
        Ok(())
    }
}

/// What the retailer's people work with: articles, and which cases were merged.
struct Desk;

impl MigrationName for Desk {
    fn name(&self) -> &'static str {
        "m0071_intake_desk"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Desk {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            TableBuilder::new("articles")
                .texts(&["article"])
                .ints(&["revision"])
                .texts(&["stages", "categories", "symptoms"])
                .texts(&["title_zh", "title_en", "text_zh", "text_en"])
                .ints(&["retired"])
                .texts(&["said_by"])
                .ints(&["at"])
                .key(&["article"]),
            TableBuilder::new("merged_cases")
                .ids(&["case_id", "into_case"])
                .ints(&["at"])
                .key(&["case_id"])
                .index(&["into_case", "case_id"]),
        ];
        for table in tables {
            table.create(manager).await?;
        }
        Ok(())
    }
}

/// Where evidence of a case on legal hold is put when it is erased: its content is still referred to, and nobody is shown it.
struct WithheldEvidence;

impl MigrationName for WithheldEvidence {
    fn name(&self) -> &'static str {
        "m0091_intake_withheld_evidence"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for WithheldEvidence {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let withheld = TableBuilder::new("evidence_withheld")
            .ids(&["evidence", "case_id"])
            .texts(&["kind", "original", "stored", "media_type"])
            .ints(&["bytes", "stored_bytes", "width", "height"])
            .texts(&["by_kind", "by_id"])
            .ints(&["taken_at", "at"])
            .key(&["evidence"])
            .index(&["case_id"])
            .index(&["stored"]);
        withheld.create(manager).await?;
        let columns = [
            "evidence",
            "case_id",
            "kind",
            "original",
            "stored",
            "media_type",
            "bytes",
            "stored_bytes",
            "width",
            "height",
            "by_kind",
            "by_id",
            "taken_at",
            "at",
        ];
        put_aside(manager, &crate::EVIDENCE_ASIDE, &columns, &["evidence"]).await
    }
}
