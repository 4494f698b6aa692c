//! The tasks intake does.

mod triage;

pub(crate) use triage::Triage;
