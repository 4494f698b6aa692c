//! Why a layer turns a call away.

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use uuid::Uuid;

/// Why a call was turned away before or instead of its service's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No credential, or one that is not valid. Callers are not told which part was wrong.
    Unauthenticated,
    /// A valid credential whose role may not call this method.
    Forbidden,
    /// The deadline passed.
    DeadlineExceeded,
    /// The service panicked; the log has the rest under this id.
    Internal {
        /// The id in the log.
        incident: Uuid,
    },
}

/// Makes the status of a refusal; the error model has one, [`plain_refusal`] is another.
pub type Refuse = fn(Refusal) -> Status;

/// A status with the right code, an English sentence and an `ErrorInfo`, for processes without the
/// error model and for tests.
pub fn plain_refusal(refusal: Refusal) -> Status {
    let (code, reason, text) = match refusal {
        Refusal::Unauthenticated => {
            (Code::Unauthenticated, "UNAUTHENTICATED", "a valid bearer token is needed".to_owned())
        }
        Refusal::Forbidden => {
            (Code::PermissionDenied, "FORBIDDEN", "this role may not call this method".to_owned())
        }
        Refusal::DeadlineExceeded => (
            Code::DeadlineExceeded,
            "DEADLINE_EXCEEDED",
            "the call took longer than its deadline; it may have taken effect".to_owned(),
        ),
        Refusal::Internal { incident } => {
            (Code::Internal, "INTERNAL", format!("internal error, incident {incident}"))
        }
    };
    Status::with_error_details(code, text, ErrorDetails::with_error_info(reason, "parasol", []))
}
