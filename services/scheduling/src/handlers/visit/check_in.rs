//! `CheckIn`: the technician is at the door.

use parasol_api::common::v1::GeoPoint;
use parasol_api::convert::case_view;
use parasol_api::technician::v1::{CheckInRequest, CheckInResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::{Case, Command};
use tonic::Request;

use crate::report::Report;
use crate::{Scheduling, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<CheckInRequest>,
) -> Result<CheckInResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "CheckIn", &message.request_id)?;
    let now = scheduling.desk.clock.now();
    let mut check = Checker::new();
    let head = stamp::head(&mut check, &call.principal, now, message);
    let appointment = check.optional_id("appointment_id", &message.appointment_id);
    let position = position(&mut check, message.position.as_ref());
    let photo = match message.photo_sha256.as_str() {
        "" => Some(String::new()),
        hash => check.sha256("photo_sha256", hash),
    };
    let (head, appointment, ..) = check.all((head, appointment, position, photo))?;

    let report = Report::of_visit(&call, head, appointment, "check_in");
    // Addresses have no coordinates yet, so nobody can say how far away the technician stands.
    let command = |_: &Case| Ok(Command::CheckIn { distance_m: None });
    let answer = |case: &Case, effect| CheckInResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
    };
    scheduling.report(report, command, answer).await
}

fn position(check: &mut Checker, wire: Option<&GeoPoint>) -> Option<()> {
    let Some(point) = wire else { return Some(()) };
    check.within("position", |check| {
        let lat = check.number("lat", point.lat, -90.0..=90.0);
        let lon = check.number("lon", point.lon, -180.0..=180.0);
        lat.and(lon).map(|_| ())
    })
}
