//! `ListBrands`.

use parasol_api::admin::v1::{ListBrandsRequest, ListBrandsResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Purpose};
use parasol_runtime::identity::Role;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use crate::network::to_brand;
use crate::tables::brands;
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ListBrandsRequest>,
) -> Result<ListBrandsResponse, Error> {
    let call = Call::reading(&request, "ListBrands")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let (size,) = check.all((size,))?;

    let (key, principal) = (&*dispatch.desk.key, &call.principal);
    let pages = Purpose { key, domain: "brands-page", principal, bound: &[] };
    let mut rows = brands::Entity::find()
        .filter(brands::Column::Brand.gt(pages.after(&body.page_token)?))
        .order_by(brands::Column::Brand, Order::Asc)
        .limit(size as u64 + 1);
    if principal.role == Role::Brand {
        rows = rows.filter(brands::Column::Brand.eq(principal.subject.as_str()));
    }
    let rows = rows.all(dispatch.desk.store.reader()).await.map_err(unreadable)?;
    let next_page_token = pages.next(&rows, size, |row| &row.brand);
    let brands = rows.into_iter().take(size).map(to_brand).collect();
    Ok(ListBrandsResponse { brands, next_page_token })
}
