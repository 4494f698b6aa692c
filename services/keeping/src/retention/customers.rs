//! Customers whose time is over: nothing was delivered to them and no case of theirs moved for so long.
//!
//! Nobody's time can be read off one row, so the vault's rows of customers are walked, a page at a time, twice a day. Where
//! a walk has come stands in memory: whoever takes the duty over begins again, and finds those gone who are.

use std::collections::{HashMap, HashSet};

use parasol_api::Error;
use parasol_casebook::tables::vault;
use parasol_journey::time::{Span, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait as _, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::{Retention, put_place};
use crate::policy::{CUSTOMER, Class, OF_CUSTOMERS};
use crate::store_error;
use crate::tables::ended_cases;

/// Rows of a page.
const PAGE: u64 = 200;
/// How long after the end of a walk the next one begins.
const WALK_EVERY: Span = Span::hours(12);

/// Where a walk has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    last: Uuid,
    gone: u64,
}

impl Retention {
    /// The next page of customers, if a walk is due.
    pub(super) async fn customers(&self, now: Timestamp) -> Result<bool, Error> {
        let mut walk = self.walk.lock().await;
        let running = match *walk {
            Some(running) => running,
            None if self.place(Class::Customers).await?.0 + WALK_EVERY <= now => {
                Walk { last: Uuid::nil(), gone: 0 }
            }
            None => return Ok(false),
        };
        let over = now - Class::Customers.length(&self.lengths);
        let page = self.page(running.last).await?;
        let (is_last, last) = (page.len() as u64 != PAGE, page.last().map(|(subject, _)| *subject));
        let old = page.into_iter().filter(|(_, at)| *at < over).map(|(subject, _)| subject);
        let due = self.without_ties(old.collect(), over).await?;
        let mut gone = 0;
        if !due.is_empty() {
            gone = self.forget(&due, over).await?;
            tracing::info!(customers = due.len(), "customers whose time is over are forgotten");
        }
        let running = Walk { last: last.unwrap_or_default(), gone: running.gone + gone };
        if !is_last {
            *walk = Some(running);
            return Ok(true);
        }
        let rows = vec![put_place(Class::Customers, now.micros(), Uuid::nil())];
        self.write(Class::Customers, rows, 0, running.gone).await?;
        *walk = None;
        Ok(false)
    }

    /// Customers behind one, with when they were written.
    async fn page(&self, last: Uuid) -> Result<Vec<(Uuid, Timestamp)>, Error> {
        let rows: Vec<(Uuid, i64)> = vault::Entity::find()
            .select_only()
            .columns([vault::Column::Subject, vault::Column::At])
            .filter(vault::Column::Kind.eq(CUSTOMER))
            .filter(vault::Column::Subject.gt(last))
            .order_by_asc(vault::Column::Subject)
            .limit(PAGE)
            .into_tuple()
            .all(self.desk.store.reader())
            .await
            .map_err(store_error)?;
        Ok(rows.into_iter().map(|(id, at)| (id, Timestamp::from_micros(at))).collect())
    }

    /// Those to whom nothing was delivered since a time, and whose cases had all ended before it.
    async fn without_ties(&self, of: Vec<Uuid>, over: Timestamp) -> Result<Vec<Uuid>, Error> {
        if of.is_empty() {
            return Ok(of);
        }
        let bought = self.latest_purchases(&of).await?;
        let cases = self.cases_of(&of).await?;
        let ids: Vec<Uuid> = cases.iter().map(|(_, case)| *case).collect();
        let mut ended = HashSet::new();
        for some in ids.chunks(500) {
            let rows = ended_cases::Entity::find()
                .select_only()
                .column(ended_cases::Column::CaseId)
                .filter(ended_cases::Column::CaseId.is_in(some.iter().copied()))
                .filter(ended_cases::Column::At.lt(over.micros()));
            let rows = rows.into_tuple::<Uuid>().all(self.desk.store.reader()).await;
            ended.extend(rows.map_err(store_error)?);
        }
        let tied = cases.iter().filter(|(_, case)| !ended.contains(case));
        let tied: HashSet<Uuid> = tied.map(|(customer, _)| *customer).collect();
        let is_free = |customer: &Uuid| {
            let lately = bought.get(customer).is_some_and(|at| *at >= over.micros());
            !lately && !tied.contains(customer)
        };
        Ok(of.into_iter().filter(is_free).collect())
    }

    /// When something was last delivered to each of these customers, in microseconds.
    async fn latest_purchases(&self, of: &[Uuid]) -> Result<HashMap<Uuid, i64>, Error> {
        let bought = self.whose.bought;
        let mut query = Query::select();
        query
            .column(bought.by)
            .expr(Func::max(Expr::col(bought.subject)))
            .from(bought.table)
            .and_where(Expr::col(bought.by).is_in(of.iter().copied()))
            .group_by_col(bought.by);
        let rows = self.desk.store.reader().query_all(&query).await.map_err(store_error)?;
        let one =
            |row: &sea_orm::QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
        rows.iter().map(one).collect::<Result<_, sea_orm::DbErr>>().map_err(store_error)
    }

    /// The cases of each of these customers.
    async fn cases_of(&self, of: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>, Error> {
        let filed = self.whose.cases;
        let mut query = Query::select();
        query
            .columns([filed.by, filed.subject])
            .from(filed.table)
            .and_where(Expr::col(filed.by).is_in(of.iter().copied()));
        let rows = self.desk.store.reader().query_all(&query).await.map_err(store_error)?;
        let one =
            |row: &sea_orm::QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
        rows.iter().map(one).collect::<Result<_, sea_orm::DbErr>>().map_err(store_error)
    }

    /// Destroys who they are, unless that was written anew since.
    async fn forget(&self, customers: &[Uuid], over: Timestamp) -> Result<u64, Error> {
        let kinds = |customer: &Uuid| OF_CUSTOMERS.map(|kind| (*customer, kind.to_owned()));
        let rows: Vec<_> = customers.iter().flat_map(kinds).collect();
        self.desk.store.expire(&rows, over).await.map_err(store_error)
    }
}
