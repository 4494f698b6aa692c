//! `ReleaseWindows`: the customer says that nothing fits, or whoever asked takes the question back.

use parasol_api::convert::case_view;
use parasol_api::partner::v1::{ReleaseWindowsRequest, ReleaseWindowsResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::{Case, Command};
use tonic::Request;

use crate::report::Report;
use crate::{Scheduling, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<ReleaseWindowsRequest>,
) -> Result<ReleaseWindowsResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "ReleaseWindows", &message.request_id)?;
    let mut check = Checker::new();
    let now = scheduling.desk.clock.now();
    let head = stamp::head(&mut check, &call.principal, now, message);
    let (head,) = check.all((head,))?;

    let report = Report::of_visit(&call, head, None, "release_windows");
    let answer = |case: &Case, effect| ReleaseWindowsResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
    };
    scheduling.report(report, |_| Ok(Command::ReleaseWindows), answer).await
}
