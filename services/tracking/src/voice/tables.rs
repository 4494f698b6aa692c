//! The tables of what customers say. Words are in the vault, under the id that a row names; the nil id says that
//! there are none. Times are zero where they have not come.

/// Answers to surveys; the highest number of a case counts.
pub mod surveys {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "surveys")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// The how-manieth answer, from 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// When.
        pub at: i64,
        /// How content, 1 to 5.
        pub csat: i64,
        /// How likely to recommend us, 0 to 10; -1 where it was left out.
        pub nps: i64,
        /// The words.
        pub voice: Uuid,
        /// The brand of the case.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// Its category.
        #[sea_orm(column_type = "Text")]
        pub category: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Free texts of surveys, each somebody's to read.
pub mod voices {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "voices")]
    pub struct Model {
        /// Which.
        #[sea_orm(primary_key, auto_increment = false)]
        pub voice: Uuid,
        /// Its version.
        pub version: i64,
        /// The case.
        pub case_id: Uuid,
        /// Its brand.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// Its category.
        #[sea_orm(column_type = "Text")]
        pub category: String,
        /// How content the customer was.
        pub csat: i64,
        /// When it was said.
        pub at: i64,
        /// Who is to read it; empty for nobody.
        #[sea_orm(column_type = "Text")]
        pub assignee: String,
        /// When it was read.
        pub read_at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Follow-ups.
pub mod follow_ups {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "follow_ups")]
    pub struct Model {
        /// Which.
        #[sea_orm(primary_key, auto_increment = false)]
        pub follow_up: Uuid,
        /// Its version: the number of its last step.
        pub version: i64,
        /// The case.
        pub case_id: Uuid,
        /// The how-manieth of the case.
        pub number: i64,
        /// The brand of the case.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// Its category.
        #[sea_orm(column_type = "Text")]
        pub category: String,
        /// What it is about.
        #[sea_orm(column_type = "Text")]
        pub issue: String,
        /// How high it has got: 1, 2, or 3 for the complaint desk.
        pub tier: i64,
        /// How far it has come.
        #[sea_orm(column_type = "Text")]
        pub state: String,
        /// Who has it; empty for nobody.
        #[sea_orm(column_type = "Text")]
        pub assignee: String,
        /// When it was opened.
        pub opened_at: i64,
        /// By when it should be solved at this level.
        pub valid_until: i64,
        /// When it is looked at next.
        pub next_check_at: i64,
        /// When the customer said that it is solved.
        pub solved_at: i64,
        /// When it was closed.
        pub closed_at: i64,
        /// 1 if it was solved within its first time.
        pub in_time: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Steps of follow-ups and complaints; written once.
pub mod voice_steps {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "voice_steps")]
    pub struct Model {
        /// The follow-up or complaint.
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: Uuid,
        /// The step, from 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// When.
        pub at: i64,
        /// What.
        #[sea_orm(column_type = "Text")]
        pub act: String,
        /// Who, as role and reference.
        #[sea_orm(column_type = "Text")]
        pub said_by: String,
        /// What was said.
        pub words: Uuid,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Complaints.
pub mod complaints {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "complaints")]
    pub struct Model {
        /// Which.
        #[sea_orm(primary_key, auto_increment = false)]
        pub complaint: Uuid,
        /// Its version: the number of its last step.
        pub version: i64,
        /// The case.
        pub case_id: Uuid,
        /// The how-manieth of the case.
        pub number: i64,
        /// The brand of the case.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// Its category.
        #[sea_orm(column_type = "Text")]
        pub category: String,
        /// The product.
        #[sea_orm(column_type = "Text")]
        pub sku: String,
        /// What it is about.
        #[sea_orm(column_type = "Text")]
        pub class: String,
        /// How far it has come.
        #[sea_orm(column_type = "Text")]
        pub state: String,
        /// Who owns it; empty before anybody does.
        #[sea_orm(column_type = "Text")]
        pub owner: String,
        /// Who acted last, as role and reference.
        #[sea_orm(column_type = "Text")]
        pub acted_by: String,
        /// What came of it; empty before anybody acted.
        #[sea_orm(column_type = "Text")]
        pub outcome: String,
        /// The project that came of it.
        pub project: Uuid,
        /// When it was opened.
        pub opened_at: i64,
        /// When it was closed.
        pub closed_at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Notices on product pages.
pub mod product_notices {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "product_notices")]
    pub struct Model {
        /// The product.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub sku: String,
        /// Which; the words in both languages are in the vault under it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub notice: Uuid,
        /// The complaint it came of.
        pub complaint: Uuid,
        /// Since when.
        pub at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Improvement projects; name and outcome are in the vault under the id.
pub mod projects {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "projects")]
    pub struct Model {
        /// Which.
        #[sea_orm(primary_key, auto_increment = false)]
        pub project: Uuid,
        /// Its version.
        pub version: i64,
        /// Who owns it.
        #[sea_orm(column_type = "Text")]
        pub owner: String,
        /// How far it has come.
        #[sea_orm(column_type = "Text")]
        pub state: String,
        /// The promise that came of it; empty for none.
        #[sea_orm(column_type = "Text")]
        pub promise: String,
        /// When it was made.
        pub made_at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The cases behind projects.
pub mod project_cases {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "project_cases")]
    pub struct Model {
        /// The project.
        #[sea_orm(primary_key, auto_increment = false)]
        pub project: Uuid,
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// When that was said.
        pub at: i64,
        /// By whom.
        #[sea_orm(column_type = "Text")]
        pub said_by: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Listening seats.
pub mod seats {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "seats")]
    pub struct Model {
        /// Which; follows from person, month and number.
        #[sea_orm(primary_key, auto_increment = false)]
        pub seat: Uuid,
        /// Who booked it.
        #[sea_orm(column_type = "Text")]
        pub person: String,
        /// The month.
        #[sea_orm(column_type = "Text")]
        pub period: String,
        /// The how-manieth of the month.
        pub number: i64,
        /// The case.
        pub case_id: Uuid,
        /// From when on it can be taken.
        pub at: i64,
        /// When it was taken.
        pub attended_at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Digests and reports of what is over; written once.
pub mod voice_reports {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "voice_reports")]
    pub struct Model {
        /// `day` or `month`.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub kind: String,
        /// The day or month.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub period: String,
        /// The category; empty for a day.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub category: String,
        /// When it was made.
        pub made_at: i64,
        /// The report as JSON; counts and references only.
        #[sea_orm(column_type = "Text")]
        pub body: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
