//! `CompleteRepair`: the repair has ended, with a unit that works or one that does not.

use parasol_api::convert::case_view;
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::technician::v1::{CompleteRepairRequest, CompleteRepairResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, mask};
use parasol_journey::vocab::Function;
use parasol_journey::{Case, Command, Stage, Verb};
use tonic::Request;

use crate::report::Report;
use crate::stamp::Taken;
use crate::views::{customer, repair_texts};
use crate::{Scheduling, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<CompleteRepairRequest>,
    taken: Option<Taken>,
) -> Result<CompleteRepairResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "CompleteRepair", &message.request_id)?;
    let now = scheduling.desk.clock.now();
    let mut check = Checker::new();
    let head = stamp::head_of_visit(&mut check, &call.principal, now, message, taken);
    let summary = check.text("summary", &message.summary, LONG_TEXT_MAX);
    let parts = check.parts("parts_used", &message.parts_used);
    let works = works(&mut check, message.function);
    let (head, _, _, works) = check.all((head, summary, parts, works))?;

    let case = scheduling.case_as_filed(head.case).await?;
    let phone = customer(&scheduling.desk.store, &case).await?.phone;
    let report = Report::of_visit(&call, head, None, "complete_repair");
    let report = Report { rows: vec![repair_texts(head.case, message, now)], ..report };
    let command = move |_: &Case| {
        Ok(if works { Command::CompleteRepair } else { Command::ReportRepairFailed })
    };
    let answer = move |case: &Case, effect| CompleteRepairResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
        kept_because: String::new(),
        completion_code_hint: match case.stage {
            Stage::AwaitConfirm => mask::phone(&phone),
            _ => String::new(),
        },
    };
    scheduling.visited(report, (Verb::CompleteRepair, message), command, answer).await
}

/// Whether the unit works; somebody who repaired it has tried it.
fn works(check: &mut Checker, function: i32) -> Option<bool> {
    match check.listed::<Function>("function", function)? {
        Function::Normal => Some(true),
        Function::Fault => Some(false),
        Function::Untested => {
            check.refuse("function", Reason::FieldInvalid, "normal or fault: try the unit")
        }
    }
}
