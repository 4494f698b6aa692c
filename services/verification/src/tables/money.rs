//! The tables of money: ledger, payments, claims, statements, differences.

/// Lines of the ledger; written once, never changed.
pub mod ledger_entries {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ledger_entries")]
    pub struct Model {
        /// The posting; its lines add up to zero.
        #[sea_orm(primary_key, auto_increment = false)]
        pub posting: Uuid,
        /// Which line of it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub line: i64,
        /// The case behind it; the nil id where there is none.
        pub case_id: Uuid,
        /// The claim behind it; the nil id where there is none.
        pub claim: Uuid,
        /// When.
        pub at: i64,
        /// The month it counts in, as `YYYY-MM`.
        #[sea_orm(column_type = "Text")]
        pub period: String,
        /// What it is about.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// The account.
        #[sea_orm(column_type = "Text")]
        pub account: String,
        /// The partner the account is kept for; empty where there is none.
        #[sea_orm(column_type = "Text")]
        pub party: String,
        /// How much in fen: a debit is positive, a credit negative.
        pub amount_fen: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Payments, by their operation number.
pub mod payment_legs {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "payment_legs")]
    pub struct Model {
        /// Its number at the provider.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub operation: String,
        /// The case it is made for.
        pub case_id: Uuid,
        /// What is paid.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// How much, in fen.
        pub amount_fen: i64,
        /// How far it has come.
        #[sea_orm(column_type = "Text")]
        pub state: String,
        /// How often it was sent.
        pub attempts: i64,
        /// When it was planned.
        pub planned_at: i64,
        /// When its state changed last.
        pub changed_at: i64,
        /// What the provider said last about a refusal.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What our books and the provider's differ in.
pub mod payment_differences {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "payment_differences")]
    pub struct Model {
        /// The number.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub operation: String,
        /// How they differ.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub kind: String,
        /// The day that was compared, as `YYYY-MM-DD`.
        #[sea_orm(column_type = "Text")]
        pub day: String,
        /// What we have, in fen.
        pub ours_fen: i64,
        /// What the provider has, in fen.
        pub theirs_fen: i64,
        /// When it was found.
        pub found_at: i64,
        /// When it was found gone; 0 while it is there.
        pub cleared_at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What providers' statements said, line by line, so that a number which stands in those of two days is found.
pub mod payment_lines {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "payment_lines")]
    pub struct Model {
        /// The number.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub operation: String,
        /// The day whose statement has it, as `YYYY-MM-DD`.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub day: String,
        /// What the provider has, in fen.
        pub theirs_fen: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The books of the till, the provider of the embedded mode.
pub mod till_payments {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "till_payments")]
    pub struct Model {
        /// The number.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub operation: String,
        /// How much, in fen.
        pub amount_fen: i64,
        /// To whom, as a reference.
        pub customer: Uuid,
        /// The day in Shanghai, as `YYYY-MM-DD`.
        #[sea_orm(column_type = "Text")]
        pub day: String,
        /// When.
        pub at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Claims as they stand.
pub mod claims {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "claims")]
    pub struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub claim: Uuid,
        /// How many acts it has seen.
        pub version: i64,
        /// The case behind it.
        pub case_id: Uuid,
        /// What is claimed.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// From whom.
        #[sea_orm(column_type = "Text")]
        pub party: String,
        /// Whose unit it is about.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// How much, in fen.
        pub amount_fen: i64,
        /// Where it stands.
        #[sea_orm(column_type = "Text")]
        pub state: String,
        /// The certificate the decision rests on; the nil id where there is none.
        pub certificate: Uuid,
        /// The rules that fired, parted by spaces.
        #[sea_orm(column_type = "Text")]
        pub rules: String,
        /// What was paid, handed out, or kept.
        #[sea_orm(column_type = "Text")]
        pub reference: String,
        /// When it was raised.
        pub raised_at: i64,
        /// By when it can be answered.
        pub respond_by: i64,
        /// When it was changed last.
        pub changed_at: i64,
        /// The month in which it was accepted; empty before.
        #[sea_orm(column_type = "Text")]
        pub period: String,
        /// Who is to get it; empty where it is the retailer's.
        #[sea_orm(column_type = "Text")]
        pub payee: String,
        /// What it was raised for, in fen; 0 in rows from before, where it is the amount.
        pub requested_fen: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was done to claims; the number of an act is a key that only one can take.
pub mod claim_steps {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "claim_steps")]
    pub struct Model {
        /// The claim.
        #[sea_orm(primary_key, auto_increment = false)]
        pub claim: Uuid,
        /// The version of the claim after it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// When.
        pub at: i64,
        /// What was done.
        #[sea_orm(column_type = "Text")]
        pub act: String,
        /// Who did it, as a reference.
        #[sea_orm(column_type = "Text")]
        pub said_by: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Defective parts that have to go back to their brand.
pub mod part_returns {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "part_returns")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// The part order.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub part: String,
        /// The centre that has it.
        #[sea_orm(column_type = "Text")]
        pub centre: String,
        /// By when.
        pub return_by: i64,
        /// 1 once it was charged.
        pub charged: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Statements that are closed.
pub mod statements {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "statements")]
    pub struct Model {
        /// The partner.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub party: String,
        /// The month, as `YYYY-MM`.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub period: String,
        /// When it was closed.
        pub closed_at: i64,
        /// Its totals as JSON.
        #[sea_orm(column_type = "Text")]
        pub body: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
