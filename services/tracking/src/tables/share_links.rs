//! Share links and their use. The secret of a link is not here: it follows from the link's id and the cell's key.

/// Every link there ever was. A case has so many places for links; the key is what keeps two from one place.
pub mod links {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "share_links")]
    pub struct Model {
        /// The case it shows.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// Its place among the links of the case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub place: i64,
        /// The how-manieth link in that place.
        #[sea_orm(primary_key, auto_increment = false)]
        pub turn: i64,
        /// The link.
        pub link: Uuid,
        /// Keyed hash of the secret.
        #[sea_orm(column_type = "Text")]
        pub proof: String,
        /// The role of who made it.
        #[sea_orm(column_type = "Text")]
        pub made_by: String,
        /// When it was made.
        pub made_at: i64,
        /// When it ends.
        pub expires_at: i64,
        /// When it was taken back; 0 while it was not.
        pub revoked_at: i64,
    }

    /// No relations: nothing is joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// That a link was used: a row for each hour and method.
pub mod uses {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "share_link_uses")]
    pub struct Model {
        /// The link.
        #[sea_orm(primary_key, auto_increment = false)]
        pub link: Uuid,
        /// The beginning of the hour, microseconds.
        #[sea_orm(primary_key, auto_increment = false)]
        pub hour: i64,
        /// What was called.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub method: String,
    }

    /// No relations: nothing is joined.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
