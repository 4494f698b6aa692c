//! `ReportNoShow`: somebody did not show. Each side tells of the other.

use parasol_api::convert::case_view;
use parasol_api::limits::REMARK_MAX;
use parasol_api::partner::v1::{ReportNoShowRequest, ReportNoShowResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::vocab::Party;
use parasol_journey::{Case, Command};
use parasol_runtime::identity::{Principal, Role};
use tonic::Request;

use crate::report::Report;
use crate::views::Remark;
use crate::{Scheduling, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<ReportNoShowRequest>,
) -> Result<ReportNoShowResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "ReportNoShow", &message.request_id)?;
    let now = scheduling.desk.clock.now();
    let mut check = Checker::new();
    let head = stamp::head(&mut check, &call.principal, now, message);
    let appointment = check.optional_id("appointment_id", &message.appointment_id);
    let missing = missing(&mut check, &call.principal, message.missing);
    let remark = check.optional_text("remark", &message.remark, REMARK_MAX);
    let (head, appointment, by, remark) = check.all((head, appointment, missing, remark))?;

    let report = Report::of_visit(&call, head, appointment, "report_no_show");
    let subject = appointment.map_or(head.case.uuid(), |appointment| appointment.uuid());
    let remark = Remark { kind: "no_show_remark", subject, text: &remark };
    let report = Report { rows: remark.rows(now), ..report };
    let answer = |case: &Case, effect| ReportNoShowResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
    };
    scheduling.report(report, move |_| Ok(Command::ReportNoShow { by }), answer).await
}

/// Who did not show, as the caller can know it: the other side.
fn missing(check: &mut Checker, principal: &Principal, said: i32) -> Option<Party> {
    match principal.role {
        Role::Customer => Some(Party::Technician),
        Role::Technician | Role::Centre => Some(Party::Customer),
        _ => match check.listed::<Party>("missing", said)? {
            party @ (Party::Customer | Party::Technician) => Some(party),
            _ => check.refuse("missing", Reason::FieldInvalid, "customer or technician"),
        },
    }
}
