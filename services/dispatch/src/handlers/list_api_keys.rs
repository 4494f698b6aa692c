//! `ListApiKeys`.

use parasol_api::admin::v1::{ListApiKeysRequest, ListApiKeysResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;
use uuid::Uuid;

use crate::api_keys::{KeyId, used, view};
use crate::tables::api_keys;
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ListApiKeysRequest>,
) -> Result<ListApiKeysResponse, Error> {
    let call = Call::reading(&request, "ListApiKeys")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let (size,) = check.all((size,))?;
    let (key, principal) = (&*dispatch.desk.key, &call.principal);
    let pages = Purpose { key, domain: "api-keys-page", principal, bound: &[] };
    let after = match &*pages.after(&body.page_token)? {
        "" => Uuid::nil(),
        text => {
            let id: KeyId = text.parse().map_err(|_| Error::new(Reason::PageTokenInvalid))?;
            id.0
        }
    };
    let mut rows = api_keys::Entity::find()
        .filter(api_keys::Column::Key.gt(after))
        .order_by(api_keys::Column::Key, Order::Asc)
        .limit(size as u64 + 1)
        .all(dispatch.desk.store.reader())
        .await
        .map_err(unreadable)?;
    let more = rows.len() > size;
    rows.truncate(size);
    let days = used(&dispatch.desk, rows.iter().map(|row| row.key).collect()).await?;
    let day = |key| days.get(key).copied().unwrap_or_default();
    let keys: Vec<_> = rows.iter().map(|row| view(row, day(&row.key))).collect();
    let last = keys.last().filter(|_| more);
    let next_page_token = last.map_or_else(String::new, |last| pages.seal(last.key_id.as_bytes()));
    Ok(ListApiKeysResponse { keys, next_page_token })
}
