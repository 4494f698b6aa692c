//! `ListPartnerHealth`: how all partners with webhooks can be reached, for whoever watches over them.

use std::collections::HashMap;

use parasol_api::admin::v1::{
    ListPartnerHealthRequest, ListPartnerHealthResponse, PartnerReach, Webhook,
};
use parasol_api::convert::{timestamp, to_timestamp};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::Role;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;
use uuid::Uuid;

use crate::health::healths;
use crate::tables::{webhook_lanes, webhooks};
use crate::webhooks::{WebhookId, views};
use crate::{Dispatch, unreadable};

/// A partner: its role and its id.
type Key = (String, String);

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ListPartnerHealthRequest>,
) -> Result<ListPartnerHealthResponse, Error> {
    let call = Call::reading(&request, "ListPartnerHealth")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let (size,) = check.all((size,))?;
    let (key, principal) = (&*dispatch.desk.key, &call.principal);
    let pages = Purpose { key, domain: "partner-health-page", principal, bound: &[] };
    let after = pages.after(&body.page_token)?;
    let mut partners = partners(dispatch, &after, size as u64 + 1).await?;
    let more = partners.len() > size;
    partners.truncate(size);
    let last = partners.last().filter(|_| more);
    let next_page_token = last.map_or_else(String::new, |(role, subject)| {
        pages.seal(format!("{role}:{subject}").as_bytes())
    });
    let partners = reaches(dispatch, &partners).await?;
    Ok(ListPartnerHealthResponse { partners, next_page_token })
}

/// Partners with webhooks after one, by role and id.
async fn partners(dispatch: &Dispatch, after: &str, limit: u64) -> Result<Vec<Key>, Error> {
    use webhooks::Column as C;
    let mut query = webhooks::Entity::find()
        .select_only()
        .columns([C::Role, C::Subject])
        .group_by(C::Role)
        .group_by(C::Subject)
        .order_by(C::Role, Order::Asc)
        .order_by(C::Subject, Order::Asc)
        .limit(limit);
    if !after.is_empty() {
        let foreign = || Error::new(Reason::PageTokenInvalid);
        let (role, subject) = after.split_once(':').ok_or_else(foreign)?;
        let beside = C::Role.eq(role).and(C::Subject.gt(subject));
        query = query.filter(Condition::any().add(C::Role.gt(role)).add(beside));
    }
    query.into_tuple().all(dispatch.desk.store.reader()).await.map_err(unreadable)
}

async fn reaches(dispatch: &Dispatch, partners: &[Key]) -> Result<Vec<PartnerReach>, Error> {
    if partners.is_empty() {
        return Ok(Vec::new());
    }
    let store = &dispatch.desk.store;
    let subjects = partners.iter().map(|(_, subject)| subject.as_str());
    let of = || Condition::all().add(webhooks::Column::Subject.is_in(subjects.clone()));
    let health = healths(dispatch, of()).await?;
    let hooks = webhooks::Entity::find().filter(of()).all(store.reader()).await;
    let hooks = hooks.map_err(unreadable)?;
    let lanes = webhook_lanes::Entity::find()
        .filter(webhook_lanes::Column::Webhook.is_in(hooks.iter().map(|hook| hook.webhook)))
        .all(store.reader())
        .await
        .map_err(unreadable)?;
    let places: HashMap<Uuid, i64> =
        lanes.iter().map(|lane| (lane.webhook, lane.place_position)).collect();
    let end = i64::try_from(store.feed_position().await.map_err(unreadable)?).unwrap_or(i64::MAX);
    let mut of_partner: HashMap<Key, Vec<(Webhook, i64)>> = HashMap::new();
    let owners: Vec<_> = hooks
        .iter()
        .map(|hook| ((hook.role.clone(), hook.subject.clone()), hook.webhook, hook.enabled))
        .collect();
    for ((key, id, enabled), shown) in owners.into_iter().zip(views(store, hooks).await?) {
        debug_assert_eq!(shown.webhook_id, WebhookId(id).to_string());
        // One that is suspended is behind because somebody wants it so.
        let place = if enabled == 1 { places.get(&id).copied().unwrap_or_default() } else { end };
        of_partner.entry(key).or_default().push((shown, place));
    }
    let now = dispatch.desk.clock.now();
    let reach = partners.iter().map(|key| {
        let role = if key.0 == Role::Brand.as_str() { Role::Brand } else { Role::Centre };
        let health = health.of(role, &key.1);
        let hooks = of_partner.remove(key).unwrap_or_default();
        let slowest = hooks.iter().map(|(_, place)| *place).min().unwrap_or(end);
        let delivered = hooks.iter().filter_map(|(hook, _)| timestamp(hook.delivered_at.as_ref()?));
        let subject = |of: Role| if role == of { key.1.clone() } else { String::new() };
        PartnerReach {
            brand: subject(Role::Brand),
            centre: subject(Role::Centre),
            down_since: health.down_since(now).map(to_timestamp),
            webhooks: i32::try_from(health.webhooks).unwrap_or(i32::MAX),
            webhooks_down: i32::try_from(health.down).unwrap_or(i32::MAX),
            events_behind: Ord::max(end.saturating_sub(slowest), 0),
            cases_retrying: hooks.iter().map(|(hook, _)| hook.cases_retrying).sum(),
            cases_given_up: hooks.iter().map(|(hook, _)| hook.cases_given_up).sum(),
            delivered_at: delivered.max().map(|at: Timestamp| to_timestamp(at)),
        }
    });
    Ok(reach.collect())
}
