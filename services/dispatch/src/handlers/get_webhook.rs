//! `GetWebhook`.

use parasol_api::admin::v1::{GetWebhookRequest, Webhook};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use tonic::Request;

use crate::Dispatch;
use crate::webhooks::{WebhookId, find, view};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<GetWebhookRequest>,
) -> Result<Webhook, Error> {
    let call = Call::reading(&request, "GetWebhook")?;
    let mut check = Checker::new();
    let id = check.id::<WebhookId>("webhook_id", &request.get_ref().webhook_id);
    let (id,) = check.all((id,))?;
    let store = &dispatch.desk.store;
    view(store, find(store, &call.principal, id).await?).await
}
