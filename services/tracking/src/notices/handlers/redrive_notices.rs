//! `RedriveNotices`: an operator has failed notices sent again.

use parasol_api::limits::BATCH_MAX;
use parasol_api::tracking::v1::{RedriveNoticesRequest, RedriveNoticesResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use super::store_error;
use crate::notices::service::Notices;
use crate::notices::{Notice, NoticeId, State, note};

pub async fn handle(
    notices: &Notices,
    request: Request<RedriveNoticesRequest>,
) -> Result<RedriveNoticesResponse, Error> {
    let call = Call::changing(&request, "RedriveNotices", &request.get_ref().request_id)?;
    let body = request.into_inner();
    let mut check = Checker::new();
    let few = check.at_most("notice_ids", &body.notice_ids, BATCH_MAX);
    let some = match body.notice_ids.is_empty() {
        true => check.refuse("notice_ids", Reason::FieldInvalid, "1 to 100 of them"),
        false => Some(()),
    };
    let ids: Option<Vec<NoticeId>> =
        body.notice_ids.iter().map(|id| check.id("notice_ids", id)).collect();
    let (_, _, ids) = check.all((few, some, ids))?;
    if let Some(saved) = notices.desk.saved(&call).await? {
        return Ok(saved);
    }
    let store = &notices.desk.store;
    let found = Notice::find_all(store, ids.iter().map(|id| id.0)).await.map_err(store_error)?;
    if ids.iter().any(|id| !found.iter().any(|notice| notice.id == *id)) {
        return Err(Error::new(Reason::NotFound));
    }
    let now = notices.desk.clock.now();
    let failed: Vec<_> = found.iter().filter(|notice| notice.state == State::Failed).collect();
    let rows = failed.iter().map(|notice| note(notice.id, None, "redrive", "", now)).collect();
    let redriven = i32::try_from(failed.len()).unwrap_or(i32::MAX);
    notices.desk.record(&call, rows, &RedriveNoticesResponse { redriven }, None).await
}
