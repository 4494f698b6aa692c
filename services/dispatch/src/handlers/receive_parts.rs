//! `ReceiveParts`: ordered parts are there.

use parasol_api::convert::case_view;
use parasol_api::limits::REMARK_MAX;
use parasol_api::partner::v1::{ReceivePartsRequest, ReceivePartsResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::{Case, Command};
use tonic::Request;

use super::lookups::part_order;
use super::work_step::work_step;
use crate::Dispatch;
use crate::parts::{Movement, PartOrderId, Report};
use crate::stamp::{remark, stamp};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ReceivePartsRequest>,
) -> Result<ReceivePartsResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "ReceiveParts", &body.request_id)?;
    let now = dispatch.desk.clock.now();
    let mut check = Checker::new();
    let stamp = stamp!(&mut check, request, now);
    let id = check.id::<PartOrderId>("part_order_id", &body.part_order_id);
    let words = check.optional_text("remark", &body.remark, REMARK_MAX);
    let (stamp, id, words) = check.all((stamp, id, words))?;
    part_order(dispatch, stamp.case, id).await?;
    let report = Report::at(now);
    let deeds = move |case: &Case, _| {
        let words = remark(id.0, "received_remark", &words, now);
        let row = report.row(case.id, id.0, Movement::PartsReceived);
        let part = id.to_string();
        Ok((Command::ReceiveParts { part }, std::iter::once(row).chain(words).collect()))
    };
    work_step(dispatch, &call, &stamp, deeds, |case, effect| ReceivePartsResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
    })
    .await
}
