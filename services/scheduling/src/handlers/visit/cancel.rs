//! `AcknowledgeCancel` and `RefuseCancel`: the field's answer to a customer who cancels while somebody is on
//! the way or at the door.

use parasol_api::convert::case_view;
use parasol_api::limits::CODE_MAX;
use parasol_api::technician::v1::{
    AcknowledgeCancelRequest, AcknowledgeCancelResponse, RefuseCancelRequest, RefuseCancelResponse,
};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::{Case, Command};
use tonic::Request;

use crate::report::Report;
use crate::{Scheduling, stamp};

pub async fn acknowledge(
    scheduling: &Scheduling,
    request: Request<AcknowledgeCancelRequest>,
) -> Result<AcknowledgeCancelResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "AcknowledgeCancel", &message.request_id)?;
    let mut check = Checker::new();
    let head = stamp::head(&mut check, &call.principal, scheduling.desk.clock.now(), message);
    let (head,) = check.all((head,))?;

    let report = Report::of_visit(&call, head, None, "acknowledge_cancel");
    let answer = |case: &Case, effect| AcknowledgeCancelResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
    };
    scheduling.report(report, |_| Ok(Command::AcknowledgeCancel), answer).await
}

pub async fn refuse(
    scheduling: &Scheduling,
    request: Request<RefuseCancelRequest>,
) -> Result<RefuseCancelResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "RefuseCancel", &message.request_id)?;
    let mut check = Checker::new();
    let head = stamp::head(&mut check, &call.principal, scheduling.desk.clock.now(), message);
    let reason = code(&mut check, &message.reason);
    let (head, reason) = check.all((head, reason))?;

    let report = Report::of_visit(&call, head, None, "refuse_cancel");
    let answer = |case: &Case, effect| RefuseCancelResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
    };
    let command = move |_: &Case| Ok(Command::RefuseCancel { reason: reason.clone() });
    scheduling.report(report, command, answer).await
}

/// It goes into the log as it is, so it is a code and no sentence.
fn code(check: &mut Checker, text: &str) -> Option<String> {
    let text = check.text("reason", text, CODE_MAX)?;
    let is_code = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if is_code {
        return Some(text);
    }
    check.refuse("reason", Reason::FieldInvalid, "ASCII letters, digits, `-`, `_`, `.`")
}
