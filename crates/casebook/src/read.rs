//! Reading cases and their logs.

use std::collections::HashMap;

use parasol_journey::ids::CaseId;
use parasol_journey::{Case, Event};
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use crate::dialect::LoadedCase;
use crate::observe::Traceparent;
use crate::store::Store;
use crate::tables::{cases, commands, events};

/// The most cases whose logs are asked for in one query.
const LOGS_AT_ONCE: usize = 64;

/// An event with the trace it was written in.
#[derive(Clone, Debug)]
pub struct Logged {
    /// The event.
    pub event: Event,
    /// W3C traceparent, or empty.
    pub trace: String,
}

impl Store {
    /// A case as it stands.
    ///
    /// # Errors
    /// What the engine says, or that the state cannot be read.
    pub async fn case(&self, id: CaseId) -> Result<Option<Case>, DbErr> {
        let row = cases::Entity::find_by_id(id.uuid()).one(self.reader()).await?;
        row.map(|row| parse(&row.state)).transpose()
    }

    /// The trace that an event of a case was written in, if somebody traced it.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn trace_of(&self, case: CaseId, seq: u64) -> Result<Option<Traceparent>, DbErr> {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        let event = events::Entity::find_by_id((case.uuid(), seq)).one(self.reader()).await?;
        Ok(event.and_then(|event| Traceparent::of(&event.trace)))
    }

    /// Several cases as they stand, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// What the engine says, or that a state cannot be read.
    pub async fn cases(&self, ids: &[CaseId]) -> Result<Vec<Case>, DbErr> {
        let rows = self.states(ids).await?;
        rows.iter().map(|row| parse(&row.state)).collect()
    }

    /// As [`Store::cases`], for readers who go through the cases of everybody: one that this release cannot
    /// read is logged and left out, so that it stops nobody else.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn readable_cases(&self, ids: &[CaseId]) -> Result<Vec<Case>, DbErr> {
        let rows = self.states(ids).await?;
        let read = |row: &LoadedCase| match parse(&row.state) {
            Ok(case) => Some(case),
            Err(error) => {
                tracing::error!(case = %CaseId::new(row.id), %error, "a case cannot be read");
                None
            }
        };
        Ok(rows.iter().filter_map(read).collect())
    }

    async fn states(&self, ids: &[CaseId]) -> Result<Vec<LoadedCase>, DbErr> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        self.engine.load_cases(self.reader(), &ids, false).await
    }

    /// All cases, page by page in id order; for audits and exports.
    ///
    /// # Errors
    /// What the engine says, or that a state cannot be read.
    pub async fn cases_after(&self, after: Option<CaseId>, limit: u64) -> Result<Vec<Case>, DbErr> {
        let mut query = cases::Entity::find().order_by(cases::Column::Id, Order::Asc).limit(limit);
        if let Some(after) = after {
            query = query.filter(cases::Column::Id.gt(after.uuid()));
        }
        let rows = query.all(self.reader()).await?;
        rows.iter().map(|row| parse(&row.state)).collect()
    }

    /// The log of a case after a number, at most `limit` entries.
    ///
    /// # Errors
    /// What the engine says, or that an event cannot be read.
    pub async fn log_after(
        &self,
        id: CaseId,
        after: u64,
        limit: u64,
    ) -> Result<Vec<Logged>, DbErr> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let rows = events::Entity::find()
            .filter(events::Column::CaseId.eq(id.uuid()))
            .filter(events::Column::Seq.gt(after))
            .order_by(events::Column::Seq, Order::Asc)
            .limit(limit)
            .all(self.reader())
            .await?;
        rows.into_iter()
            .map(|row| Ok(Logged { event: parse(&row.body)?, trace: row.trace }))
            .collect()
    }

    /// The logs of several cases, each after a number: at most `limit` entries of all of them together, each case in
    /// order. For readers who follow many at once.
    ///
    /// # Errors
    /// What the engine says, or that an event cannot be read.
    pub async fn logs_after(
        &self,
        cases: &[(CaseId, u64)],
        limit: u64,
    ) -> Result<Vec<(CaseId, Event)>, DbErr> {
        let mut found = Vec::new();
        for some in cases.chunks(LOGS_AT_ONCE) {
            let left = limit.saturating_sub(found.len() as u64);
            if left == 0 {
                break;
            }
            let of_one = |(case, after): &(CaseId, u64)| {
                let after = i64::try_from(*after).unwrap_or(i64::MAX);
                events::Column::CaseId.eq(case.uuid()).and(events::Column::Seq.gt(after))
            };
            let wanted = some.iter().fold(Condition::any(), |any, one| any.add(of_one(one)));
            let rows = events::Entity::find()
                .filter(wanted)
                .order_by(events::Column::CaseId, Order::Asc)
                .order_by(events::Column::Seq, Order::Asc)
                .limit(left)
                .all(self.reader())
                .await?;
            for row in rows {
                found.push((CaseId::new(row.case_id), parse(&row.body)?));
            }
        }
        Ok(found)
    }

    /// Single entries of logs, each by its case and number, in no order; what is not there is left out. For readers
    /// who go through the cases of everybody: an entry that this release cannot read is logged and left out, so that
    /// it stops nobody else.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn readable_entries(
        &self,
        wanted: &[(CaseId, u64)],
    ) -> Result<Vec<(CaseId, Event)>, DbErr> {
        let mut found = Vec::with_capacity(wanted.len());
        for some in wanted.chunks(LOGS_AT_ONCE) {
            let place = |(case, seq): &(CaseId, u64)| {
                (case.uuid(), i64::try_from(*seq).unwrap_or(i64::MAX))
            };
            let some: Vec<_> = some.iter().map(place).collect();
            for row in self.engine.entries(self.reader(), &some).await? {
                let case = CaseId::new(row.case);
                match parse(&row.body) {
                    Ok(event) => found.push((case, event)),
                    Err(error) => {
                        tracing::error!(%case, row.seq, %error, "an entry cannot be read");
                    }
                }
            }
        }
        Ok(found)
    }

    /// The whole logs of several cases, each in order. As [`Store::readable_entries`]: a case of which an entry
    /// cannot be read is left out.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn readable_logs(
        &self,
        cases: &[CaseId],
    ) -> Result<HashMap<CaseId, Vec<Event>>, DbErr> {
        let mut logs: HashMap<CaseId, Vec<Event>> = HashMap::with_capacity(cases.len());
        for some in cases.chunks(LOGS_AT_ONCE) {
            let ids: Vec<Uuid> = some.iter().map(|case| case.uuid()).collect();
            let mut unreadable = Vec::new();
            for row in self.engine.logs(self.reader(), &ids).await? {
                let case = CaseId::new(row.case);
                match parse(&row.body) {
                    Ok(event) => logs.entry(case).or_default().push(event),
                    Err(error) => {
                        tracing::error!(%case, row.seq, %error, "a case cannot be read");
                        unreadable.push(case);
                    }
                }
            }
            logs.retain(|case, _| !unreadable.contains(case));
        }
        for log in logs.values_mut() {
            log.sort_unstable_by_key(|event| event.seq);
        }
        Ok(logs)
    }

    /// How many cases stand in each stage.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn cases_by_stage(&self) -> Result<Vec<(String, i64)>, DbErr> {
        cases::Entity::find()
            .select_only()
            .column(cases::Column::Stage)
            .column_as(cases::Column::Id.count(), "n")
            .group_by(cases::Column::Stage)
            .order_by(cases::Column::Stage, Order::Asc)
            .into_tuple()
            .all(self.reader())
            .await
    }

    /// How many commands took effect under a request key: 0 or 1, unless something is broken.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn effects_of(&self, key: crate::RequestKey) -> Result<u64, DbErr> {
        commands::Entity::find_by_id(key.key).count(self.house()).await
    }
}

fn parse<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Result<T, DbErr> {
    serde_json::from_str(text).map_err(|error| DbErr::Json(error.to_string()))
}
