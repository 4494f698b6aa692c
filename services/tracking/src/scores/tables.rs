//! The tables of scores. Texts name level, category, indicator and month as the house writes them; the category
//! is empty where figures are kept over all.

/// The figures of a scorecard as they stand, but for what stands in [`score_figures`]: see [`cards`](super::cards).
pub mod score_cards {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "score_cards")]
    pub struct Model {
        /// The scorecard; follows from the four texts.
        #[sea_orm(primary_key, auto_increment = false)]
        pub card: Uuid,
        /// Who is scored.
        #[sea_orm(column_type = "Text")]
        pub level: String,
        /// Which; empty for everybody of the level and category together.
        #[sea_orm(column_type = "Text")]
        pub subject: String,
        /// The category; empty for levels that are not kept by it.
        #[sea_orm(column_type = "Text")]
        pub category: String,
        /// The month.
        #[sea_orm(column_type = "Text")]
        pub period: String,
        /// Its figures, as JSON.
        #[sea_orm(column_type = "Text")]
        pub body: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Figures that were counted before there were cards: a part of what each stands at. Only releases before cards write
/// them.
pub mod score_figures {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "score_figures")]
    pub struct Model {
        /// What it is known by; follows from the five texts.
        #[sea_orm(primary_key, auto_increment = false)]
        pub figure: Uuid,
        /// Who is scored.
        #[sea_orm(column_type = "Text")]
        pub level: String,
        /// Which.
        #[sea_orm(column_type = "Text")]
        pub subject: String,
        /// The category.
        #[sea_orm(column_type = "Text")]
        pub category: String,
        /// The indicator.
        #[sea_orm(column_type = "Text")]
        pub indicator: String,
        /// The month.
        #[sea_orm(column_type = "Text")]
        pub period: String,
        /// Occurrences that count.
        pub counted: i64,
        /// The sum of their values.
        pub total: i64,
        /// Occurrences that are left out.
        pub excluded: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a case adds to a scorecard: see [`sheets`](super::sheets).
pub mod score_sheets {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "score_sheets")]
    pub struct Model {
        /// The scorecard.
        #[sea_orm(primary_key, auto_increment = false)]
        pub card: Uuid,
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// Who is scored.
        #[sea_orm(column_type = "Text")]
        pub level: String,
        /// Which.
        #[sea_orm(column_type = "Text")]
        pub subject: String,
        /// The category; empty for levels that are not kept by it.
        #[sea_orm(column_type = "Text")]
        pub category: String,
        /// The month.
        #[sea_orm(column_type = "Text")]
        pub period: String,
        /// Its occurrences, as JSON.
        #[sea_orm(column_type = "Text")]
        pub body: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Figures as they were published; written once.
pub mod score_published {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "score_published")]
    pub struct Model {
        /// The figure.
        #[sea_orm(primary_key, auto_increment = false)]
        pub figure: Uuid,
        /// Who is scored.
        #[sea_orm(column_type = "Text")]
        pub level: String,
        /// Which.
        #[sea_orm(column_type = "Text")]
        pub subject: String,
        /// The category.
        #[sea_orm(column_type = "Text")]
        pub category: String,
        /// The indicator.
        #[sea_orm(column_type = "Text")]
        pub indicator: String,
        /// The month.
        #[sea_orm(column_type = "Text")]
        pub period: String,
        /// Occurrences that count.
        pub counted: i64,
        /// The sum of their values.
        pub total: i64,
        /// Occurrences that are left out.
        pub excluded: i64,
        /// The median, of times; 0 otherwise.
        pub median: i64,
        /// What nine of ten stay within, of times; 0 otherwise.
        pub p90: i64,
        /// The value of everybody in the category.
        pub mean: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who stood where in a published month; written once.
pub mod score_standings {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "score_standings")]
    pub struct Model {
        /// The month.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub period: String,
        /// Who is scored.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub level: String,
        /// The category.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub category: String,
        /// Which.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub subject: String,
        /// The place in the list, from 1; also of those without a rank.
        pub place: i64,
        /// The rank, from 1; 0 without one.
        pub rank: i64,
        /// How many have one.
        pub ranked: i64,
        /// Points, 0 to 1,000.
        pub points: i64,
        /// Points of the four groups, as a list of numbers; -1 without a figure.
        #[sea_orm(column_type = "Text")]
        pub groups: String,
        /// Cases closed.
        pub cases: i64,
        /// 1 for the best after-sales group of the category over the year so far.
        pub best_of_year: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Published months; written once.
pub mod score_periods {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "score_periods")]
    pub struct Model {
        /// The month.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub period: String,
        /// When it was published.
        pub published_at: i64,
        /// The place in the feed up to which it counts.
        pub position: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Changes of figures whose month was published; written once.
pub mod score_restatements {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "score_restatements")]
    pub struct Model {
        /// The figure.
        #[sea_orm(primary_key, auto_increment = false)]
        pub figure: Uuid,
        /// The pass that found it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub pass: i64,
        /// The case behind it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// When it was counted.
        pub at: i64,
        /// The kind of entry that changed it.
        #[sea_orm(column_type = "Text")]
        pub cause: String,
        /// Occurrences before.
        pub counted_before: i64,
        /// Their sum before.
        pub total_before: i64,
        /// Occurrences after.
        pub counted_after: i64,
        /// Their sum after.
        pub total_after: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How far the counting has come in the feed: one row.
pub mod score_places {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "score_places")]
    pub struct Model {
        /// What it is the place of.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        /// The epoch of the feed.
        pub epoch: Uuid,
        /// The last event that was counted.
        pub position: i64,
        /// How many passes there were.
        pub pass: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Passes of the counting, the last ones: each can be taken once, whoever takes it.
pub mod score_passes {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "score_passes")]
    pub struct Model {
        /// Which.
        #[sea_orm(primary_key, auto_increment = false)]
        pub pass: i64,
        /// When.
        pub at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Cases to be counted anew for something that is not in their log.
pub mod score_due {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "score_due")]
    pub struct Model {
        /// What happened.
        #[sea_orm(primary_key, auto_increment = false)]
        pub because: Uuid,
        /// The case.
        pub case_id: Uuid,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How long the old flow took, by category; revisions are never changed.
pub mod score_baselines {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "score_baselines")]
    pub struct Model {
        /// The category.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub category: String,
        /// The revision, from 1; the highest counts.
        #[sea_orm(primary_key, auto_increment = false)]
        pub revision: i64,
        /// Median from filing to closing, microseconds.
        pub gross: i64,
        /// The same without the customer's own time.
        pub net: i64,
        /// Where it comes from.
        #[sea_orm(column_type = "Text")]
        pub source: String,
        /// Who said so.
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

/// Objections of brands to what a figure counts; their words are in the vault.
pub mod score_objections {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "score_objections")]
    pub struct Model {
        /// Which; follows from figure and case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub objection: Uuid,
        /// Its version.
        pub version: i64,
        /// The brand.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// The category.
        #[sea_orm(column_type = "Text")]
        pub category: String,
        /// The month.
        #[sea_orm(column_type = "Text")]
        pub period: String,
        /// The indicator.
        #[sea_orm(column_type = "Text")]
        pub indicator: String,
        /// The case.
        pub case_id: Uuid,
        /// How far it has come.
        #[sea_orm(column_type = "Text")]
        pub state: String,
        /// When it was raised.
        pub raised_at: i64,
        /// When it was answered.
        pub answered_at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
