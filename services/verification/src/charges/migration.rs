//! The tables of what is priced by rate cards, and two more columns of claims.

use parasol_casebook::migration::TableBuilder;
use sea_orm_migration::prelude::*;

/// Creates them.
pub struct Charges;

impl MigrationName for Charges {
    fn name(&self) -> &'static str {
        "m0065_verification_charges"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Charges {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            TableBuilder::new("rate_cards")
                .texts(&["brand"])
                .ints(&["revision", "valid_from"])
                .texts(&["body", "said_by"])
                .ints(&["at"])
                .key(&["brand", "revision"]),
            TableBuilder::new("charges")
                .ids(&["case_id"])
                .texts(&["what", "kind", "party", "payee", "body"])
                .ints(&["seq", "at", "charged"])
                .key(&["case_id", "what"])
                .index(&["charged", "at"]),
            TableBuilder::new("claim_lines")
                .ids(&["claim"])
                .ints(&["number"])
                .texts(&["code", "item"])
                .ints(&["quantity", "unit_fen", "approved_fen", "paid_fen"])
                .texts(&["payee"])
                .key(&["claim", "number"]),
        ];
        for table in tables {
            table.create(manager).await?;
        }
        let mut payee = ColumnDef::new("payee");
        payee.text().not_null().default("");
        let mut requested = ColumnDef::new("requested_fen");
        requested.big_integer().not_null().default(0);
        for column in [payee, requested] {
            let change = Table::alter().table("claims").add_column(column).to_owned();
            manager.alter_table(change).await?;
        }
        for (name, column) in
            [("claims_by_party_changed", "party"), ("claims_by_payee_changed", "payee")]
        {
            let mut index = Index::create();
            index.name(name).table("claims").col(column).col("changed_at").col("claim");
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
