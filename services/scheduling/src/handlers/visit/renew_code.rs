//! `RenewCompletionCode`: another code in place of the one before.
//!
//! The code itself is in no answer: it is the customer's, who sees it with the case.

use parasol_api::convert::{case_view, to_timestamp};
use parasol_api::technician::v1::{RenewCompletionCodeRequest, RenewCompletionCodeResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::event::{NEW_CODES_APART, NEW_CODES_MAX};
use parasol_journey::{Case, Command};
use tonic::Request;

use crate::report::Report;
use crate::{Scheduling, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<RenewCompletionCodeRequest>,
) -> Result<RenewCompletionCodeResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "RenewCompletionCode", &message.request_id)?;
    let mut check = Checker::new();
    let now = scheduling.desk.clock.now();
    let head = stamp::head(&mut check, &call.principal, now, message);
    let (head,) = check.all((head,))?;

    let report = Report::of_visit(&call, head, None, "renew_completion_code");
    let answer = |case: &Case, effect| {
        let left = NEW_CODES_MAX.saturating_sub(case.code_number());
        RenewCompletionCodeResponse {
            case: Some(case_view(case)),
            effect: i32::from(effect),
            renewals_left: i32::try_from(left).unwrap_or_default(),
            next_from: case
                .code_renewed
                .filter(|_| left > 0)
                .map(|(_, at)| to_timestamp(at + NEW_CODES_APART)),
        }
    };
    scheduling.report(report, |_| Ok(Command::RenewCode), answer).await
}
