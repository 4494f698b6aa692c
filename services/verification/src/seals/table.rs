//! The table of seals.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "certificate_seals")]
pub struct Model {
    /// The certificate.
    #[sea_orm(primary_key, auto_increment = false)]
    pub certificate: Uuid,
    /// The case it belongs to.
    pub case_id: Uuid,
    /// SHA-256 over case and canonical form, in hexadecimal digits.
    #[sea_orm(column_type = "Text")]
    pub digest: String,
    /// The key it is sealed with.
    #[sea_orm(column_type = "Text")]
    pub key_id: String,
    /// HMAC-SHA-256 of the digest under that key, in hexadecimal digits.
    #[sea_orm(column_type = "Text")]
    pub code: String,
    /// When it was sealed.
    pub sealed_at: i64,
}

/// No relations: a row speaks for itself.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
