//! `SyncActions`: what a device has kept while it had no network.

use parasol_api::convert::to_timestamp;
use parasol_api::limits::{BATCH_MAX, SYNC_BYTES_MAX};
use parasol_api::technician::v1::{SyncActionsRequest, SyncActionsResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::time::{SECOND, Span};
use prost::Message as _;
use tonic::Request;

use crate::Scheduling;
use crate::offline::sync::{Device, take};

/// Nanoseconds in a microsecond.
const NANOS: i64 = 1_000;

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<SyncActionsRequest>,
) -> Result<SyncActionsResponse, Error> {
    let principal = Call::reading(&request, "SyncActions")?.principal;
    let message = request.into_inner();
    if message.encoded_len() > SYNC_BYTES_MAX {
        return Err(Error::new(Reason::MessageTooLarge));
    }
    let mut check = Checker::new();
    let id = check.request_id(&message.request_id);
    let device_now = check.instant("device_now", &message.device_now);
    let some = match message.actions.is_empty() {
        true => check.refuse("actions", Reason::FieldInvalid, "at least one action"),
        false => check.at_most("actions", &message.actions, BATCH_MAX),
    };
    let (_, device_now, ()) = check.all((id, device_now, some))?;

    let received = scheduling.desk.clock.now();
    let device = Device { principal, ahead: device_now.since(received), received };
    Ok(SyncActionsResponse {
        results: take(scheduling, &device, message.actions).await,
        received_at: Some(to_timestamp(received)),
        clock_ahead: Some(to_duration(device.ahead)),
    })
}

fn to_duration(span: Span) -> prost_types::Duration {
    let (seconds, micros) = (span.micros() / SECOND, span.micros() % SECOND);
    prost_types::Duration {
        seconds,
        nanos: i32::try_from(micros * NANOS).expect("less than a second in nanoseconds"),
    }
}
