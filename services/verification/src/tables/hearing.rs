//! The tables of decisions that wait and of hearings.

/// What waits, or waited, for a second person.
pub mod proposals {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "proposals")]
    pub struct Model {
        /// The proposal.
        #[sea_orm(primary_key, auto_increment = false)]
        pub proposal: Uuid,
        /// The case.
        pub case_id: Uuid,
        /// Who proposed it.
        #[sea_orm(column_type = "Text")]
        pub proposed_by: String,
        /// `decision` or `goodwill`.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// What its reason is kept under in the vault.
        pub words: Uuid,
        /// What it is worth.
        pub worth_fen: i64,
        /// When it was made.
        pub at: i64,
        /// When it lapses.
        pub expires_at: i64,
        /// 1 while it waits.
        pub open: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Evidence handed in, beside what is in the vault.
pub mod evidence {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "dispute_evidence")]
    pub struct Model {
        /// What it is kept under in the vault.
        #[sea_orm(primary_key, auto_increment = false)]
        pub evidence: Uuid,
        /// The case.
        pub case_id: Uuid,
        /// Which side.
        #[sea_orm(column_type = "Text")]
        pub side: String,
        /// When.
        pub at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// At which step of its case a decision was made, so that a reader of the feed finds it.
pub mod marks {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "decision_marks")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// The number of the step.
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        /// The decision.
        pub decision: Uuid,
        /// The brand of the unit.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
