//! `CheckIn`: the technician is at the door.

use parasol_api::convert::case_view;
use parasol_api::technician::v1::{CheckInRequest, CheckInResponse};
use parasol_api::{Checker, Error};
use parasol_casebook::Point;
use parasol_desk::{Call, location};
use parasol_journey::ids::CaseId;
use parasol_journey::{Case, Command, Verb};
use tonic::Request;

use crate::places::metres;
use crate::report::Report;
use crate::stamp::Taken;
use crate::{Scheduling, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<CheckInRequest>,
    taken: Option<Taken>,
) -> Result<CheckInResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "CheckIn", &message.request_id)?;
    let now = scheduling.desk.clock.now();
    let mut check = Checker::new();
    let head = stamp::head_of_visit(&mut check, &call.principal, now, message, taken);
    let appointment = check.optional_id("appointment_id", &message.appointment_id);
    let position = location::check(&mut check, "position", message.position.as_ref());
    let photo = match message.photo_sha256.as_str() {
        "" => Some(String::new()),
        hash => check.sha256("photo_sha256", hash),
    };
    let (head, appointment, position, _) = check.all((head, appointment, position, photo))?;

    let distance_m = match position {
        Some(position) => distance(scheduling, head.case, position).await?,
        None => None,
    };
    let mock_location = message.mock_location;
    let report = Report::of_visit(&call, head, appointment, "check_in");
    let arrived_at = head.taken.map(|taken| taken.at);
    let command = move |_: &Case| Ok(Command::CheckIn { distance_m, mock_location, arrived_at });
    let answer = |case: &Case, effect| CheckInResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
        kept_because: String::new(),
    };
    scheduling.visited(report, (Verb::CheckIn, message), command, answer).await
}

/// Metres to the address. The middle of a county is no address: nobody can be far from a door whose place
/// is not known.
async fn distance(
    scheduling: &Scheduling,
    case: CaseId,
    position: Point,
) -> Result<Option<u32>, Error> {
    let case = scheduling.case_as_filed(case).await?;
    let address = scheduling.exact_point(&case).await?;
    Ok(address.map(|address| metres(position, address)))
}
