//! `ListStaffChanges`: what was changed of one person.

use std::collections::HashMap;

use parasol_api::admin::v1::{ListStaffChangesRequest, ListStaffChangesResponse};
use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use tonic::Request;
use uuid::Uuid;

use super::store_error;
use crate::Verification;
use crate::staff::change::REMARK;
use crate::staff::identity::remark_id;
use crate::staff::register::find;
use crate::staff::views::change;
use crate::tables::staff::changes::{Column, Entity};

pub async fn handle(
    service: &Verification,
    request: Request<ListStaffChangesRequest>,
) -> Result<ListStaffChangesResponse, Error> {
    let call = Call::reading(&request, "ListStaffChanges")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let subject = check.text("subject", &request.subject, FOREIGN_NUMBER_MAX);
    let (size, subject) = check.all((size, subject))?;
    let (key, principal) = (&*service.desk.key, &call.principal);
    let bound = subject.as_bytes();
    let pages = Purpose { key, domain: "staff-changes-page", principal, bound };
    let before = match pages.after(&request.page_token)?.as_str() {
        "" => i64::MAX,
        text => text.parse().map_err(|_| Error::new(Reason::PageTokenInvalid))?,
    };
    let store = &service.desk.store;
    if find(store, &subject).await?.is_none() {
        return Err(Error::new(Reason::NotFound));
    }
    let mut rows = Entity::find()
        .filter(Column::Subject.eq(&subject))
        .filter(Column::Revision.lt(before))
        .order_by(Column::Revision, Order::Desc)
        .limit(size as u64 + 1)
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let next_page_token = match rows.get(size.saturating_sub(1)) {
        Some(last) if rows.len() > size => pages.seal(last.revision.to_string().as_bytes()),
        _ => String::new(),
    };
    rows.truncate(size);
    let ids = rows.iter().map(|row| remark_id(&subject, row.revision));
    let told = store.reveal_many(ids, REMARK).await.map_err(store_error)?;
    let told: HashMap<Uuid, String> = told.into_iter().collect();
    let remark = |revision: i64| {
        let body = told.get(&remark_id(&subject, revision))?;
        let body: Value = serde_json::from_str(body).ok()?;
        Some(body.get("text")?.as_str()?.to_owned())
    };
    let changes =
        rows.iter().map(|row| change(row, remark(row.revision).unwrap_or_default())).collect();
    Ok(ListStaffChangesResponse { changes, next_page_token })
}
