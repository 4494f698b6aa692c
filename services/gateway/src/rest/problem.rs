//! Failures as problems (RFC 9457), with the reasons of the error registry.

use axum::http::{Method as Verb, StatusCode, header};
use axum::response::{IntoResponse, Response};
use parasol_api::error::Kind;
use parasol_api::{Error, Language, Reason};
use serde_json::{Map, Value, json};

/// A failure, ready to be told.
pub(super) struct Problem {
    status: StatusCode,
    body: Value,
    /// Whole seconds after which the same may go well.
    retry_after: Option<u64>,
}

impl Problem {
    /// The problem that an error is to whoever asked for `path`, which may be empty.
    pub(super) fn of(error: &Error, language: Language, path: &str) -> Self {
        let (reason, status) = (error.reason(), status(error.kind(), error.reason()));
        let words = reason.words(language);
        let mut body = Map::from_iter([
            ("type".to_owned(), json!(format!("/errors/{}", reason.code()))),
            ("title".to_owned(), json!(words.what)),
            ("status".to_owned(), json!(status.as_u16())),
            ("detail".to_owned(), json!(error.text())),
            ("reason".to_owned(), json!(reason.code())),
            ("code".to_owned(), json!(error.kind().name())),
            ("next".to_owned(), json!(words.next)),
            ("transient".to_owned(), json!(error.is_transient())),
        ]);
        if !path.is_empty() {
            body.insert("instance".to_owned(), json!(path));
        }
        if !error.metadata().is_empty() {
            body.insert("metadata".to_owned(), json!(error.metadata()));
        }
        let violations: Vec<_> = error.violations().iter().map(|one| {
            json!({ "field": one.field, "reason": one.reason.code(), "expected": one.description })
        }).collect();
        if !violations.is_empty() {
            body.insert("violations".to_owned(), Value::Array(violations));
        }
        let retry_after = error.retry_delay().map(|delay| delay.as_secs().max(1));
        Self { status, body: Value::Object(body), retry_after }
    }

    /// The problem as JSON.
    pub(super) fn text(&self) -> String {
        self.body.to_string()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "application/problem+json"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        let mut response = (self.status, headers, self.text()).into_response();
        let mut add = |name, value: &str| {
            response.headers_mut().extend(value.parse().ok().map(|value| (name, value)));
        };
        if let Some(seconds) = self.retry_after {
            add(header::RETRY_AFTER, &seconds.to_string());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            add(header::WWW_AUTHENTICATE, "Bearer");
        }
        response
    }
}

/// There is something at this path, but not under this verb.
pub(super) fn other_verbs(verbs: &[&Verb]) -> Response {
    let allowed: Vec<_> = verbs.iter().map(|verb| verb.as_str()).collect();
    let body = json!({
        "type": "about:blank",
        "title": "Method Not Allowed",
        "status": StatusCode::METHOD_NOT_ALLOWED.as_u16(),
    });
    let headers = [
        (header::CONTENT_TYPE, "application/problem+json".to_owned()),
        (header::ALLOW, allowed.join(", ")),
    ];
    (StatusCode::METHOD_NOT_ALLOWED, headers, body.to_string()).into_response()
}

/// The status of a kind of failure; a body that is too large has one of its own.
fn status(kind: Kind, reason: Reason) -> StatusCode {
    match (kind, reason) {
        (_, Reason::MessageTooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        (Kind::InvalidArgument | Kind::OutOfRange, _) => StatusCode::BAD_REQUEST,
        (Kind::Unauthenticated, _) => StatusCode::UNAUTHORIZED,
        (Kind::PermissionDenied, _) => StatusCode::FORBIDDEN,
        (Kind::NotFound, _) => StatusCode::NOT_FOUND,
        (Kind::AlreadyExists | Kind::Aborted | Kind::FailedPrecondition, _) => StatusCode::CONFLICT,
        (Kind::ResourceExhausted, _) => StatusCode::TOO_MANY_REQUESTS,
        (Kind::Unavailable, _) => StatusCode::SERVICE_UNAVAILABLE,
        (Kind::DeadlineExceeded, _) => StatusCode::GATEWAY_TIMEOUT,
        (Kind::Unimplemented, _) => StatusCode::NOT_IMPLEMENTED,
        (Kind::Internal, _) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
