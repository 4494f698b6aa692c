//! Comparing what cases owe with the tasks that are there.
//!
//! Deadlines die silently: a row that is gone raises no error anywhere. So a pass goes over all cases
//! again and again, restores what is missing and says how much that was.

use std::collections::HashSet;

use parasol_journey::ids::CaseId;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::store::Store;
use crate::tables::tasks;
use crate::tasks::restore;

/// What a pass found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Cases looked at.
    pub cases: usize,
    /// Tasks that were owed and missing, and are there again.
    pub restored: usize,
    /// Tasks that nobody owes, and are gone now.
    pub removed: usize,
    /// Where the next pass goes on; `None` when this one reached the end.
    pub next: Option<CaseId>,
}

impl Store {
    /// Looks at up to `limit` cases after one, and mends.
    ///
    /// A case may move on while it is looked at: a task restored too many is found superseded when it
    /// fires, and one removed too many is restored by the next pass.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn reconcile(&self, after: Option<CaseId>, limit: u64) -> Result<Reconciled, DbErr> {
        let before = self.cases_after(after, limit).await?;
        let ids: Vec<_> = before.iter().map(|case| case.id).collect();
        let rows = tasks::Entity::find()
            .filter(tasks::Column::CaseId.is_in(ids.iter().map(|id| id.uuid())))
            .all(self.reader())
            .await?;
        let there: HashSet<_> =
            rows.iter().map(|row| (row.case_id, row.task.as_str(), row.generation)).collect();
        let mut found = Reconciled { cases: before.len(), ..Reconciled::default() };
        let mut owed_keys = HashSet::new();
        for case in &before {
            for owed in &case.obligations {
                let generation = i64::try_from(owed.generation).unwrap_or(i64::MAX);
                let key = (case.id.uuid(), owed.task.as_str(), generation);
                owed_keys.insert(key);
                if !there.contains(&key) && self.still_owes(case.id, owed).await? {
                    tracing::error!(case = %case.id, task = %owed.task, "a task was missing");
                    restore(&self.writer, case.id, owed).await?;
                    found.restored += 1;
                }
            }
        }
        let versions: HashSet<_> = before.iter().map(|case| (case.id, case.version)).collect();
        let now = self.cases(&ids).await?;
        for case in now.iter().filter(|case| versions.contains(&(case.id, case.version))) {
            let orphans = rows.iter().filter(|row| {
                row.case_id == case.id.uuid()
                    && !owed_keys.contains(&(row.case_id, row.task.as_str(), row.generation))
            });
            for row in orphans {
                tracing::warn!(case = %case.id, task = row.task, "a task was owed by nobody");
                let key = (row.case_id, row.task.clone(), row.generation);
                tasks::Entity::delete_by_id(key).exec(&self.writer).await?;
                found.removed += 1;
            }
        }
        let full = u64::try_from(before.len()).unwrap_or(u64::MAX) == limit;
        found.next = full.then(|| ids.last().copied()).flatten();
        Ok(found)
    }

    async fn still_owes(
        &self,
        case: CaseId,
        owed: &parasol_journey::Obligation,
    ) -> Result<bool, DbErr> {
        let case = self.case(case).await?;
        Ok(case.is_some_and(|case| {
            case.owes(owed.task).is_some_and(|now| now.generation == owed.generation)
        }))
    }
}
