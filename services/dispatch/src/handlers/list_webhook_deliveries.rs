//! `ListWebhookDeliveries`: the log of what was sent.

use parasol_api::admin::v1::{ListWebhookDeliveriesRequest, ListWebhookDeliveriesResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use crate::tables::webhook_deliveries;
use crate::webhooks::{WebhookId, find, to_delivery};
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ListWebhookDeliveriesRequest>,
) -> Result<ListWebhookDeliveriesResponse, Error> {
    let call = Call::reading(&request, "ListWebhookDeliveries")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let id = check.id::<WebhookId>("webhook_id", &body.webhook_id);
    let (size, id) = check.all((size, id))?;
    let (key, principal) = (&*dispatch.desk.key, &call.principal);
    let bound = id.0.as_bytes();
    let pages = Purpose { key, domain: "webhook-deliveries-page", principal, bound };
    let before = match &*pages.after(&body.page_token)? {
        "" => i64::MAX,
        text => text.parse().map_err(|_| Error::new(Reason::PageTokenInvalid))?,
    };
    find(&dispatch.desk.store, principal, id).await?;
    let mut rows = webhook_deliveries::Entity::find()
        .filter(webhook_deliveries::Column::Webhook.eq(id.0))
        .filter(webhook_deliveries::Column::Number.lt(before))
        .order_by(webhook_deliveries::Column::Number, Order::Desc)
        .limit(size as u64 + 1)
        .all(dispatch.desk.store.reader())
        .await
        .map_err(unreadable)?;
    let more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| more);
    let next_page_token =
        last.map_or_else(String::new, |last| pages.seal(last.number.to_string().as_bytes()));
    let deliveries = rows.into_iter().map(to_delivery).collect();
    Ok(ListWebhookDeliveriesResponse { deliveries, next_page_token })
}
