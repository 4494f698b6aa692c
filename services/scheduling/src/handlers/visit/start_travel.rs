//! `StartTravel`: the technician is on the way.

use parasol_api::convert::{case_view, to_timestamp};
use parasol_api::technician::v1::{StartTravelRequest, StartTravelResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::{Case, Command, Verb};
use tonic::Request;

use crate::report::Report;
use crate::stamp::Taken;
use crate::{Scheduling, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<StartTravelRequest>,
    taken: Option<Taken>,
) -> Result<StartTravelResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "StartTravel", &message.request_id)?;
    let now = scheduling.desk.clock.now();
    let mut check = Checker::new();
    let head = stamp::head_of_visit(&mut check, &call.principal, now, message, taken);
    let appointment = check.optional_id("appointment_id", &message.appointment_id);
    let arriving_at = check.optional_instant("arriving_at", &message.arriving_at);
    let (head, appointment, arriving_at) = check.all((head, appointment, arriving_at))?;
    let arriving_at = match head.taken {
        Some(taken) => arriving_at.map(|at| taken.corrected(at)),
        None => arriving_at,
    };

    let report = Report::of_visit(&call, head, appointment, "start_travel");
    let answer = |case: &Case, effect| StartTravelResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
        arriving_at: case.visit.as_ref().and_then(|visit| visit.arriving_at).map(to_timestamp),
        kept_because: String::new(),
    };
    let command = move |_: &Case| Ok(Command::StartTravel { arriving_at });
    scheduling.visited(report, (Verb::StartTravel, message), command, answer).await
}
