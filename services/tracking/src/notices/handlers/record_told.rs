//! `RecordTold`: an agent has told the customer what the case waits for.

use parasol_api::convert::case_view;
use parasol_api::tracking::v1::{RecordToldRequest, RecordToldResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::ids::CaseId;
use parasol_journey::vocab::Channel;
use parasol_journey::{Case, Command};
use tonic::Request;

use crate::notices::service::Notices;

pub async fn handle(
    notices: &Notices,
    request: Request<RecordToldRequest>,
) -> Result<RecordToldResponse, Error> {
    let call = Call::changing(&request, "RecordTold", &request.get_ref().request_id)?;
    let body = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &body.case_id);
    let etag = check.etag(&body.etag);
    let (case, etag) = check.all((case, etag))?;
    let command = |case: &Case| {
        let asked = case.asked.map_or(0, |asked| asked.seq);
        Ok(Command::RecordNotice { asked, channel: Channel::Voice })
    };
    let answer = |case: &Case, _: StepEffect| RecordToldResponse { case: Some(case_view(case)) };
    notices.desk.step(&call, Step::new(case, etag, command).answering(answer)).await
}
