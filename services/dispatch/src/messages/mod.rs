//! What partners have sent: each message as it came, with what became of it.
//!
//! A message that took effect, or was kept as evidence in its case, is written in the commit of that step.
//! One that was refused or was a repetition has no commit of its own: it waits in memory, a few of each
//! partner, and is written soon after; of a flood some are lost. It is a log to look things up in and
//! decides nothing: what a case knows of a partner's sequence is in the case.
//!
//! Free text is not in it. What people wrote lies in the vault where it has a use.

mod raw;
mod recorder;

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use parasol_api::convert::to_timestamp;
use parasol_api::partner::v1::{MessageOutcome, PartnerMessage};
use parasol_api::{Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Repeated;
use parasol_journey::ids::{BadId, CaseId};
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::{Principal, Role};
use prost::Message;
use sea_orm::IntoActiveModel as _;
use tonic::Request;
use uuid::Uuid;

pub use recorder::Recorder;

use crate::Dispatch;
use crate::tables::partner_messages;

/// A message's id, for example `pmsg_01905af12b3c7def8123456789abcdef`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageId(pub Uuid);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pmsg_{}", self.0.simple())
    }
}

impl FromStr for MessageId {
    type Err = BadId;

    /// Reads exactly what `Display` prints.
    fn from_str(text: &str) -> Result<Self, BadId> {
        let id = text.strip_prefix("pmsg_").and_then(|hex| Uuid::try_parse(hex).ok()).map(Self);
        id.filter(|id| id.to_string() == text).ok_or(BadId { expected: "message" })
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect.
    Applied,
    /// It was sent before.
    Duplicate,
    /// It was kept as evidence and moved nothing.
    Stale,
    /// It was refused.
    Refused,
}

impl Outcome {
    const ALL: [(Self, &'static str, MessageOutcome); 4] = [
        (Self::Applied, "applied", MessageOutcome::Applied),
        (Self::Duplicate, "duplicate", MessageOutcome::Duplicate),
        (Self::Stale, "stale", MessageOutcome::Stale),
        (Self::Refused, "refused", MessageOutcome::Refused),
    ];

    /// As the table keeps it.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(one, ..)| *one == self).map_or("", |(_, text, _)| text)
    }

    fn number_of(text: &str) -> i32 {
        let known = Self::ALL.iter().find(|(_, one, _)| *one == text);
        known.map_or(MessageOutcome::Unspecified, |(.., wire)| *wire).into()
    }
}

/// A message that is being worked on. Cheap to clone; clones are the same message.
#[derive(Clone, Debug)]
pub struct Note(Arc<Noted>);

#[derive(Debug)]
struct Noted {
    row: partner_messages::Model,
    read_as: Mutex<String>,
}

impl Note {
    /// The message in a request; `None` when nobody who is a partner sent it.
    fn of<M: Message>(
        dispatch: &Dispatch,
        method: &'static str,
        request: &Request<M>,
    ) -> Option<Self> {
        let principal = request.extensions().get::<Principal>()?;
        if !matches!(principal.role, Role::Brand | Role::Centre | Role::Technician) {
            return None;
        }
        let read = raw::read(method, request.get_ref());
        let row = partner_messages::Model {
            partner: partner(principal),
            message: dispatch.desk.ids.next(),
            method: method.to_owned(),
            request: read.request,
            case_id: read.case,
            received_at: dispatch.desk.clock.now().micros(),
            occurred_at: read.occurred_at,
            sequence: read.sequence,
            outcome: String::new(),
            reason: String::new(),
            read_as: String::new(),
            raw: read.json,
        };
        Some(Self(Arc::new(Noted { row, read_as: Mutex::default() })))
    }

    /// Says which of our codes the sender's reason was read as.
    pub fn read_as(&self, code: &str) {
        *self.0.read_as.lock().unwrap_or_else(PoisonError::into_inner) = code.to_owned();
    }

    fn became(&self, outcome: Outcome, reason: &str) -> partner_messages::Model {
        let read_as = self.0.read_as.lock().unwrap_or_else(PoisonError::into_inner).clone();
        partner_messages::Model {
            outcome: outcome.as_str().to_owned(),
            reason: reason.to_owned(),
            read_as,
            ..self.0.row.clone()
        }
    }

    /// The row of a message that took effect.
    pub fn applied(&self) -> RowOp {
        RowOp::put(self.became(Outcome::Applied, "").into_active_model())
    }

    /// The row of a message that was kept as evidence.
    pub fn stale(&self, reason: &str) -> RowOp {
        RowOp::put(self.became(Outcome::Stale, reason).into_active_model())
    }
}

/// How messages name their sender: role and id.
pub fn partner(principal: &Principal) -> String {
    format!("{}:{}", principal.role.as_str(), principal.subject)
}

/// Answers a message of a partner and sees to it that it is noted.
///
/// # Errors
/// What `handle` says.
pub async fn noted<'a, M, A, F>(
    dispatch: &'a Dispatch,
    method: &'static str,
    mut request: Request<M>,
    handle: impl FnOnce(&'a Dispatch, Request<M>) -> F,
) -> Result<A, Error>
where
    M: Message,
    F: Future<Output = Result<A, Error>>,
{
    let Some(note) = Note::of(dispatch, method, &request) else {
        return handle(dispatch, request).await;
    };
    let repeated = Repeated::default();
    request.extensions_mut().insert(note.clone());
    request.extensions_mut().insert(repeated.clone());
    let answer = handle(dispatch, request).await;
    match &answer {
        Ok(_) if repeated.is_set() => dispatch.messages.keep(note.became(Outcome::Duplicate, "")),
        Ok(_) => dispatch.messages.count(&note.0.row.partner),
        // Whether it took effect is not known; it is sent again, and noted then.
        Err(error) if error.is_transient() => {}
        Err(error) => {
            dispatch.messages.keep(note.became(Outcome::Refused, error.reason().code()));
        }
    }
    answer
}

/// A message as its sender reads it.
pub fn view(row: partner_messages::Model) -> PartnerMessage {
    let instant = |micros: i64| (micros != 0).then(|| to_timestamp(Timestamp::from_micros(micros)));
    let id = |id: Uuid, shown: String| if id.is_nil() { String::new() } else { shown };
    PartnerMessage {
        message_id: MessageId(row.message).to_string(),
        partner: row.partner,
        method: row.method,
        request_id: id(row.request, row.request.to_string()),
        case_id: id(row.case_id, CaseId::new(row.case_id).to_string()),
        received_at: instant(row.received_at),
        occurred_at: instant(row.occurred_at),
        partner_sequence: row.sequence,
        outcome: Outcome::number_of(&row.outcome),
        reason: row.reason,
        read_as: row.read_as,
        raw: row.raw,
    }
}

/// The code of a message that came after a newer one.
pub const STALE: &str = Reason::MessageStale.code();
