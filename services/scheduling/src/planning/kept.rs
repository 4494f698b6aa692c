//! Plans that were made, kept for a while to be looked at and committed.

use std::sync::Arc;

use parasol_api::Error;
use parasol_api::partner::v1::DayPlan;
use parasol_casebook::{Caller, Cell, RowOp, RowsDeed, Submission, Target};
use parasol_desk::Desk;
use parasol_journey::Actor;
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::identity::Principal;
use prost::Message as _;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, Order, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::store_error;
use crate::tables::day_plans;

/// How long a plan can be committed.
pub const PLAN_FOR: Span = Span::hours(1);
/// Plans of a centre that are kept.
const OF_A_CENTRE_MAX: u64 = 20;

/// A plan as it is kept.
pub struct Kept {
    /// The plan.
    pub plan: DayPlan,
    /// When it was made.
    pub made_at: Timestamp,
}

/// Keeps a plan, and the newest of its centre's beside it.
///
/// # Errors
/// What the store says.
pub async fn keep(desk: &Desk, principal: &Principal, id: Uuid, kept: &Kept) -> Result<(), Error> {
    use day_plans::Column;
    let centre = kept.plan.centre.as_str();
    let old: Vec<Uuid> = day_plans::Entity::find()
        .select_only()
        .column(Column::Plan)
        .filter(Column::Centre.eq(centre))
        .order_by(Column::MadeAt, Order::Desc)
        .offset(OF_A_CENTRE_MAX - 1)
        .limit(OF_A_CENTRE_MAX)
        .into_tuple()
        .all(desk.store.reader())
        .await
        .map_err(store_error)?;
    let mut rows = vec![RowOp::put(day_plans::ActiveModel {
        plan: Set(id),
        centre: Set(centre.to_owned()),
        made_at: Set(kept.made_at.micros()),
        body: Set(kept.plan.encode_to_vec()),
    })];
    let gone = old.into_iter().map(|id| RowOp::delete::<day_plans::Entity>(vec![Cell::from(id)]));
    rows.extend(gone);
    let submission = Submission {
        target: Target::NoCase,
        key: None,
        caller: Caller {
            principal: principal.to_string(),
            method: "PlanDay",
            trace: String::new(),
        },
        actor: Actor::policy(),
        expected: None,
        deed: Arc::new(RowsDeed { rows, answer: Vec::new() }),
    };
    desk.submitter.submit(submission).await.map_err(store_error)?;
    Ok(())
}

/// A plan by its id.
///
/// # Errors
/// What the store says, or that what it holds cannot be read.
pub async fn kept(desk: &Desk, id: Uuid) -> Result<Option<Kept>, Error> {
    let row = day_plans::Entity::find_by_id(id).one(desk.store.reader()).await;
    let Some(row) = row.map_err(store_error)? else { return Ok(None) };
    let plan = DayPlan::decode(row.body.as_slice()).map_err(Error::internal)?;
    Ok(Some(Kept { plan, made_at: Timestamp::from_micros(row.made_at) }))
}
