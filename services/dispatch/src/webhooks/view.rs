//! Webhooks as their owners see them.

use std::collections::HashMap;

use parasol_api::Error;
use parasol_api::admin::v1::{Webhook, WebhookState};
use parasol_api::convert::to_timestamp;
use parasol_casebook::Store;
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::Role;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::WebhookId;
use crate::tables::{webhook_lanes, webhook_retries, webhooks};
use crate::unreadable;

/// Webhooks with how their sending stands.
///
/// # Errors
/// What the store says.
pub async fn views(store: &Store, rows: Vec<webhooks::Model>) -> Result<Vec<Webhook>, Error> {
    let ids = || rows.iter().map(|row| row.webhook);
    let lanes = webhook_lanes::Entity::find()
        .filter(webhook_lanes::Column::Webhook.is_in(ids()))
        .all(store.reader());
    let waiting = webhook_retries::Entity::find()
        .select_only()
        .columns([webhook_retries::Column::Webhook, webhook_retries::Column::GivenUp])
        .column_as(webhook_retries::Column::CaseId.count(), "cases")
        .filter(webhook_retries::Column::Webhook.is_in(ids()))
        .group_by(webhook_retries::Column::Webhook)
        .group_by(webhook_retries::Column::GivenUp)
        .into_tuple::<(Uuid, i64, i64)>()
        .all(store.reader());
    let (lanes, waiting) = tokio::try_join!(lanes, waiting).map_err(unreadable)?;
    let lanes: HashMap<_, _> = lanes.into_iter().map(|lane| (lane.webhook, lane)).collect();
    let cases = |webhook, given_up| {
        let found = waiting.iter().find(|(id, one, _)| (*id, *one) == (webhook, given_up));
        found.map_or(0, |(.., cases)| *cases)
    };
    let shown = rows.iter().map(|row| {
        let mut shown = of(row, lanes.get(&row.webhook));
        shown.cases_retrying = cases(row.webhook, 0);
        shown.cases_given_up = cases(row.webhook, 1);
        shown
    });
    Ok(shown.collect())
}

/// One webhook with how its sending stands.
///
/// # Errors
/// What the store says.
pub async fn view(store: &Store, row: webhooks::Model) -> Result<Webhook, Error> {
    let shown = views(store, vec![row]).await?.into_iter().next();
    Ok(shown.unwrap_or_default())
}

fn of(row: &webhooks::Model, lane: Option<&webhook_lanes::Model>) -> Webhook {
    let instant = |micros: i64| (micros != 0).then(|| to_timestamp(Timestamp::from_micros(micros)));
    let down = lane.filter(|lane| lane.down_since != 0);
    let is_gone = lane.is_some_and(|lane| lane.gone == 1 && lane.revision == row.revision);
    let state = match (row.enabled, is_gone, down) {
        (0, ..) => WebhookState::Suspended,
        (_, true, _) => WebhookState::Gone,
        (_, _, Some(_)) => WebhookState::Down,
        _ => WebhookState::Active,
    };
    let subject = |role: Role| if row.role == role.as_str() { &*row.subject } else { "" };
    Webhook {
        webhook_id: WebhookId(row.webhook).to_string(),
        brand: subject(Role::Brand).to_owned(),
        centre: subject(Role::Centre).to_owned(),
        url: row.url.clone(),
        state: state.into(),
        secret_number: i32::try_from(row.secret_number).unwrap_or(i32::MAX),
        old_secret_until: instant(row.old_until),
        cases_retrying: 0,
        cases_given_up: 0,
        delivered_at: lane.and_then(|lane| instant(lane.delivered_at)),
        next_try: down
            .filter(|_| state == WebhookState::Down)
            .and_then(|lane| instant(lane.try_at)),
        created_at: instant(row.created_at),
        updated_at: instant(row.updated_at),
    }
}
