//! `CreateWebhook`.
//!
//! The saved answer holds no secret: it follows from the webhook and its number, and a repetition is
//! answered with the same one.

use parasol_api::admin::v1::{CreateWebhookRequest, WebhookSecret};
use parasol_api::limits::URL_MAX;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::{BrandId, CentreId};
use tonic::Request;
use uuid::Uuid;

use super::lookups::{owner, webhook_url};
use super::webhook_secret::with_secret;
use crate::changes::Cursor;
use crate::tables::webhooks;
use crate::webhooks::{columns, made, taken_places, view};
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<CreateWebhookRequest>,
) -> Result<WebhookSecret, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "CreateWebhook", &body.request_id)?;
    let mut check = Checker::new();
    let brand = check.optional_id::<BrandId>("brand", &body.brand);
    let centre = check.optional_id::<CentreId>("centre", &body.centre);
    let url = check.text("url", &body.url, URL_MAX);
    let url = url.and_then(|url| webhook_url(dispatch, &mut check, url));
    let (brand, centre, url) = check.all((brand, centre, url))?;
    if let Some(saved) = dispatch.desk.saved(&call).await? {
        return with_secret(dispatch, saved);
    }
    let owner = owner(dispatch, &call.principal, brand, centre).await?;
    let desk = &dispatch.desk;
    let taken = taken_places(&desk.store, &owner).await?;
    let tail = desk.store.feed_position().await.map_err(unreadable)?;
    let begin = Cursor::Offers { tail, after: Uuid::nil() };
    let (replay_mode, replay_position, replay_row) = columns(&begin);
    let now = desk.clock.now().micros();
    let row = webhooks::Model {
        webhook: desk.ids.next(),
        role: owner.role.as_str().to_owned(),
        subject: owner.subject,
        url,
        enabled: 1,
        revision: 1,
        secret_number: 1,
        old_until: 0,
        replays: 1,
        replay_mode,
        replay_position,
        replay_row,
        created_at: now,
        updated_at: now,
    };
    let webhook = Some(view(&desk.store, row.clone()).await?);
    let answer = WebhookSecret { webhook, secret: String::new() };
    let saved = desk.record(&call, made(row, taken), &answer, Reason::Overloaded).await?;
    with_secret(dispatch, saved)
}
