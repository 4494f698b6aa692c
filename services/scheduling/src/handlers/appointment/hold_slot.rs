//! `HoldSlot`: keeps a slot for a while, so that it is still there when the customer has decided.

use parasol_api::convert::{case_view, to_timestamp, to_window};
use parasol_api::partner::v1::{HoldSlotRequest, HoldSlotResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Numbered, Step, StepEffect};
use parasol_journey::deadline::Clock;
use parasol_journey::ids::AppointmentId;
use parasol_journey::{Case, Command, Rejection, Verb};
use tonic::Request;

use crate::report::{check_open, check_part};
use crate::{Scheduling, choice, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<HoldSlotRequest>,
) -> Result<HoldSlotResponse, Error> {
    let desk = &scheduling.desk;
    let message = request.get_ref();
    let call = Call::changing(&request, "HoldSlot", &message.request_id)?;
    let now = desk.clock.now();
    let mut check = Checker::new();
    let head = stamp::head(&mut check, &call.principal, now, message);
    let slot = choice::slot(&mut check, &message.slot_id);
    let (head, slot) = check.all((head, slot))?;

    let settled = scheduling.settle(&call.principal, head.case, Verb::HoldSlot, slot).await?;
    let rules = desk.submitter.rules();
    let expires_at = rules.deadlines.due(Clock::HoldExpires, now, &rules.calendar);
    let expires_at = expires_at.map_err(|far| Error::from(Rejection::from(far)))?;
    let appointment = AppointmentId::new(desk.ids.next());
    let principal = call.principal.clone();
    let command = move |case: &Case| {
        check_part(&principal, case)?;
        check_open(&principal, case, Verb::HoldSlot)?;
        let chosen = settled.of(case)?;
        let (technician, window) = (chosen.technician, chosen.window);
        Ok(Command::HoldSlot { appointment, technician, window, expires_at })
    };
    let numbered = head.heard.map(|heard| Numbered { message: "hold_slot", heard });
    let taken = Some(Reason::SlotTaken);
    let step = Step { taken, numbered, ..Step::new(head.case, head.etag, command) };
    let step = step.answering(move |case: &Case, effect: StepEffect| {
        let is_held = effect == StepEffect::Applied;
        let hold = case.hold.as_ref().filter(|_| is_held);
        HoldSlotResponse {
            case: Some(case_view(case)),
            effect: i32::from(effect),
            hold_id: hold.map(|_| appointment.to_string()).unwrap_or_default(),
            expires_at: hold.map(|_| to_timestamp(expires_at)),
            window: hold.map(|hold| to_window(hold.window)),
        }
    });
    desk.step(&call, step).await
}
