//! From what the casebook says to what the caller reads.

use parasol_api::{Error, Reason};
use parasol_casebook::{Error as CasebookError, Refusal};

/// The answer to a submission that came to nothing. `taken` says what a lost key means for this
/// method, for example `SLOT_TAKEN`.
pub fn to_error(error: CasebookError, taken: Reason) -> Error {
    match error {
        CasebookError::CaseUnknown => Error::new(Reason::NotFound),
        CasebookError::Refused(Refusal::Journey(rejection)) => Error::from(rejection),
        CasebookError::Refused(Refusal::Service { code, message }) => {
            Error::new(Reason::parse(code).unwrap_or(Reason::Internal)).message(message)
        }
        CasebookError::VersionConflict { current } => Error::version_conflict(current),
        CasebookError::RequestIdReused => Error::new(Reason::RequestIdReused),
        CasebookError::Taken { .. } => Error::new(taken),
        CasebookError::Overloaded => Error::new(Reason::Overloaded),
        CasebookError::Stopped => Error::new(Reason::StoreUnavailable),
        CasebookError::Store(cause) => Error::new(Reason::StoreUnavailable).because(cause),
    }
}
