//! Answers that show a webhook's secret.

use parasol_api::Error;
use parasol_api::admin::v1::WebhookSecret;

use crate::Dispatch;
use crate::webhooks::{SigningSecret, WebhookId};

/// The saved answer with the secret of its number: what is saved holds none.
///
/// # Errors
/// Never for an answer that was saved by us.
pub(super) fn with_secret(
    dispatch: &Dispatch,
    saved: WebhookSecret,
) -> Result<WebhookSecret, Error> {
    let webhook = saved.webhook.unwrap_or_default();
    let id: WebhookId = webhook.webhook_id.parse().map_err(Error::internal)?;
    let number = i64::from(webhook.secret_number);
    let secret = SigningSecret::of(&dispatch.desk.key, id.0, number).shown();
    Ok(WebhookSecret { webhook: Some(webhook), secret })
}
