//! The one error model: every failure that leaves the house is an [`Error`] with a registered
//! reason.
//!
//! What the caller may read (message, metadata, violations) and what only we may read (the cause)
//! are kept apart; the cause never reaches the wire. The mapping to a gRPC status is written once,
//! in `status.rs`, and nowhere else is a status made.

mod page;
mod reason;
mod registry;
mod rejection;
mod status;

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use page::{index, page};
pub use reason::{Kind, Reason, Words};

use crate::language::Language;

/// The domain every reason belongs to, as `google.rpc.ErrorInfo` wants it.
pub const DOMAIN: &str = "parasol";

// An error travels in HTTP/2 headers, of which peers accept about 16 KiB in all. These limits keep
// the largest error below that, encoded.
/// Bytes of a message shown to the caller; the rest is cut off.
pub const MESSAGE_MAX: usize = 500;
/// Violations in one error; further ones are dropped.
pub const VIOLATIONS_MAX: usize = 20;
/// Metadata entries in one error; further ones are dropped.
pub const METADATA_MAX: usize = 12;
/// Bytes of one metadata value, field path or description; the rest is cut off.
pub const VALUE_MAX: usize = 200;

/// A field that does not hold what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldViolation {
    /// The field as a path, for example `certificate.evidence[2].sha256`.
    pub field: String,
    /// Which reason it would be alone.
    pub reason: Reason,
    /// What is expected, in English.
    pub description: String,
}

/// Why a call failed.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    reason: Reason,
    message: String,
    metadata: BTreeMap<String, String>,
    violations: Vec<FieldViolation>,
    retry_after: Option<Duration>,
    language: Option<Language>,
    internal: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What can fail with an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure for this reason, with the registry's summary as its message.
    pub fn new(reason: Reason) -> Self {
        Self(Box::new(Inner {
            kind: reason.kind(),
            reason,
            message: reason.summary().to_owned(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            retry_after: default_retry(reason),
            language: None,
            internal: None,
        }))
    }

    /// A write over a version that is not the current one.
    pub fn version_conflict(current_version: u64) -> Self {
        Self::new(Reason::VersionConflict)
            .with("current_etag", crate::convert::etag(current_version))
    }

    /// A step the state does not allow: what was asked, where things stand, which steps are open
    /// now.
    pub fn illegal_transition<'a>(
        asked: &str,
        stage: &str,
        open: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let open: Vec<_> = open.into_iter().collect();
        Self::new(Reason::IllegalTransition)
            .message(format!("{asked} is not open while the case is {stage}"))
            .with("asked", asked)
            .with("stage", stage)
            .with("open", open.join(","))
    }

    /// A failure of ours; the caller learns nothing but that.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Reason::Internal).because(cause)
    }

    /// One field that does not hold what it should.
    pub fn field(field: impl Into<String>, reason: Reason, expected: impl Into<String>) -> Self {
        Self::new(reason).violation(field, reason, expected)
    }

    /// Replaces the message; English, for the developer at the other end. It must hold nothing
    /// personal and nothing of our insides.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.0.message = cut(message.into(), MESSAGE_MAX);
        self
    }

    /// Adds a metadata entry for programs to read. Keys are lower case with underscores.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        if self.0.metadata.len() < METADATA_MAX {
            self.0.metadata.insert(cut(key.into(), VALUE_MAX), cut(value.into(), VALUE_MAX));
        }
        self
    }

    /// Adds a field violation.
    #[must_use]
    pub fn violation(
        mut self,
        field: impl Into<String>,
        reason: Reason,
        expected: impl Into<String>,
    ) -> Self {
        if self.0.violations.len() < VIOLATIONS_MAX {
            self.0.violations.push(FieldViolation {
                field: cut(field.into(), VALUE_MAX),
                reason,
                description: cut(expected.into(), VALUE_MAX),
            });
        }
        self
    }

    /// Says that a retry helps, and after how long.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.0.retry_after = Some(delay);
        self
    }

    /// Adds the registry's words in the caller's language.
    #[must_use]
    pub fn in_language(mut self, language: Language) -> Self {
        self.0.language = Some(language);
        self
    }

    /// Keeps the cause for the log; the caller never sees it.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.internal = Some(Arc::from(cause.into()));
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The reason.
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// What the caller reads.
    pub fn text(&self) -> &str {
        &self.0.message
    }

    /// The metadata, by key.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.0.metadata
    }

    /// The field violations, in the order in which they were found.
    pub fn violations(&self) -> &[FieldViolation] {
        &self.0.violations
    }

    /// After how long a retry may help; `None` when it does not.
    pub fn retry_delay(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the very same request may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self.0.kind, Kind::Unavailable | Kind::ResourceExhausted | Kind::DeadlineExceeded)
    }
}

/// Only waiting mends these; a locked code says itself how long it stays locked.
fn default_retry(reason: Reason) -> Option<Duration> {
    match reason {
        Reason::Overloaded
        | Reason::StoreUnavailable
        | Reason::CellUnavailable
        | Reason::DeadlineExceeded => Some(Duration::from_secs(1)),
        Reason::IssuerUnreachable => Some(Duration::from_secs(10)),
        _ => None,
    }
}

/// The longest beginning of at most `max` bytes that ends between two characters.
fn cut(mut text: String, max: usize) -> String {
    text.truncate(text.floor_char_boundary(max));
    text
}

impl fmt::Display for Error {
    /// The reason's code and the message; never the cause.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.reason, self.0.message)
    }
}

impl fmt::Debug for Error {
    /// Everything, for logs and failing tests.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("reason", &self.0.reason.code())
            .field("message", &self.0.message)
            .field("metadata", &self.0.metadata)
            .field("violations", &self.0.violations)
            .field("internal", &self.0.internal)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.internal.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}
