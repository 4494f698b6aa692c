//! The last pass of the conformance kit, of each brand and side.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conformance")]
pub struct Model {
    /// The brand.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub brand: String,
    /// Whose keeping was checked: `platform` or `partner`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub side: String,
    /// The release of the kit.
    #[sea_orm(column_type = "Text")]
    pub kit_release: String,
    /// The commit it was built from, or empty.
    #[sea_orm(column_type = "Text")]
    pub kit_commit: String,
    /// The role that recorded it.
    #[sea_orm(column_type = "Text")]
    pub recorded_by: String,
    /// The checks, as JSON: a list of code, outcome's number, evidence.
    #[sea_orm(column_type = "Text")]
    pub checks: String,
    /// When the run began.
    pub started_at: i64,
    /// When it was recorded.
    pub recorded_at: i64,
}

/// No relations: rows are fetched by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
