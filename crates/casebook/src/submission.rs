//! What is handed to the committer, and what comes back.

use std::sync::Arc;

use parasol_journey::ids::CaseId;
use parasol_journey::{Actor, Case, Command, Ctx, Decided, Event, Rejection, decide, file};
use sea_orm::DbErr;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::row::{Cell, RowOp};

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A case that does not exist yet.
    NewCase(CaseId),
    /// A case that exists.
    Case(CaseId),
    /// Rows of a service's own, and no case.
    NoCase,
}

/// Makes a repeated request safe: the same key with the same body gets the same bytes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// Hash of principal, method and request id.
    pub key: Uuid,
    /// Hash of the request's body.
    pub fingerprint: Uuid,
}

impl RequestKey {
    /// The key of a request. `body` is the encoded request; `request_id` is the caller's own.
    pub fn new(principal: &str, method: &str, request_id: Uuid, body: &[u8]) -> Self {
        let key = digest(&[principal.as_bytes(), method.as_bytes(), request_id.as_bytes()]);
        Self { key, fingerprint: digest(&[body]) }
    }
}

/// The first half of SHA-256 over length-prefixed parts: 128 bits, where chance collisions do not
/// happen and a caller can only collide with itself.
fn digest(parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut half = [0; 16];
    half.copy_from_slice(&hash.finalize()[..16]);
    Uuid::from_bytes(half)
}

/// Who asked and through which door; goes into the audit row.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The credential: role and reference, never a name.
    pub principal: String,
    /// The method called, or the task done.
    pub method: &'static str,
    /// The trace it was asked in (W3C traceparent), or empty.
    pub trace: String,
}

/// A command on its way to the committer.
pub struct Submission {
    /// What it is about.
    pub target: Target,
    /// Makes a repetition safe; absent for tasks, whose generation does that.
    pub key: Option<RequestKey>,
    /// Who asked.
    pub caller: Caller,
    /// The actor that the log names.
    pub actor: Actor,
    /// The version the caller saw, if it insists on it.
    pub expected: Option<u64>,
    /// What is asked.
    pub deed: Arc<dyn Deed>,
}

/// The pure part of a command. May be asked more than once, with a newer case each time.
pub trait Deed: Send + Sync {
    /// What the command writes, or why it is refused.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing is then written.
    fn decide(&self, case: Option<&Case>, ctx: &Ctx<'_>) -> Result<Written, Refusal>;

    /// Whether whoever asks must not learn that there is such a case. Asked before anything is said
    /// about it: a version that does not match would tell of the case, and of its version too.
    fn hides(&self, _case: &Case) -> bool {
        false
    }
}

/// What a command writes.
#[derive(Default)]
pub struct Written {
    /// New events with the case after them.
    pub decided: Option<Decided>,
    /// Rows of the service's own tables.
    pub rows: Vec<RowOp>,
    /// The answer, byte for byte as it will be repeated.
    pub answer: Vec<u8>,
}

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// By the journey.
    #[error(transparent)]
    Journey(#[from] Rejection),
    /// By the service.
    #[error("{message}")]
    Service {
        /// The stable code; has a page in `docs/errors/`.
        code: &'static str,
        /// For the person who meets it.
        message: String,
    },
}

impl Refusal {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Journey(rejection) => rejection.code(),
            Self::Service { code, .. } => code,
        }
    }
}

/// Why a submission came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such case.
    #[error("there is no such case")]
    CaseUnknown,
    /// The command was refused; nothing changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The case has moved on since the caller saw it.
    #[error("the case is at version {current}")]
    VersionConflict {
        /// Where it is now.
        current: u64,
    },
    /// The request id was used with another body.
    #[error("the request id was used with another body")]
    RequestIdReused,
    /// The request took effect, so long ago that its answer is not kept any more.
    #[error("the answer to this request is not kept any more")]
    AnswerGone,
    /// A key that only one may hold is held by another.
    #[error("the key in {table} is taken")]
    Taken {
        /// The table.
        table: &'static str,
        /// The key.
        key: Vec<Cell>,
    },
    /// Too many commands wait; nothing was tried.
    #[error("too many commands wait")]
    Overloaded,
    /// The committer has stopped; nothing was tried.
    #[error("the committer has stopped")]
    Stopped,
    /// The store did not answer; whether the command took effect can be learned by repeating it with
    /// the same key.
    #[error("the store did not answer")]
    Store(#[source] Arc<DbErr>),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// The answer to a command that took effect, now or earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The bytes saved with it.
    pub body: Vec<u8>,
    /// Whether it took effect earlier and this is a repetition.
    pub repeated: bool,
}

/// What one step changed, for the services' projections.
pub struct Change<'a> {
    /// The case before; `None` for a filing.
    pub before: Option<&'a Case>,
    /// The case after.
    pub after: &'a Case,
    /// The new events.
    pub events: &'a [Event],
}

/// Keeps a service's own tables in step with the log. Pure: the rows follow from the change alone,
/// whoever caused it, so a timer frees a technician's slot exactly as a call does.
pub trait Projector: Send + Sync {
    /// Adds the rows that follow from a change.
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>);
}

/// The usual deed: one command of the journey, some rows, an answer made from the case after it.
pub struct CaseDeed<A> {
    /// The command.
    pub command: Command,
    /// Rows of the service's own.
    pub rows: Vec<RowOp>,
    /// Makes the answer.
    pub answer: A,
}

impl<A: Fn(&Case) -> Vec<u8> + Send + Sync> Deed for CaseDeed<A> {
    fn decide(&self, case: Option<&Case>, ctx: &Ctx<'_>) -> Result<Written, Refusal> {
        let decided = match case {
            Some(case) => decide(case, &self.command, ctx)?,
            None => return Err(no_case()),
        };
        let answer = (self.answer)(&decided.case);
        Ok(Written { decided: Some(decided), rows: self.rows.clone(), answer })
    }
}

/// The first deed of a case.
pub struct FilingDeed<A> {
    /// The new case's id.
    pub id: CaseId,
    /// The filing.
    pub command: Command,
    /// Rows of the service's own.
    pub rows: Vec<RowOp>,
    /// Makes the answer.
    pub answer: A,
}

impl<A: Fn(&Case) -> Vec<u8> + Send + Sync> Deed for FilingDeed<A> {
    fn decide(&self, _: Option<&Case>, ctx: &Ctx<'_>) -> Result<Written, Refusal> {
        let decided = file(self.id, &self.command, ctx)?;
        let answer = (self.answer)(&decided.case);
        Ok(Written { decided: Some(decided), rows: self.rows.clone(), answer })
    }
}

/// Rows without a case: imports and the like.
pub struct RowsDeed {
    /// The rows.
    pub rows: Vec<RowOp>,
    /// The answer.
    pub answer: Vec<u8>,
}

impl Deed for RowsDeed {
    fn decide(&self, _: Option<&Case>, _: &Ctx<'_>) -> Result<Written, Refusal> {
        Ok(Written { decided: None, rows: self.rows.clone(), answer: self.answer.clone() })
    }
}

fn no_case() -> Refusal {
    Refusal::Service { code: "NOT_FOUND", message: "there is no such case".to_owned() }
}
