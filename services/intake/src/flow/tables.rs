//! The tables of the flow.

/// Open cases as they stand.
pub mod flow_cases {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "flow_cases")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// Where it stands.
        #[sea_orm(column_type = "Text")]
        pub stage: String,
        /// Who has to move.
        #[sea_orm(column_type = "Text")]
        pub holder: String,
        /// Since when.
        pub since: i64,
        /// When its next clock runs out; 0 when none runs.
        pub due: i64,
        /// That clock; empty when none runs.
        #[sea_orm(column_type = "Text")]
        pub clock: String,
        /// When the first clock of the present turn ran out; 0 when none has.
        pub late: i64,
        /// The unit's brand.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// The centre that was asked or works; empty when there is none.
        #[sea_orm(column_type = "Text")]
        pub centre: String,
        /// The unit's category, in its text form.
        #[sea_orm(column_type = "Text")]
        pub category: String,
        /// The unit's stock keeping unit.
        #[sea_orm(column_type = "Text")]
        pub sku: String,
        /// When it was filed.
        pub filed_at: i64,
        /// How often it was chased.
        pub reminders: i64,
        /// By when a chase has to be answered; 0 when none waits.
        pub answer_due: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How far the feed is followed.
pub mod flow_places {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "flow_places")]
    pub struct Model {
        /// What is followed; there is one.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        /// The epoch of the feed that the position is in.
        pub epoch: Uuid,
        /// The last position whose case has its row.
        pub position: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
