//! `ReportReturned`: the repaired unit is on its way back.

use parasol_api::convert::case_view;
use parasol_api::limits::{FOREIGN_NUMBER_MAX, SHORT_NAME_MAX};
use parasol_api::partner::v1::{ReportReturnedRequest, ReportReturnedResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::ids::Serial;
use parasol_journey::{Case, Command};
use tonic::Request;
use uuid::Uuid;

use super::report_received::check_serial;
use crate::Dispatch;
use crate::partner::check_work;
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
    let stamp = stamp!(&mut check, body, now);
    let serial = check.id::<Serial>("serial", &body.serial);
    let carrier = check.optional_text("carrier", &body.carrier, SHORT_NAME_MAX);
    let tracking_no = check.optional_text("tracking_no", &body.tracking_no, FOREIGN_NUMBER_MAX);
    let (stamp, serial, carrier, tracking_no) = check.all((stamp, serial, carrier, tracking_no))?;
    let case = dispatch.desk.case(&call.principal, stamp.case).await?;
    let order = case.work_order.as_ref().map_or_else(Uuid::nil, |order| order.id.uuid());
    let report = Report { carrier, tracking_no, ..Report::at(now) };
    let row = report.row(stamp.case, order, Movement::UnitReturned);
    let principal = call.principal.clone();
    let command = move |case: &Case| {
        check_work(&principal, case)?;
        check_serial(case, &serial)?;
        Ok(Command::ReportReturned)
    };
    let step = Step { rows: vec![row], ..Step::new(stamp.case, stamp.etag, command) };
    let step = step.answering(|case: &Case, effect: StepEffect| ReportReturnedResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
    });
    dispatch.desk.step(&call, step).await
}
