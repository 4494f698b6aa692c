//! `ReplayWebhook`: the lane goes back to an earlier place.

use parasol_api::admin::v1::replay_webhook_request::From;
use parasol_api::admin::v1::{ReplayWebhookRequest, Webhook};
use parasol_api::convert::timestamp;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::time::Timestamp;
use tonic::Request;

use crate::Dispatch;
use crate::changes::{Cursor, Place, Reader};
use crate::partner::Partner;
use crate::tables::webhooks;
use crate::webhooks::{WebhookId, change, columns, find, owner, position_at, view};

/// Where to begin, checked.
enum Begin {
    Time(Timestamp),
    Cursor(String),
}

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ReplayWebhookRequest>,
) -> Result<Webhook, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "ReplayWebhook", &body.request_id)?;
    let desk = &dispatch.desk;
    let now = desk.clock.now();
    let mut check = Checker::new();
    let id = check.id::<WebhookId>("webhook_id", &body.webhook_id);
    let begin = begin(&mut check, body.from.as_ref(), now);
    let (id, begin) = check.all((id, begin))?;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let mut row = find(&desk.store, &call.principal, id).await?;
    let place = place(dispatch, &row, begin).await?;
    row.replays += 1;
    (row.replay_mode, row.replay_position, row.replay_row) = columns(&place);
    let rows = change(&mut row, now);
    let answer = view(&desk.store, row).await?;
    desk.record(&call, rows, &answer, Reason::Overloaded).await
}

fn begin(check: &mut Checker, from: Option<&From>, now: Timestamp) -> Option<Begin> {
    match from {
        Some(From::Time(time)) => match timestamp(time).filter(|time| *time <= now) {
            Some(time) => Some(Begin::Time(time)),
            None => check.refuse("time", Reason::FieldInvalid, "a time that is not ahead"),
        },
        Some(From::Cursor(cursor)) if !cursor.is_empty() => Some(Begin::Cursor(cursor.clone())),
        _ => check.refuse("from", Reason::FieldInvalid, "a time or a cursor"),
    }
}

async fn place(dispatch: &Dispatch, row: &webhooks::Model, begin: Begin) -> Result<Cursor, Error> {
    let store = &dispatch.desk.store;
    match begin {
        Begin::Time(time) => Ok(Cursor::after(position_at(store, time).await?)),
        // Whoever asks, the cursor is the partner's.
        Begin::Cursor(text) => {
            let principal = owner(row);
            let partner = Partner::of(&principal)?;
            let place =
                Place { key: &dispatch.desk.key, principal: &principal, epoch: dispatch.epoch };
            Reader::new(store, partner).start(&place, &text).await
        }
    }
}
