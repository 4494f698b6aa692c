//! `CloseComplaint`: after it was verified.

use parasol_api::tracking::v1::{CloseComplaintRequest, ComplaintStep};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use tonic::Request;

use super::step_complaint;
use crate::Tracking;
use crate::voice::ComplaintId;
use crate::voice::complaint::Act;

pub async fn handle(
    tracking: &Tracking,
    request: Request<CloseComplaintRequest>,
) -> Result<ComplaintStep, Error> {
    let call = Call::changing(&request, "CloseComplaint", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let id = check.id::<ComplaintId>("complaint_id", &request.complaint_id);
    let expected = check.etag(&request.etag);
    let (id, expected) = check.all((id, expected))?;
    let act = Act::Close;
    step_complaint(tracking, &call, (id, expected), &act, "", |_| Vec::new()).await
}
