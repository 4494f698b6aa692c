//! The one mapping between [`Error`] and a gRPC status, both ways.

use std::collections::HashMap;
use std::time::Duration;

use tonic::Status;
use tonic_types::{ErrorDetails, FieldViolation as WireViolation, StatusExt};

use crate::common::v1::{FieldFault, Refusal};

use super::{DOMAIN, Error, FieldViolation, Kind, Reason};

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let metadata: HashMap<_, _> =
            error.metadata().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let mut details = ErrorDetails::with_error_info(error.reason().code(), DOMAIN, metadata);
        if !error.violations().is_empty() {
            details.set_bad_request(error.violations().iter().map(to_wire).collect::<Vec<_>>());
        }
        if error.retry_delay().is_some() {
            details.set_retry_info(error.retry_delay());
        }
        if error.kind() == Kind::FailedPrecondition {
            let subject = error.metadata().get("stage").map(String::as_str).unwrap_or_default();
            details.add_precondition_failure_violation(
                error.reason().code(),
                subject,
                error.text(),
            );
        }
        if let Some(language) = error.0.language {
            let words = error.reason().words(language);
            let joint = if language == crate::language::Language::Zh { "" } else { " " };
            details.set_localized_message(
                language.tag(),
                format!("{}{joint}{}", words.what, words.next),
            );
        }
        Self::with_error_details(error.kind().code(), error.text(), details)
    }
}

