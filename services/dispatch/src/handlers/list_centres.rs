//! `ListCentres`.

use parasol_api::admin::v1::{ListCentresRequest, ListCentresResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::{BrandId, County};
use parasol_journey::vocab::Category;
use parasol_runtime::identity::{Principal, Role};
use prost::Message as _;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select};
use tonic::Request;

use crate::network::to_centre;
use crate::tables::{centres, coverage};
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ListCentresRequest>,
) -> Result<ListCentresResponse, Error> {
    let call = Call::reading(&request, "ListCentres")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let brand = check.optional_id::<BrandId>("brand", &body.brand);
    let county = check.optional_id::<County>("county", &body.county);
    let category = check.optional_listed::<Category>("category", body.category);
    let (size, brand, county, category) = check.all((size, brand, county, category))?;

    let query = ListCentresRequest { page_size: 0, page_token: String::new(), ..body.clone() };
    let bound = query.encode_to_vec();
    let (key, principal) = (&*dispatch.desk.key, &call.principal);
    let pages = Purpose { key, domain: "centres-page", principal, bound: &bound };
    let mut rows = mine(principal)
        .order_by(centres::Column::Centre, Order::Asc)
        .limit(size as u64 + 1)
        .filter(centres::Column::Centre.gt(pages.after(&body.page_token)?));
    if let Some(brand) = brand {
        rows = rows.filter(centres::Column::Brand.eq(brand.as_str()));
    }
    if county.is_some() || category.is_some() {
        rows = rows.filter(centres::Column::Centre.in_subquery(serving(county, category)));
    }
    let rows = rows.all(dispatch.desk.store.reader()).await.map_err(unreadable)?;
    let next_page_token = pages.next(&rows, size, |row| &row.centre);
    let centres = rows.into_iter().take(size).map(to_centre).collect();
    Ok(ListCentresResponse { centres, next_page_token })
}

fn mine(principal: &Principal) -> Select<centres::Entity> {
    let all = centres::Entity::find();
    match principal.role {
        Role::Brand => all.filter(centres::Column::Brand.eq(principal.subject.as_str())),
        Role::Centre => all.filter(centres::Column::Centre.eq(principal.subject.as_str())),
        _ => all,
    }
}

fn serving(
    county: Option<County>,
    category: Option<Category>,
) -> sea_orm::sea_query::SelectStatement {
    let mut serving = Query::select();
    serving.column(coverage::Column::Centre).from(coverage::Entity);
    if let Some(county) = county {
        serving.and_where(coverage::Column::County.eq(county.as_str()));
    }
    if let Some(category) = category {
        serving.and_where(coverage::Column::Category.eq(category.as_str()));
    }
    serving
}
