//! Kinds and reasons: the closed set of what can go wrong, and the words for it.

use tonic::Code;

use crate::language::Language;

/// What kind of failure it is; closed, one gRPC code each. A client that knows no reason can act on
/// the kind alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The request is wrong whatever the state; do not send it again as it is.
    InvalidArgument,
    /// It does not exist, or is not the caller's.
    NotFound,
    /// It exists already with other content.
    AlreadyExists,
    /// The state does not allow it; another step has to come first.
    FailedPrecondition,
    /// Somebody else was faster; read again and decide anew.
    Aborted,
    /// The caller is known and may not.
    PermissionDenied,
    /// The caller is not known.
    Unauthenticated,
    /// A limit is reached; wait.
    ResourceExhausted,
    /// Not now; send the same again.
    Unavailable,
    /// Not in time; send the same again.
    DeadlineExceeded,
    /// A position outside what is kept.
    OutOfRange,
    /// Our fault.
    Internal,
    /// There is no such method.
    Unimplemented,
}

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::InvalidArgument,
        Self::NotFound,
        Self::AlreadyExists,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::PermissionDenied,
        Self::Unauthenticated,
        Self::ResourceExhausted,
        Self::Unavailable,
        Self::DeadlineExceeded,
        Self::OutOfRange,
        Self::Internal,
        Self::Unimplemented,
    ];

    /// The gRPC code.
    pub const fn code(self) -> Code {
        match self {
            Self::InvalidArgument => Code::InvalidArgument,
            Self::NotFound => Code::NotFound,
            Self::AlreadyExists => Code::AlreadyExists,
            Self::FailedPrecondition => Code::FailedPrecondition,
            Self::Aborted => Code::Aborted,
            Self::PermissionDenied => Code::PermissionDenied,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::ResourceExhausted => Code::ResourceExhausted,
            Self::Unavailable => Code::Unavailable,
            Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::OutOfRange => Code::OutOfRange,
            Self::Internal => Code::Internal,
            Self::Unimplemented => Code::Unimplemented,
        }
    }

    /// The code as gRPC's documents spell it, for example `INVALID_ARGUMENT`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::Unavailable => "UNAVAILABLE",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Internal => "INTERNAL",
            Self::Unimplemented => "UNIMPLEMENTED",
        }
    }

    /// The kind of a gRPC code; what is not ours to send counts as our fault.
    pub const fn of_code(code: Code) -> Self {
        match code {
            Code::InvalidArgument => Self::InvalidArgument,
            Code::NotFound => Self::NotFound,
            Code::AlreadyExists => Self::AlreadyExists,
            Code::FailedPrecondition => Self::FailedPrecondition,
            Code::Aborted => Self::Aborted,
            Code::PermissionDenied => Self::PermissionDenied,
            Code::Unauthenticated => Self::Unauthenticated,
            Code::ResourceExhausted => Self::ResourceExhausted,
            Code::Unavailable => Self::Unavailable,
            // The transport reports an expired deadline as a cancelled call.
            Code::DeadlineExceeded | Code::Cancelled => Self::DeadlineExceeded,
            Code::OutOfRange => Self::OutOfRange,
            Code::Unimplemented => Self::Unimplemented,
            Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss => Self::Internal,
        }
    }
}

/// What a reason says in one language: one sentence or two each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// What happened.
    pub what: &'static str,
    /// Why.
    pub why: &'static str,
    /// What to do next.
    pub next: &'static str,
}

macro_rules! reasons {
    ($($variant:ident $code:literal $kind:ident
        en $what:literal $why:literal $next:literal
        zh $what_zh:literal $why_zh:literal $next_zh:literal;)+) => {
        /// Why a call failed; each has a page in `docs/errors/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $(#[doc = $what] $variant,)+ }

        impl Reason {
            /// Every reason, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code on the wire: upper case, digits and underscores.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The reason with this code.
            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// The kind of failure.
            pub const fn kind(self) -> $crate::error::Kind {
                match self { $(Self::$variant => $crate::error::Kind::$kind,)+ }
            }

            /// What it says in a language.
            pub const fn words(self, language: $crate::language::Language) -> $crate::error::Words {
                use $crate::error::Words;
                use $crate::language::Language::{En, Zh};
                match (self, language) {
                    $((Self::$variant, En) => Words { what: $what, why: $why, next: $next },
                    (Self::$variant, Zh) => {
                        Words { what: $what_zh, why: $why_zh, next: $next_zh }
                    })+
                }
            }
        }
    };
}
pub(super) use reasons;

pub use super::registry::Reason;

impl Reason {
    /// The reason to assume when an answer carries no reason of ours: it came from a proxy, from
    /// the transport, or from a server newer than this client.
    pub const fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::InvalidArgument => Self::FieldInvalid,
            Kind::NotFound => Self::NotFound,
            Kind::FailedPrecondition => Self::IllegalTransition,
            Kind::Aborted => Self::VersionConflict,
            Kind::PermissionDenied => Self::PermissionDenied,
            Kind::Unauthenticated => Self::Unauthenticated,
            Kind::ResourceExhausted => Self::Overloaded,
            Kind::Unavailable => Self::StoreUnavailable,
            Kind::DeadlineExceeded => Self::DeadlineExceeded,
            Kind::OutOfRange => Self::ResyncRequired,
            Kind::Unimplemented => Self::Unimplemented,
            Kind::AlreadyExists | Kind::Internal => Self::Internal,
        }
    }

    /// What happened, in one English sentence.
    pub const fn summary(self) -> &'static str {
        self.words(Language::En).what
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}
