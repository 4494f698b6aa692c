//! `UpdateWebhook`: another address, suspended, enabled.

use parasol_api::admin::v1::{UpdateWebhookRequest, Webhook};
use parasol_api::limits::URL_MAX;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use super::lookups::webhook_url;
use crate::Dispatch;
use crate::webhooks::{WebhookId, change, find, view};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<UpdateWebhookRequest>,
) -> Result<Webhook, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "UpdateWebhook", &body.request_id)?;
    let mut check = Checker::new();
    let id = check.id::<WebhookId>("webhook_id", &body.webhook_id);
    let url = check.optional_text("url", &body.url, URL_MAX).and_then(|url| match &*url {
        "" => Some(None),
        _ => webhook_url(dispatch, &mut check, url).map(Some),
    });
    let (id, url) = check.all((id, url))?;
    if let Some(saved) = dispatch.desk.saved(&call).await? {
        return Ok(saved);
    }
    let desk = &dispatch.desk;
    let mut row = find(&desk.store, &call.principal, id).await?;
    row.url = url.unwrap_or(row.url);
    row.enabled = body.enabled.map_or(row.enabled, i64::from);
    let rows = change(&mut row, desk.clock.now());
    let answer = view(&desk.store, row).await?;
    desk.record(&call, rows, &answer, Reason::Overloaded).await
}
