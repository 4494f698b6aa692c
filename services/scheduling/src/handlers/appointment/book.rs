//! `BookAppointment`: a visit, from a held slot or straight into a window.

use parasol_api::convert::{case_view, to_window};
use parasol_api::partner::v1::book_appointment_request::Slot;
use parasol_api::partner::v1::{BookAppointmentRequest, BookAppointmentResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Numbered, Step, StepEffect};
use parasol_journey::ids::AppointmentId;
use parasol_journey::{Case, Command, Verb};
use tonic::Request;

use crate::report::{check_open, check_part};
use crate::{Scheduling, choice, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<BookAppointmentRequest>,
) -> Result<BookAppointmentResponse, Error> {
    let desk = &scheduling.desk;
    let message = request.get_ref();
    let call = Call::changing(&request, "BookAppointment", &message.request_id)?;
    let mut check = Checker::new();
    let head = stamp::head(&mut check, &call.principal, desk.clock.now(), message);
    let slot = match &message.slot {
        Some(Slot::HoldId(id)) => choice::held(&mut check, id),
        Some(Slot::SlotId(id)) => choice::slot(&mut check, id),
        Some(Slot::Window(window)) => choice::window(&mut check, window),
        None => choice::none(&mut check),
    };
    let (head, slot) = check.all((head, slot))?;

    let verb = Verb::BookAppointment;
    let settled = scheduling.settle(&call.principal, head.case, verb, slot).await?;
    let new = AppointmentId::new(desk.ids.next());
    let principal = call.principal.clone();
    let command = move |case: &_| {
        check_part(&principal, case)?;
        check_open(&principal, case, verb)?;
        let chosen = settled.of(case)?;
        let (technician, window) = (chosen.technician, chosen.window);
        let appointment = chosen.hold.unwrap_or(new);
        Ok(Command::BookAppointment { appointment, technician, window })
    };
    let numbered = head.heard.map(|heard| Numbered { message: "book_appointment", heard });
    let taken = Some(Reason::SlotTaken);
    let step = Step { taken, numbered, ..Step::new(head.case, head.etag, command) };
    desk.step(&call, step.answering(answer)).await
}

fn answer(case: &Case, effect: StepEffect) -> BookAppointmentResponse {
    let visit = case.visit.as_ref();
    BookAppointmentResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
        appointment_id: visit.map(|visit| visit.id.to_string()).unwrap_or_default(),
        window: visit.map(|visit| to_window(visit.window)),
        technician: visit.map(|visit| visit.technician.to_string()).unwrap_or_default(),
        helper: visit
            .and_then(|visit| visit.helper.as_ref())
            .map(ToString::to_string)
            .unwrap_or_default(),
    }
}
