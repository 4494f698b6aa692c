//! `ReportUnable`: the visit could not be finished.

use parasol_api::convert::case_view;
use parasol_api::limits::{CODE_MAX, REMARK_MAX};
use parasol_api::technician::v1::{ReportUnableRequest, ReportUnableResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::Refusal;
use parasol_desk::Call;
use parasol_journey::ids::CaseId;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::UnableReason;
use parasol_journey::{Case, Command, Verb};
use tonic::Request;

use crate::report::{Report, refusal};
use crate::stamp::Taken;
use crate::views::Remark;
use crate::{Scheduling, stamp};

/// Codes that a refusal lists.
const LISTED_MAX: usize = 20;
/// How far ahead the next attempt may lie.
const NEXT_CONTACT_MAX: Span = Span::days(7);

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<ReportUnableRequest>,
    taken: Option<Taken>,
) -> Result<ReportUnableResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "ReportUnable", &message.request_id)?;
    let now = scheduling.desk.clock.now();
    let mut check = Checker::new();
    let head = stamp::head_of_visit(&mut check, &call.principal, now, message, taken);
    let appointment = check.optional_id("appointment_id", &message.appointment_id);
    let code = check.optional_text("partner_reason", &message.partner_reason, CODE_MAX);
    let reason = match message.reason {
        0 if !message.partner_reason.trim().is_empty() => Some(None),
        number => check.listed::<UnableReason>("reason", number).map(Some),
    };
    let remark = check.optional_text("remark", &message.remark, REMARK_MAX);
    let next_at = check.optional_instant("next_contact_at", &message.next_contact_at);
    let parts_at = check.optional_instant("parts_arrive_at", &message.parts_arrive_at);
    let checked = (head, appointment, reason, code, remark, next_at, parts_at);
    let (head, appointment, reason, code, remark, next_at, parts_at) = check.all(checked)?;
    let (next_at, parts_at) = match head.taken {
        Some(taken) => {
            (next_at.map(|at| taken.corrected(at)), parts_at.map(|at| taken.corrected(at)))
        }
        None => (next_at, parts_at),
    };
    let reason = match reason {
        Some(reason) => Ok(reason),
        None => read_as(scheduling, head.case, &code).await?,
    };

    let report = Report::of_visit(&call, head, appointment, "report_unable");
    let subject = appointment.map_or(head.case.uuid(), |appointment| appointment.uuid());
    let remark = Remark { kind: "unable_remark", subject, text: &remark };
    let report = Report { rows: remark.rows(now), ..report };
    let command = move |_: &Case| {
        check_next(next_at, now)?;
        Ok(Command::ReportUnable { reason: reason.clone()?, next_at, parts_at })
    };
    let answer = |case: &Case, effect| ReportUnableResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
        kept_because: String::new(),
    };
    scheduling.visited(report, (Verb::ReportUnable, message), command, answer).await
}

/// What a brand's code stands for. The step refuses and not the look-up, after it was seen whose the case
/// is.
async fn read_as(
    scheduling: &Scheduling,
    case: CaseId,
    code: &str,
) -> Result<Result<UnableReason, Refusal>, Error> {
    let case = scheduling.case_as_filed(case).await?;
    let brand = case.filing.brand.as_str();
    let words = scheduling.roster.unable_reasons(brand).await?;
    let found = words.iter().find(|(known, _)| known == code);
    if let Some(reason) = found.and_then(|(_, word)| UnableReason::parse(word)) {
        return Ok(Ok(reason));
    }
    let mut known: Vec<_> = words.into_iter().map(|(code, _)| code).collect();
    known.truncate(LISTED_MAX);
    let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
    let message = format!("partner_reason: the code is not mapped for {brand}; known: {known}");
    Ok(Err(refusal(&Error::new(Reason::ReasonUnmapped).message(message))))
}

/// Asked in the commit and not before: what was ahead then is not ahead when the same request is
/// repeated later.
fn check_next(next_at: Option<Timestamp>, now: Timestamp) -> Result<(), Refusal> {
    match next_at {
        Some(at) if at <= now || at > now + NEXT_CONTACT_MAX => {
            let error = Error::new(Reason::FieldInvalid);
            let text = "next_contact_at: expected an instant ahead, within seven days";
            Err(refusal(&error.message(text)))
        }
        _ => Ok(()),
    }
}
