//! The tables of this service: indexes into the logs of cases, the calendars, the rule packs, authority, and
//! the money.

pub mod authority;
pub mod hearing;
mod money;
mod pricing;
pub mod staff;

pub use money::{
    claim_steps, claims, ledger_entries, part_returns, payment_differences, payment_legs,
    payment_lines, statements, till_payments,
};
pub use pricing::{charges, claim_lines, rate_cards};

/// Certificates, by their own id.
pub mod certificates {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "certificates")]
    pub struct Model {
        /// The certificate.
        #[sea_orm(primary_key, auto_increment = false)]
        pub certificate: Uuid,
        /// The case it belongs to.
        pub case_id: Uuid,
        /// With what authority it speaks.
        #[sea_orm(column_type = "Text")]
        pub level: String,
        /// When it came in.
        pub submitted_at: i64,
        /// The certificate as JSON, without its texts.
        #[sea_orm(column_type = "Text")]
        pub body: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Decisions, by their own id.
pub mod decisions {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "decisions")]
    pub struct Model {
        /// The decision.
        #[sea_orm(primary_key, auto_increment = false)]
        pub decision: Uuid,
        /// The case it decides.
        pub case_id: Uuid,
        /// When it was made.
        pub at: i64,
        /// What kind of actor made it.
        #[sea_orm(column_type = "Text")]
        pub maker: String,
        /// The decision as JSON.
        #[sea_orm(column_type = "Text")]
        pub body: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Calendars that operators imported, by version.
pub mod calendars {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "calendars")]
    pub struct Model {
        /// Its version.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub version: String,
        /// When it was imported; the last one imported is in force.
        pub imported_at: i64,
        /// The calendar in the form the journey reads.
        #[sea_orm(column_type = "Text")]
        pub body: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Rule packs that operators published, by version.
pub mod policies {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "policies")]
    pub struct Model {
        /// Its version.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub version: String,
        /// When it was published.
        pub published_at: i64,
        /// Its files as JSON, the manifest among them.
        #[sea_orm(column_type = "Text")]
        pub body: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Faults, one a case, as its newest certificate names it.
pub mod faults {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "faults")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// The unit's brand.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// The unit's stock keeping unit.
        #[sea_orm(column_type = "Text")]
        pub sku: String,
        /// The unit's category, in its text form.
        #[sea_orm(column_type = "Text")]
        pub category: String,
        /// The unit's batch; empty where the serial number tells none.
        #[sea_orm(column_type = "Text")]
        pub batch: String,
        /// The coded fault.
        #[sea_orm(column_type = "Text")]
        pub fault_code: String,
        /// Its cause, in its text form.
        #[sea_orm(column_type = "Text")]
        pub cause: String,
        /// When the certificate came in.
        pub at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
