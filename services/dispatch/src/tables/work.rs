//! The work: offers, work orders, parts, and how centres were chosen.

/// Offers: one row each, as it stands.
pub mod offers {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "offers")]
    pub struct Model {
        /// The offer.
        #[sea_orm(primary_key, auto_increment = false)]
        pub offer: Uuid,
        /// Its case.
        pub case_id: Uuid,
        /// The how-manieth of the case: 1, 2 …
        pub number: i64,
        /// The brand it went to: the unit's own, or the one that lends its network.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// The centre it went to.
        #[sea_orm(column_type = "Text")]
        pub centre: String,
        /// The unit's category; capacity is counted by it.
        #[sea_orm(column_type = "Text")]
        pub category: String,
        /// How it stands; see [`crate::states::OfferState`].
        #[sea_orm(column_type = "Text")]
        pub state: String,
        /// Why it was declined or taken back, coded; else empty.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// When it was made.
        pub offered_at: i64,
        /// When it lapses.
        pub expires_at: i64,
        /// When it last changed.
        pub changed_at: i64,
        /// The version of the case at which it last changed: its place in the feed.
        pub changed_seq: i64,
        /// 1 while it waits for an answer, else 0.
        pub open: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Work orders: one row each, as it stands.
pub mod work_orders {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "work_orders")]
    pub struct Model {
        /// The work order.
        #[sea_orm(primary_key, auto_increment = false)]
        pub work_order: Uuid,
        /// Its case.
        pub case_id: Uuid,
        /// The offer it came from.
        pub offer: Uuid,
        /// The brand whose network works on it: the unit's own, or the one that lends it.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// The centre; empty while the brand has not named one.
        #[sea_orm(column_type = "Text")]
        pub centre: String,
        /// The technician; empty while none is named.
        #[sea_orm(column_type = "Text")]
        pub technician: String,
        /// Who comes along, where the work needs two at once; else empty.
        #[sea_orm(column_type = "Text")]
        pub helper: String,
        /// How it stands; see [`crate::states::WorkState`].
        #[sea_orm(column_type = "Text")]
        pub state: String,
        /// The partner's own number, or empty.
        #[sea_orm(column_type = "Text")]
        pub partner_order: String,
        /// The booked visit, or nil.
        pub appointment: Uuid,
        /// When its window begins, or 0.
        pub window_start: i64,
        /// When its window ends, or 0.
        pub window_end: i64,
        /// When this row last changed.
        pub changed_at: i64,
        /// The version of the case at which this row last changed. While it is its case's live one, what
        /// its partner sees changes with every version of the case.
        pub changed_seq: i64,
        /// 1 while it is not done, else 0.
        pub open: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Parts ordered. Written once; what happens to them is in `movements`.
pub mod part_orders {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "part_orders")]
    pub struct Model {
        /// The part order.
        #[sea_orm(primary_key, auto_increment = false)]
        pub part_order: Uuid,
        /// Its case.
        pub case_id: Uuid,
        /// The work order that needs them.
        pub work_order: Uuid,
        /// What was ordered: JSON of [`crate::parts::Line`]s.
        #[sea_orm(column_type = "Text")]
        pub lines: String,
        /// When.
        pub ordered_at: i64,
        /// When they should arrive, or 0.
        pub expected_at: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Goods on their way: parts and units, sent and received.
pub mod movements {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "movements")]
    pub struct Model {
        /// The part order, or the work order for the unit itself.
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: Uuid,
        /// What moved where; see [`crate::parts::Movement`].
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub kind: String,
        /// The case.
        pub case_id: Uuid,
        /// Who carries it, or empty.
        #[sea_orm(column_type = "Text")]
        pub carrier: String,
        /// The carrier's number, or empty.
        #[sea_orm(column_type = "Text")]
        pub tracking_no: String,
        /// When it was reported.
        pub at: i64,
        /// When it should arrive, or 0.
        pub expected_at: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How each choice of a centre was made.
pub mod choices {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "choices")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// The version of the case that was chosen for.
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i64,
        /// The centre chosen; empty when none was left.
        #[sea_orm(column_type = "Text")]
        pub centre: String,
        /// Who was considered in which order, and why others were left out: JSON of
        /// [`crate::choosing::Ranking`].
        #[sea_orm(column_type = "Text")]
        pub ranking: String,
        /// When.
        pub at: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
