//! `ListShareLinks`: the links of a case, and whether they are used.

use parasol_api::Error;
use parasol_api::tracking::v1::{ListShareLinksRequest, ListShareLinksResponse};
use parasol_desk::Call;
use tonic::Request;

use super::check_case;
use crate::Tracking;
use crate::links::{listed, with_uses};

pub async fn handle(
    tracking: &Tracking,
    request: Request<ListShareLinksRequest>,
) -> Result<ListShareLinksResponse, Error> {
    let call = Call::reading(&request, "ListShareLinks")?;
    let id = check_case(&request.get_ref().case_id)?;
    let desk = &tracking.desk;
    desk.case(&call.principal, id).await?;
    let rows = listed(&desk.store, id, desk.clock.now()).await?;
    Ok(ListShareLinksResponse { links: with_uses(&desk.store, &rows).await? })
}
