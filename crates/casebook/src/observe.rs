//! What the kernel tells whoever counts and traces: commits, commands and tasks, as they end.
//!
//! The kernel has no instruments of its own. Somebody who has some is told what happened where it happened, and is
//! called in the middle of the work, so that it must neither wait nor fail. Without anybody nothing is told.
//!
//! A task is tried in a trace of its own, which follows from the trace that armed it: days may lie between the two,
//! and another process may do it. What the kernel knows of a trace is its W3C traceparent and no more.

use std::fmt;
use std::sync::{Arc, OnceLock};

use parasol_journey::Task;
use parasol_journey::ids::CaseId;
use parasol_journey::task::Role;
use parasol_journey::time::Span;

use tracing::Span as TraceSpan;

use crate::submission::{Answer, Error};

/// Whoever counts.
pub trait Observer: Send + Sync {
    /// A batch was dealt with, whatever came of it: how many commands it had, and how long it took.
    fn batch(&self, commands: usize, took: Span);

    /// A command of this method, or this task, was answered.
    fn command(&self, method: &'static str, result: &Result<Answer, Error>);

    /// A task was tried, so long after it was due; less than nothing cannot be.
    fn task(&self, role: Role, task: Task, tried: Tried, late: Span);

    /// The span that a task is tried in; none where nobody traces.
    fn trying(&self, _case: CaseId, _task: Task) -> TraceSpan {
        TraceSpan::none()
    }

    /// Whether anybody will see this span: what it follows from is looked up only then.
    fn is_seen(&self, _span: &TraceSpan) -> bool {
        false
    }

    /// A span follows from the step that was traced under `origin`.
    fn follows(&self, _span: &TraceSpan, _origin: Traceparent) {}

    /// The traceparent of the span that is entered now, or empty.
    fn traceparent(&self) -> String {
        String::new()
    }
}

/// The name of a span as others are told it: a W3C traceparent of version 00, which has 55 characters. Kept in
/// place, because it goes with every task.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Traceparent([u8; Self::LEN]);

impl Traceparent {
    /// Characters of one.
    const LEN: usize = 55;

    /// The traceparent that a text is; none of an empty text, or of another version's.
    pub fn of(text: &str) -> Option<Self> {
        let bytes = text.as_bytes().try_into().ok()?;
        text.starts_with("00-").then_some(Self(bytes))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What came of trying a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It took effect.
    Done,
    /// It was not owed any more.
    Superseded,
    /// Others were in the way: it is tried again in a moment.
    Waits,
    /// It failed, and is tried again later or parked.
    Failed,
}

impl Tried {
    /// Its name, as a label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Superseded => "superseded",
            Self::Waits => "waits",
            Self::Failed => "failed",
        }
    }
}

/// Where the observer stands, once there is one.
#[derive(Clone, Default)]
pub(crate) struct Observed(Arc<OnceLock<Arc<dyn Observer>>>);

impl Observed {
    /// Puts the observer in its place; a second one is turned away.
    pub(crate) fn by(&self, observer: Arc<dyn Observer>) {
        let _ = self.0.set(observer);
    }

    /// The observer.
    pub(crate) fn observer(&self) -> Option<&dyn Observer> {
        self.0.get().map(AsRef::as_ref)
    }
}
