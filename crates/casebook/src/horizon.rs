//! The horizon: only deadlines that are due soon have rows of their own.
//!
//! A case owes a handful of deadlines, and most are gone long before they are due. A row for each would
//! be a third of all that a step writes. So a step writes the rows of what is due within [`HORIZON`], and
//! every case that owes anything is looked at each [`LOOK_EVERY`]: a look writes the rows of what has come
//! within the horizon since. What a step arms beyond the horizon is met by the next look, which comes
//! before the deadline as long as looks are late by less than the difference of the two.
//!
//! Deadlines die silently: a row that is gone raises no error anywhere. A look therefore also restores
//! what is missing and removes what nobody owes, and a walk over all cases finds those that nobody looks
//! at. A look changes no case: a step that comes between costs a row too many, which is found superseded,
//! or removed by the next look.

use std::collections::{HashMap, HashSet};

use parasol_journey::ids::CaseId;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{Case, Obligation, Task};
use sea_orm::sea_query::{Expr, LockBehavior, LockType, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use crate::store::Store;
use crate::tables::{cases, horizons, tasks};
use crate::tasks::new_row;

/// What is due within it has a row.
pub(crate) const HORIZON: Span = Span::minutes(30);
/// How often a case that owes anything is looked at.
pub(crate) const LOOK_EVERY: Span = Span::minutes(20);
/// A deadline this near to when the look was to be has had its row since the look before.
const MISSED_WITHIN: Span = Span::minutes(5);
/// The most cases in one pass of looks.
const LOOKS_MAX: u64 = 200;

/// Whether an obligation has a row of its own by now.
pub(crate) fn has_row(owed: &Obligation, now: Timestamp) -> bool {
    matches!(owed.task, Task::Work(_)) || owed.due < now + HORIZON
}

/// When a case is looked at after a look, or after it came to owe something.
pub(crate) fn next_look(now: Timestamp) -> Timestamp {
    now + LOOK_EVERY
}

/// What a step means for the looks at its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// As before.
    None,
    /// It came to owe something.
    Begins,
    /// It owes nothing any more.
    Ends,
}

impl Change {
    /// By what was owed before and is owed now.
    pub(crate) fn between(before: &[Obligation], now: &[Obligation]) -> Self {
        match (before.is_empty(), now.is_empty()) {
            (true, false) => Self::Begins,
            (false, true) => Self::Ends,
            _ => Self::None,
        }
    }
}

/// What a pass of looks did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Cases looked at.
    pub cases: usize,
    /// Rows of what has come within the horizon.
    pub armed: usize,
    /// Tasks that should have had a row before, and have one again.
    pub restored: usize,
    /// Tasks that nobody owes, and are gone now.
    pub removed: usize,
    /// Whether there may be more to look at right now.
    pub more: bool,
}

/// What a pass over all cases found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Cases passed.
    pub cases: usize,
    /// Cases that owe something and were looked at by nobody, and will be at once.
    pub found: usize,
    /// Where the next pass goes on; `None` when this one reached the end.
    pub next: Option<CaseId>,
}

impl Store {
    /// Looks at cases whose time has come, in one transaction.
    ///
    /// # Errors
    /// What the engine says; nothing has then changed.
    pub async fn look_ahead(&self, now: Timestamp) -> Result<Looked, DbErr> {
        // Asked of a reader first: the embedded engine has one writer, and most passes find nothing.
        let due = horizons::Entity::find().filter(horizons::Column::NextLook.lte(now.micros()));
        if due.limit(1).one(self.house()).await?.is_none() {
            return Ok(Looked::default());
        }
        let transaction = self.writer.begin().await?;
        let planned = claim_looks(&transaction, now).await?;
        let more = u64::try_from(planned.len()).unwrap_or(u64::MAX) == LOOKS_MAX;
        let mut looked = Looked { cases: planned.len(), more, ..Looked::default() };
        if !planned.is_empty() {
            self.look(&transaction, &planned, now, &mut looked).await?;
        }
        transaction.commit().await?;
        Ok(looked)
    }

