//! Whose rows a query may see: a store [within](Store::within) a scope has the engine itself hide the rows of all other
//! cases, whatever the query says.
//!
//! Handlers say whose rows they mean in every query; this is what stands beneath, for the query that forgets it. On
//! PostgreSQL the query runs as the role [`SEEN_BY`], which owns nothing, under policies that the tables have. SQLite has
//! neither: there the connection has a view in place of each table, under its name; a query that names the schema as
//! well would mean the table itself, and none of the house does. Within a scope only tables that say of which case their
//! rows are can be read at all.
//!
//! What it deliberately does not do: it says nothing of columns, and it does not confine who writes. A commit
//! writes for many callers at once; what each may do is decided on the case itself.

use parasol_journey::ids::CaseId;

use crate::store::Store;

/// The table that says whose a case is.
pub(crate) const READERS: &str = "case_readers";
/// The role of PostgreSQL that queries within a scope run as. It cannot log in and owns nothing; roles belong to
/// the whole server, so that all databases of a server share it.
pub const SEEN_BY: &str = "parasol_seen_by";
/// Tables that say of which case their rows are, and that nobody reads within a scope: what the kernel owes and what
/// others have asked it.
pub(crate) const HIDDEN: &[&str] = &["tasks", "commands"];

/// Whose rows a query may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All: the house's own work, and callers who may see every case.
    #[default]
    House,
    /// Those of cases that have this [reader](crate::tables::readers).
    Reader(String),
    /// Those of one case.
    Case(CaseId),
}

impl Scope {
    /// As the engines are told: the reader and the case, one of them empty. `None` for all.
    pub(crate) fn told(&self) -> Option<(&str, String)> {
        match self {
            Self::House => None,
            Self::Reader(reader) => Some((reader, String::new())),
            Self::Case(case) => Some(("", case.uuid().to_string())),
        }
    }
}

impl Store {
    /// The same store for somebody whose queries may see no more than that: cases, their logs, and rows of services about
    /// them. The feed and the vault know no scope. Clones share their connections.
    #[must_use]
    pub fn within(&self, scope: Scope) -> Self {
        self.reading_with(self.house().within(scope))
    }
}
