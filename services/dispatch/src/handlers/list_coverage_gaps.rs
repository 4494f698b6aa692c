//! `ListCoverageGaps`: where centres have to be recruited.

use parasol_api::admin::v1::{CoverageGap, ListCoverageGapsRequest, ListCoverageGapsResponse};
use parasol_api::convert::to_timestamp;
use parasol_api::{Checker, Error, Listed as _, Reason};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::BrandId;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::Category;
use prost::Message as _;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder,
    QuerySelect,
};
use tonic::Request;

use crate::tables::coverage_gaps as gaps;
use crate::{Dispatch, unreadable};

/// How far back it is looked where nobody says.
const LOOKED_BACK: Span = Span::days(90);
/// Between the parts of a page's key; no id holds it.
const SEPARATOR: char = '/';

/// A group as the database tells it.
#[derive(FromQueryResult)]
struct Group {
    brand: String,
    county: String,
    category: String,
    cases: i64,
    lent: i64,
    first_at: i64,
    last_at: i64,
}

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ListCoverageGapsRequest>,
) -> Result<ListCoverageGapsResponse, Error> {
    let call = Call::reading(&request, "ListCoverageGaps")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let brand = check.optional_id::<BrandId>("brand", &body.brand);
    let since = check.optional_instant("since", &body.since);
    let (size, brand, since) = check.all((size, brand, since))?;

    let query = ListCoverageGapsRequest { page_size: 0, page_token: String::new(), ..body.clone() };
    let bound = query.encode_to_vec();
    let (key, principal) = (&*dispatch.desk.key, &call.principal);
    let pages = Purpose { key, domain: "coverage-gaps-page", principal, bound: &bound };
    let since = since.unwrap_or_else(|| dispatch.desk.clock.now() - LOOKED_BACK);
    let mut groups = gaps::Entity::find()
        .select_only()
        .column(gaps::Column::Brand)
        .column(gaps::Column::County)
        .column(gaps::Column::Category)
        .column_as(gaps::Column::CaseId.count(), "cases")
        .column_as(gaps::Column::Lent.sum().cast_as("bigint"), "lent")
        .column_as(gaps::Column::FiledAt.min(), "first_at")
        .column_as(gaps::Column::FiledAt.max(), "last_at")
        .filter(gaps::Column::FiledAt.gte(since.micros()))
        .group_by(gaps::Column::Brand)
        .group_by(gaps::Column::County)
        .group_by(gaps::Column::Category)
        .order_by(gaps::Column::Brand, Order::Asc)
        .order_by(gaps::Column::County, Order::Asc)
        .order_by(gaps::Column::Category, Order::Asc)
        .limit(size as u64 + 1);
    if let Some(brand) = brand {
        groups = groups.filter(gaps::Column::Brand.eq(brand.as_str()));
    }
    let after = pages.after(&body.page_token)?;
    if !after.is_empty() {
        groups = groups.filter(beyond(&after)?);
    }
    let reader = dispatch.desk.store.reader();
    let groups = groups.into_model::<Group>().all(reader).await.map_err(unreadable)?;
    let next_page_token = match groups.get(size.saturating_sub(1)) {
        Some(last) if groups.len() > size => {
            let Group { brand, county, category, .. } = last;
            pages.seal(format!("{brand}{SEPARATOR}{county}{SEPARATOR}{category}").as_bytes())
        }
        _ => String::new(),
    };
    let gaps = groups.into_iter().take(size).map(gap).collect();
    Ok(ListCoverageGapsResponse { gaps, next_page_token })
}

/// What comes after a page's key in the order of the list.
fn beyond(after: &str) -> Result<Condition, Error> {
    let parts: Vec<_> = after.split(SEPARATOR).collect();
    let [brand, county, category] = parts[..] else {
        return Err(Error::new(Reason::PageTokenInvalid));
    };
    let same_brand = gaps::Column::Brand.eq(brand);
    let same_county = Condition::all().add(same_brand.clone()).add(gaps::Column::County.eq(county));
    Ok(Condition::any()
        .add(gaps::Column::Brand.gt(brand))
        .add(Condition::all().add(same_brand).add(gaps::Column::County.gt(county)))
        .add(same_county.add(gaps::Column::Category.gt(category))))
}

fn gap(group: Group) -> CoverageGap {
    let at = |micros| Some(to_timestamp(Timestamp::from_micros(micros)));
    CoverageGap {
        category: Category::parse(&group.category).map_or(0, |category| category.number()),
        brand: group.brand,
        county: group.county,
        cases: group.cases,
        lent: group.lent,
        first_at: at(group.first_at),
        last_at: at(group.last_at),
    }
}
