//! What happens to the network: suspensions, and what was seen of it.

/// What the whole network is at, and its partners' API keys: another id after each change.
pub mod network_stamps {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "network_stamps")]
    pub struct Model {
        /// [`crate::network::STAMP`] or [`crate::api_keys::STAMP`].
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        /// New with each change.
        pub stamp: Uuid,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Versions of brands, centres and technicians that were written, each once.
pub mod network_claims {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "network_claims")]
    pub struct Model {
        /// Kind, id and revision.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who was suspended and resumed.
pub mod standing_changes {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "standing_changes")]
    pub struct Model {
        /// `brand`, `centre` or `technician`.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub kind: String,
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub subject: String,
        /// The version that this made.
        #[sea_orm(primary_key, auto_increment = false)]
        pub revision: i64,
        /// Why it was suspended; empty when it was resumed.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// What was said beside it, or empty.
        #[sea_orm(column_type = "Text")]
        pub remark: String,
        /// Who said so, by role and id.
        #[sea_orm(column_type = "Text")]
        pub said_by: String,
        /// When.
        pub at: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Cases for which a brand had no centre that could have been asked.
pub mod coverage_gaps {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "coverage_gaps")]
    pub struct Model {
        /// The brand.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub brand: String,
        /// The county.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        /// The category.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub category: String,
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// When it was filed.
        pub filed_at: i64,
        /// 1 if another brand's network was asked, else 0.
        pub lent: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What customers have seen of centres: a case that was closed, and that there was a complaint.
pub mod experiences {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "experiences")]
    pub struct Model {
        /// The customer.
        #[sea_orm(primary_key, auto_increment = false)]
        pub customer: Uuid,
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// See [`crate::states::Outcome`].
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub outcome: String,
        /// The centre.
        #[sea_orm(column_type = "Text")]
        pub centre: String,
        /// When it was last so.
        pub at: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
