//! Why a file is not kept.

use parasol_api::{Error, Reason};

/// Why a file is not kept. Nothing of it is stored then.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// More bytes, or more pixels, than are taken.
    #[error("{0}")]
    TooLarge(String),
    /// It is no photo and no film of a kind that is taken; says what it looks like.
    #[error("{0} is not taken")]
    Type(&'static str),
    /// It begins like a photo or a film and does not go on like one.
    #[error("{0}")]
    Unreadable(String),
    /// Reading it took more time or memory than anybody gets.
    #[error("{0}")]
    TooCostly(&'static str),
    /// The store or the disk failed, or the child process could not be started.
    #[error("the evidence could not be kept")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Fault {
    /// A failure of this side.
    pub(crate) fn store(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Store(cause.into())
    }

    /// A file that does not read.
    pub(crate) fn unreadable(why: impl std::fmt::Display) -> Self {
        Self::Unreadable(why.to_string())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let message = fault.to_string();
        match fault {
            Fault::TooLarge(_) => Self::new(Reason::EvidenceTooLarge).message(message),
            Fault::Type(found) => {
                Self::new(Reason::EvidenceTypeRefused).message(message).with("found", found)
            }
            Fault::Unreadable(_) => Self::new(Reason::EvidenceUnreadable).message(message),
            Fault::TooCostly(_) => Self::new(Reason::EvidenceTooCostly).message(message),
            Fault::Store(cause) => Self::new(Reason::StoreUnavailable).because(cause),
        }
    }
}
