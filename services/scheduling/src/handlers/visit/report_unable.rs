//! `ReportUnable`: the visit could not be finished.

use parasol_api::convert::case_view;
use parasol_api::limits::REMARK_MAX;
use parasol_api::technician::v1::{ReportUnableRequest, ReportUnableResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::Refusal;
use parasol_desk::Call;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::UnableReason;
use parasol_journey::{Case, Command};
use tonic::Request;

use crate::report::{Report, refusal};
use crate::views::Remark;
use crate::{Scheduling, stamp};

/// How far ahead the next attempt may lie.
const NEXT_CONTACT_MAX: Span = Span::days(7);

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<ReportUnableRequest>,
) -> Result<ReportUnableResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "ReportUnable", &message.request_id)?;
    let now = scheduling.desk.clock.now();
    let mut check = Checker::new();
    let head = stamp::head(&mut check, &call.principal, now, message);
    let appointment = check.optional_id("appointment_id", &message.appointment_id);
    let reason = check.listed::<UnableReason>("reason", message.reason);
    let remark = check.optional_text("remark", &message.remark, REMARK_MAX);
    let next_at = check.optional_instant("next_contact_at", &message.next_contact_at);
    let checked = (head, appointment, reason, remark, next_at);
    let (head, appointment, reason, remark, next_at) = check.all(checked)?;

    let report = Report::of_visit(&call, head, appointment, "report_unable");
    let subject = appointment.map_or(head.case.uuid(), |appointment| appointment.uuid());
    let remark = Remark { kind: "unable_remark", subject, text: &remark };
    let report = Report { rows: remark.rows(now), ..report };
    let command = move |_: &Case| {
        check_next(next_at, now)?;
        Ok(Command::ReportUnable { reason })
    };
    let answer = |case: &Case, effect| ReportUnableResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
    };
    scheduling.report(report, command, answer).await
}

/// Asked in the commit and not before: what was ahead then is not ahead when the same request is
/// repeated later.
fn check_next(next_at: Option<Timestamp>, now: Timestamp) -> Result<(), Refusal> {
    match next_at {
        Some(at) if at <= now || at > now + NEXT_CONTACT_MAX => {
            let error = Error::new(Reason::FieldInvalid);
            let text = "next_contact_at: expected an instant ahead, within seven days";
            Err(refusal(&error.message(text)))
        }
        _ => Ok(()),
    }
}
