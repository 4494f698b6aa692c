//! `ReleaseSlot`: lets a held slot go. One that is gone already is kept as a late message.

use parasol_api::convert::case_view;
use parasol_api::partner::v1::{ReleaseSlotRequest, ReleaseSlotResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::Command;
use parasol_journey::ids::AppointmentId;
use tonic::Request;

use crate::report::{Report, live_hold};
use crate::{Scheduling, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<ReleaseSlotRequest>,
) -> Result<ReleaseSlotResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "ReleaseSlot", &message.request_id)?;
    let mut check = Checker::new();
    let now = scheduling.desk.clock.now();
    let head = stamp::head(&mut check, &call.principal, now, message);
    let hold = check.id::<AppointmentId>("hold_id", &message.hold_id);
    let (head, hold) = check.all((head, hold))?;

    let report = Report::of_visit(&call, head, Some(hold), "release_slot");
    let report = Report { live: live_hold, ..report };
    let answer = |case: &_, effect| ReleaseSlotResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
    };
    scheduling.report(report, |_| Ok(Command::ReleaseSlot), answer).await
}
