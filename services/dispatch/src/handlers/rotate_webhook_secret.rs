//! `RotateWebhookSecret`.

use parasol_api::admin::v1::{RotateWebhookSecretRequest, WebhookSecret};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::time::{SECOND, Span};
use tonic::Request;

use super::webhook_secret::with_secret;
use crate::Dispatch;
use crate::webhooks::{WebhookId, change, find, view};

/// How long a secret may stay valid beside the one after it, where that is said.
pub(super) const KEEP_OLD_MAX: Span = Span::days(30);

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<RotateWebhookSecretRequest>,
) -> Result<WebhookSecret, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "RotateWebhookSecret", &body.request_id)?;
    let mut check = Checker::new();
    let id = check.id::<WebhookId>("webhook_id", &body.webhook_id);
    let keep_old = match &body.keep_old {
        None => Some(None),
        Some(keep) => check
            .number("keep_old", keep.seconds, 0..=KEEP_OLD_MAX.micros() / SECOND)
            .map(|seconds| Some(Span::from_micros(seconds * SECOND))),
    };
    let (id, keep_old) = check.all((id, keep_old))?;
    if let Some(saved) = dispatch.desk.saved(&call).await? {
        return with_secret(dispatch, saved);
    }
    let desk = &dispatch.desk;
    let mut row = find(&desk.store, &call.principal, id).await?;
    let now = desk.clock.now();
    row.secret_number += 1;
    row.old_until = keep_old.map_or(0, |keep| (now + keep).micros());
    let rows = change(&mut row, now);
    let webhook = Some(view(&desk.store, row).await?);
    let answer = WebhookSecret { webhook, secret: String::new() };
    with_secret(dispatch, desk.record(&call, rows, &answer, Reason::Overloaded).await?)
}
