//! The tables of the retailer's people: accounts, whose document is whose, certifications, every change, and
//! the marks that their work leaves.

/// Accounts, as they stand now.
pub mod accounts {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "staff_accounts")]
    pub struct Model {
        /// The subject of the credential.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub subject: String,
        /// The version.
        pub revision: i64,
        /// The role.
        #[sea_orm(column_type = "Text")]
        pub role: String,
        /// The business unit, or empty.
        #[sea_orm(column_type = "Text")]
        pub unit: String,
        /// The team, or empty.
        #[sea_orm(column_type = "Text")]
        pub team: String,
        /// Since when with the retailer; 0 when that is not known.
        pub since: i64,
        /// How they are scored, 0 to 1,000.
        pub score: i64,
        /// Why the account is out of use; empty while it is not.
        #[sea_orm(column_type = "Text")]
        pub suspended: String,
        /// Since when, or 0.
        pub suspended_at: i64,
        /// Who said so, as role and reference, or empty.
        #[sea_orm(column_type = "Text")]
        pub suspended_by: String,
        /// When it was registered.
        pub registered_at: i64,
        /// By whom, as role and reference.
        #[sea_orm(column_type = "Text")]
        pub registered_by: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which account a document belongs to.
pub mod identities {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "staff_identities")]
    pub struct Model {
        /// The keyed hash of kind and number.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub document: String,
        /// The account.
        #[sea_orm(column_type = "Text")]
        pub subject: String,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What people are certified for; the latest word on each.
pub mod certifications {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "staff_certifications")]
    pub struct Model {
        /// The person.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub subject: String,
        /// In what: the name of a category, or another.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        /// From when on.
        pub valid_from: i64,
        /// Until when; 0 without an end.
        pub valid_until: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Every change of an account. What was said beside it lies in the vault.
pub mod changes {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "staff_changes")]
    pub struct Model {
        /// The account.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub subject: String,
        /// The version that this made, from 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub revision: i64,
        /// The name of the change, from the contract's `StaffChangeKind`.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// What it was about and how the account stood after it, as JSON.
        #[sea_orm(column_type = "Text")]
        pub body: String,
        /// Who made it, as role and reference.
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

/// What the whole register is at: another id after each change of it.
pub mod stamps {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "staff_stamps")]
    pub struct Model {
        /// Always [`crate::staff::STAMP`]: there is one row.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        /// New with each change.
        pub stamp: Uuid,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What people did, as far as figures count it.
pub mod marks {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "staff_marks")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// The entry of its log.
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        /// What it counts: `staff::marks::Mark` by its name.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub kind: String,
        /// Who, by subject; empty for what nobody of the retailer did.
        #[sea_orm(column_type = "Text")]
        pub person: String,
        /// When.
        pub at: i64,
    }

    /// No relations: a row speaks for itself.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
