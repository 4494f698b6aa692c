//! The network: counties, brands, centres, technicians, and the index of who goes where.

/// Brands, as imported.
pub mod brands {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "brands")]
    pub struct Model {
        /// The brand.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub brand: String,
        /// Its name in Chinese.
        #[sea_orm(column_type = "Text")]
        pub name_zh: String,
        /// Its name in English.
        #[sea_orm(column_type = "Text")]
        pub name_en: String,
        /// How it takes part: `api`, `portal` or `managed`.
        #[sea_orm(column_type = "Text")]
        pub mode: String,
        /// Its telephone number.
        #[sea_orm(column_type = "Text")]
        pub hotline: String,
        /// The first Shanghai day on which this holds, as `YYYY-MM-DD`, or empty.
        #[sea_orm(column_type = "Text")]
        pub valid_from: String,
        /// The last such day, or empty.
        #[sea_orm(column_type = "Text")]
        pub valid_until: String,
        /// Brands whose networks are asked on its behalf, in order: JSON of ids.
        #[sea_orm(column_type = "Text")]
        pub served_by: String,
        /// What else is kept about it: JSON of pairs of texts, by name.
        #[sea_orm(column_type = "Text")]
        pub attributes: String,
        /// Why it is suspended; empty when it is not. See [`crate::network::SuspensionReason`].
        #[sea_orm(column_type = "Text")]
        pub suspended: String,
        /// Who said so, or empty.
        #[sea_orm(column_type = "Text")]
        pub suspended_by: String,
        /// Since when, or 0.
        pub suspended_at: i64,
        /// Its version: 1, 2 …
        pub revision: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Service centres, as imported.
pub mod centres {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "centres")]
    pub struct Model {
        /// The centre.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub centre: String,
        /// Its brand.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// Its name in Chinese.
        #[sea_orm(column_type = "Text")]
        pub name_zh: String,
        /// Its name in English.
        #[sea_orm(column_type = "Text")]
        pub name_en: String,
        /// Its telephone number.
        #[sea_orm(column_type = "Text")]
        pub phone: String,
        /// The county it lies in.
        #[sea_orm(column_type = "Text")]
        pub county: String,
        /// Street and house.
        #[sea_orm(column_type = "Text")]
        pub address: String,
        /// Millionths of a degree north.
        pub lat: i64,
        /// Millionths of a degree east.
        pub lon: i64,
        /// Where it goes and for what: JSON of [`crate::network::Area`]s.
        #[sea_orm(column_type = "Text")]
        pub coverage: String,
        /// Visits in a day: JSON of [`crate::network::Capacity`]s.
        #[sea_orm(column_type = "Text")]
        pub daily_capacity: String,
        /// The first Shanghai day on which this holds, as `YYYY-MM-DD`, or empty.
        #[sea_orm(column_type = "Text")]
        pub valid_from: String,
        /// The last such day, or empty.
        #[sea_orm(column_type = "Text")]
        pub valid_until: String,
        /// When it is open: JSON of [`crate::network::OpeningHours`].
        #[sea_orm(column_type = "Text")]
        pub hours: String,
        /// Days without anybody: JSON of [`crate::network::Absence`]s.
        #[sea_orm(column_type = "Text")]
        pub absences: String,
        /// What has to lie with the platform, in fen.
        pub deposit_required: i64,
        /// What does, in fen.
        pub deposit_paid: i64,
        /// 1 to 100 as somebody judged it, or 0.
        pub score: i64,
        /// What else is kept about it: JSON of pairs of texts, by name.
        #[sea_orm(column_type = "Text")]
        pub attributes: String,
        /// Why it is suspended; empty when it is not. See [`crate::network::SuspensionReason`].
        #[sea_orm(column_type = "Text")]
        pub suspended: String,
        /// Who said so, or empty.
        #[sea_orm(column_type = "Text")]
        pub suspended_by: String,
        /// Since when, or 0.
        pub suspended_at: i64,
        /// Its version: 1, 2 …
        pub revision: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who goes where for what: the index that the choice of a centre reads. Follows from `centres`.
pub mod coverage {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "coverage")]
    pub struct Model {
        /// A county.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        /// A brand.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub brand: String,
        /// A category.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub category: String,
        /// A centre of the brand that serves the category there.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub centre: String,
        /// The county the centre itself lies in.
        #[sea_orm(column_type = "Text")]
        pub home_county: String,
        /// How many visits it can make in a day for the category.
        pub visits: i64,
        /// The first Shanghai day on which this holds, as `YYYY-MM-DD`, or empty.
        #[sea_orm(column_type = "Text")]
        pub valid_from: String,
        /// The last such day, or empty.
        #[sea_orm(column_type = "Text")]
        pub valid_until: String,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Technicians, as imported. Names and numbers are the network's own business data; they go into no event
/// and no log.
pub mod technicians {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "technicians")]
    pub struct Model {
        /// The technician.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub technician: String,
        /// The centre that employs them.
        #[sea_orm(column_type = "Text")]
        pub centre: String,
        /// The name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// The telephone number.
        #[sea_orm(column_type = "Text")]
        pub phone: String,
        /// What they can do: JSON of [`crate::network::Skill`]s.
        #[sea_orm(column_type = "Text")]
        pub skills: String,
        /// What they are licensed for: JSON of [`crate::network::Licence`]s.
        #[sea_orm(column_type = "Text")]
        pub licences: String,
        /// When they work: JSON of [`crate::network::Shift`]s.
        #[sea_orm(column_type = "Text")]
        pub shifts: String,
        /// Days without anybody: JSON of [`crate::network::Absence`]s.
        #[sea_orm(column_type = "Text")]
        pub absences: String,
        /// Where their day begins: JSON of at most one [`crate::network::Place`].
        #[sea_orm(column_type = "Text")]
        pub home: String,
        /// Counties they go to; none for all of their centre's: JSON of codes.
        #[sea_orm(column_type = "Text")]
        pub territory: String,
        /// What their vehicle carries: JSON of [`crate::network::Stocked`].
        #[sea_orm(column_type = "Text")]
        pub stock: String,
        /// Visits in a day at most, or 0.
        pub visits_a_day: i64,
        /// Why it is suspended; empty when it is not. See [`crate::network::SuspensionReason`].
        #[sea_orm(column_type = "Text")]
        pub suspended: String,
        /// Who said so, or empty.
        #[sea_orm(column_type = "Text")]
        pub suspended_by: String,
        /// Since when, or 0.
        pub suspended_at: i64,
        /// Its version: 1, 2 …
        pub revision: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Counties with their places, as imported.
pub mod counties {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "counties")]
    pub struct Model {
        /// Code of GB/T 2260.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        /// The province in Chinese.
        #[sea_orm(column_type = "Text")]
        pub province_zh: String,
        /// The province in English.
        #[sea_orm(column_type = "Text")]
        pub province_en: String,
        /// The city in Chinese.
        #[sea_orm(column_type = "Text")]
        pub city_zh: String,
        /// Its name in Chinese.
        #[sea_orm(column_type = "Text")]
        pub county_zh: String,
        /// Its name in English.
        #[sea_orm(column_type = "Text")]
        pub county_en: String,
        /// Millionths of a degree north of its middle.
        pub lat: i64,
        /// Millionths of a degree east of its middle.
        pub lon: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
