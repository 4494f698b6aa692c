//! `WaiveCompletionCode`: the customer's word to an agent, where there is no code to give.

use parasol_api::convert::case_view;
use parasol_api::limits::REMARK_MAX;
use parasol_api::technician::v1::{WaiveCompletionCodeRequest, WaiveCompletionCodeResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::vocab::NoCodeReason;
use parasol_journey::{Case, Command};
use tonic::Request;

use crate::report::Report;
use crate::views::Remark;
use crate::{Scheduling, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<WaiveCompletionCodeRequest>,
) -> Result<WaiveCompletionCodeResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "WaiveCompletionCode", &message.request_id)?;
    let mut check = Checker::new();
    let now = scheduling.desk.clock.now();
    let head = stamp::head(&mut check, &call.principal, now, message);
    let reason = check.listed::<NoCodeReason>("reason", message.reason);
    let remark = check.text("remark", &message.remark, REMARK_MAX);
    let (head, reason, remark) = check.all((head, reason, remark))?;

    let report = Report::of_visit(&call, head, None, "waive_completion_code");
    let remark = Remark { kind: "no_code_remark", subject: head.case.uuid(), text: &remark };
    let report = Report { rows: remark.rows(now), ..report };
    let answer = |case: &Case, effect| WaiveCompletionCodeResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
    };
    scheduling.report(report, move |_| Ok(Command::WaiveCode { reason }), answer).await
}
