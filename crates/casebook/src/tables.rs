//! The kernel's tables. Nobody outside this crate writes to them.
//!
//! Every key starts with the case id where there is one, so that a cell can run on a distributed
//! database; no sequence decides any order; absent values are empty, never null.

/// A case: one row each, the only row a step has to lock.
pub mod cases {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cases")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The number of its last event.
        pub version: i64,
        /// Where it stands, for people who read the table.
        #[sea_orm(column_type = "Text")]
        pub stage: String,
        /// The fold of its events, as JSON.
        #[sea_orm(column_type = "Text")]
        pub state: String,
        /// When its last event was recorded.
        pub updated_at: i64,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The log.
pub mod events {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "events")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// Its place: 1, 2, 3 …
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        /// When it was recorded.
        pub at: i64,
        /// The event, as JSON.
        #[sea_orm(column_type = "Text")]
        pub body: String,
        /// The trace it was written in (W3C traceparent), or empty.
        #[sea_orm(column_type = "Text")]
        pub trace: String,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What cases owe: the physical copy of their obligations.
pub mod tasks {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tasks")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// The task's name.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub task: String,
        /// The event that armed it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub generation: i64,
        /// Who does it.
        #[sea_orm(column_type = "Text")]
        pub role: String,
        /// When it is due.
        pub due: i64,
        /// When it may be claimed: `due`, or the end of a lease or back-off.
        pub visible_at: i64,
        /// The lease it is claimed under; the nil id when it is free.
        pub lease: Uuid,
        /// How often it was claimed.
        pub attempts: i64,
        /// Why it is parked; empty when it is not.
        #[sea_orm(column_type = "Text")]
        pub parked: String,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which cases owe something, and when each is looked at next; see [`crate::horizon`].
pub mod horizons {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "horizons")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// When its deadlines are looked at next.
        pub next_look: i64,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Commands that took effect, one row each, in the commit of their effect: who changed what, and what
/// was answered, so that a repeated request is safe.
pub mod commands {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "commands")]
    pub struct Model {
        /// Hash of principal, method and request id: 16 bytes as a UUID. An id of its own where nobody
        /// can repeat the command.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: Uuid,
        /// The commit.
        pub commit_id: Uuid,
        /// The command's place in it.
        pub place: i64,
        /// The case, or nil.
        pub case_id: Uuid,
        /// Its first event; 0 when it wrote none.
        pub first_seq: i64,
        /// Its last event; 0 when it wrote none.
        pub last_seq: i64,
        /// The credential that asked: role and reference, never a name.
        #[sea_orm(column_type = "Text")]
        pub principal: String,
        /// The method called, or the task done.
        #[sea_orm(column_type = "Text")]
        pub method: String,
        /// Hash of the request's body; nil where nobody can repeat the command.
        pub fingerprint: Uuid,
        /// The answer, byte for byte.
        #[sea_orm(column_type = "Blob")]
        pub body: Vec<u8>,
        /// When.
        pub at: i64,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Commits the sequencer has not numbered and chained yet.
pub mod commits {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "commits")]
    pub struct Model {
        /// The commit.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The events in it, as JSON: `[[case, first, last, at], …]`.
        #[sea_orm(column_type = "Text")]
        pub entries: String,
        /// The rows of `commands` in it, for the chain: for each its key, its instant and its digest.
        #[sea_orm(column_type = "Blob")]
        pub audit: Vec<u8>,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The feed: chunks of numbered events, without gaps.
pub mod feed {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "feed")]
    pub struct Model {
        /// The position of its first event.
        #[sea_orm(primary_key, auto_increment = false)]
        pub first: i64,
        /// The position of its last event.
        pub last: i64,
        /// The events, as JSON: `[[case, seq], …]`.
        #[sea_orm(column_type = "Text")]
        pub entries: String,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The chain of the audit trail, in stretches without gaps; see [`crate::audit`].
pub mod audit_chain {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_chain")]
    pub struct Model {
        /// The position of its first row.
        #[sea_orm(primary_key, auto_increment = false)]
        pub first: i64,
        /// The position of its last row.
        pub last: i64,
        /// When it was chained.
        pub at: i64,
        /// The key it is linked with.
        #[sea_orm(column_type = "Text")]
        pub key_id: String,
        /// For each row of `commands`, in order, its key and its link.
        #[sea_orm(column_type = "Blob")]
        pub entries: Vec<u8>,
        /// The last of these links, which the next stretch goes on from.
        #[sea_orm(column_type = "Blob")]
        pub link: Vec<u8>,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Rows of `commands` from before there was a chain that have no link yet.
pub mod audit_backlog {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_backlog")]
    pub struct Model {
        /// When the command took effect.
        #[sea_orm(primary_key, auto_increment = false)]
        pub at: i64,
        /// Its key.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: Uuid,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Leases: who may do what only one may do.
pub mod leases {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "leases")]
    pub struct Model {
        /// What is leased.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        /// By whom.
        pub holder: Uuid,
        /// Grows at every grant; every write under the lease names it.
        pub token: i64,
        /// Until when.
        pub expires_at: i64,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Facts about the store itself: feed epoch, cell, test clock.
pub mod meta {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "meta")]
    pub struct Model {
        /// What.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        /// Its value.
        #[sea_orm(column_type = "Text")]
        pub value: String,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The vault: the one place where personal data lives, sealed.
pub mod vault {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "vault")]
    pub struct Model {
        /// Whom or what it is about: a customer, or a case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: Uuid,
        /// What kind of data.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub kind: String,
        /// Keyed hash to find it by (of a phone number), or empty.
        #[sea_orm(column_type = "Text")]
        pub lookup: String,
        /// The data, as JSON, in a row of before there were keys; empty where it is sealed.
        #[sea_orm(column_type = "Text")]
        pub body: String,
        /// When it was written.
        pub at: i64,
        /// The number of the key that wraps the key of this row, or 0 for a row in clear.
        pub sealed_by: i64,
        /// The wrapped key and what it seals.
        #[sea_orm(column_type = "Blob")]
        pub sealed: Vec<u8>,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl std::fmt::Debug for Model {
        /// Never the data.
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("vault").field("subject", &self.subject).finish_non_exhaustive()
        }
    }
}

/// Whom the vault keeps nothing about any more.
pub mod vault_erased {
    use sea_orm::entity::prelude::*;