    async fn look(
        &self,
        connection: &impl ConnectionTrait,
        planned: &HashMap<Uuid, Timestamp>,
        now: Timestamp,
        looked: &mut Looked,
    ) -> Result<(), DbErr> {
        let ids: Vec<Uuid> = planned.keys().copied().collect();
        // Rows first, cases second: a step between the two leaves a row that is there already, or is
        // gone already, and never a case without one.
        let rows = tasks::Entity::find().filter(tasks::Column::CaseId.is_in(ids.iter().copied()));
        let mut there: HashMap<Uuid, Vec<tasks::Model>> = HashMap::new();
        for row in rows.all(connection).await? {
            there.entry(row.case_id).or_default().push(row);
        }
        let mut missing = Vec::new();
        let mut orphans = Vec::new();
        let mut at_rest = Vec::new();
        for loaded in self.engine.load_cases(connection, &ids, false).await? {
            let case: Case = match serde_json::from_str(&loaded.state) {
                Ok(case) => case,
                Err(error) => {
                    tracing::error!(case = %loaded.id, %error, "a case cannot be read");
                    continue;
                }
            };
            if case.obligations.is_empty() {
                at_rest.push(loaded.id);
            }
            // What a late look finds due was not missing: nobody has looked for it before.
            let expected_until = planned.get(&loaded.id).copied().unwrap_or(now) + MISSED_WITHIN;
            let rows = there.remove(&loaded.id).unwrap_or_default();
            for owed in unwritten(&case, &rows, now) {
                if matches!(owed.task, Task::Work(_)) || owed.due < expected_until {
                    tracing::error!(case = %case.id, task = %owed.task, "a task was missing");
                    looked.restored += 1;
                } else {
                    looked.armed += 1;
                }
                missing.push(new_row(case.id, owed));
            }
            let owed_by_nobody = rows.into_iter().filter(|row| !owes_row(&case, row));
            orphans.extend(owed_by_nobody.inspect(|row| {
                tracing::warn!(case = %case.id, task = row.task, "a task was owed by nobody");
            }));
        }
        looked.removed = orphans.len();
        self.write_looks(connection, missing, orphans, at_rest, next_look(now)).await
    }

    async fn write_looks(
        &self,
        connection: &impl ConnectionTrait,
        missing: Vec<tasks::ActiveModel>,
        orphans: Vec<tasks::Model>,
        at_rest: Vec<Uuid>,
        looked_until: Timestamp,
    ) -> Result<(), DbErr> {
        if !missing.is_empty() {
            let keys = [tasks::Column::CaseId, tasks::Column::Task, tasks::Column::Generation];
            let nothing = OnConflict::columns(keys).do_nothing().to_owned();
            let insert = tasks::Entity::insert_many(missing).on_conflict(nothing);
            insert.exec_without_returning(connection).await?;
        }
        for row in orphans {
            tasks::Entity::delete_by_id((row.case_id, row.task, row.generation))
                .exec(connection)
                .await?;
        }
        if !at_rest.is_empty() {
            // One that came to owe something meanwhile has another time.
            let these = Condition::all()
                .add(horizons::Column::CaseId.is_in(at_rest))
                .add(horizons::Column::NextLook.eq(looked_until.micros()));
            horizons::Entity::delete_many().filter(these).exec(connection).await?;
        }
        Ok(())
    }

