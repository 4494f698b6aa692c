//! `CompleteVisit`: the completion code, which is the customer's own word.
//!
//! A wrong code must be counted, and so it is a step like a right one: the log records it, and what is
//! saved as the answer says that the code was wrong. The error is made from the saved answer after the
//! commit, so a repetition of the same request gets the same error and counts nothing.

use parasol_api::convert::case_view;
use parasol_api::technician::v1::{CompleteVisitRequest, CompleteVisitResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, StepEffect};
use parasol_journey::{Case, Command, Verb};
use tonic::Request;

use crate::report::Report;
use crate::stamp::Taken;
use crate::{Scheduling, stamp};

/// Digits of a code.
const CODE_DIGITS: usize = 6;
/// Wrong codes before the journey locks it.
const WRONG_CODES_MAX: u32 = 5;

/// What came of a code, as it is saved.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Outcome {
    /// The answer, if the code was right or the message came too late.
    #[prost(message, optional, tag = "1")]
    pub response: Option<CompleteVisitResponse>,
    /// How many attempts are left, if the code was wrong.
    #[prost(uint32, tag = "2")]
    pub attempts_left: u32,
}

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<CompleteVisitRequest>,
    taken: Option<Taken>,
) -> Result<CompleteVisitResponse, Error> {
    let desk = &scheduling.desk;
    let message = request.get_ref();
    let call = Call::changing(&request, "CompleteVisit", &message.request_id)?;
    let mut check = Checker::new();
    let head = stamp::head_of_visit(&mut check, &call.principal, desk.clock.now(), message, taken);
    let appointment = check.optional_id("appointment_id", &message.appointment_id);
    let code = code(&mut check, &message.completion_code);
    let (head, appointment, code) = check.all((head, appointment, code))?;

    let (desk, id) = (desk.clone(), head.case);
    let report = Report::of_visit(&call, head, appointment, "complete_visit");
    let command = move |case: &Case| {
        let expected = desk.completion_code(id, case.code_number());
        Ok(Command::CompleteVisit { matches: is_right(&expected, &code) })
    };
    let outcome: Outcome =
        scheduling.visited(report, (Verb::CompleteVisit, message), command, outcome).await?;
    outcome.response.ok_or_else(|| {
        Error::field("completion_code", Reason::CodeWrong, "the code sent to the customer")
            .with("attempts_left", outcome.attempts_left.to_string())
    })
}

fn code(check: &mut Checker, text: &str) -> Option<String> {
    if text.len() == CODE_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.to_owned());
    }
    check.refuse("completion_code", Reason::FieldInvalid, "six digits")
}

/// Compares every digit, so that the time it takes tells nothing about where a guess went wrong.
fn is_right(expected: &str, code: &str) -> bool {
    let differing = expected.bytes().zip(code.bytes()).fold(0, |seen, (a, b)| seen | (a ^ b));
    expected.len() == code.len() && differing == 0
}

/// A right code closes the case, so a case that goes on has heard a wrong one.
fn outcome(case: &Case, effect: StepEffect) -> Outcome {
    if effect == StepEffect::Applied && !case.stage.is_ended() {
        let attempts_left = WRONG_CODES_MAX.saturating_sub(case.wrong_codes);
        return Outcome { response: None, attempts_left };
    }
    let response = CompleteVisitResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
        kept_because: String::new(),
    };
    Outcome { response: Some(response), attempts_left: 0 }
}
