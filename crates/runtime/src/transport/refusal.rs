//! Why a layer turns a call away, said by the error model.

use parasol_api::{Error, Reason};
use tonic::Status;
use uuid::Uuid;

/// Why a call was turned away before or instead of its service's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No credential, or one that is not valid. Callers are not told which part was wrong.
    Unauthenticated,
    /// A valid credential whose role may not call this method.
    Forbidden,
    /// The deadline passed.
    DeadlineExceeded,
    /// The service panicked; the log has the rest under this id.
    Panicked {
        /// The id in the log.
        incident: Uuid,
    },
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let error = match refusal {
            Refusal::Unauthenticated => Error::new(Reason::Unauthenticated),
            Refusal::Forbidden => Error::new(Reason::PermissionDenied),
            Refusal::DeadlineExceeded => Error::new(Reason::DeadlineExceeded),
            Refusal::Panicked { incident } => {
                Error::new(Reason::Internal).with("incident", incident.to_string())
            }
        };
        error.into()
    }
}

/// The whole answer to a call that is turned away.
pub(super) fn refused(refusal: Refusal) -> http::Response<tonic::body::Body> {
    Status::from(refusal).into_http()
}
