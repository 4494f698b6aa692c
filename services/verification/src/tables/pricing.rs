//! The tables of what is priced by rate cards: the cards, what is to be charged, and lines of claims.

/// Rate cards, by brand and revision; written once, never changed.
pub mod rate_cards {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "rate_cards")]
    pub struct Model {
        /// Whose units it is for; empty for those of all brands.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub brand: String,
        /// Which revision.
        #[sea_orm(primary_key, auto_increment = false)]
        pub revision: i64,
        /// From when on it counts.
        pub valid_from: i64,
        /// Source and rates as JSON.
        #[sea_orm(column_type = "Text")]
        pub body: String,
        /// Who put it, as a reference.
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

/// What is to be charged by a rate card, and what was.
pub mod charges {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "charges")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// For what: the kind, and what tells it from others of the case.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub what: String,
        /// What kind of charge.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// Who bears it: a partner, `customer` or `retailer`.
        #[sea_orm(column_type = "Text")]
        pub party: String,
        /// Who is to get it; empty where it is the retailer's.
        #[sea_orm(column_type = "Text")]
        pub payee: String,
        /// What was done, as JSON, where the log does not say it in one entry.
        #[sea_orm(column_type = "Text")]
        pub body: String,
        /// The entry of the log that causes it.
        pub seq: i64,
        /// When.
        pub at: i64,
        /// 1 once it was charged.
        pub charged: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What claims are made of, where they are made of more than one amount.
pub mod claim_lines {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "claim_lines")]
    pub struct Model {
        /// The claim.
        #[sea_orm(primary_key, auto_increment = false)]
        pub claim: Uuid,
        /// Its place in it, from 1 on.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// What for: a word of the rate card.
        #[sea_orm(column_type = "Text")]
        pub code: String,
        /// Which; empty where the word says it.
        #[sea_orm(column_type = "Text")]
        pub item: String,
        /// How many.
        pub quantity: i64,
        /// What one costs, in fen.
        pub unit_fen: i64,
        /// What was approved, in fen.
        pub approved_fen: i64,
        /// What was paid, in fen.
        pub paid_fen: i64,
        /// Who gets it; empty where it is the retailer's.
        #[sea_orm(column_type = "Text")]
        pub payee: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
