//! The tables of authority: what was granted, what is known of people, what is lent, what was used.

/// Grants of authority, every revision.
pub mod grants {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "authority_grants")]
    pub struct Model {
        /// The name of the grant.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        /// Its revision, from 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub revision: i64,
        /// For whom: a role.
        #[sea_orm(column_type = "Text")]
        pub role: String,
        /// For one person alone; empty for all of the role.
        #[sea_orm(column_type = "Text")]
        pub subject: String,
        /// Days a person must have been with the retailer.
        pub tenure_days_min: i64,
        /// The least score.
        pub score_min: i64,
        /// The certification asked for; empty for none.
        #[sea_orm(column_type = "Text")]
        pub certification: String,
        /// How much may be given by one decision.
        pub limit_fen: i64,
        /// From when on it counts.
        pub valid_from: i64,
        /// Until when; 0 without an end.
        pub valid_until: i64,
        /// Why it was given or changed.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// Who put it, as role and reference.
        #[sea_orm(column_type = "Text")]
        pub said_by: String,
        /// When it was put.
        pub at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What grants ask of people, every revision.
pub mod people {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "authority_people")]
    pub struct Model {
        /// The person.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub subject: String,
        /// The revision, from 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub revision: i64,
        /// Since when with the retailer; 0 when that is not known.
        pub since: i64,
        /// How they are scored, 0 to 1,000.
        pub score: i64,
        /// The certifications, as a JSON list.
        #[sea_orm(column_type = "Text")]
        pub certifications: String,
        /// Who said so, as role and reference.
        #[sea_orm(column_type = "Text")]
        pub said_by: String,
        /// When.
        pub at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Authority that is lent.
pub mod delegations {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "authority_delegations")]
    pub struct Model {
        /// The delegation.
        #[sea_orm(primary_key, auto_increment = false)]
        pub delegation: Uuid,
        /// Who lends.
        #[sea_orm(column_type = "Text")]
        pub lender: String,
        /// In which role.
        #[sea_orm(column_type = "Text")]
        pub lender_role: String,
        /// Who borrows.
        #[sea_orm(column_type = "Text")]
        pub borrower: String,
        /// From when on.
        pub valid_from: i64,
        /// Until when.
        pub valid_until: i64,
        /// At most how much.
        pub cap_fen: i64,
        /// Why.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// When it was ended before its time; 0 when it was not.
        pub ended_at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was made of authority: one row a decision, goodwill or approval by hand.
pub mod uses {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "authority_uses")]
    pub struct Model {
        /// The decision, goodwill or proposal.
        #[sea_orm(primary_key, auto_increment = false)]
        pub use_id: Uuid,
        /// Who.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub person: String,
        /// In which role.
        #[sea_orm(column_type = "Text")]
        pub role: String,
        /// The case.
        pub case_id: Uuid,
        /// `decision`, `goodwill` or `approval`.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// What it was worth.
        pub amount_fen: i64,
        /// How much they might have given.
        pub limit_fen: i64,
        /// On whose authority; empty on their own.
        #[sea_orm(column_type = "Text")]
        pub lent_by: String,
        /// When.
        pub at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