    /// Passes up to `limit` cases after one and has those looked at that owe something and that nobody
    /// looks at. There should be none.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn reconcile(
        &self,
        after: Option<CaseId>,
        limit: u64,
        now: Timestamp,
    ) -> Result<Reconciled, DbErr> {
        let mut query = cases::Entity::find()
            .select_only()
            .column(cases::Column::Id)
            .order_by(cases::Column::Id, Order::Asc)
            .limit(limit);
        if let Some(after) = after {
            query = query.filter(cases::Column::Id.gt(after.uuid()));
        }
        let ids: Vec<Uuid> = query.into_tuple().all(self.house()).await?;
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else {
            return Ok(Reconciled::default());
        };
        let looked_at: Vec<Uuid> = horizons::Entity::find()
            .select_only()
            .column(horizons::Column::CaseId)
            .filter(horizons::Column::CaseId.between(*first, *last))
            .into_tuple()
            .all(self.house())
            .await?;
        let looked_at: HashSet<_> = looked_at.into_iter().collect();
        let open: Vec<_> = ids.iter().filter(|id| !looked_at.contains(*id)).copied().collect();
        let found = self.begin_looks(&open, now).await?;
        let full = u64::try_from(ids.len()).unwrap_or(u64::MAX) == limit;
        let next = full.then(|| CaseId::new(*last));
        Ok(Reconciled { cases: ids.len(), found, next })
    }

    /// Has those of these cases looked at that owe something; answers with how many do.
    async fn begin_looks(&self, ids: &[Uuid], now: Timestamp) -> Result<usize, DbErr> {
        use sea_orm::ActiveValue::Set;
        let open_stages = parasol_journey::stage::OPEN.iter().map(|stage| stage.as_str());
        let open = cases::Entity::find()
            .select_only()
            .columns([cases::Column::Id, cases::Column::State])
            .filter(cases::Column::Id.is_in(ids.iter().copied()))
            .filter(cases::Column::Stage.is_in(open_stages));
        let rows: Vec<(Uuid, String)> = open.into_tuple().all(self.house()).await?;
        let owing = rows.into_iter().filter(|(_, state)| {
            serde_json::from_str::<Case>(state).is_ok_and(|case| !case.obligations.is_empty())
        });
        let begun: Vec<_> = owing
            .map(|(id, _)| {
                tracing::error!(case = %id, "nobody looked at a case that owes something");
                horizons::ActiveModel { case_id: Set(id), next_look: Set(now.micros()) }
            })
            .collect();
        let found = begun.len();
        if found > 0 {
            let nothing = OnConflict::column(horizons::Column::CaseId).do_nothing().to_owned();
            let insert = horizons::Entity::insert_many(begun).on_conflict(nothing);
            insert.exec_without_returning(&self.writer).await?;
        }
        Ok(found)
    }
}

/// Takes cases whose time has come and puts their next look off, each with when it was to be looked at; cases that
/// somebody else is taking are passed over.
async fn claim_looks(
    connection: &impl ConnectionTrait,
    now: Timestamp,
) -> Result<HashMap<Uuid, Timestamp>, DbErr> {
    let due = horizons::Entity::find()
        .filter(horizons::Column::NextLook.lte(now.micros()))
        .order_by(horizons::Column::NextLook, Order::Asc)
        .limit(LOOKS_MAX)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let due = due.all(connection).await?;
    let planned = due.iter().map(|row| (row.case_id, Timestamp::from_micros(row.next_look)));
    let planned: HashMap<_, _> = planned.collect();
    if !planned.is_empty() {
        horizons::Entity::update_many()
            .col_expr(horizons::Column::NextLook, Expr::value(next_look(now).micros()))
            .filter(horizons::Column::CaseId.is_in(planned.keys().copied()))
            .exec(connection)
            .await?;
    }
    Ok(planned)
}

/// What a case owes, is due within the horizon, and has no row.
fn unwritten<'a>(
    case: &'a Case,
    rows: &'a [tasks::Model],
    now: Timestamp,
) -> impl Iterator<Item = &'a Obligation> {
    let near = case.obligations.iter().filter(move |owed| has_row(owed, now));
    near.filter(|owed| !rows.iter().any(|row| is_of(row, owed)))
}

fn owes_row(case: &Case, row: &tasks::Model) -> bool {
    case.obligations.iter().any(|owed| is_of(row, owed))
}

fn is_of(row: &tasks::Model, owed: &Obligation) -> bool {
    row.task == owed.task.as_str() && u64::try_from(row.generation) == Ok(owed.generation)
}
