//! Legal holds: who placed one on what, until when, and that it covers what it should.
//!
//! A hold is a row, and a row for each id that something about its subject is kept under. What it does, putting aside what
//! is deleted, is done by the database; what retention and erasures do here is to widen it to ids that came into being
//! since.

use std::sync::Arc;

use parasol_api::Error;
use parasol_casebook::tables::vault_held;
use parasol_casebook::{RowOp, RowsDeed, Store, Target};
use parasol_desk::{Desk, Office};
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::person::Person;
use crate::store_error;
use crate::tables::legal_holds;

/// Holds that may be on one subject at a time.
pub(crate) const OF_A_SUBJECT_MAX: usize = 10;
/// Holds that are listed.
pub(crate) const LISTED_MAX: u64 = 200;
/// Holds whose end has come that are ended in a pass.
const ENDED_MAX: u64 = 20;
/// Ids that are freed in a pass from holds that are over.
const FREED_MAX: u64 = 500;
/// The kind of the row that says why a hold was placed.
pub(crate) const WORDS: &str = "legal_hold";

/// The row as it is written.
pub(crate) fn put(row: legal_holds::Model) -> RowOp {
    RowOp::put(legal_holds::ActiveModel {
        hold: Set(row.hold),
        subject: Set(row.subject),
        placed_by: Set(row.placed_by),
        placed_at: Set(row.placed_at),
        ends_at: Set(row.ends_at),
        over_at: Set(row.over_at),
        lifted_by: Set(row.lifted_by),
    })
}

/// The rows that put ids under a hold.
pub(crate) fn covering(hold: Uuid, ids: &[Uuid]) -> impl Iterator<Item = RowOp> {
    ids.iter().map(move |subject| {
        RowOp::put(vault_held::ActiveModel { subject: Set(*subject), hold: Set(hold) })
    })
}

fn free(one: vault_held::Model) -> RowOp {
    RowOp::delete::<vault_held::Entity>(vec![one.subject.into(), one.hold.into()])
}

/// The rows that end a hold: what it alone covers is free from then on.
///
/// # Errors
/// What the engine says.
pub(crate) async fn ending(
    store: &Store,
    mut row: legal_holds::Model,
    by: &str,
    now: Timestamp,
) -> Result<Vec<RowOp>, DbErr> {
    let covered = vault_held::Entity::find()
        .filter(vault_held::Column::Hold.eq(row.hold))
        .all(store.reader())
        .await?;
    (row.over_at, row.lifted_by) = (now.micros(), by.to_owned());
    Ok(covered.into_iter().map(free).chain([put(row)]).collect())
}

/// Ends holds whose end has come; whether there may be more.
///
/// # Errors
/// What the store says; those before are ended.
pub(crate) async fn end_due(desk: &Desk, office: &Office, now: Timestamp) -> Result<bool, Error> {
    let due = legal_holds::Entity::find()
        .filter(legal_holds::Column::OverAt.eq(0))
        .filter(legal_holds::Column::EndsAt.gt(0))
        .filter(legal_holds::Column::EndsAt.lte(now.micros()))
        .order_by_asc(legal_holds::Column::EndsAt)
        .limit(ENDED_MAX)
        .all(desk.store.reader())
        .await
        .map_err(store_error)?;
    let count = due.len() as u64;
    for row in due {
        let answer = row.hold.to_string().into_bytes();
        let rows = ending(&desk.store, row, "service:keeping", now).await.map_err(store_error)?;
        office.submit(Target::NoCase, Arc::new(RowsDeed { rows, answer })).await?;
    }
    Ok(count >= ENDED_MAX)
}

/// Frees ids from holds that are over; whether there may be more. Who was widening a hold while it was lifted may have put
/// them under it a moment later, and nothing else would ever free them.
///
/// # Errors
/// What the store says.
pub(crate) async fn free_left(desk: &Desk, office: &Office) -> Result<bool, Error> {
    let over = Query::select()
        .column(legal_holds::Column::Hold)
        .from(legal_holds::Entity)
        .and_where(legal_holds::Column::OverAt.gt(0))
        .to_owned();
    let left = vault_held::Entity::find()
        .filter(vault_held::Column::Hold.in_subquery(over))
        .limit(FREED_MAX)
        .all(desk.store.reader())
        .await
        .map_err(store_error)?;
    let more = left.len() as u64 >= FREED_MAX;
    office.write(left.into_iter().map(free).collect()).await?;
    Ok(more)
}

/// Has every hold that is on a person, or on one of their cases, cover all ids that something about them is kept under by
/// now. Answers with the holds.
///
/// # Errors
/// What the engine says.
pub async fn cover(store: &Store, person: &Person) -> Result<Vec<Uuid>, DbErr> {
    let mut holds = Vec::new();
    for some in person.held_as.chunks(500) {
        let rows = legal_holds::Entity::find()
            .select_only()
            .column(legal_holds::Column::Hold)
            .filter(legal_holds::Column::Subject.is_in(some.iter().map(String::as_str)))
            .filter(legal_holds::Column::OverAt.eq(0));
        holds.extend(rows.into_tuple::<Uuid>().all(store.reader()).await?);
    }
    for hold in &holds {
        store.hold_also(*hold, person.holdable()).await?;
    }
    Ok(holds)
}
