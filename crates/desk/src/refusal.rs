//! From what the casebook says to what the caller reads.

use parasol_api::{Error, Reason};
use parasol_casebook::{Error as CasebookError, Refusal};

/// The answer to a submission that came to nothing. `taken` says what a lost key means for this
/// method, for example `SLOT_TAKEN`. A method that claims none and loses one all the same has met a
/// failure of ours: told to try again, its caller would try for ever.
pub fn to_error(error: CasebookError, taken: impl Into<Option<Reason>>) -> Error {
    match error {
        CasebookError::CaseUnknown => Error::new(Reason::NotFound),
        CasebookError::Refused(Refusal::Journey(rejection)) => Error::from(rejection),
        CasebookError::Refused(Refusal::Service { code, message }) => {
            Error::new(Reason::parse(code).unwrap_or(Reason::Internal)).message(message)
        }
        CasebookError::VersionConflict { current } => Error::version_conflict(current),
        CasebookError::RequestIdReused => Error::new(Reason::RequestIdReused),
        CasebookError::AnswerGone => Error::new(Reason::AnswerGone),
        CasebookError::Taken { .. } => match taken.into() {
            Some(taken) => Error::new(taken),
            None => Error::internal(error),
        },
        CasebookError::Overloaded => Error::new(Reason::Overloaded),
        CasebookError::Stopped => Error::new(Reason::StoreUnavailable),
        CasebookError::Store(cause) => Error::new(Reason::StoreUnavailable).because(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_key_is_what_the_method_says_or_a_failure_of_ours() {
        let lost = || CasebookError::Taken { table: "slots", key: Vec::new() };
        assert_eq!(to_error(lost(), Reason::SlotTaken).reason(), Reason::SlotTaken);
        assert_eq!(to_error(lost(), None).reason(), Reason::Internal);
    }
}