    /// A row: a tombstone.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "vault_erased")]
    pub struct Model {
        /// Whom or what nothing is kept about.
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: Uuid,
        /// Since when.
        pub at: i64,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Whom and what a legal hold is on; see [`crate::vault`].
pub mod vault_held {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "vault_held")]
    pub struct Model {
        /// The subject.
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: Uuid,
        /// The hold; several may be on one subject.
        #[sea_orm(primary_key, auto_increment = false)]
        pub hold: Uuid,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was deleted from the vault about whoever was on hold then, sealed as it was. Written by the database itself.
pub mod vault_withheld {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "vault_withheld")]
    pub struct Model {
        /// Whom or what it is about.
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: Uuid,
        /// What kind of data.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub kind: String,
        /// Keyed hash, or empty. Nobody is found by it here.
        #[sea_orm(column_type = "Text")]
        pub lookup: String,
        /// The data, in a row of before there were keys; empty where it is sealed.
        #[sea_orm(column_type = "Text")]
        pub body: String,
        /// When it was written.
        pub at: i64,
        /// The number of the key that wraps the key of this row, or 0 for a row in clear.
        pub sealed_by: i64,
        /// The wrapped key and what it seals.
        #[sea_orm(column_type = "Blob")]
        pub sealed: Vec<u8>,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl std::fmt::Debug for Model {
        /// Never the data.
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("vault_withheld").field("subject", &self.subject).finish_non_exhaustive()
        }
    }
}

/// Whose cases are whose: for each reader the cases that are theirs. The one table that is written from outside this
/// crate, by the projection that knows who the readers of a case are; [`Scope`](crate::Scope) goes by it.
pub mod readers {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "case_readers")]
    pub struct Model {
        /// Whose.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub reader: String,
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// Whether it has ended: 0 or 1.
        pub ended: i64,
    }

    /// No relations: the kernel joins nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
