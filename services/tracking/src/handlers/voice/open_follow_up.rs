//! `OpenFollowUp`: somebody stays on it from now on.

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::tracking::v1::{FollowUpIssue, FollowUpStep, OpenFollowUpRequest};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::CaseId;
use sea_orm::IntoActiveModel as _;
use tonic::Request;

use crate::Tracking;
use crate::voice::follow_up::{Issue, State};
use crate::voice::store::{self, OPEN_OF_A_CASE_MAX, Step};
use crate::voice::views;

pub async fn handle(
    tracking: &Tracking,
    request: Request<OpenFollowUpRequest>,
) -> Result<FollowUpStep, Error> {
    let call = Call::changing(&request, "OpenFollowUp", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.case_id);
    let issue = check.known::<FollowUpIssue>("issue", request.issue).and_then(Issue::of_wire);
    let text = check.text("text", &request.text, LONG_TEXT_MAX);
    let (case, issue, text) = check.all((case, issue, text))?;
    let desk = &tracking.desk;
    let case = desk.case(&call.principal, case).await?;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let known = store::follow_ups_of(&desk.store, case.id.uuid()).await?;
    let open = known.iter().filter(|row| row.state != State::Closed.as_str()).count();
    if open >= OPEN_OF_A_CASE_MAX {
        return Err(Error::new(Reason::FollowUpsFull));
    }
    let now = desk.clock.now();
    let number = known.last().map_or(0, |row| row.number) + 1;
    let row = store::opening(&case, number, issue, now);
    let said_by = call.principal.to_string();
    let said = Some((desk.ids.next(), text.as_str()));
    let step = Step { subject: row.follow_up, number: 1, act: "opened", said_by: &said_by, said };
    let mut rows = step.rows(now);
    rows.push(RowOp::claim(row.clone().into_active_model()));
    desk.record(&call, rows, &views::follow_up_step(&row), Reason::VersionConflict).await
}
