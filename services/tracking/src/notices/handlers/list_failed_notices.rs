//! `ListFailedNotices`: notices that have come to nothing.

use parasol_api::tracking::v1::{ListFailedNoticesRequest, ListFailedNoticesResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use tonic::Request;

use super::store_error;
use crate::notices::service::Notices;
use crate::notices::{Notice, NoticeId, wire};

pub async fn handle(
    notices: &Notices,
    request: Request<ListFailedNoticesRequest>,
) -> Result<ListFailedNoticesResponse, Error> {
    let call = Call::reading(&request, "ListFailedNotices")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let (size,) = check.all((size,))?;
    let (key, principal) = (&*notices.desk.key, &call.principal);
    let pages = Purpose { key, domain: "failed-notices-page", principal, bound: b"" };
    let after = match pages.after(&body.page_token)?.as_str() {
        "" => None,
        text => {
            let id = text.parse::<NoticeId>().map_err(|_| Error::new(Reason::PageTokenInvalid))?;
            Some(id.0)
        }
    };
    let store = &notices.desk.store;
    let found = Notice::given_up(store, after, size as u64 + 1).await.map_err(store_error)?;
    let ids: Vec<String> = found.iter().map(|notice| notice.id.to_string()).collect();
    let next_page_token = pages.next(&ids, size, |id| id);
    let shown = found.iter().take(size).map(|notice| wire::notice(notice, String::new()));
    Ok(ListFailedNoticesResponse { notices: shown.collect(), next_page_token })
}
