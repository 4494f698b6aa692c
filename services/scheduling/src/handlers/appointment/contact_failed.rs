//! `ReportContactFailed`: the customer could not be reached, and when the next attempt will be.

use parasol_api::convert::case_view;
use parasol_api::limits::REMARK_MAX;
use parasol_api::partner::v1::{ReportContactFailedRequest, ReportContactFailedResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::vocab::ContactFailure;
use parasol_journey::{Case, Command};
use tonic::Request;

use crate::report::Report;
use crate::views::Remark;
use crate::{Scheduling, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<ReportContactFailedRequest>,
) -> Result<ReportContactFailedResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "ReportContactFailed", &message.request_id)?;
    let now = scheduling.desk.clock.now();
    let mut check = Checker::new();
    let head = stamp::head(&mut check, &call.principal, now, message);
    let failure = check.listed::<ContactFailure>("failure", message.failure);
    let next_at = match &message.next_contact_at {
        None => {
            let expected = "an instant ahead, within seven days";
            check.refuse("next_contact_at", Reason::NextContactRequired, expected)
        }
        given => check.instant("next_contact_at", given),
    };
    let remark = check.optional_text("remark", &message.remark, REMARK_MAX);
    let (head, reason, next_at, remark) = check.all((head, failure, next_at, remark))?;

    let report = Report::of_visit(&call, head, None, "report_contact_failed");
    let remark = Remark { kind: "contact_remark", subject: head.case.uuid(), text: &remark };
    let report = Report { rows: remark.rows(now), ..report };
    let command = move |_: &Case| Ok(Command::ReportContactFailed { reason, next_at });
    let answer = |case: &Case, effect| ReportContactFailedResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
        failures: i32::try_from(case.contact_failures.len()).unwrap_or(i32::MAX),
    };
    scheduling.report(report, command, answer).await
}
