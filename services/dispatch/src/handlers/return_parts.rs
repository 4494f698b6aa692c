//! `ReturnParts`: the defective part went back to the brand.

use parasol_api::convert::case_view;
use parasol_api::limits::{FOREIGN_NUMBER_MAX, SHORT_NAME_MAX};
use parasol_api::partner::v1::{ReturnPartsRequest, ReturnPartsResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::{Case, Command};
use tonic::Request;

use super::lookups::part_order;
use super::work_step::work_step;
use crate::Dispatch;
use crate::parts::{Movement, PartOrderId, Report};
use crate::stamp::stamp;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ReturnPartsRequest>,
) -> Result<ReturnPartsResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "ReturnParts", &body.request_id)?;
    let now = dispatch.desk.clock.now();
    let mut check = Checker::new();
    let stamp = stamp!(&mut check, request, now);
    let id = check.id::<PartOrderId>("part_order_id", &body.part_order_id);
    let carrier = check.optional_text("carrier", &body.carrier, SHORT_NAME_MAX);
    let tracking_no = check.optional_text("tracking_no", &body.tracking_no, FOREIGN_NUMBER_MAX);
    let (stamp, id, carrier, tracking_no) = check.all((stamp, id, carrier, tracking_no))?;
    part_order(dispatch, stamp.case, id).await?;
    let report = Report { carrier, tracking_no, ..Report::at(now) };
    let deeds = move |case: &Case, _| {
        let row = report.row(case.id, id.0, Movement::PartsReturned);
        let part = id.to_string();
        Ok((Command::ReturnParts { part }, vec![row]))
    };
    work_step(dispatch, &call, &stamp, deeds, |case, effect| ReturnPartsResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
    })
    .await
}
