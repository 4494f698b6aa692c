//! `ListFaultTrends`: the faults of a brand's units by model and batch, in groups that no unit can be told from.

use std::collections::HashMap;

use parasol_api::convert::{Listed as _, to_timestamp};
use parasol_api::partner::v1::{FaultTrend, ListFaultTrendsRequest, ListFaultTrendsResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::Store;
use parasol_desk::Call;
use parasol_journey::ids::BrandId;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::{Category, Cause};
use parasol_runtime::identity::Role;
use sea_orm::sea_query::{Expr, ExprTrait as _, SimpleExpr};
use sea_orm::{
    ColumnTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use tonic::Request;

use super::store_error;
use crate::Verification;
use crate::tables::faults;

/// The fewest cases that a group is shown with.
const FAULT_GROUP_MIN: i32 = 5;
/// Groups shown.
const FAULT_GROUPS_MAX: u64 = 200;
/// Groups of the period before that are looked at.
const GROUPS_BEFORE_MAX: u64 = 2_000;
/// The longest period.
const FAULT_PERIOD_MAX: Span = Span::days(400);
/// The period where none is given.
const FAULT_PERIOD: Span = Span::days(90);

/// A group with its numbers: model, category, batch, fault; cases, those caused by the product.
type Group = (String, String, String, String, i64, i64);

pub async fn handle(
    service: &Verification,
    request: Request<ListFaultTrendsRequest>,
) -> Result<ListFaultTrendsResponse, Error> {
    let call = Call::reading(&request, "ListFaultTrends")?;
    let wire = request.get_ref();
    let mut check = Checker::new();
    let brand = check.optional_id::<BrandId>("brand", &wire.brand);
    let from = check.optional_instant("from", &wire.from);
    let until = check.optional_instant("until", &wire.until);
    let (brand, from, until) = check.all((brand, from, until))?;
    let principal = &call.principal;
    let own = (principal.role == Role::Brand).then(|| principal.subject.clone());
    let brand = match (brand, own) {
        (Some(brand), Some(own)) if brand.as_str() != own => {
            return Err(Error::new(Reason::NotFound));
        }
        (_, Some(own)) => own,
        (Some(brand), None) => brand.to_string(),
        (None, None) => return Err(Error::field("brand", Reason::FieldInvalid, "a brand")),
    };
    let until = until.unwrap_or(service.desk.clock.now());
    let from = from.unwrap_or(until - FAULT_PERIOD);
    let length = until.since(from);
    if length <= Span::ZERO || length > FAULT_PERIOD_MAX {
        return Err(Error::field("from", Reason::FieldInvalid, "1 to 400 days before `until`"));
    }
    let store = &service.desk.store;
    let shown = groups(store, &brand, (from, until), FAULT_GROUPS_MAX).await?;
    let before = groups(store, &brand, (from - length, from), GROUPS_BEFORE_MAX).await?;
    let before: HashMap<_, _> = before
        .into_iter()
        .map(|(sku, _, batch, fault, cases, _)| ((sku, batch, fault), cases))
        .collect();
    let all = of_period(&brand, (from, until)).count(store.reader()).await;
    let all = i64::try_from(all.map_err(store_error)?).unwrap_or(i64::MAX);
    let cases_shown: i64 = shown.iter().map(|(.., cases, _)| cases).sum();
    let trends = shown.into_iter().map(|(sku, category, batch, fault_code, cases, by_product)| {
        let key = (sku, batch, fault_code);
        let cases_before = before.get(&key).copied().unwrap_or_default();
        let (sku, batch, fault_code) = key;
        let category = Category::parse(&category).map_or(0, |one| one.number());
        FaultTrend { sku, category, batch, fault_code, cases, cases_before, by_product }
    });
    Ok(ListFaultTrendsResponse {
        from: Some(to_timestamp(from)),
        until: Some(to_timestamp(until)),
        trends: trends.collect(),
        group_min: FAULT_GROUP_MIN,
        cases_not_shown: all - cases_shown,
    })
}

fn of_period(brand: &str, (from, until): (Timestamp, Timestamp)) -> Select<faults::Entity> {
    faults::Entity::find()
        .filter(faults::Column::Brand.eq(brand))
        .filter(faults::Column::At.gte(from.micros()))
        .filter(faults::Column::At.lt(until.micros()))
}

/// The groups of a period that are large enough, the largest first.
async fn groups(
    store: &Store,
    brand: &str,
    period: (Timestamp, Timestamp),
    limit: u64,
) -> Result<Vec<Group>, Error> {
    use faults::Column as C;
    let by_product: SimpleExpr =
        Expr::case(C::Cause.eq(Cause::Product.as_str()), 1).finally(0).into();
    of_period(brand, period)
        .select_only()
        .columns([C::Sku, C::Category, C::Batch, C::FaultCode])
        .column_as(C::CaseId.count(), "cases")
        .column_as(by_product.sum(), "by_product")
        .group_by(C::Sku)
        .group_by(C::Category)
        .group_by(C::Batch)
        .group_by(C::FaultCode)
        .having(C::CaseId.count().gte(FAULT_GROUP_MIN))
        .order_by(C::CaseId.count(), Order::Desc)
        .order_by(C::Sku, Order::Asc)
        .order_by(C::Batch, Order::Asc)
        .order_by(C::FaultCode, Order::Asc)
        .limit(limit)
        .into_tuple()
        .all(store.reader())
        .await
        .map_err(store_error)
}

#[cfg(test)]
mod tests {
    use parasol_casebook::Pools;
    use parasol_testkit::Postgres;
    use sea_orm::{ActiveModelTrait as _, IntoActiveModel as _};
    use sea_orm_migration::{MigrationTrait, MigratorTrait};
    use uuid::Uuid;

    use super::*;

    struct Migrations;

    impl MigratorTrait for Migrations {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            let kernel = parasol_casebook::migration::migrations();
            kernel.into_iter().chain(crate::migrations()).collect()
        }
    }

    async fn open(url: &str) -> Store {
        let store = Store::open(url, Pools { write: 1, read: 1 }).await.unwrap();
        Migrations::up(store.for_migrations(), None).await.unwrap();
        store
    }

    async fn faulty(store: &Store, (brand, batch, fault): (&str, &str, &str), at: i64, many: u128) {
        for number in 0..many {
            let row = faults::Model {
                case_id: Uuid::new_v5(
                    &Uuid::nil(),
                    format!("{brand}{batch}{fault}{at}{number}").as_bytes(),
                ),
                brand: brand.to_owned(),
                sku: "RF-1".to_owned(),
                category: "refrigerator".to_owned(),
                batch: batch.to_owned(),
                fault_code: fault.to_owned(),
                cause: if number == 0 { "user" } else { "product" }.to_owned(),
                at,
            };
            row.into_active_model().insert(store.for_migrations()).await.unwrap();
        }
    }

    async fn groups_are_counted(store: &Store) {
        let of = |batch| ("aurora", batch, "F01");
        faulty(store, of("A"), 100, 5).await;
        faulty(store, of("B"), 100, 4).await;
        faulty(store, of("C"), 199, 7).await;
        faulty(store, of("A"), 200, 9).await;
        faulty(store, ("borealis", "A", "F01"), 100, 50).await;
        let period = (Timestamp::from_micros(100), Timestamp::from_micros(200));
        let found = groups(store, "aurora", period, 200).await.unwrap();
        let found: Vec<_> =
            found.iter().map(|(_, _, batch, _, cases, own)| (&**batch, *cases, *own)).collect();
        assert_eq!(found, [("C", 7, 6), ("A", 5, 4)], "small groups and other brands are left out");
        let first = groups(store, "aurora", period, 1).await.unwrap();
        assert_eq!(first.len(), 1);
        let all = of_period("aurora", period).count(store.reader()).await.unwrap();
        assert_eq!(all, 16);
    }

    #[tokio::test]
    async fn groups_are_counted_on_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&format!("sqlite://{}", folder.path().join("cell.db").display())).await;
        groups_are_counted(&store).await;
    }

    #[tokio::test]
    async fn groups_are_counted_on_postgres() {
        let url = Postgres::shared().unwrap().fresh_database("fault_groups").unwrap();
        groups_are_counted(&open(&url).await).await;
    }
}
