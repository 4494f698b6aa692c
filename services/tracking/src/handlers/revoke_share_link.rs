//! `RevokeShareLink`: a link opens nothing any more.

use parasol_api::tracking::v1::{RevokeShareLinkRequest, ShareLink};
use parasol_api::{Checker, Error};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::{CaseId, LinkId};
use tonic::Request;

use super::create_share_link::active;
use super::{at_version, not_found};
use crate::Tracking;
use crate::links::{of_link, shown};

pub async fn handle(
    tracking: &Tracking,
    request: Request<RevokeShareLinkRequest>,
) -> Result<ShareLink, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "RevokeShareLink", &message.request_id)?;
    let mut check = Checker::new();
    let id = check.id::<CaseId>("case_id", &message.case_id);
    let etag = check.etag(&message.etag);
    let link = check.id::<LinkId>("link_id", &message.link_id);
    let (id, etag, link) = check.all((id, etag, link))?;
    let desk = &tracking.desk;
    let case = desk.case(&call.principal, id).await?;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    at_version(&case, etag)?;
    let row = of_link(&desk.store, link).await?;
    let mut row = row.filter(|row| row.case_id == id.uuid()).ok_or_else(not_found)?;
    let mut rows = Vec::new();
    if row.revoked_at == 0 {
        row.revoked_at = desk.clock.now().micros();
        rows.push(RowOp::put(active(row.clone())));
    }
    desk.record(&call, rows, &shown(&row), None).await
}
