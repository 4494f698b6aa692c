//! Importing orders: rows read from a stream, planned against what is stored, written in chunks.

mod plan;
mod row;
mod store;

pub(crate) use plan::{Outcome, Seen, plan};
pub(crate) use row::{Fault, Row, read};
pub(crate) use store::Stored;
