//! `ReportReturned`: the repaired unit is on its way back.

use parasol_api::convert::case_view;
use parasol_api::limits::{FOREIGN_NUMBER_MAX, SHORT_NAME_MAX};
use parasol_api::partner::v1::{ReportReturnedRequest, ReportReturnedResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::ids::Serial;
use parasol_journey::{Case, Command};
use tonic::Request;

use super::report_received::check_serial;
use super::work_step::work_step;
use crate::Dispatch;
use crate::parts::{Movement, Report};
use crate::stamp::stamp;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ReportReturnedRequest>,
) -> Result<ReportReturnedResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "ReportReturned", &body.request_id)?;
    let now = dispatch.desk.clock.now();
    let mut check = Checker::new();
    let stamp = stamp!(&mut check, request, now);
    let serial = check.id::<Serial>("serial", &body.serial);
    let carrier = check.optional_text("carrier", &body.carrier, SHORT_NAME_MAX);
    let tracking_no = check.optional_text("tracking_no", &body.tracking_no, FOREIGN_NUMBER_MAX);
    let (stamp, serial, carrier, tracking_no) = check.all((stamp, serial, carrier, tracking_no))?;
    let report = Report { carrier, tracking_no, ..Report::at(now) };
    let deeds = move |case: &Case, work_order| {
        check_serial(case, &serial)?;
        let row = report.row(case.id, work_order, Movement::UnitReturned);
        Ok((Command::ReportReturned, vec![row]))
    };
    work_step(dispatch, &call, &stamp, deeds, |case, effect| ReportReturnedResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
    })
    .await
}
