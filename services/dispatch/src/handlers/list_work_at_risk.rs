//! `ListWorkAtRisk`: accepted work of those who are suspended. Told from the tables whenever it is asked
//! for, so that whoever is resumed is off the list.

use std::collections::HashSet;

use parasol_api::admin::v1::{
    ListWorkAtRiskRequest, ListWorkAtRiskResponse, RiskCause, WorkAtRisk,
};
use parasol_api::convert::to_timestamp;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::{CaseId, WorkOrderId};
use parasol_journey::time::Timestamp;
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;
use uuid::Uuid;

use crate::tables::{brands, centres, technicians, work_orders};
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ListWorkAtRiskRequest>,
) -> Result<ListWorkAtRiskResponse, Error> {
    let call = Call::reading(&request, "ListWorkAtRisk")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let (size,) = check.all((size,))?;

    let (key, principal) = (&*dispatch.desk.key, &call.principal);
    let pages = Purpose { key, domain: "work-at-risk-page", principal, bound: &[] };
    let after = match pages.after(&body.page_token)?.as_str() {
        "" => Uuid::nil(),
        text => text.parse().map_err(|_| Error::new(Reason::PageTokenInvalid))?,
    };
    let suspended = Condition::any()
        .add(work_orders::Column::Brand.in_subquery(suspended_brands()))
        .add(work_orders::Column::Centre.in_subquery(suspended_centres()))
        .add(work_orders::Column::Technician.in_subquery(suspended_technicians()));
    let rows = work_orders::Entity::find()
        .filter(work_orders::Column::Open.eq(1))
        .filter(work_orders::Column::WorkOrder.gt(after))
        .filter(suspended)
        .order_by(work_orders::Column::WorkOrder, Order::Asc)
        .limit(size as u64 + 1)
        .all(dispatch.desk.store.reader())
        .await
        .map_err(unreadable)?;
    let next_page_token = match rows.get(size.saturating_sub(1)) {
        Some(last) if rows.len() > size => pages.seal(last.work_order.to_string().as_bytes()),
        _ => String::new(),
    };
    let causes = Causes::of(dispatch, &rows).await?;
    let work = rows.into_iter().take(size).map(|row| at_risk(row, &causes)).collect();
    Ok(ListWorkAtRiskResponse { work, next_page_token })
}

/// Those of a page who are suspended.
struct Causes {
    brands: HashSet<String>,
    centres: HashSet<String>,
}

impl Causes {
    async fn of(dispatch: &Dispatch, rows: &[work_orders::Model]) -> Result<Self, Error> {
        let reader = dispatch.desk.store.reader();
        let brands = brands::Entity::find()
            .select_only()
            .column(brands::Column::Brand)
            .filter(brands::Column::Brand.is_in(rows.iter().map(|row| row.brand.as_str())))
            .filter(brands::Column::Suspended.gt(""))
            .into_tuple::<String>()
            .all(reader);
        let centres = centres::Entity::find()
            .select_only()
            .column(centres::Column::Centre)
            .filter(centres::Column::Centre.is_in(rows.iter().map(|row| row.centre.as_str())))
            .filter(centres::Column::Suspended.gt(""))
            .into_tuple::<String>()
            .all(reader);
        let (brands, centres) = tokio::try_join!(brands, centres).map_err(unreadable)?;
        Ok(Self { brands: brands.into_iter().collect(), centres: centres.into_iter().collect() })
    }

    fn of_row(&self, row: &work_orders::Model) -> RiskCause {
        if self.brands.contains(&row.brand) {
            RiskCause::BrandSuspended
        } else if self.centres.contains(&row.centre) {
            RiskCause::CentreSuspended
        } else {
            RiskCause::TechnicianSuspended
        }
    }
}

fn at_risk(row: work_orders::Model, causes: &Causes) -> WorkAtRisk {
    let visit = (row.window_start != 0).then(|| Timestamp::from_micros(row.window_start));
    WorkAtRisk {
        cause: causes.of_row(&row).into(),
        work_order_id: WorkOrderId::new(row.work_order).to_string(),
        case_id: CaseId::new(row.case_id).to_string(),
        brand: row.brand,
        centre: row.centre,
        technician: row.technician,
        visit_from: visit.map(to_timestamp),
    }
}

fn suspended_brands() -> SelectStatement {
    let mut query = Query::select();
    query.column(brands::Column::Brand).from(brands::Entity);
    query.and_where(brands::Column::Suspended.gt("")).to_owned()
}

fn suspended_centres() -> SelectStatement {
    let mut query = Query::select();
    query.column(centres::Column::Centre).from(centres::Entity);
    query.and_where(centres::Column::Suspended.gt("")).to_owned()
}

fn suspended_technicians() -> SelectStatement {
    let mut query = Query::select();
    query.column(technicians::Column::Technician).from(technicians::Entity);
    query.and_where(technicians::Column::Suspended.gt("")).to_owned()
}
