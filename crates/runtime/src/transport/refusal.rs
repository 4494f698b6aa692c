//! Why a layer turns a call away, said by the error model.

use parasol_api::{Error, Reason};
use tonic::{Code, Status};
use uuid::Uuid;

/// Why a call was turned away before or instead of its service's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No credential, or one that is not valid. Callers are not told which part was wrong.
    Unauthenticated,
    /// A valid credential whose role may not call this method.
    Forbidden,
    /// A credential whose bearer may not act for this reason: one of the retailer's people who is out, an issuer that
    /// cannot be asked.
    Barred(Reason),
    /// The process, or its caller's share of it, is full.
    Overloaded,
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
            Refusal::Barred(reason) => Error::new(reason),
            Refusal::Overloaded => Error::new(Reason::Overloaded),
            Refusal::DeadlineExceeded => Error::new(Reason::DeadlineExceeded),
            Refusal::Panicked { incident } => {
                Error::new(Reason::Internal).with("incident", incident.to_string())
            }
        };
        error.into()
    }
}

/// What tonic says of a message over the limit of its server, as it stands in a header.
const TOO_LARGE: &str = "Error, decoded message length too large";

/// The answer of a service, with tonic's own refusal of a message that is too large said by the error
/// model. All its others are about callers that do not speak gRPC.
pub(super) fn in_our_words(
    response: http::Response<tonic::body::Body>,
) -> http::Response<tonic::body::Body> {
    let status = Status::from_header_map(response.headers());
    let too_large = status.is_some_and(|status| {
        status.code() == Code::OutOfRange
            && status.details().is_empty()
            && status.message().starts_with(TOO_LARGE)
    });
    if too_large { Status::from(Error::new(Reason::MessageTooLarge)).into_http() } else { response }
}

/// The whole answer to a call that is turned away.
pub(super) fn refused(refusal: Refusal) -> http::Response<tonic::body::Body> {
    Status::from(refusal).into_http()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(status: Status) -> Reason {
        let answer = in_our_words(status.into_http());
        let told = Status::from_header_map(answer.headers()).unwrap();
        Error::from_status(&told).reason()
    }

    #[test]
    fn a_message_over_the_limit_is_refused_in_our_words() {
        let said = "Error, decoded message length too large: found 9 bytes, the limit is: 8 bytes";
        assert_eq!(reason(Status::out_of_range(said)), Reason::MessageTooLarge);
        let ours = Error::new(Reason::ResyncRequired).message(said);
        assert_eq!(reason(ours.into()), Reason::ResyncRequired);
        assert_ne!(reason(Status::out_of_range("something else")), Reason::MessageTooLarge);
    }
}
