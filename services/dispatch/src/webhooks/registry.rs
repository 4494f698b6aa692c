//! Which webhooks there are, in the scope of a caller, and how a call changes one.

use parasol_api::{Error, Reason};
use parasol_casebook::{RowOp, Store};
use parasol_journey::time::{MINUTE, Timestamp};
use parasol_runtime::identity::{Principal, Role};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel as _, PaginatorTrait as _, QueryFilter, Select,
};

use super::WebhookId;
use crate::tables::{webhook_claims, webhooks};
use crate::unreadable;

/// Webhooks of a brand or centre.
const OF_A_PARTNER_MAX: u64 = 5;
/// How far the times of neighbours in the feed may run against its order: they are those of the
/// processes that decided.
const SLACK: i64 = MINUTE;

/// The webhooks a caller may see.
pub fn mine(principal: &Principal) -> Select<webhooks::Entity> {
    let all = webhooks::Entity::find();
    match principal.role {
        Role::Brand | Role::Centre => all
            .filter(webhooks::Column::Role.eq(principal.role.as_str()))
            .filter(webhooks::Column::Subject.eq(principal.subject.as_str())),
        _ => all,
    }
}

/// A webhook, if the caller may see it.
///
/// # Errors
/// `NOT_FOUND` when there is none, or none for this caller; what the store says.
pub async fn find(
    store: &Store,
    principal: &Principal,
    id: WebhookId,
) -> Result<webhooks::Model, Error> {
    let found = mine(principal).filter(webhooks::Column::Webhook.eq(id.0));
    let found = found.one(store.reader()).await.map_err(unreadable)?;
    found.ok_or_else(|| Error::new(Reason::NotFound))
}

/// How many webhooks a partner has.
///
/// # Errors
/// `WEBHOOKS_FULL` when it may have no more; what the store says.
pub async fn taken_places(store: &Store, owner: &Principal) -> Result<u64, Error> {
    let taken = mine(owner).count(store.reader()).await.map_err(unreadable)?;
    let is_full = taken >= OF_A_PARTNER_MAX;
    if is_full { Err(Error::new(Reason::WebhooksFull)) } else { Ok(taken) }
}

/// The rows of a new webhook. It claims the next place of its owner, so that of two that are made at the
/// same moment one is made.
pub fn made(row: webhooks::Model, taken: u64) -> Vec<RowOp> {
    let place = format!("{}:{}#{}", row.role, row.subject, taken + 1);
    vec![claim(place), RowOp::put(row.into_active_model())]
}

/// The rows of a change. It claims its revision, so that of two changes at the same moment none undoes
/// the other.
pub fn change(row: &mut webhooks::Model, now: Timestamp) -> Vec<RowOp> {
    row.revision += 1;
    row.updated_at = now.micros();
    let revision = format!("{}@{}", row.webhook.simple(), row.revision);
    vec![claim(revision), RowOp::put(row.clone().into_active_model())]
}

fn claim(name: String) -> RowOp {
    RowOp::claim(webhook_claims::ActiveModel { name: Set(name) })
}

/// A position of the feed after which lies whatever happened at a time or later, and little else. Halves
/// the feed until it is found: some thirty small reads, however long it is.
///
/// # Errors
/// What the store says.
pub async fn position_at(store: &Store, time: Timestamp) -> Result<u64, Error> {
    let wanted = time.micros().saturating_sub(SLACK);
    let (mut before, mut from) = (0, store.feed_position().await.map_err(unreadable)? + 1);
    // Everything up to `before` is older; the event at `from` is not, or is beyond the end.
    while from - before > 1 {
        let middle = before + (from - before) / 2;
        if happened(store, middle).await? < wanted { before = middle } else { from = middle }
    }
    Ok(before)
}

/// When the event at a position happened.
async fn happened(store: &Store, position: u64) -> Result<i64, Error> {
    let numbered = store.feed_after(position - 1, 1).await.map_err(unreadable)?;
    let Some(one) = numbered.events.first() else { return Ok(i64::MAX) };
    let logged = store.log_after(one.case, one.seq - 1, 1).await.map_err(unreadable)?;
    Ok(logged.first().map_or(i64::MAX, |logged| logged.event.at.micros()))
}
