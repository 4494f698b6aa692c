//! API keys of partners, and when they were used.

/// Keys, also those that ended or were taken back. The secret of one lies nowhere.
pub mod api_keys {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_keys")]
    pub struct Model {
        /// Its id; rises with time.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: Uuid,
        /// SHA-256 of the text, in hexadecimal digits.
        #[sea_orm(column_type = "Text")]
        pub fingerprint: String,
        /// Whose: the role,
        #[sea_orm(column_type = "Text")]
        pub role: String,
        /// and the id.
        #[sea_orm(column_type = "Text")]
        pub subject: String,
        /// The brand of that.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// When it was issued.
        pub issued_at: i64,
        /// When it ends.
        pub expires_at: i64,
        /// When it was taken back, or 0.
        pub revoked_at: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// When a key was used last.
pub mod api_key_uses {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_key_uses")]
    pub struct Model {
        /// The key.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: Uuid,
        /// The start of the day, in China, in microseconds.
        pub day: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
