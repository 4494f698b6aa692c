//! `AssignFollowUp`: somebody has it from now on.

use parasol_api::tracking::v1::{AssignFollowUpRequest, FollowUpStep};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use tonic::Request;

use super::{person, step_follow_up};
use crate::Tracking;
use crate::voice::FollowUpId;
use crate::voice::follow_up::Act;

pub async fn handle(
    tracking: &Tracking,
    request: Request<AssignFollowUpRequest>,
) -> Result<FollowUpStep, Error> {
    let call = Call::changing(&request, "AssignFollowUp", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let id = check.id::<FollowUpId>("follow_up_id", &request.follow_up_id);
    let expected = check.etag(&request.etag);
    let to = person(&mut check, "assignee", &request.assignee, &call.principal);
    let (id, expected, to) = check.all((id, expected, to))?;
    step_follow_up(tracking, &call, (id, expected), &Act::Assign(to), "").await
}