impl Error {
    /// The same as part of an answer about several things.
    pub fn to_refusal(&self) -> Refusal {
        let violations = self.violations().iter().map(|one| FieldFault {
            field: one.field.clone(),
            reason: one.reason.code().to_owned(),
            expected: one.description.clone(),
        });
        let duration = |delay: Duration| prost_types::Duration {
            seconds: i64::try_from(delay.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(delay.subsec_nanos()).unwrap_or_default(),
        };
        Refusal {
            code: self.kind().code() as i32,
            reason: self.reason().code().to_owned(),
            message: self.text().to_owned(),
            metadata: self.metadata().clone().into_iter().collect(),
            violations: violations.collect(),
            transient: self.is_transient(),
            retry_after: self.retry_delay().map(duration),
        }
    }

    /// Reads an answer back on the client's side. A status without a reason of ours, or with one
    /// this client does not know, keeps its kind and gets the nearest reason.
    pub fn from_status(status: &Status) -> Self {
        let kind = Kind::of_code(status.code());
        let details = status.get_error_details();
        let info = details.error_info().filter(|info| info.domain == DOMAIN);
        let known = info.and_then(|info| Reason::parse(&info.reason));
        let reason = known.unwrap_or_else(|| Reason::of_kind(kind));

        let mut error = Self::new(reason).message(status.message());
        error.0.kind = kind;
        for (key, value) in info.into_iter().flat_map(|info| &info.metadata) {
            error = error.with(key, value);
        }
        if let Some(bad_request) = details.bad_request() {
            error.0.violations =
                bad_request.field_violations.iter().map(|wire| from_wire(wire, reason)).collect();
        }
        error.0.retry_after = details.retry_info().and_then(|retry| retry.retry_delay);
        error
    }
}

fn to_wire(violation: &FieldViolation) -> WireViolation {
    let mut wire = WireViolation::new(&violation.field, &violation.description);
    wire.reason = violation.reason.code().to_owned();
    wire
}

fn from_wire(wire: &WireViolation, fallback: Reason) -> FieldViolation {
    FieldViolation {
        field: wire.field.clone(),
        reason: Reason::parse(&wire.reason).unwrap_or(fallback),
        description: wire.description.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::Code;

    use super::*;
    use crate::error::{MESSAGE_MAX, METADATA_MAX, VALUE_MAX, VIOLATIONS_MAX};
    use crate::language::Language;

    #[test]
    fn every_reason_comes_back_with_its_kind_and_code() {
        for reason in Reason::ALL {
            let status = Status::from(Error::new(*reason));
            assert_eq!(status.code(), reason.kind().code(), "{reason}");
            let back = Error::from_status(&status);
            assert_eq!((back.reason(), back.kind()), (*reason, reason.kind()));
            assert_eq!(back.text(), reason.summary());
        }
    }

    #[test]
    fn details_travel_and_the_cause_does_not() {
        let error = Error::new(Reason::FieldInvalid)
            .message("two fields are wrong")
            .with("case_id", "case_1")
            .violation("kind", Reason::FieldInvalid, "one of quality, no_reason")
            .violation("description", Reason::FieldTooLong, "at most 2000 characters")
            .retry_after(Duration::from_millis(1500))
            .in_language(Language::Zh)
            .because("password=swordfish");
        let status = Status::from(error);
        assert!(!String::from_utf8_lossy(status.details()).contains("swordfish"));
        assert!(!status.message().contains("swordfish"));

        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("FIELD_INVALID", DOMAIN));
        assert_eq!(details.localized_message().unwrap().locale, "zh-CN");

        let back = Error::from_status(&status);
        assert_eq!(back.metadata()["case_id"], "case_1");
        assert_eq!(back.retry_delay(), Some(Duration::from_millis(1500)));
        let fields: Vec<_> =
            back.violations().iter().map(|one| (one.field.as_str(), one.reason)).collect();
        let expected = [("kind", Reason::FieldInvalid), ("description", Reason::FieldTooLong)];
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_refused_step_says_where_the_case_stands_and_what_is_open() {
        let status =
            Status::from(Error::illegal_transition("check_in", "filed", ["cancel", "remind"]));
        assert_eq!(status.code(), Code::FailedPrecondition);
        let details = status.get_error_details();
        let violation = &details.precondition_failure().unwrap().violations[0];
        assert_eq!(
            (violation.r#type.as_str(), violation.subject.as_str()),
            ("ILLEGAL_TRANSITION", "filed")
        );
        assert_eq!(Error::from_status(&status).metadata()["open"], "cancel,remind");

        let conflict = Status::from(Error::version_conflict(7));
        assert_eq!(conflict.code(), Code::Aborted);
        assert_eq!(Error::from_status(&conflict).metadata()["current_etag"], "\"7\"");
    }

    #[test]
    fn an_answer_that_is_not_ours_keeps_its_kind() {
        let foreign = Error::from_status(&Status::unavailable("connection refused"));
        assert_eq!(
            (foreign.kind(), foreign.reason()),
            (Kind::Unavailable, Reason::StoreUnavailable)
        );
        assert!(foreign.is_transient());
        let late = Error::from_status(&Status::cancelled("Timeout expired"));
        assert_eq!(late.reason(), Reason::DeadlineExceeded);
        let exists = Error::from_status(&Status::already_exists("x"));
        assert_eq!((exists.kind(), exists.reason()), (Kind::AlreadyExists, Reason::Internal));
        let details = ErrorDetails::with_error_info("NEW_REASON", DOMAIN, HashMap::new());
        let newer = Status::with_error_details(Code::Aborted, "later", details);
        assert_eq!(Error::from_status(&newer).reason(), Reason::VersionConflict);
    }

    #[test]
    fn the_largest_error_fits_into_the_headers_peers_accept() {
        let long = "测".repeat(2_000);
        let mut error = Error::new(Reason::IllegalTransition).message(&long);
        for number in 0..100 {
            error = error.with(format!("key_{number}"), &long).violation(
                format!("field[{number}]"),
                Reason::FieldInvalid,
                &long,
            );
        }
        assert!(error.text().len() <= MESSAGE_MAX);
        assert_eq!(error.metadata().len(), METADATA_MAX);
        assert_eq!(error.violations().len(), VIOLATIONS_MAX);
        assert!(error.metadata().values().all(|value| value.len() <= VALUE_MAX));
        let status = Status::from(error.in_language(Language::En));
        // Details travel as base64, the message percent-encoded.
        let on_the_wire = status.details().len() * 4 / 3 + status.message().len() * 3;
        assert!(on_the_wire < 16 * 1024, "{on_the_wire} bytes");
    }

    #[test]
    fn an_error_shows_its_message_and_keeps_its_cause_for_the_log() {
        let error = Error::internal("disk on fire");
        assert_eq!(error.to_string(), "INTERNAL: Something went wrong on our side.");
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "disk on fire");
        assert!(format!("{error:?}").contains("disk on fire"));
    }
}
