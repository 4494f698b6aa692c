//! An office: work that one process does at a time, under a lease.
//!
//! Owns asking for the lease, renewing it, and looking at it again inside each commit, so that a process that slept
//! through the end of its lease writes nothing. What is done in the office is its service's; one that takes it over
//! goes on with what the tables say.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parasol_api::{Error, Reason};
use parasol_casebook::{
    Caller, Deed, Error as CasebookError, Held, Refusal, RowOp, RowsDeed, Submission, Target,
    Written,
};
use parasol_journey::time::{SECOND, Span, Timestamp};
use parasol_journey::{Actor, ActorKind, Case, Ctx};
use uuid::Uuid;

use crate::{Desk, to_error};

/// How much of the lease must be left for a commit.
const MARGIN: Span = Span::from_micros(5 * SECOND);

/// What an office is for.
#[derive(Clone, Copy, Debug)]
pub struct Duty {
    /// The name of its lease, by which its commits are known, too.
    pub name: &'static str,
    /// On whose account its commits are, for example `service:tracking`.
    pub service: &'static str,
    /// How long the lease lasts; it is renewed when a third of that is gone.
    pub length: Span,
}

/// The office as one process sees it. Cheap to clone; clones share the lease.
#[derive(Clone)]
pub struct Office {
    desk: Desk,
    duty: Duty,
    holder: Uuid,
    held: Arc<Mutex<Option<Held>>>,
}

impl Office {
    /// The office of a process, which `holder` names.
    pub fn new(desk: Desk, duty: Duty, holder: Uuid) -> Self {
        Self { desk, duty, holder, held: Arc::default() }
    }

    /// The fencing token of the lease, which is taken or renewed where that is due; `None` while another process
    /// has it. Another token than the last one says that somebody else may have worked in between.
    ///
    /// # Errors
    /// `STORE_UNAVAILABLE`; the lease is then not held.
    pub async fn held(&self, now: Timestamp) -> Result<Option<i64>, Error> {
        let renewed_from = now + Span::from_micros(self.duty.length.micros() / 3 * 2);
        if let Some(held) = self.known().as_ref().filter(|held| held.expires_at >= renewed_from) {
            return Ok(Some(held.token));
        }
        let store = &self.desk.store;
        let granted = store.lease(self.duty.name, self.holder, now, self.duty.length).await;
        let granted = granted.map_err(|error| Error::new(Reason::StoreUnavailable).because(error));
        *self.known() = granted.as_ref().ok().cloned().flatten();
        Ok(granted?.map(|held| held.token))
    }

    /// Writes rows in one commit, if the lease is held.
    ///
    /// # Errors
    /// `OVERLOADED` when the lease is over, or a key that says so was lost; nothing is then written. And what the
    /// store says.
    pub async fn write(&self, rows: Vec<RowOp>) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        self.submit(Target::NoCase, Arc::new(RowsDeed { rows, answer: Vec::new() })).await
    }

    /// Submits a deed that counts only while the lease is held.
    ///
    /// # Errors
    /// As [`Office::write`].
    pub async fn submit(&self, target: Target, deed: Arc<dyn Deed>) -> Result<(), Error> {
        let until = self.known().as_ref().map_or(Timestamp::from_micros(0), |held| held.expires_at);
        let submission = Submission {
            target,
            key: None,
            caller: Caller {
                principal: self.duty.service.to_owned(),
                method: self.duty.name,
                trace: String::new(),
            },
            actor: Actor::new(ActorKind::Policy, self.duty.name),
            expected: None,
            deed: Arc::new(WhileHeld { deed, until }),
        };
        match self.desk.submitter.submit(submission).await {
            Ok(_) => Ok(()),
            Err(error @ (CasebookError::Taken { .. } | CasebookError::Refused(_))) => {
                *self.known() = None;
                Err(Error::new(Reason::Overloaded).because(error))
            }
            Err(error) => Err(to_error(error, None)),
        }
    }

    fn known(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A deed that is refused once the lease is over, or nearly.
struct WhileHeld {
    deed: Arc<dyn Deed>,
    until: Timestamp,
}

impl Deed for WhileHeld {
    fn decide(&self, case: Option<&Case>, ctx: &Ctx<'_>) -> Result<Written, Refusal> {
        if ctx.now + MARGIN > self.until {
            let message = "another process does this by now".to_owned();
            return Err(Refusal::Service { code: Reason::Overloaded.code(), message });
        }
        self.deed.decide(case, ctx)
    }

    fn hides(&self, case: &Case) -> bool {
        self.deed.hides(case)
    }
}
