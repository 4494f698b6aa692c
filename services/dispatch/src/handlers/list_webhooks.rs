//! `ListWebhooks`.

use parasol_api::admin::v1::{ListWebhooksRequest, ListWebhooksResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use sea_orm::{ColumnTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;
use uuid::Uuid;

use crate::tables::webhooks;
use crate::webhooks::{WebhookId, mine, views};
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ListWebhooksRequest>,
) -> Result<ListWebhooksResponse, Error> {
    let call = Call::reading(&request, "ListWebhooks")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let (size,) = check.all((size,))?;
    let (key, principal) = (&*dispatch.desk.key, &call.principal);
    let pages = Purpose { key, domain: "webhooks-page", principal, bound: &[] };
    let after = match &*pages.after(&body.page_token)? {
        "" => Uuid::nil(),
        text => {
            let id: WebhookId = text.parse().map_err(|_| Error::new(Reason::PageTokenInvalid))?;
            id.0
        }
    };
    let mut rows = mine(principal)
        .filter(webhooks::Column::Webhook.gt(after))
        .order_by(webhooks::Column::Webhook, Order::Asc)
        .limit(size as u64 + 1)
        .all(dispatch.desk.store.reader())
        .await
        .map_err(unreadable)?;
    let more = rows.len() > size;
    rows.truncate(size);
    let webhooks = views(&dispatch.desk.store, rows).await?;
    let last = webhooks.last().filter(|_| more);
    let next_page_token =
        last.map_or_else(String::new, |last| pages.seal(last.webhook_id.as_bytes()));
    Ok(ListWebhooksResponse { webhooks, next_page_token })
}
