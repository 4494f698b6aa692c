//! Messages of partners, what their own reason codes stand for, and the secrets of their callbacks.

/// How often a partner's callback secret was renewed. The secret itself lies nowhere.
pub mod callback_secrets {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "callback_secrets")]
    pub struct Model {
        /// Whose: role and id.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub partner: String,
        /// How many secrets there have been.
        pub number: i64,
        /// Until when the secret before is valid; 0 until the next rotation.
        pub old_until: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What becomes of a brand's offers while nobody can hear of them.
pub mod reroute_rules {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reroute_rules")]
    pub struct Model {
        /// The brand.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub brand: String,
        /// After how many microseconds an offer goes to the next centre; 0 when never.
        pub after: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Messages as they came, with what became of them; the newest of each partner are kept.
pub mod partner_messages {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "partner_messages")]
    pub struct Model {
        /// Who sent it: role and id.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub partner: String,
        /// Our number of it; rises with time.
        #[sea_orm(primary_key, auto_increment = false)]
        pub message: Uuid,
        /// The method.
        #[sea_orm(column_type = "Text")]
        pub method: String,
        /// Its request id, or nil.
        pub request: Uuid,
        /// The case it named, or nil.
        pub case_id: Uuid,
        /// When it came.
        pub received_at: i64,
        /// When it happened on the partner's side, or 0.
        pub occurred_at: i64,
        /// Its number among the sender's messages on the case, or 0.
        pub sequence: i64,
        /// What became of it; see [`crate::messages::Outcome`].
        #[sea_orm(column_type = "Text")]
        pub outcome: String,
        /// Why it was refused or only kept, or empty.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// Our code that the sender's reason was read as, or empty.
        #[sea_orm(column_type = "Text")]
        pub read_as: String,
        /// The request as JSON, without what people wrote.
        #[sea_orm(column_type = "Text")]
        pub raw: String,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a brand's own codes stand for.
pub mod reason_mappings {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reason_mappings")]
    pub struct Model {
        /// The brand.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub brand: String,
        /// The list; see [`crate::reasons::List`].
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub list: String,
        /// The brand's code.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub partner_reason: String,
        /// Our word of the list.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// When it was last said.
        pub updated_at: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
