//! Whose cases are whose: for each reader the cases that are theirs. Follows from the log alone: only the projection
//! writes it, and only when a case gets another reader, ends or is opened again.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_readers")]
pub struct Model {
    /// Whose, see [`crate::watching::scope`].
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub reader: String,
    /// The case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Uuid,
    /// Whether it has ended: 0 or 1.
    pub ended: i64,
}

/// No relations: nothing is joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
