//! `ReportReplacement`: the new unit is with the customer and the old one on its way back.

use parasol_api::limits::{FOREIGN_NUMBER_MAX, SHORT_NAME_MAX};
use parasol_api::verification::v1::{ReportReplacementRequest, ReportReplacementResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Numbered, Step, StepEffect};
use parasol_journey::ids::Serial;
use parasol_journey::{Case, Command};
use serde_json::json;
use tonic::Request;

use super::stamp::stamp;
use super::{effect, refuse, target, view};
use crate::{Verification, certificates};

pub async fn handle(
    service: &Verification,
    request: Request<ReportReplacementRequest>,
) -> Result<ReportReplacementResponse, Error> {
    let call = Call::changing(&request, "ReportReplacement", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let now = service.desk.clock.now();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let stamp = stamp!(request).check(&mut check, now);
    let serial = check.id::<Serial>("new_serial", &request.new_serial);
    let carrier = check.optional_text("carrier", &request.carrier, SHORT_NAME_MAX);
    let number = check.optional_text("tracking_no", &request.tracking_no, FOREIGN_NUMBER_MAX);
    let old = check.optional_id::<Serial>("old_serial", &request.old_serial);
    let (case, etag, heard, serial, carrier, number, old) =
        check.all((case, etag, stamp, serial, carrier, number, old))?;

    let known = service.desk.case(&call.principal, case).await?;
    let body = json!({ "serial": serial, "carrier": carrier, "tracking_no": number, "old": old });
    let command = move |case: &Case| {
        if serial == case.filing.serial {
            let message = "new_serial: that is the unit being replaced";
            return Err(refuse(Reason::FieldInvalid, message));
        }
        if old.as_ref().is_some_and(|old| *old != case.filing.serial) {
            return Err(refuse(Reason::FieldInvalid, "old_serial: another unit was taken along"));
        }
        Ok(Command::ReportReplacement { serial: serial.clone() })
    };
    let mut step = Step::new(case, etag, command);
    step.numbered = heard.map(|heard| Numbered { message: "report_replacement", heard });
    step.keep_late = known.replacement.is_some().then_some("report_replacement");
    step.rows = vec![certificates::words(case.uuid(), "shipment", &body, now)];
    let answer = |case: &Case, became: StepEffect| ReportReplacementResponse {
        case: view(case),
        effect: effect(became),
    };
    service.desk.step(&call, step.answering(answer)).await
}
