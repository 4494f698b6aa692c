//! `ListAuthority`: every grant with its history.

use parasol_api::admin::v1::{AuthorityGrant, ListAuthorityRequest, ListAuthorityResponse};
use parasol_api::convert::to_money;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use super::put_authority::{view, wire_role};
use super::store_error;
use crate::Verification;
use crate::authority::{Grant, in_force};
use crate::tables::authority::grants;

pub async fn handle(
    service: &Verification,
    request: Request<ListAuthorityRequest>,
) -> Result<ListAuthorityResponse, Error> {
    let call = Call::reading(&request, "ListAuthority")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let (size,) = check.all((size,))?;
    let (key, principal) = (&*service.desk.key, &call.principal);
    let pages = Purpose { key, domain: "authority-page", principal, bound: &[] };
    let mut query = grants::Entity::find()
        .order_by(grants::Column::Name, Order::Asc)
        .order_by(grants::Column::Revision, Order::Desc)
        .limit(size as u64 + 1);
    let after = pages.after(&request.page_token)?;
    if !after.is_empty() {
        let place = after.split_once('/');
        let (revision, name) = place.ok_or_else(|| Error::new(Reason::PageTokenInvalid))?;
        let revision: i64 = revision.parse().map_err(|_| Error::new(Reason::PageTokenInvalid))?;
        let same = Condition::all()
            .add(grants::Column::Name.eq(name))
            .add(grants::Column::Revision.lt(revision));
        query = query.filter(Condition::any().add(grants::Column::Name.gt(name)).add(same));
    }
    let rows = query.all(service.desk.store.reader()).await.map_err(store_error)?;
    let next_page_token = match rows.get(size.saturating_sub(1)) {
        Some(last) if rows.len() > size => {
            pages.seal(format!("{}/{}", last.revision, last.name).as_bytes())
        }
        _ => String::new(),
    };
    let now = service.desk.clock.now();
    let register = service.authority_at(now).await?;
    let counting = in_force(register.grants(), now);
    let counts = |name: &str, revision: i64| {
        counting.iter().any(|one| one.name == name && one.revision == revision)
    };
    let put = rows.iter().take(size).map(|row| view(row, counts(&row.name, row.revision)));
    let mut grants: Vec<AuthorityGrant> = put.collect();
    if next_page_token.is_empty() {
        let of_program = counting.iter().filter(|one| one.revision == 0);
        grants.extend(of_program.map(|one| program_view(one)));
    }
    Ok(ListAuthorityResponse { grants, next_page_token })
}

fn program_view(grant: &Grant) -> AuthorityGrant {
    AuthorityGrant {
        grant: grant.name.clone(),
        role: wire_role(grant.role.as_str()).into(),
        limit: Some(to_money(grant.limit_fen)),
        in_force: true,
        ..AuthorityGrant::default()
    }
}
