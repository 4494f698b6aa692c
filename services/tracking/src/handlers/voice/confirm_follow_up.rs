//! `ConfirmFollowUp`: the customer's word, said here or heard by an agent.

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::tracking::v1::{ConfirmFollowUpRequest, FollowUpStep, HeardBy};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_desk::Call;
use tonic::Request;

use super::step_follow_up;
use crate::Tracking;
use crate::voice::FollowUpId;
use crate::voice::follow_up::Act;

pub async fn handle(
    tracking: &Tracking,
    request: Request<ConfirmFollowUpRequest>,
) -> Result<FollowUpStep, Error> {
    let call = Call::changing(&request, "ConfirmFollowUp", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let id = check.id::<FollowUpId>("follow_up_id", &request.follow_up_id);
    let expected = check.etag(&request.etag);
    let heard = HeardBy::try_from(request.heard_by).ok();
    let heard = match (call.principal.role, heard) {
        (Role::Customer, Some(HeardBy::Unspecified)) => Some(""),
        (Role::Customer, _) | (_, None | Some(HeardBy::Unspecified)) => {
            let expected = "how it was heard, of agents and managers and of nobody else";
            check.refuse("heard_by", Reason::FieldInvalid, expected)
        }
        (_, Some(HeardBy::Telephone)) => Some("telephone"),
        (_, Some(HeardBy::Message)) => Some("message"),
        (_, Some(HeardBy::InPerson)) => Some("in person"),
    };
    let text = check.optional_text("text", &request.text, LONG_TEXT_MAX);
    let (id, expected, heard, text) = check.all((id, expected, heard, text))?;
    let said = match heard {
        "" => text,
        heard => format!("[{heard}] {text}"),
    };
    let act = Act::Confirm(request.solved);
    step_follow_up(tracking, &call, (id, expected), &act, &said).await
}
