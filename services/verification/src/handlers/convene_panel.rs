//! `ConvenePanel`: named experts are asked for their opinions.

use parasol_api::convert::to_timestamp;
use parasol_api::limits::{FOREIGN_NUMBER_MAX, LONG_TEXT_MAX, REMARK_MAX};
use parasol_api::verification::v1::{ConvenePanelRequest, ConvenePanelResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::deadline::Clock;
use parasol_journey::{Case, Command, Task};
use serde_json::json;
use tonic::Request;

use super::{target, view};
use crate::{Verification, certificates};

/// The most experts that are looked at; how many make a panel is the journey's to say.
const EXPERTS_READ_MAX: usize = 20;

pub async fn handle(
    service: &Verification,
    request: Request<ConvenePanelRequest>,
) -> Result<ConvenePanelResponse, Error> {
    let call = Call::changing(&request, "ConvenePanel", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let listed = check.at_most("experts", &request.experts, EXPERTS_READ_MAX);
    for (place, one) in request.experts.iter().enumerate().take(EXPERTS_READ_MAX) {
        check.text(&format!("experts[{place}]"), one, FOREIGN_NUMBER_MAX);
    }
    let standard = check.text("standard", &request.standard, REMARK_MAX);
    let question = check.text("question", &request.question, LONG_TEXT_MAX);
    let (case, etag, (), standard, question) =
        check.all((case, etag, listed, standard, question))?;
    let experts = request.experts;
    let now = service.desk.clock.now();
    let judge = call.judge(now);
    let convene = move |case: &Case| {
        judge.check(case)?;
        Ok(Command::ConvenePanel { experts: experts.clone() })
    };
    let mut step = Step::new(case, etag, convene);
    let body = json!({ "standard": standard, "question": question });
    step.rows = vec![certificates::words(case.uuid(), "panel", &body, now)];
    let answer = |case: &Case, _: StepEffect| ConvenePanelResponse {
        case: view(case),
        due: case.owes(Task::Clock(Clock::PanelOpinions)).map(|owed| to_timestamp(owed.due)),
    };
    service.desk.step(&call, step.answering(answer)).await
}
