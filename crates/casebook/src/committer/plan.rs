//! Planning: from a command and its case to everything the command would write.

use std::sync::Arc;

use parasol_journey::task::Obligation;
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Ctx, Event, Task};

use super::{Committer, Pending, Rules};
use crate::handoff::{Handed, Permit};
use crate::row::{Cell, RowOp, Table};
use crate::submission::{Change, Error, Target, Written};

/// A command that was decided on, with all it would write.
pub(super) struct Planned {
    pub pending: Pending,
    /// The version before, the case after, and the events between.
    pub case: Option<(u64, Case, Vec<Event>)>,
    /// Keys that must be free.
    pub claims: Vec<(&'static Table, Vec<Cell>)>,
    /// Other rows of services' tables.
    pub rows: Vec<RowOp>,
    /// Obligations that are new.
    pub tasks_armed: Vec<Obligation>,
    /// Obligations that are gone.
    pub tasks_gone: Vec<Obligation>,
    /// Work this process takes on at once, leased from birth.
    pub handed_over: Vec<(Permit, Handed)>,
    pub answer: Vec<u8>,
    pub at: Timestamp,
}

impl Committer {
    /// Decides on one command. `case` is absent for filings and for commands without a case.
    pub(super) fn plan(
        &self,
        pending: Pending,
        case: Option<&Arc<Case>>,
        now: Timestamp,
        rules: &Rules,
    ) -> Result<Planned, (Pending, Error)> {
        let case = case.map(Arc::as_ref);
        let written = match self.decide(&pending, case, now, rules) {
            Ok(written) => written,
            Err(error) => return Err((pending, error)),
        };
        let mut planned = Planned {
            pending,
            case: None,
            claims: Vec::new(),
            rows: Vec::new(),
            tasks_armed: Vec::new(),
            tasks_gone: Vec::new(),
            handed_over: Vec::new(),
            answer: written.answer,
            at: now,
        };
        let mut rows = written.rows;
        if let Some(decided) = written.decided {
            let change = Change { before: case, after: &decided.case, events: &decided.events };
            for projector in &self.parts.projectors {
                projector.project(&change, &mut rows);
            }
            planned.at = decided.case.updated_at;
            planned.compare_obligations(case, &decided.case);
            let before = case.map_or(0, |case| case.version);
            planned.case = Some((before, decided.case, decided.events));
        }
        for row in rows {
            match row {
                RowOp::Claim(table, cells) => planned.claims.push((table, cells)),
                other => planned.rows.push(other),
            }
        }
        Ok(planned)
    }

    fn decide(
        &self,
        pending: &Pending,
        case: Option<&Case>,
        now: Timestamp,
        rules: &Rules,
    ) -> Result<Written, Error> {
        let submission = &pending.submission;
        if matches!(submission.target, Target::Case(_)) && case.is_none() {
            return Err(Error::CaseUnknown);
        }
        if let (Some(expected), Some(case)) = (submission.expected, case)
            && expected != case.version
        {
            return Err(Error::VersionConflict { current: case.version });
        }
        let ctx = Ctx {
            now,
            actor: &submission.actor,
            calendar: &rules.calendar,
            deadlines: &rules.deadlines,
        };
        Ok(submission.deed.decide(case, &ctx)?)
    }

    /// Reserves workers of this process for the work that is due at once. Called once the batch is
    /// sure of its shape; a permit that is dropped frees its place again.
    pub(super) fn hand_over(&self, planned: &mut [Planned]) {
        for one in planned.iter_mut() {
            let Some((_, case, _)) = &one.case else { continue };
            let at = one.at;
            let is_work = |owed: &&Obligation| matches!(owed.task, Task::Work(_)) && owed.due <= at;
            for owed in one.tasks_armed.iter().filter(is_work) {
                let Some(permit) = self.parts.handoff.reserve(owed.task.role()) else { continue };
                let handed = Handed { case: case.id, obligation: *owed };
                one.handed_over.push((permit, handed));
            }
        }
    }
}

impl Planned {
    fn compare_obligations(&mut self, before: Option<&Case>, after: &Case) {
        let old = before.map_or(&[][..], |case| &case.obligations);
        let is_same =
            |a: &Obligation, b: &Obligation| a.task == b.task && a.generation == b.generation;
        self.tasks_gone = old
            .iter()
            .filter(|owed| !after.obligations.iter().any(|kept| is_same(owed, kept)))
            .copied()
            .collect();
        self.tasks_armed = after
            .obligations
            .iter()
            .filter(|owed| !old.iter().any(|kept| is_same(owed, kept)))
            .copied()
            .collect();
    }

    /// Whether the task was handed to a worker of this process.
    pub(super) fn is_handed_over(&self, owed: &Obligation) -> bool {
        self.handed_over.iter().any(|(_, handed)| handed.obligation.task == owed.task)
    }
}
