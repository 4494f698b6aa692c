//! `ProposeWindows`: asks the customer which of some windows fits, and keeps their time meanwhile.

use parasol_api::convert::{case_view, to_proposed_windows};
use parasol_api::partner::v1::{ProposeWindowsRequest, ProposeWindowsResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Numbered, Step, StepEffect};
use parasol_journey::deadline::Clock;
use parasol_journey::event::{PROPOSED_MAX, ProposedWindow};
use parasol_journey::ids::AppointmentId;
use parasol_journey::{Case, Command, Rejection, Verb};
use tonic::Request;

use crate::choice::Choice;
use crate::report::{check_open, check_part};
use crate::{Scheduling, choice, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<ProposeWindowsRequest>,
) -> Result<ProposeWindowsResponse, Error> {
    let desk = &scheduling.desk;
    let message = request.get_ref();
    let call = Call::changing(&request, "ProposeWindows", &message.request_id)?;
    let now = desk.clock.now();
    let mut check = Checker::new();
    let head = stamp::head(&mut check, &call.principal, now, message);
    let choices = choices(&mut check, message);
    let (head, choices) = check.all((head, choices))?;

    let verb = Verb::ProposeWindows;
    let mut settled = Vec::with_capacity(choices.len());
    for choice in choices {
        let one = scheduling.settle(&call.principal, head.case, verb, choice).await?;
        settled.push((AppointmentId::new(desk.ids.next()), one));
    }
    let rules = desk.submitter.rules();
    let expires_at = rules.deadlines.due(Clock::ChooseWindow, now, &rules.calendar);
    let expires_at = expires_at.map_err(|far| Error::from(Rejection::from(far)))?;
    let principal = call.principal.clone();
    let command = move |case: &Case| {
        check_part(&principal, case)?;
        check_open(&principal, case, verb)?;
        let mut technician = None;
        let mut windows = Vec::with_capacity(settled.len());
        for (appointment, one) in &settled {
            let chosen = one.of(case)?;
            windows.push(ProposedWindow { appointment: *appointment, window: chosen.window });
            technician = Some(chosen.technician);
        }
        let technician = technician.ok_or(Rejection::WindowInvalid)?;
        Ok(Command::ProposeWindows { technician, windows, expires_at })
    };
    let numbered = head.heard.map(|heard| Numbered { message: "propose_windows", heard });
    let taken = Some(Reason::SlotTaken);
    let step = Step { taken, numbered, ..Step::new(head.case, head.etag, command) };
    let step = step.answering(|case: &Case, effect: StepEffect| ProposeWindowsResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
        windows: match effect {
            StepEffect::Applied => to_proposed_windows(case),
            _ => Vec::new(),
        },
    });
    desk.step(&call, step).await
}

fn choices(check: &mut Checker, message: &ProposeWindowsRequest) -> Option<Vec<Choice>> {
    let asked = message.slot_ids.len() + message.windows.len();
    if asked == 0 || asked > PROPOSED_MAX {
        let expected = format!("one to {PROPOSED_MAX}, together with `windows`");
        return check.refuse("slot_ids", Reason::FieldInvalid, expected);
    }
    let slots: Vec<_> = message.slot_ids.iter().map(|id| choice::slot(check, id)).collect();
    let windows: Vec<_> = message.windows.iter().map(|one| choice::window(check, one)).collect();
    slots.into_iter().chain(windows).collect()
}
