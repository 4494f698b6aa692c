//! `ShipParts`: ordered parts are on their way.

use parasol_api::convert::case_view;
use parasol_api::limits::{FOREIGN_NUMBER_MAX, SHORT_NAME_MAX};
use parasol_api::partner::v1::{ShipPartsRequest, ShipPartsResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::deadline::Clock;
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Command, Task};
use tonic::Request;

use super::lookups::part_order;
use super::work_step::work_step;
use crate::Dispatch;
use crate::parts::{Movement, PartOrderId, Report};
use crate::stamp::stamp;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ShipPartsRequest>,
) -> Result<ShipPartsResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "ShipParts", &body.request_id)?;
    let now = dispatch.desk.clock.now();
    let mut check = Checker::new();
    let stamp = stamp!(&mut check, request, now);
    let id = check.id::<PartOrderId>("part_order_id", &body.part_order_id);
    let carrier = check.optional_text("carrier", &body.carrier, SHORT_NAME_MAX);
    let tracking_no = check.optional_text("tracking_no", &body.tracking_no, FOREIGN_NUMBER_MAX);
    let expected_at = check.optional_instant("expected_at", &body.expected_at);
    let (stamp, id, carrier, tracking_no, expected_at) =
        check.all((stamp, id, carrier, tracking_no, expected_at))?;
    let ordered = part_order(dispatch, stamp.case, id).await?;
    let report = Report { carrier, tracking_no, at: now, expected_at };
    let promised = Timestamp::from_micros(ordered.expected_at);
    let promised = expected_at.or((ordered.expected_at != 0).then_some(promised));
    let deeds = move |case: &Case, _| {
        // The log wants a time. Where nobody gave one it is the latest the law allows.
        let latest = case.owes(Task::Clock(Clock::LegalParts)).map(|owed| owed.due);
        let arrives_at = promised.or(latest).unwrap_or(now);
        let row = report.row(case.id, id.0, Movement::PartsShipped);
        Ok((Command::ShipParts { arrives_at }, vec![row]))
    };
    work_step(dispatch, &call, &stamp, deeds, |case, effect| ShipPartsResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
    })
    .await
}
