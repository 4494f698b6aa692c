//! What the kernel tells whoever counts: commits, commands and tasks, as they end.
//!
//! The kernel has no instruments of its own. Somebody who has some is told what happened where it happened, and is
//! called in the middle of the work, so that it must neither wait nor fail. Without anybody nothing is told.

use std::sync::{Arc, OnceLock};

use parasol_journey::Task;
use parasol_journey::task::Role;
use parasol_journey::time::Span;

use crate::submission::{Answer, Error};

/// Whoever counts.
pub trait Observer: Send + Sync {
    /// A batch was dealt with, whatever came of it: how many commands it had, and how long it took.
    fn batch(&self, commands: usize, took: Span);

    /// A command of this method, or this task, was answered.
    fn command(&self, method: &'static str, result: &Result<Answer, Error>);

    /// A task was tried, so long after it was due; less than nothing cannot be.
    fn task(&self, role: Role, task: Task, tried: Tried, late: Span);
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
