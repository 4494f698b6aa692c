//! `RevokeCalendarLink`: the link to a technician's calendar opens nothing any more.

use parasol_api::Error;
use parasol_api::technician::v1::{RevokeCalendarLinkRequest, RevokeCalendarLinkResponse};
use parasol_desk::Call;
use tonic::Request;

use crate::Scheduling;

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<RevokeCalendarLinkRequest>,
) -> Result<RevokeCalendarLinkResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "RevokeCalendarLink", &message.request_id)?;
    let technician = super::technician(scheduling, &call, &message.technician).await?;
    let desk = &scheduling.desk;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let rows = super::taken_back(scheduling, &technician).await?;
    desk.record(&call, rows, &RevokeCalendarLinkResponse {}, None).await
}
