//! `StartTravel`: the technician is on the way.

use parasol_api::convert::case_view;
use parasol_api::technician::v1::{StartTravelRequest, StartTravelResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::{Case, Command};
use tonic::Request;

use crate::report::Report;
use crate::{Scheduling, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<StartTravelRequest>,
) -> Result<StartTravelResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "StartTravel", &message.request_id)?;
    let now = scheduling.desk.clock.now();
    let mut check = Checker::new();
    let head = stamp::head(&mut check, &call.principal, now, message);
    let appointment = check.optional_id("appointment_id", &message.appointment_id);
    let arriving_at = check.optional_instant("arriving_at", &message.arriving_at);
    let (head, appointment, _) = check.all((head, appointment, arriving_at))?;

    let report = Report::of_visit(&call, head, appointment, "start_travel");
    let answer = |case: &Case, effect| StartTravelResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
    };
    scheduling.report(report, |_| Ok(Command::StartTravel), answer).await
}
