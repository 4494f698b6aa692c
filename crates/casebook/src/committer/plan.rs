//! Planning: from a command and its case to everything the command would write.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parasol_journey::task::Obligation;
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Ctx, Event};

use super::load::Cases;
use super::write::Refused;
use super::{Pending, Rules, Writer};
use crate::handoff::Permit;
use crate::horizon;
use crate::observe::Traceparent;
use crate::row::{Cell, RowOp, Table};
use crate::submission::{Change, Error, Refusal, Submission, Target, Written};
use crate::tasks::Claimed;

/// A command that was decided on, with all it would write.
pub(super) struct Planned {
    pub pending: Pending,
    /// The version before, the case after, and the events between.
    pub case: Option<(u64, Case, Vec<Event>)>,
    /// The case decided on, where the command writes rows about it but no event.
    pub seen: Option<Arc<Case>>,
    /// Keys that must be free.
    pub claims: Vec<(&'static Table, Vec<Cell>)>,
    /// Other rows of services' tables.
    pub rows: Vec<RowOp>,
    /// Obligations that are new and get a row now.
    pub tasks_armed: Vec<Obligation>,
    /// Obligations that are gone and may have a row.
    pub tasks_gone: Vec<Obligation>,
    /// Whether the case is to be looked at from now on.
    pub horizon: horizon::Change,
    /// Tasks this process takes on at once, leased from birth.
    pub handed_over: Vec<(Permit, Claimed)>,
    pub answer: Vec<u8>,
    pub at: Timestamp,
}

impl Writer {
    /// Decides on a batch.
    pub(super) fn plan_all(&self, batch: Vec<Pending>, cases: &Cases) -> (Vec<Planned>, Refused) {
        let now = (self.parts.now)();
        let rules = self.rules_now();
        let mut planned = Vec::with_capacity(batch.len());
        let mut refused = Vec::new();
        for pending in batch {
            let seen = check(&pending.submission, cases);
            let written = seen.and_then(|case| {
                let written = self.decide(&pending.submission, case, now, &rules)?;
                Ok((written, case))
            });
            match written {
                Ok((written, case)) => planned.push(Planned::new(pending, written, case, now)),
                Err(error) => refused.push((pending, error)),
            }
        }
        (planned, refused)
    }

    /// Asks the deed and the projectors. They are pure, so one that panics has changed nothing: its
    /// command is refused and the others go on. What is personal in what they write is sealed here, and by nobody
    /// else.
    fn decide(
        &self,
        submission: &Submission,
        case: Option<&Arc<Case>>,
        now: Timestamp,
        rules: &Rules,
    ) -> Result<Written, Refusal> {
        let case = case.map(Arc::as_ref);
        let ctx = Ctx {
            now,
            actor: &submission.actor,
            calendar: &rules.calendar,
            deadlines: &rules.deadlines,
        };
        let decided = catch_unwind(AssertUnwindSafe(|| {
            let mut written = submission.deed.decide(case, &ctx)?;
            if let Some(decided) = &written.decided {
                let change = Change { before: case, after: &decided.case, events: &decided.events };
                for projector in &self.parts.projectors {
                    projector.project(&change, &mut written.rows);
                }
            }
            Ok(written)
        }));
        let mut written = decided.unwrap_or_else(|_| {
            tracing::error!(method = submission.caller.method, "a deed panicked");
            Err(internal("the command could not be decided on"))
        })?;
        self.parts.store.seal_rows(&mut written.rows).map_err(|error| {
            tracing::error!(method = submission.caller.method, %error, "the vault takes nothing");
            internal("what is personal could not be sealed")
        })?;
        Ok(written)
    }

    /// Reserves workers of this process for the tasks that are due at once or soon. Called once the
    /// batch is sure of its shape; a permit that is dropped frees its place again.
    pub(super) fn hand_over(&self, planned: &mut [Planned]) {
        let handoff = &self.parts.handoff;
        for one in planned.iter_mut() {
            let Some((_, case, _)) = &one.case else { continue };
            for owed in one.tasks_armed.iter().filter(|owed| handoff.is_near(owed, one.at)) {
                let Some(permit) = handoff.reserve(owed.task.role()) else { continue };
                let origin = Traceparent::of(&one.pending.submission.caller.trace);
                let claimed = Claimed { case: case.id, obligation: *owed, attempts: 1, origin };
                one.handed_over.push((permit, claimed));
            }
        }
    }
}

/// The case a command is about, as it was loaded; absent for filings and for commands without a case.
fn check<'a>(submission: &Submission, cases: &'a Cases) -> Result<Option<&'a Arc<Case>>, Error> {
    let Target::Case(id) = submission.target else { return Ok(None) };
    if cases.is_unreadable(id) {
        return Err(Error::Refused(internal("the case cannot be read by this release")));
    }
    let known = cases.get(id).filter(|case| !submission.deed.hides(case));
    let case = known.ok_or(Error::CaseUnknown)?;
    match submission.expected {
        Some(expected) if !case.stands_as_at(expected) => {
            Err(Error::VersionConflict { current: case.version })
        }
        _ => Ok(Some(case)),
    }
}

fn internal(message: &str) -> Refusal {
    Refusal::Service { code: "INTERNAL", message: message.to_owned() }
}

impl Planned {
    fn new(pending: Pending, written: Written, seen: Option<&Arc<Case>>, now: Timestamp) -> Self {
        let mut planned = Self {
            pending,
            case: None,
            seen: None,
            claims: Vec::new(),
            rows: Vec::new(),
            tasks_armed: Vec::new(),
            tasks_gone: Vec::new(),
            horizon: horizon::Change::None,
            handed_over: Vec::new(),
            answer: written.answer,
            at: now,
        };
        match written.decided {
            Some(decided) => {
                let before = seen.map(Arc::as_ref);
                planned.at = decided.case.updated_at;
                planned.compare_obligations(before, &decided.case);
                let version = before.map_or(0, |case| case.version);
                planned.case = Some((version, decided.case, decided.events));
            }
            None => planned.seen = seen.cloned(),
        }
        for row in written.rows {
            match row {
                RowOp::Claim(table, cells) => planned.claims.push((table, cells)),
                other => planned.rows.push(other),
            }
        }
        planned
    }

    fn compare_obligations(&mut self, before: Option<&Case>, after: &Case) {
        let (old, new) = (before.map_or(&[][..], |case| &case.obligations), &after.obligations);
        let not_among = |these: &[Obligation], owed: &&Obligation| {
            let same =
                |other: &Obligation| other.task == owed.task && other.generation == owed.generation;
            horizon::has_row(owed, after.updated_at) && !these.iter().any(same)
        };
        self.tasks_gone = old.iter().filter(|owed| not_among(new, owed)).copied().collect();
        self.tasks_armed = new.iter().filter(|owed| not_among(old, owed)).copied().collect();
        self.horizon = horizon::Change::between(old, new);
    }

    /// Whether the task was handed to a worker of this process.
    pub(super) fn is_handed_over(&self, owed: &Obligation) -> bool {
        self.handed_over.iter().any(|(_, handed)| handed.obligation.task == owed.task)
    }
}
