//! `ExpectParts`: when the parts arrive for want of which a visit could not be finished.

use parasol_api::convert::case_view;
use parasol_api::partner::v1::{ExpectPartsRequest, ExpectPartsResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::{Case, Command};
use tonic::Request;

use crate::report::Report;
use crate::{Scheduling, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<ExpectPartsRequest>,
) -> Result<ExpectPartsResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "ExpectParts", &message.request_id)?;
    let mut check = Checker::new();
    let now = scheduling.desk.clock.now();
    let head = stamp::head(&mut check, &call.principal, now, message);
    let arrives_at = check.instant("arrives_at", &message.arrives_at);
    let (head, arrives_at) = check.all((head, arrives_at))?;

    let report = Report::of_visit(&call, head, None, "expect_parts");
    let answer = |case: &Case, effect| ExpectPartsResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
    };
    scheduling.report(report, move |_| Ok(Command::ExpectParts { arrives_at }), answer).await
}
