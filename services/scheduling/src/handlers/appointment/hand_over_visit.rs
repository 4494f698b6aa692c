//! `HandOverVisit`: another technician of the centre takes a booked visit; its window stays.

use std::sync::Arc;

use parasol_api::convert::case_view;
use parasol_api::partner::v1::{HandOverVisitRequest, HandOverVisitResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::Refusal;
use parasol_desk::Call;
use parasol_journey::ids::{AppointmentId, TechnicianId};
use parasol_journey::{Case, Command, Verb};
use tonic::Request;

use crate::report::{Report, check_open, refusal};
use crate::roster::Entry;
use crate::{Scheduling, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<HandOverVisitRequest>,
) -> Result<HandOverVisitResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "HandOverVisit", &message.request_id)?;
    let now = scheduling.desk.clock.now();
    let mut check = Checker::new();
    let head = stamp::head(&mut check, &call.principal, now, message);
    let appointment = check.id::<AppointmentId>("appointment_id", &message.appointment_id);
    let technician = check.id::<TechnicianId>("technician", &message.technician);
    let (head, appointment, technician) = check.all((head, appointment, technician))?;

    let verb = Verb::HandOverVisit;
    let entry = scheduling.roster.technician_promised(&technician).await;
    let entry = entry.map_err(|error| refusal(&error));
    let report = Report::of_visit(&call, head, Some(appointment), verb.as_str());
    let principal = call.principal.clone();
    let command = move |case: &Case| {
        check_open(&principal, case, verb)?;
        check_fits(case, entry.as_ref())?;
        Ok(Command::HandOverVisit { technician: technician.clone() })
    };
    let answer = |case: &Case, effect| HandOverVisitResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
    };
    scheduling.report(report, command, answer).await
}

/// The technician has to be of the centre that has the work order, and able to keep the window.
fn check_fits(case: &Case, entry: Result<&Arc<Entry>, &Refusal>) -> Result<(), Refusal> {
    let entry = entry.map_err(Clone::clone)?;
    let centre = case.work_order.as_ref().map(|order| order.centre.as_str());
    if centre != Some(entry.centre.as_str()) {
        // Who works elsewhere is nobody's business here.
        return Err(refusal(&Error::new(Reason::TechnicianUnknown)));
    }
    let Some(visit) = &case.visit else { return Ok(()) };
    entry.check(case.filing.category, visit.window).map_err(|error| refusal(&error))
}
