//! Marks for decisions that were made before there were any.
//!
//! A mark says which step of its case a decision was, so that a reader of the feed finds it. New decisions are
//! marked by the projection; this migration marks the earlier ones, from their logs, once.

use std::collections::BTreeSet;

use parasol_casebook::tables::events;
use parasol_journey::Event;
use parasol_journey::event::Fact;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, QueryFilter,
    QueryOrder, QuerySelect,
};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};
use uuid::Uuid;

use crate::tables::decisions;
use crate::tables::hearing::marks;

/// Decisions looked at in one go.
const PAGE: u64 = 500;

/// Marks every decision that has no mark.
pub struct Marks;

impl MigrationName for Marks {
    fn name(&self) -> &'static str {
        "m0061_verification_marks"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Marks {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let mut after = Uuid::nil();
        loop {
            let page: Vec<(Uuid, Uuid)> = decisions::Entity::find()
                .select_only()
                .columns([decisions::Column::Decision, decisions::Column::CaseId])
                .filter(decisions::Column::Decision.gt(after))
                .order_by(decisions::Column::Decision, Order::Asc)
                .limit(PAGE)
                .into_tuple()
                .all(connection)
                .await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = *last;
            let cases: BTreeSet<Uuid> = page.iter().map(|(_, case)| *case).collect();
            for case in cases {
                mark(connection, case).await?;
            }
        }
    }
}

/// Marks the decisions of a case. What the log of an earlier build says in words that are not known any more
/// is passed over.
async fn mark(connection: &impl ConnectionTrait, case: Uuid) -> Result<(), DbErr> {
    let of_case = marks::Entity::find().filter(marks::Column::CaseId.eq(case));
    let marked = of_case.all(connection).await?;
    let log = events::Entity::find()
        .filter(events::Column::CaseId.eq(case))
        .order_by(events::Column::Seq, Order::Asc)
        .all(connection)
        .await?;
    let log: Vec<Event> =
        log.into_iter().filter_map(|row| serde_json::from_str(&row.body).ok()).collect();
    let Some(Fact::Filed(filing)) = log.first().map(|event| &event.fact) else { return Ok(()) };
    let decided = log.iter().filter_map(|event| match &event.fact {
        Fact::Decided(decision) | Fact::Denied(decision) => Some((event.seq, decision.id.uuid())),
        _ => None,
    });
    let missing: Vec<_> = decided
        .filter(|(_, decision)| !marked.iter().any(|mark| mark.decision == *decision))
        .map(|(seq, decision)| marks::ActiveModel {
            case_id: Set(case),
            seq: Set(i64::try_from(seq).unwrap_or(i64::MAX)),
            decision: Set(decision),
            brand: Set(filing.brand.as_str().to_owned()),
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    marks::Entity::insert_many(missing).exec_without_returning(connection).await?;
    Ok(())
}
