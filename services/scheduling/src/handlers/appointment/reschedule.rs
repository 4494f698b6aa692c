//! `RescheduleAppointment`: moves a booked visit; it keeps its id.

use parasol_api::convert::{case_view, to_window};
use parasol_api::limits::REMARK_MAX;
use parasol_api::partner::v1::reschedule_appointment_request::Slot;
use parasol_api::partner::v1::{RescheduleAppointmentRequest, RescheduleAppointmentResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, StepEffect};
use parasol_journey::ids::AppointmentId;
use parasol_journey::vocab::Party;
use parasol_journey::{Case, Command, Verb};
use parasol_runtime::identity::{Principal, Role};
use tonic::Request;

use crate::report::{Report, check_open};
use crate::views::Remark;
use crate::{Scheduling, choice, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<RescheduleAppointmentRequest>,
) -> Result<RescheduleAppointmentResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "RescheduleAppointment", &message.request_id)?;
    let now = scheduling.desk.clock.now();
    let mut check = Checker::new();
    let head = stamp::head(&mut check, &call.principal, now, message);
    let appointment = check.id::<AppointmentId>("appointment_id", &message.appointment_id);
    let slot = match &message.slot {
        Some(Slot::HoldId(id)) => choice::held(&mut check, id),
        Some(Slot::SlotId(id)) => choice::slot(&mut check, id),
        Some(Slot::Window(window)) => choice::window(&mut check, window),
        None => choice::none(&mut check),
    };
    let asked_by = asked_by(&mut check, &call.principal, message.asked_by);
    let reason = match asked_by {
        Some(Party::Customer) | None => check.optional_text("reason", &message.reason, REMARK_MAX),
        Some(_) => check.text("reason", &message.reason, REMARK_MAX),
    };
    let checked = (head, appointment, slot, asked_by, reason);
    let (head, appointment, slot, asked_by, reason) = check.all(checked)?;

    let verb = Verb::RescheduleAppointment;
    let settled = scheduling.settle(&call.principal, head.case, verb, slot).await?;
    let report = Report::of_visit(&call, head, Some(appointment), verb.as_str());
    let remark = Remark { kind: "reschedule_reason", subject: appointment.uuid(), text: &reason };
    let report = Report { rows: remark.rows(now), ..report };
    let principal = call.principal.clone();
    let command = move |case: &_| {
        check_open(&principal, case, verb)?;
        let chosen = settled.of(case)?;
        let (technician, window) = (chosen.technician, chosen.window);
        Ok(Command::RescheduleAppointment { technician, window, asked_by })
    };
    scheduling.report(report, command, answer).await
}

/// A customer's own call is the customer's wish, whatever it says.
fn asked_by(check: &mut Checker, principal: &Principal, party: i32) -> Option<Party> {
    if principal.role == Role::Customer {
        return Some(Party::Customer);
    }
    match check.listed::<Party>("asked_by", party)? {
        party @ (Party::Customer | Party::Centre | Party::Technician) => Some(party),
        _ => check.refuse("asked_by", Reason::FieldInvalid, "customer, centre or technician"),
    }
}

fn answer(case: &Case, effect: StepEffect) -> RescheduleAppointmentResponse {
    let visit = case.visit.as_ref();
    RescheduleAppointmentResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
        appointment_id: visit.map(|visit| visit.id.to_string()).unwrap_or_default(),
        window: visit.map(|visit| to_window(visit.window)),
    }
}
