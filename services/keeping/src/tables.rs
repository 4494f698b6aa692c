//! Tables of this service. Rows name nobody: cases, customers, credentials and times.

/// Cases that have ended, with the time their data's time runs from; follows the log.
pub mod ended_cases {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ended_cases")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// When the last entry of its log was recorded.
        pub at: i64,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How far retention has come with each class of data.
pub mod retention_places {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "retention_places")]
    pub struct Model {
        /// The class.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub class: String,
        /// Up to when it has come: what ended before is done. Of answers the position in the chain of the audit trail, of
        /// customers when the last walk came to its end.
        pub at: i64,
        /// The last case of that moment that is done.
        pub id: Uuid,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Cases of which something was written long after their end: its own time is not over yet.
pub mod retention_later {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "retention_later")]
    pub struct Model {
        /// The class.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub class: String,
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// When the newest of it was written.
        pub at: i64,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Legal holds. Why one was placed lies in the vault, under its id.
pub mod legal_holds {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "legal_holds")]
    pub struct Model {
        /// The hold.
        #[sea_orm(primary_key, auto_increment = false)]
        pub hold: Uuid,
        /// Whom or what it is on, as it is written in calls: a customer's or a case's id.
        #[sea_orm(column_type = "Text")]
        pub subject: String,
        /// Who placed it, by role and reference.
        #[sea_orm(column_type = "Text")]
        pub placed_by: String,
        /// When.
        pub placed_at: i64,
        /// When it ends by itself; 0 where it does not.
        pub ends_at: i64,
        /// When it was lifted or ended; 0 while it is on.
        pub over_at: i64,
        /// Who lifted it, likewise; empty while it is on.
        #[sea_orm(column_type = "Text")]
        pub lifted_by: String,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who was shown something of a case's customer in full, a row for each hour, reader and method.
pub mod reveals {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reveals")]
    pub struct Model {
        /// The case; the nil id for what stood beside no case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// The hour, by its beginning.
        #[sea_orm(primary_key, auto_increment = false)]
        pub hour: i64,
        /// Who was shown it, by role and reference.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub reader: String,
        /// The method that answered.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub method: String,
        /// What it was, by the contract's numbers, between commas.
        #[sea_orm(column_type = "Text")]
        pub kinds: String,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
