//! The tables of notices: references, states and times, nothing personal.

/// Notices, as they stand or ended.
pub mod notices {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notices")]
    pub struct Model {
        /// The notice.
        #[sea_orm(primary_key, auto_increment = false)]
        pub notice: Uuid,
        /// The case it is about.
        pub case_id: Uuid,
        /// The entry of its log that it tells of.
        pub seq: i64,
        /// What is told, see `Template`.
        #[sea_orm(column_type = "Text")]
        pub template: String,
        /// Whom.
        pub customer: Uuid,
        /// How far it has come, see `State`.
        #[sea_orm(column_type = "Text")]
        pub state: String,
        /// The channel it is on; empty before one was chosen.
        #[sea_orm(column_type = "Text")]
        pub channel: String,
        /// Channels that failed before, separated by commas.
        #[sea_orm(column_type = "Text")]
        pub tried: String,
        /// How often it was handed to the channel.
        pub attempts: i64,
        /// How often the channel was asked since.
        pub asks: i64,
        /// When to look at it next; 0 when there is nothing more to do.
        pub due: i64,
        /// When it was planned.
        pub planned_at: i64,
        /// When it was first handed to a channel; 0 before.
        pub sent_at: i64,
        /// When its state changed last.
        pub changed_at: i64,
        /// Why it failed or was let go, coded.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// The notice that tells it along; nil when none does.
        pub merged_into: Uuid,
    }

    /// No relations: nothing is joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What others say about a notice: receipts of providers, operators who have it sent again. Taken up by
/// whoever sends, so that a notice has one writer.
pub mod notice_notes {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notice_notes")]
    pub struct Model {
        /// The notice.
        #[sea_orm(primary_key, auto_increment = false)]
        pub notice: Uuid,
        /// The channel that speaks; empty for an operator.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub channel: String,
        /// What is said: `delivered`, `failed`, `redrive`.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub said: String,
        /// Why, coded; empty when there is no reason.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// When it was said.
        pub at: i64,
    }

    /// No relations: nothing is joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What customers want to hear and how; who has no row wants what everybody gets.
pub mod notice_preferences {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notice_preferences")]
    pub struct Model {
        /// The customer. Their addresses are in the vault.
        #[sea_orm(primary_key, auto_increment = false)]
        pub customer: Uuid,
        /// How often it was changed: 1, 2 … The key of a change, so that of two at once one is refused.
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i64,
        /// `zh` or `en`.
        #[sea_orm(column_type = "Text")]
        pub language: String,
        /// Kinds they do not want to hear, separated by commas.
        #[sea_orm(column_type = "Text")]
        pub muted: String,
        /// Channels they do not want, separated by commas.
        #[sea_orm(column_type = "Text")]
        pub refused: String,
        /// 1 if calm notices come once a day in one.
        pub digest: i64,
        /// Their own quiet hours, as `22:00,07:00`; empty for those of the house.
        #[sea_orm(column_type = "Text")]
        pub quiet: String,
        /// When it was changed last.
        pub changed_at: i64,
    }

    /// No relations: nothing is joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
