//! Queries over the index of cases.

use std::collections::BTreeMap;

use parasol_api::Error;
use parasol_casebook::Store;
use parasol_casebook::tables::cases;
use parasol_journey::ids::{CaseId, CustomerId, OrderLineId};
use parasol_journey::pinned::{Fitted, RepairsBefore};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Remedy;
use parasol_journey::{Case, Stage};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::tables::{filings, open_units};
use crate::unreadable;

/// The most cases of one unit that count for its history.
const CASES_OF_A_UNIT_MAX: u64 = 50;
/// The most parts that were built in which a filing remembers, the last ones.
const FITTED_MAX: usize = 32;

/// Which cases are wanted.
#[derive(Default)]
pub(crate) struct Wanted {
    pub customer: Option<CustomerId>,
    pub order_line: Option<OrderLineId>,
    pub stage: Option<Stage>,
    pub open_only: bool,
    /// Only cases filed before this one.
    pub before: Option<CaseId>,
}

/// The cases wanted, newest first. Ids are made in the order of filing, so they are the order.
pub(crate) async fn list(store: &Store, wanted: &Wanted, limit: u64) -> Result<Vec<Case>, Error> {
    let mut query = filings::Entity::find()
        .select_only()
        .column(filings::Column::CaseId)
        .order_by(filings::Column::CaseId, Order::Desc)
        .limit(limit);
    if let Some(customer) = wanted.customer {
        query = query.filter(filings::Column::Customer.eq(customer.uuid()));
    }
    if let Some(line) = &wanted.order_line {
        query = query.filter(filings::Column::OrderLine.eq(line.as_str()));
    }
    if let Some(stage) = wanted.stage {
        let here = Query::select()
            .expr(Expr::val(1))
            .from(cases::Entity)
            .and_where(Expr::col((cases::Entity, cases::Column::Id)).equals(of_filing()))
            .and_where(Expr::col((cases::Entity, cases::Column::Stage)).eq(stage.as_str()))
            .to_owned();
        query = query.filter(Expr::exists(here));
    }
    if wanted.open_only {
        query = query.filter(filings::Column::Ended.eq(0));
    }
    if let Some(before) = wanted.before {
        query = query.filter(filings::Column::CaseId.lt(before.uuid()));
    }
    let ids: Vec<Uuid> = query.into_tuple().all(store.reader()).await.map_err(unreadable)?;
    let ids: Vec<CaseId> = ids.into_iter().map(CaseId::new).collect();
    let mut cases = store.cases(&ids).await.map_err(unreadable)?;
    cases.sort_by_key(|case| std::cmp::Reverse(case.id));
    Ok(cases)
}

fn of_filing() -> (filings::Entity, filings::Column) {
    (filings::Entity, filings::Column::CaseId)
}

/// The cases of one unit, oldest first; of very many the newest.
pub(crate) async fn of_unit(store: &Store, line: &OrderLineId) -> Result<Vec<Case>, Error> {
    let wanted = Wanted { order_line: Some(line.clone()), ..Wanted::default() };
    let mut cases = list(store, &wanted, CASES_OF_A_UNIT_MAX).await?;
    cases.reverse();
    Ok(cases)
}

/// The open case of a unit.
pub(crate) async fn open_case(store: &Store, serial: &str) -> Result<Option<CaseId>, Error> {
    let row = open_units::Entity::find_by_id(serial.to_owned()).one(store.reader()).await;
    Ok(row.map_err(unreadable)?.map(|row| CaseId::new(row.case_id)))
}

/// Completed repairs of one unit over all these cases, of one fault or of any. A unit that was given for
/// another begins at none, and repairs of another fault do not make this one older.
pub(crate) fn repairs_done(cases: &[Case], serial: &str, symptom: &str) -> u32 {
    let of_unit = cases.iter().filter(|case| case.filing.serial.as_str() == serial);
    let of_fault = of_unit.filter(|case| symptom.is_empty() || case.filing.symptom == symptom);
    of_fault.map(repairs_in).fold(0, u32::saturating_add)
}

/// What those repairs of one fault left behind. Of a part that was built in twice the last time counts.
pub(crate) fn repairs_before(cases: &[Case], serial: &str, symptom: &str) -> RepairsBefore {
    let of_unit = cases.iter().filter(|case| case.filing.serial.as_str() == serial);
    let of_fault = of_unit.filter(|case| symptom.is_empty() || case.filing.symptom == symptom);
    let mut before = RepairsBefore::default();
    let mut fitted: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for case in of_fault {
        before.last_at = before.last_at.max(case.repairs.last_at);
        for one in &case.repairs.fitted {
            let at = fitted.entry(&one.part).or_insert(one.at);
            *at = one.at.max(*at);
        }
    }
    let mut fitted: Vec<Fitted> =
        fitted.into_iter().map(|(part, at)| Fitted { part: part.to_owned(), at }).collect();
    fitted.sort_by_key(|one| std::cmp::Reverse(one.at));
    fitted.truncate(FITTED_MAX);
    before.fitted = fitted;
    before
}

/// Whether one of these cases gave the customer another unit.
pub(crate) fn was_exchanged(cases: &[Case]) -> bool {
    cases.iter().any(|case| case.replacement.is_some())
}

/// Repairs after which the fault was still there, and the one that ended the case well.
fn repairs_in(case: &Case) -> u32 {
    let persisted = case.repairs.failed.saturating_sub(case.filing.prior_repairs);
    let helped = case.stage == Stage::Closed && matches!(case.remedy, Some((Remedy::Repair, _)));
    persisted.saturating_add(u32::from(helped))
}
