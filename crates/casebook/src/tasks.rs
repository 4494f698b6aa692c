//! Claiming tasks, giving them back, parking the ones that keep failing.
//!
//! A claim is a lease on a row and nothing more: the task is done when the commit of its effect removes
//! the row. Doing a task twice is harmless, because the case's state knows which generation it owes.

use parasol_journey::Task;
use parasol_journey::ids::CaseId;
use parasol_journey::task::{Obligation, Role};
use parasol_journey::time::{MINUTE, SECOND, Span, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use crate::dialect::ClaimTasks;
use crate::handoff::Lease;
use crate::observe::Traceparent;
use crate::store::{Store, instant};
use crate::tables::{leases, tasks};

/// After so many failed attempts a task is parked, unless the store was told otherwise.
pub const ATTEMPTS_MAX: i64 = 8;
/// How often more than it may fail a task may be claimed by somebody who never came back.
const LOST_MAX: i64 = 4;
/// The longest wait between two attempts.
const BACK_OFF_MAX: i64 = 5 * MINUTE;
/// Why a task was parked that nobody came back from.
const LOST: &str = "whoever claimed it never came back, time after time";
/// When a parked task may be claimed.
const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// A task this process has a lease on.
#[derive(Clone, Copy, Debug)]
pub struct Claimed {
    /// The case.
    pub case: CaseId,
    /// What it owes.
    pub obligation: Obligation,
    /// How often it was claimed, this time included.
    pub attempts: i64,
    /// The trace that it was armed in, where this process armed it and somebody traced.
    pub origin: Option<Traceparent>,
}

/// A task that was given up until a person looks at it.
#[derive(Clone, Debug)]
pub struct Parked {
    /// The case.
    pub case: CaseId,
    /// What it owes.
    pub obligation: Obligation,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it was parked.
    pub why: String,
}

impl Store {
    /// Claims up to `limit` tasks of a role that may be claimed `now`, and those that will be due by
    /// `until` and that nobody has claimed before, for the length of a lease from then. A task that may be
    /// what its workers die of, because claim after claim nobody came back, is parked instead.
    ///
    /// # Errors
    /// What the engine says; nothing is then claimed.
    pub async fn claim_tasks(
        &self,
        role: Role,
        now: Timestamp,
        until: Timestamp,
        lease: Lease,
        limit: usize,
    ) -> Result<Vec<Claimed>, DbErr> {
        let claim = ClaimTasks {
            role: role.as_str(),
            now: now.micros(),
            until: until.micros(),
            lease: lease.holder,
            lease_until: (until + lease.length).micros(),
            limit: i64::try_from(limit).unwrap_or(i64::MAX),
        };
        let rows = self.engine.claim_tasks(&self.writer, &claim).await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(obligation) = obligation(&row.task, row.generation, row.due) else { continue };
            let case = CaseId::new(row.case_id);
            let claimed = Claimed { case, obligation, attempts: row.attempts, origin: None };
            // Failures are parked before: whoever came this far was never heard of again.
            if claimed.attempts > self.attempts_max + LOST_MAX {
                tracing::error!(%case, task = %obligation.task, "a task outlives its workers");
                self.give_back(&claimed, NEVER, claimed.attempts, LOST).await?;
            } else {
                all.push(claimed);
            }
        }
        Ok(all)
    }

    /// Gives a task back after a failure: later, or not before a person has looked at it. Changes
    /// nothing if the lease ran out and the task was claimed again meanwhile.
    ///
    /// # Errors
    /// What the engine says; the lease then runs out by itself.
    pub async fn task_failed(
        &self,
        claimed: &Claimed,
        why: &str,
        now: Timestamp,
    ) -> Result<(), DbErr> {
        if claimed.attempts >= self.attempts_max {
            // Out of sight, so that claims do not have to read past it.
            self.give_back(claimed, NEVER, claimed.attempts, why).await
        } else {
            self.give_back(claimed, now + back_off(claimed), claimed.attempts, "").await
        }
    }

    /// Gives a task back that could not be tried, through no fault of its own; this attempt does not
    /// count. Changes nothing if the task was claimed again meanwhile.
    ///
    /// # Errors
    /// What the engine says; the lease then runs out by itself.
    pub async fn task_given_back(&self, claimed: &Claimed, until: Timestamp) -> Result<(), DbErr> {
        self.give_back(claimed, until, claimed.attempts - 1, "").await
    }

    async fn give_back(
        &self,
        claimed: &Claimed,
        visible_at: Timestamp,
        attempts: i64,
        parked: &str,
    ) -> Result<(), DbErr> {
        let update = tasks::Entity::update_many()
            .col_expr(tasks::Column::VisibleAt, Expr::value(visible_at.micros()))
            .col_expr(tasks::Column::Lease, Expr::value(Uuid::nil()))
            .col_expr(tasks::Column::Attempts, Expr::value(attempts))
            .col_expr(tasks::Column::Parked, Expr::value(parked));
        // The number of the attempt is what a later claim changes.
        let update = update
            .filter(is_row(claimed.case, &claimed.obligation))
            .filter(tasks::Column::Attempts.eq(claimed.attempts));
        update.exec(&self.writer).await.map(|_| ())
    }

    /// Removes a task that its case does not owe any more.
    ///
    /// # Errors
    /// What the engine says; the task is then claimed again and found superseded again.
    pub async fn drop_task(&self, case: CaseId, obligation: &Obligation) -> Result<(), DbErr> {
        let delete = tasks::Entity::delete_many().filter(is_row(case, obligation));
        delete.exec(&self.writer).await.map(|_| ())
    }

    /// Frees what a former run of this process had leased: tasks, and what one process does at a time. Only where
    /// this process is the only one: on the embedded store.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn free_leases(&self) -> Result<(), DbErr> {
        let update = tasks::Entity::update_many()
            .col_expr(tasks::Column::VisibleAt, Expr::col(tasks::Column::Due))
            .col_expr(tasks::Column::Lease, Expr::value(Uuid::nil()))
            .filter(tasks::Column::Lease.ne(Uuid::nil()));
        update.exec(&self.writer).await?;
        let ended =
            leases::Entity::update_many().col_expr(leases::Column::ExpiresAt, Expr::value(0_i64));
        ended.exec(&self.writer).await.map(|_| ())
    }

    /// Parked tasks, oldest due first.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn parked_tasks(&self, limit: u64) -> Result<Vec<Parked>, DbErr> {
        self.parked_tasks_after(None, limit).await
    }

    /// Parked tasks, oldest due first, after a place in that order: a task's due time, case and name.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn parked_tasks_after(
        &self,
        place: Option<(Timestamp, CaseId, Task)>,
        limit: u64,
    ) -> Result<Vec<Parked>, DbErr> {
        use tasks::Column::{CaseId as Case, Due, Task as Name};
        let mut parked = tasks::Entity::find().filter(tasks::Column::Parked.ne(""));
        if let Some((due, case, task)) = place {
            let same_due = Condition::all().add(Due.eq(due.micros()));
            let same_case = same_due.clone().add(Case.eq(case.uuid()));
            let later = Condition::any()
                .add(Due.gt(due.micros()))
                .add(same_due.add(Case.gt(case.uuid())))
                .add(same_case.add(Name.gt(task.as_str())));
            parked = parked.filter(later);
        }
        let rows = parked
            .order_by(Due, Order::Asc)
            .order_by(Case, Order::Asc)
            .order_by(Name, Order::Asc)
            .limit(limit)
            .all(self.house())
            .await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let obligation = obligation(&row.task, row.generation, row.due)?;
                let case = CaseId::new(row.case_id);
                Some(Parked { case, obligation, attempts: row.attempts, why: row.parked })
            })
            .collect())
    }

    /// Lets a parked task be tried again at once; false when it was not parked.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn redrive(&self, case: CaseId, task: Task, now: Timestamp) -> Result<bool, DbErr> {
        let update = tasks::Entity::update_many()
            .col_expr(tasks::Column::VisibleAt, Expr::value(now.micros()))
            .col_expr(tasks::Column::Attempts, Expr::value(0_i64))
            .col_expr(tasks::Column::Parked, Expr::value(""))
            .filter(tasks::Column::CaseId.eq(case.uuid()))
            .filter(tasks::Column::Task.eq(task.as_str()))
            .filter(tasks::Column::Parked.ne(""));
        Ok(update.exec(&self.writer).await?.rows_affected == 1)
    }

    /// The task that is overdue longest and not parked, with how many are overdue.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn overdue(&self, now: Timestamp) -> Result<(Option<Claimed>, u64), DbErr> {
        let overdue = tasks::Entity::find()
            .filter(tasks::Column::Due.lt(now.micros()))
            .filter(tasks::Column::Parked.eq(""));
        let count = overdue.clone().count(self.house()).await?;
        let oldest = overdue.order_by(tasks::Column::Due, Order::Asc).one(self.house()).await?;
        let oldest = oldest.and_then(|row| {
            let obligation = obligation(&row.task, row.generation, row.due)?;
            let (case, attempts) = (CaseId::new(row.case_id), row.attempts);
            Some(Claimed { case, obligation, attempts, origin: None })
        });
        Ok((oldest, count))
    }
}

