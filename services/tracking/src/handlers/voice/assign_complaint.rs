//! `AssignComplaint`: somebody owns it from now on.

use parasol_api::tracking::v1::{AssignComplaintRequest, ComplaintStep};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use tonic::Request;

use super::{person, step_complaint};
use crate::Tracking;
use crate::voice::ComplaintId;
use crate::voice::complaint::Act;

pub async fn handle(
    tracking: &Tracking,
    request: Request<AssignComplaintRequest>,
) -> Result<ComplaintStep, Error> {
    let call = Call::changing(&request, "AssignComplaint", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let id = check.id::<ComplaintId>("complaint_id", &request.complaint_id);
    let expected = check.etag(&request.etag);
    let owner = person(&mut check, "owner", &request.owner, &call.principal);
    let (id, expected, owner) = check.all((id, expected, owner))?;
    let act = Act::Assign(owner);
    step_complaint(tracking, &call, (id, expected), &act, "", |_| Vec::new()).await
}
