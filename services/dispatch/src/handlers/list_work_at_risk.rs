//! `ListWorkAtRisk`: accepted work that somebody has to look at. Told from the tables whenever it is asked
//! for, so that what is mended is off the list.

use std::collections::{HashMap, HashSet};

use parasol_api::admin::v1::{
    ListWorkAtRiskRequest, ListWorkAtRiskResponse, RiskCause, WorkAtRisk,
};
use parasol_api::convert::to_timestamp;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::{CaseId, WorkOrderId};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Category;
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;
use uuid::Uuid;

use crate::partner::Partner;
use crate::risk::{Parties, Resource};
use crate::tables::{brands, centres, offers, technicians, work_orders};
use crate::{Dispatch, unreadable};

/// Work orders read in one statement.
const READ_MAX: u64 = 500;
/// Work orders looked at in one call; the next page goes on behind them.
const LOOKED_AT_MAX: usize = 5_000;

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
    let mut after = match pages.after(&body.page_token)?.as_str() {
        "" => Uuid::nil(),
        text => text.parse().map_err(|_| Error::new(Reason::PageTokenInvalid))?,
    };
    // Partners are told of their own work; the house's people of all.
    let partner = Partner::of(principal).ok();
    let now = dispatch.desk.clock.now();
    let (mut work, mut looked_at) = (Vec::new(), 0);
    loop {
        let rows = candidates(dispatch, partner.as_ref(), after).await?;
        let is_last = (rows.len() as u64) < READ_MAX;
        let about = About::of(dispatch, &rows).await?;
        for row in rows {
            if work.len() == size || looked_at == LOOKED_AT_MAX {
                let next_page_token = pages.seal(after.to_string().as_bytes());
                return Ok(ListWorkAtRiskResponse { work, next_page_token });
            }
            (after, looked_at) = (row.work_order, looked_at + 1);
            let category = about.categories.get(&row.offer).copied();
            let cause = category.and_then(|category| about.parties.risk(&row, category, now));
            work.extend(cause.map(|cause| at_risk(row, cause)));
        }
        if is_last {
            return Ok(ListWorkAtRiskResponse { work, next_page_token: String::new() });
        }
    }
}

/// Open work orders of a partner, or all, behind one: those whose parties are suspended, and those with a
/// booked visit.
async fn candidates(
    dispatch: &Dispatch,
    partner: Option<&Partner>,
    after: Uuid,
) -> Result<Vec<work_orders::Model>, Error> {
    let candidates = Condition::any()
        .add(work_orders::Column::WindowStart.gt(0))
        .add(work_orders::Column::Brand.in_subquery(suspended_brands()))
        .add(work_orders::Column::Centre.in_subquery(suspended_centres()))
        .add(work_orders::Column::Technician.in_subquery(suspended_technicians()))
        .add(work_orders::Column::Helper.in_subquery(suspended_technicians()));
    let mut find = work_orders::Entity::find()
        .filter(work_orders::Column::Open.eq(1))
        .filter(work_orders::Column::WorkOrder.gt(after))
        .filter(candidates);
    if let Some(partner) = partner {
        find = find.filter(partner.work_orders());
    }
    find.order_by(work_orders::Column::WorkOrder, Order::Asc)
        .limit(READ_MAX)
        .all(dispatch.desk.store.reader())
        .await
        .map_err(unreadable)
}

/// What has to be known about some work orders.
#[derive(Default)]
struct About {
    parties: Parties,
    /// The category of the unit, by the offer that the work order came from.
    categories: HashMap<Uuid, Category>,
}

impl About {
    async fn of(dispatch: &Dispatch, rows: &[work_orders::Model]) -> Result<Self, Error> {
        if rows.is_empty() {
            return Ok(Self::default());
        }
        let reader = dispatch.desk.store.reader();
        let named =
            |name: fn(&work_orders::Model) -> &str| rows.iter().map(name).collect::<HashSet<_>>();
        let brands = brands::Entity::find()
            .select_only()
            .column(brands::Column::Brand)
            .filter(brands::Column::Brand.is_in(named(|row| &row.brand)))
            .filter(brands::Column::Suspended.gt(""))
            .into_tuple::<String>()
            .all(reader);
        let centres = centres::Entity::find()
            .select_only()
            .column(centres::Column::Centre)
            .filter(centres::Column::Centre.is_in(named(|row| &row.centre)))
            .filter(centres::Column::Suspended.gt(""))
            .into_tuple::<String>()
            .all(reader);
        let mut crew = named(|row| &row.technician);
        crew.extend(named(|row| &row.helper));
        let technicians = technicians::Entity::find()
            .filter(technicians::Column::Technician.is_in(crew))
            .all(reader);
        let offers = offers::Entity::find()
            .select_only()
            .column(offers::Column::Offer)
            .column(offers::Column::Category)
            .filter(offers::Column::Offer.is_in(rows.iter().map(|row| row.offer)))
            .into_tuple::<(Uuid, String)>()
            .all(reader);
        let booked = rows.iter().filter(|row| row.window_start > 0);
        let booked: Vec<_> = booked.map(|row| CaseId::new(row.case_id)).collect();
        let cases = dispatch.desk.store.cases(&booked);
        let (brands, centres, technicians, offers, cases) =
            tokio::try_join!(brands, centres, technicians, offers, cases).map_err(unreadable)?;
        let technicians =
            technicians.iter().map(|row| (row.technician.clone(), Resource::from(row)));
        let category = |(offer, word): (Uuid, String)| Some((offer, Category::parse(&word)?));
        let parties = Parties {
            brands: brands.into_iter().collect(),
            centres: centres.into_iter().collect(),
            technicians: technicians.collect(),
            parts_from: cases
                .iter()
                .filter_map(|case| Some((case.id.uuid(), case.parts_from()?)))
                .collect(),
        };
        Ok(Self { parties, categories: offers.into_iter().filter_map(category).collect() })
    }
}

fn at_risk(row: work_orders::Model, cause: RiskCause) -> WorkAtRisk {
    let visit = (row.window_start != 0).then(|| Timestamp::from_micros(row.window_start));
    WorkAtRisk {
        cause: cause.into(),
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
