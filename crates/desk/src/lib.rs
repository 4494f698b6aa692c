//! The desk every handler works at: who calls, which cases they may see, how a request becomes a step
//! of a case and an error becomes an answer.
//!
//! Owns what is the same for every method of every service, so that a handler is left with decoding,
//! one command, and encoding. It decides nothing about cases and has no tables.

mod call;
mod certificate;
mod desk;
mod judge;
pub mod location;
mod numbered;
mod office;
mod readers;
mod refusal;
mod scope;
mod token;

pub use parasol_api::mask;

pub use call::{Call, Repeated};
pub use certificate::certificate_words;
pub use desk::{Desk, KeptRows, Late, RowsAfter, Step, StepEffect};
pub use judge::Judge;
pub use numbered::Numbered;
pub use office::{Duty, Office};
pub use readers::{CaseReaders, is_customer, reader, readers, scope};
pub use refusal::to_error;
pub use scope::{actor, customer_id, sees};
pub use token::Purpose;

/// The result of a handler, before it is a gRPC answer.
pub type Result<T> = std::result::Result<T, parasol_api::Error>;
