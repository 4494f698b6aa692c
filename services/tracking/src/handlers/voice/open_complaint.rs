//! `OpenComplaint`: a case comes to the complaint desk, under a class.

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::tracking::v1::{ComplaintClass, ComplaintStep, OpenComplaintRequest};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::CaseId;
use sea_orm::IntoActiveModel as _;
use tonic::Request;

use crate::Tracking;
use crate::voice::complaint::Class;
use crate::voice::store::{self, OPEN_OF_A_CASE_MAX, Step};
use crate::voice::views;

pub async fn handle(
    tracking: &Tracking,
    request: Request<OpenComplaintRequest>,
) -> Result<ComplaintStep, Error> {
    let call = Call::changing(&request, "OpenComplaint", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.case_id);
    let class = check.known::<ComplaintClass>("class", request.class).and_then(Class::of_wire);
    let text = check.text("text", &request.text, LONG_TEXT_MAX);
    let (case, class, text) = check.all((case, class, text))?;
    let desk = &tracking.desk;
    let case = desk.case(&call.principal, case).await?;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let known = store::complaints_of(&desk.store, case.id.uuid()).await?;
    if known.iter().filter(|row| row.closed_at == 0).count() >= OPEN_OF_A_CASE_MAX {
        return Err(Error::new(Reason::ComplaintsFull));
    }
    let now = desk.clock.now();
    let number = known.iter().map(|row| row.number).max().unwrap_or_default() + 1;
    let row = store::classified(&case, number, class, now);
    let said_by = call.principal.to_string();
    let said = Some((desk.ids.next(), text.as_str()));
    let step =
        Step { subject: row.complaint, number: 1, act: "classified", said_by: &said_by, said };
    let mut rows = step.rows(now);
    rows.push(RowOp::claim(row.clone().into_active_model()));
    desk.record(&call, rows, &views::complaint_step(&row), Reason::VersionConflict).await
}
