//! `VerifyComplaint`: whether it helped, by another person than the one who acted.

use parasol_api::limits::REMARK_MAX;
use parasol_api::tracking::v1::{ComplaintStep, VerifyComplaintRequest};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use tonic::Request;

use super::step_complaint;
use crate::Tracking;
use crate::voice::ComplaintId;
use crate::voice::complaint::Act;

pub async fn handle(
    tracking: &Tracking,
    request: Request<VerifyComplaintRequest>,
) -> Result<ComplaintStep, Error> {
    let call = Call::changing(&request, "VerifyComplaint", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let id = check.id::<ComplaintId>("complaint_id", &request.complaint_id);
    let expected = check.etag(&request.etag);
    let text = check.text("text", &request.text, REMARK_MAX);
    let (id, expected, text) = check.all((id, expected, text))?;
    let act = Act::Verify(request.helped);
    step_complaint(tracking, &call, (id, expected), &act, &text, |_| Vec::new()).await
}
