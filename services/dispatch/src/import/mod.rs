//! Importing the network: rows read from a stream, planned against what is stored, written in chunks.
//!
//! Each row stands for itself. A row that may be stored is the table's own row, so that "the same as
//! before" is equality and nothing else, once it has the standing of the one that is stored: an import
//! suspends nobody that is known and counts no versions.

mod plan;
mod read;
mod stored;
mod technician;
mod terms;

use parasol_api::Reason;

use crate::tables::{brands, centres, counties, technicians};

pub use plan::{Plan, Seen, plan};
pub use read::read;
pub use stored::Stored;

/// A row that is well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A county.
    County(counties::Model),
    /// A brand.
    Brand(Box<brands::Model>),
    /// A centre.
    Centre(Box<centres::Model>),
    /// A technician.
    Technician(Box<technicians::Model>),
}

/// Why a row is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The reason.
    pub reason: Reason,
    /// The field, or empty.
    pub field: String,
    /// What is expected, in English.
    pub message: String,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is new.
    Added,
    /// It is as it was.
    Unchanged,
    /// It replaces another.
    Updated,
    /// It changes nothing.
    Refused(Fault),
}

impl Fault {
    /// A fault of a field, in the registry's words.
    pub fn of(field: &str, reason: Reason) -> Self {
        Self { reason, field: field.to_owned(), message: reason.summary().to_owned() }
    }
}
