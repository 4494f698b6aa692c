//! `ListStaff`: the register, page by page.

use std::collections::HashMap;

use parasol_api::admin::v1::{ListStaffRequest, ListStaffResponse};
use parasol_api::limits::CODE_MAX;
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Purpose};
use prost::Message as _;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use super::store_error;
use crate::Verification;
use crate::staff::identity::{self, Identity};
use crate::staff::register::{Entry, certifications_of};
use crate::staff::views::{Shown, member};
use crate::tables::staff::accounts::{Column, Entity};

pub async fn handle(
    service: &Verification,
    request: Request<ListStaffRequest>,
) -> Result<ListStaffResponse, Error> {
    let call = Call::reading(&request, "ListStaff")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let unit = check.optional_text("unit", &body.unit, CODE_MAX);
    let team = check.optional_text("team", &body.team, CODE_MAX);
    let (size, unit, team) = check.all((size, unit, team))?;

    let asked = ListStaffRequest { page_size: 0, page_token: String::new(), ..body.clone() };
    let bound = asked.encode_to_vec();
    let (key, principal) = (&*service.desk.key, &call.principal);
    let pages = Purpose { key, domain: "staff-page", principal, bound: &bound };
    let mut query = Entity::find()
        .filter(Column::Subject.gt(pages.after(&body.page_token)?))
        .order_by(Column::Subject, Order::Asc)
        .limit(size as u64 + 1);
    if !unit.is_empty() {
        query = query.filter(Column::Unit.eq(unit));
    }
    if !team.is_empty() {
        query = query.filter(Column::Team.eq(team));
    }
    if body.suspended_only {
        query = query.filter(Column::Suspended.ne(""));
    }
    let store = &service.desk.store;
    let mut rows = query.all(store.reader()).await.map_err(store_error)?;
    let next_page_token = pages.next(&rows, size, |row| &row.subject);
    rows.truncate(size);
    let subjects: Vec<String> = rows.iter().map(|row| row.subject.clone()).collect();
    let mut certified: HashMap<String, Vec<_>> = HashMap::new();
    for one in certifications_of(store, &subjects).await? {
        certified.entry(one.subject.clone()).or_default().push(one);
    }
    let ids = subjects.iter().map(|subject| identity::vault_id(subject));
    let told = store.reveal_many(ids, identity::KIND).await.map_err(store_error)?;
    let told: HashMap<_, _> = told.into_iter().collect();
    let members = rows.into_iter().map(|account| {
        let certifications = certified.remove(&account.subject).unwrap_or_default();
        let body = told.get(&identity::vault_id(&account.subject));
        let identity = body.and_then(|body| serde_json::from_str::<Identity>(body).ok());
        member(&Entry { account, certifications }, identity.as_ref(), Shown::Name)
    });
    Ok(ListStaffResponse { members: members.collect(), next_page_token })
}
