//! `NoteFollowUp`: what was done, and when it is looked at next.

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::tracking::v1::{FollowUpStep, NoteFollowUpRequest};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use super::step_follow_up;
use crate::Tracking;
use crate::voice::FollowUpId;
use crate::voice::follow_up::{Act, CHECK_AHEAD_MAX};

pub async fn handle(
    tracking: &Tracking,
    request: Request<NoteFollowUpRequest>,
) -> Result<FollowUpStep, Error> {
    let call = Call::changing(&request, "NoteFollowUp", &request.get_ref().request_id)?;
    // Asked first: the next look may lie in the past by now.
    if let Some(saved) = tracking.desk.saved(&call).await? {
        return Ok(saved);
    }
    let request = request.into_inner();
    let now = tracking.desk.clock.now();
    let mut check = Checker::new();
    let id = check.id::<FollowUpId>("follow_up_id", &request.follow_up_id);
    let expected = check.etag(&request.etag);
    let text = check.text("text", &request.text, LONG_TEXT_MAX);
    let next = check.instant("next_check_at", &request.next_check_at).and_then(|next| {
        if next > now && next <= now + CHECK_AHEAD_MAX {
            return Some(next);
        }
        check.refuse("next_check_at", Reason::FieldInvalid, "ahead, within 7 days")
    });
    let (id, expected, text, next) = check.all((id, expected, text, next))?;
    step_follow_up(tracking, &call, (id, expected), &Act::Note(next), &text).await
}