/// Doubles from half a second up to five minutes.
fn back_off(claimed: &Claimed) -> Span {
    let doublings = u32::try_from(claimed.attempts.clamp(0, 20)).unwrap_or(20);
    Span::from_micros((SECOND / 2).saturating_mul(1 << doublings).min(BACK_OFF_MAX))
}

fn obligation(task: &str, generation: i64, due: i64) -> Option<Obligation> {
    let Some(task) = Task::parse(task) else {
        tracing::error!(task, "a task of this name is not known to this release");
        return None;
    };
    let generation = u64::try_from(generation).ok()?;
    Some(Obligation { task, generation, due: instant(due) })
}

fn is_row(case: CaseId, owed: &Obligation) -> Condition {
    Condition::all()
        .add(tasks::Column::CaseId.eq(case.uuid()))
        .add(tasks::Column::Task.eq(owed.task.as_str()))
        .add(tasks::Column::Generation.eq(i64::try_from(owed.generation).unwrap_or(i64::MAX)))
}

/// The row of an obligation that nobody has claimed yet.
pub(crate) fn new_row(case: CaseId, owed: &Obligation) -> tasks::ActiveModel {
    use sea_orm::ActiveValue::Set;
    tasks::ActiveModel {
        case_id: Set(case.uuid()),
        task: Set(owed.task.as_str().to_owned()),
        generation: Set(i64::try_from(owed.generation).unwrap_or(i64::MAX)),
        role: Set(owed.task.role().as_str().to_owned()),
        due: Set(owed.due.micros()),
        visible_at: Set(owed.due.micros()),
        lease: Set(Uuid::nil()),
        attempts: Set(0),
        parked: Set(String::new()),
    }
}
