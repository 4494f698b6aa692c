//! `CloseFollowUp`: on the customer's word and on nothing else.

use parasol_api::limits::REMARK_MAX;
use parasol_api::tracking::v1::{CloseFollowUpRequest, FollowUpStep};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use tonic::Request;

use super::step_follow_up;
use crate::Tracking;
use crate::voice::FollowUpId;
use crate::voice::follow_up::Act;

pub async fn handle(
    tracking: &Tracking,
    request: Request<CloseFollowUpRequest>,
) -> Result<FollowUpStep, Error> {
    let call = Call::changing(&request, "CloseFollowUp", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let id = check.id::<FollowUpId>("follow_up_id", &request.follow_up_id);
    let expected = check.etag(&request.etag);
    let text = check.text("text", &request.text, REMARK_MAX);
    let (id, expected, text) = check.all((id, expected, text))?;
    step_follow_up(tracking, &call, (id, expected), &Act::Close, &text).await
}
