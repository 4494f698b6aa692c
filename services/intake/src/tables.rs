//! Intake's own tables: what was sold, which units have an open case, and an index of cases.
//!
//! `orders`, `units` and `skus` are the retailer's word, written by imports. `open_units` and `filings`
//! follow from the log and are written by the projection alone, as does `replacements`.

/// A stock keeping unit.
pub mod skus {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "skus")]
    pub struct Model {
        /// The stock keeping unit.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub sku: String,
        /// Its brand.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// Its category, in its text form.
        #[sea_orm(column_type = "Text")]
        pub category: String,
        /// Its model.
        #[sea_orm(column_type = "Text")]
        pub model: String,
        /// Its name in Chinese.
        #[sea_orm(column_type = "Text")]
        pub name_zh: String,
        /// Its name in English.
        #[sea_orm(column_type = "Text")]
        pub name_en: String,
        /// 1 when the seller installs it.
        pub seller_installs: i64,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A line of a customer's order.
pub mod orders {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        /// The order line, as the retailer numbers it.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub order_line: String,
        /// What was sold.
        #[sea_orm(column_type = "Text")]
        pub sku: String,
        /// The serial shipped.
        #[sea_orm(column_type = "Text")]
        pub serial: String,
        /// Who bought it: a reference into the vault.
        pub customer: Uuid,
        /// The county it was delivered to.
        #[sea_orm(column_type = "Text")]
        pub county: String,
        /// The price paid, in fen.
        pub price_fen: i64,
        /// When it was delivered.
        pub delivered_at: i64,
        /// When it was installed; 0 when it was not.
        pub installed_at: i64,
        /// The promises that came with it, as a JSON list of words.
        #[sea_orm(column_type = "Text")]
        pub promises: String,
        /// What came with it as a gift, as a JSON list of stock keeping units.
        #[sea_orm(column_type = "Text")]
        pub gifts: String,
        /// When the row was written.
        pub at: i64,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which order line a serial was sold on. A unit is sold once, so the key decides.
pub mod units {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "units")]
    pub struct Model {
        /// The serial.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub serial: String,
        /// The order line.
        #[sea_orm(column_type = "Text")]
        pub order_line: String,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Units that were given for others: the lineage of serials.
pub mod replacements {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "replacements")]
    pub struct Model {
        /// The serial of the new unit.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub serial: String,
        /// The order line it stands for.
        #[sea_orm(column_type = "Text")]
        pub order_line: String,
        /// The serial it was given for.
        #[sea_orm(column_type = "Text")]
        pub replaces: String,
        /// The case in which it was.
        pub case_id: Uuid,
        /// When it was handed over: its warranty runs from then.
        pub at: i64,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The open case of a unit; a unit has one at a time, so the key decides.
pub mod open_units {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "open_units")]
    pub struct Model {
        /// The serial.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub serial: String,
        /// Its open case.
        pub case_id: Uuid,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An index of cases by customer, order line, serial and time. Where a case stands is not in it: that
/// changes with almost every step, and the case itself says so.
pub mod filings {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "filings")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// Whose it is.
        pub customer: Uuid,
        /// The order line it was filed on.
        #[sea_orm(column_type = "Text")]
        pub order_line: String,
        /// The unit.
        #[sea_orm(column_type = "Text")]
        pub serial: String,
        /// The unit's brand.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// When it was filed.
        pub filed_at: i64,
        /// When it ended; 0 while it is open.
        pub ended: i64,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who looked up whom: one row per look-up that found somebody, beside its audit row.
pub mod lookups {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "lookups")]
    pub struct Model {
        /// The look-up.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Who asked: role and reference.
        #[sea_orm(column_type = "Text")]
        pub principal: String,
        /// Who was found; the nil id when nobody was.
        pub customer: Uuid,
        /// When.
        pub at: i64,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Photos and films of cases: what is known of each. Their content lies in the store of evidence.
pub mod evidence {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "evidence")]
    pub struct Model {
        /// The piece of evidence.
        #[sea_orm(primary_key, auto_increment = false)]
        pub evidence: Uuid,
        /// The case it belongs to.
        pub case_id: Uuid,
        /// What it shows, in its text form.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// SHA-256 of the file as it came.
        #[sea_orm(column_type = "Text")]
        pub original: String,
        /// SHA-256 of what is kept: its name in the store.
        #[sea_orm(column_type = "Text")]
        pub stored: String,
        /// The media type of what is kept.
        #[sea_orm(column_type = "Text")]
        pub media_type: String,
        /// Length of the file as it came.
        pub bytes: i64,
        /// Length of what is kept.
        pub stored_bytes: i64,
        /// Pixels from left to right.
        pub width: i64,
        /// Pixels from top to bottom.
        pub height: i64,
        /// What kind of actor handed it in.
        #[sea_orm(column_type = "Text")]
        pub by_kind: String,
        /// Which one; a customer as a reference.
        #[sea_orm(column_type = "Text")]
        pub by_id: String,
        /// When it was taken by their word; 0 when they did not say.
        pub taken_at: i64,
        /// When it was handed in.
        pub at: i64,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Evidence of cases on legal hold that was erased: of the columns those that are asked for. Written by the database itself.
pub mod evidence_withheld {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "evidence_withheld")]
    pub struct Model {
        /// The piece of evidence.
        #[sea_orm(primary_key, auto_increment = false)]
        pub evidence: Uuid,
        /// The case it belongs to.
        pub case_id: Uuid,
        /// SHA-256 of what is kept: its name in the store.
        #[sea_orm(column_type = "Text")]
        pub stored: String,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How photos look, four rows each, to find those that look the same.
pub mod evidence_looks {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "evidence_looks")]
    pub struct Model {
        /// A quarter of the look, with its place.
        #[sea_orm(primary_key, auto_increment = false)]
        pub band: i64,
        /// The piece of evidence.
        #[sea_orm(primary_key, auto_increment = false)]
        pub evidence: Uuid,
        /// The case it belongs to.
        pub case_id: Uuid,
        /// The look along the rows, its 64 bits as a signed number.
        pub look_rows: i64,
        /// The look along the columns, likewise.
        pub look_columns: i64,
    }

    /// No relations: rows are joined by whoever reads them.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Articles about faults and states of cases, the newest revision of each.
pub mod articles {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "articles")]
    pub struct Model {
        /// The article.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub article: String,
        /// Its revision, from 1.
        pub revision: i64,
        /// The stages it is for, between commas; empty for all.
        #[sea_orm(column_type = "Text")]
        pub stages: String,
        /// The categories it is for, likewise.
        #[sea_orm(column_type = "Text")]
        pub categories: String,
        /// The symptoms it is for, likewise.
        #[sea_orm(column_type = "Text")]
        pub symptoms: String,
        /// Its title in Chinese.
        #[sea_orm(column_type = "Text")]
        pub title_zh: String,
        /// Its title in English.
        #[sea_orm(column_type = "Text")]
        pub title_en: String,
        /// Its text in Chinese.
        #[sea_orm(column_type = "Text")]
        pub text_zh: String,
        /// Its text in English.
        #[sea_orm(column_type = "Text")]
        pub text_en: String,
        /// 1 when it is not shown any more.
        pub retired: i64,
        /// Who put it: role and reference.
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

/// Cases that ended for another one about the same.
pub mod merged_cases {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "merged_cases")]
    pub struct Model {
        /// The case that ended.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// The case that goes on.
        pub into_case: Uuid,
        /// When.
        pub at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
