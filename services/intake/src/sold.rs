//! A unit as it was sold: one order line with its stock keeping unit.

use std::collections::HashMap;

use parasol_api::convert::{Listed, to_money, to_timestamp};
use parasol_api::intake::v1;
use parasol_api::{Error, Reason};
use parasol_casebook::Store;
use parasol_desk::customer_id;
use parasol_journey::Case;
use parasol_journey::event::Filing;
use parasol_journey::gift::Gift;
use parasol_journey::ids::{County, CustomerId, OrderLineId, Serial};
use parasol_journey::pinned::Contract;
use parasol_journey::promise::Term;
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::{CaseKind, Category, Promise, Remedy};
use parasol_policy::{Pack, Province, Scope};
use parasol_runtime::identity::{Principal, Role};
use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, Order, QueryFilter, QueryOrder, QuerySelect, RelationDef,
    SelectTwo,
};

use crate::filings;
use crate::tables::{orders, replacements, skus, units};
use crate::unreadable;

/// A unit as it was sold.
pub(crate) struct Sold {
    pub order: orders::Model,
    pub sku: skus::Model,
    pub category: Category,
    pub promises: Vec<Promise>,
    /// Promises that only a policy pack knows, by id.
    pub promise_ids: Vec<String>,
    /// What came with it as a gift.
    pub gifts: Vec<Gift>,
    /// Whether this is the unit that was given for the one sold.
    pub is_exchanged: bool,
}

/// What a customer says when filing, as far as the log keeps it.
pub(crate) struct Claim {
    pub kind: CaseKind,
    pub wish: Option<Remedy>,
    pub symptom: String,
    /// Where the unit stands if not where it was delivered.
    pub county: Option<County>,
    pub declared_intact: bool,
    pub danger: bool,
    pub damaged_on_arrival: bool,
}

impl Claim {
    /// A claim of a kind about which nothing was said yet.
    pub(crate) fn of_kind(kind: CaseKind) -> Self {
        Self {
            kind,
            wish: None,
            symptom: String::new(),
            county: None,
            declared_intact: false,
            danger: false,
            damaged_on_arrival: false,
        }
    }
}

impl Sold {
    /// The unit of an order line, if the caller may know of it.
    ///
    /// # Errors
    /// `ORDER_LINE_UNKNOWN`: there is none, or none for this caller.
    pub(crate) async fn for_caller(
        store: &Store,
        principal: &Principal,
        line: &OrderLineId,
    ) -> Result<Self, Error> {
        let found = Self::of_line(store, line.as_str()).await?;
        let owned = |sold: &Self| {
            principal.role != Role::Customer
                || sold.order.customer == customer_id(&principal.subject).uuid()
        };
        found.filter(owned).ok_or_else(|| {
            Error::field("order_line", Reason::OrderLineUnknown, "an order line of the customer")
        })
    }

    /// The unit of an order line, as it is there now.
    pub(crate) async fn of_line(store: &Store, line: &str) -> Result<Option<Self>, Error> {
        let Some(sold) = Self::as_sold(store, line).await? else { return Ok(None) };
        let newest = replacements::Entity::find()
            .filter(replacements::Column::OrderLine.eq(line))
            .order_by(replacements::Column::At, Order::Desc)
            .one(store.reader())
            .await
            .map_err(unreadable)?;
        Ok(Some(sold.replaced_by(newest)))
    }

    /// The same as it left the warehouse, whatever was given for it since.
    async fn as_sold(store: &Store, line: &str) -> Result<Option<Self>, Error> {
        let found = sold().filter(orders::Column::OrderLine.eq(line)).one(store.reader()).await;
        found.map_err(unreadable)?.map(complete).transpose()
    }

    /// The unit that was given for it: its periods run from the day it was handed over (三包 art. 14).
    /// Which promises that used up is the policy's to say.
    fn replaced_by(mut self, unit: Option<replacements::Model>) -> Self {
        let Some(unit) = unit else { return self };
        self.is_exchanged = true;
        self.order.serial = unit.serial;
        self.order.delivered_at = unit.at;
        if self.order.installed_at != 0 {
            self.order.installed_at = unit.at;
        }
        self
    }

    /// The unit with this serial, sold or given for another.
    pub(crate) async fn of_serial(store: &Store, serial: &Serial) -> Result<Option<Self>, Error> {
        let key = serial.as_str().to_owned();
        let unit = units::Entity::find_by_id(key.clone()).one(store.reader()).await;
        if let Some(unit) = unit.map_err(unreadable)? {
            return Self::as_sold(store, &unit.order_line).await;
        }
        let given = replacements::Entity::find_by_id(key).one(store.reader()).await;
        let Some(given) = given.map_err(unreadable)? else { return Ok(None) };
        let sold = Self::as_sold(store, &given.order_line).await?;
        Ok(sold.map(|sold| sold.replaced_by(Some(given))))
    }

    /// The serial that a unit was given for, and the one that was given for it; empty where there is none.
    pub(crate) async fn lineage(store: &Store, serial: &Serial) -> Result<(String, String), Error> {
        let key = serial.as_str();
        let given = replacements::Entity::find_by_id(key.to_owned()).one(store.reader());
        let later = replacements::Entity::find()
            .filter(replacements::Column::Replaces.eq(key))
            .one(store.reader());
        let (given, later) = futures::try_join!(given, later).map_err(unreadable)?;
        let replaces = given.map_or_else(String::new, |row| row.replaces);
        Ok((replaces, later.map_or_else(String::new, |row| row.serial)))
    }

    /// What a customer bought, newest first, at most `limit`.
    pub(crate) async fn of_customer(
        store: &Store,
        customer: CustomerId,
        limit: u64,
    ) -> Result<Vec<Self>, Error> {
        let bought = sold()
            .filter(orders::Column::Customer.eq(customer.uuid()))
            .order_by(orders::Column::DeliveredAt, Order::Desc)
            .order_by(orders::Column::OrderLine, Order::Desc)
            .limit(limit)
            .all(store.reader())
            .await
            .map_err(unreadable)?;
        let bought: Vec<Self> = bought.into_iter().map(complete).collect::<Result<_, _>>()?;
        let lines = bought.iter().map(|sold| sold.order.order_line.as_str());
        let given = replacements::Entity::find()
            .filter(replacements::Column::OrderLine.is_in(lines))
            .order_by(replacements::Column::At, Order::Asc)
            .all(store.reader())
            .await
            .map_err(unreadable)?;
        // The last one of a line stands.
        let mut newest: HashMap<String, replacements::Model> =
            given.into_iter().map(|row| (row.order_line.clone(), row)).collect();
        let now = |sold: Self| {
            let unit = newest.remove(&sold.order.order_line);
            sold.replaced_by(unit)
        };
        Ok(bought.into_iter().map(now).collect())
    }

    /// Who bought it.
    pub(crate) fn customer(&self) -> CustomerId {
        CustomerId::new(self.order.customer)
    }

    /// When it was delivered.
    pub(crate) fn delivered_at(&self) -> Timestamp {
        Timestamp::from_micros(self.order.delivered_at)
    }

    /// When it was installed, if it was.
    pub(crate) fn installed_at(&self) -> Option<Timestamp> {
        (self.order.installed_at != 0).then(|| Timestamp::from_micros(self.order.installed_at))
    }

    /// What a claim about it filed at `now` would pin, under a pack and after its earlier cases.
    pub(crate) fn filing(
        &self,
        claim: Claim,
        earlier: &[Case],
        pack: &Pack,
        now: Timestamp,
    ) -> Result<Filing, Error> {
        // Where the seller installs, no period begins before that is done.
        let installs = self.sku.seller_installs != 0;
        let installed_at = installs.then(|| self.installed_at().unwrap_or(now));
        let county = match claim.county {
            Some(county) => county,
            None => self.order.county.parse().map_err(defect)?,
        };
        let province = Province::of(&county).ok();
        let used = |id: &str| self.is_used_up(id, earlier, pack, province, now);
        let mut promises = self.promises.clone();
        promises.retain(|promise| !used(promise.as_str()));
        let terms = self.terms(pack, province, claim.kind, now, used);
        let prior_repairs = filings::repairs_done(earlier, &self.order.serial, &claim.symptom);
        let repairs_before = filings::repairs_before(earlier, &self.order.serial, &claim.symptom);
        let settings = province.map(|one| pack.settings(now.shanghai_day(), one));
        Ok(Filing {
            customer: self.customer(),
            order_line: self.order.order_line.parse().map_err(defect)?,
            sku: self.order.sku.parse().map_err(defect)?,
            brand: self.sku.brand.parse().map_err(defect)?,
            category: self.category,
            serial: self.order.serial.parse().map_err(defect)?,
            county,
            kind: claim.kind,
            wants: claim.wish,
            symptom: claim.symptom,
            received_at: self.delivered_at(),
            installed_at,
            price_fen: self.order.price_fen,
            promises,
            terms,
            policy: pack.version().to_string(),
            prior_repairs,
            repairs_before,
            gifts: self.gifts.clone(),
            contract: settings.map_or_else(Contract::default, |settings| settings.contract),
            declared_intact: claim.declared_intact,
            danger: claim.danger,
            damaged_on_arrival: claim.damaged_on_arrival,
        })
    }

    /// A promise that gives a single exchange is used up by it, unless the policy gives it anew with the
    /// exchanged unit.
    fn is_used_up(
        &self,
        id: &str,
        earlier: &[Case],
        pack: &Pack,
        province: Option<Province>,
        now: Timestamp,
    ) -> bool {
        let settings = province.map(|one| pack.settings(now.shanghai_day(), one));
        let anew = settings.is_some_and(|settings| settings.promise_again_after_exchange);
        let is_once = pack.promises().iter().any(|row| row.once && row.id == id);
        is_once && !anew && (self.is_exchanged || filings::was_exchanged(earlier))
    }

    /// Of the promises that came with it those that its earlier cases have used up, by id.
    pub(crate) fn used_up(&self, earlier: &[Case], pack: &Pack, now: Timestamp) -> Vec<String> {
        let province = self.order.county.parse().ok();
        let province = province.and_then(|county| Province::of(&county).ok());
        let known = self.promises.iter().map(|promise| promise.as_str());
        let all = known.chain(self.promise_ids.iter().map(String::as_str));
        let used = all.filter(|id| self.is_used_up(id, earlier, pack, province, now));
        used.map(str::to_owned).collect()
    }

    /// The terms of promises as they stand today: what everybody has, and what came with the unit.
    fn terms(
        &self,
        pack: &Pack,
        province: Option<Province>,
        kind: CaseKind,
        now: Timestamp,
        used: impl Fn(&str) -> bool,
    ) -> Vec<Term> {
        let Some(province) = province else { return Vec::new() };
        let (brand, filed_on) = (self.sku.brand.as_str(), now.shanghai_day());
        let unit = Scope { category: self.category, brand, province, kind, filed_on };
        let known = self.promises.iter().map(|promise| promise.as_str());
        let with_unit: Vec<&str> =
            known.chain(self.promise_ids.iter().map(String::as_str)).collect();
        let mut terms = pack.terms(&unit, &with_unit);
        terms.retain(|term| !used(&term.promise));
        terms
    }

    /// As the wire shows it, with the promises that are used up.
    pub(crate) fn unit(&self, used_up: Vec<String>) -> v1::Unit {
        let (order, sku) = (&self.order, &self.sku);
        v1::Unit {
            serial: order.serial.clone(),
            order_line: order.order_line.clone(),
            sku: order.sku.clone(),
            brand: sku.brand.clone(),
            category: self.category.number(),
            model: sku.model.clone(),
            name_zh: sku.name_zh.clone(),
            name_en: sku.name_en.clone(),
            price: Some(to_money(order.price_fen)),
            delivered_at: Some(to_timestamp(self.delivered_at())),
            installed_at: self.installed_at().map(to_timestamp),
            promises: self.promises.iter().map(|promise| promise.number()).collect(),
            promise_ids: self.promise_ids.clone(),
            used_promise_ids: used_up,
            gifts: self.gifts.iter().map(|gift| gift.sku.to_string()).collect(),
        }
    }
}

/// Order lines with what was sold on them.
fn sold() -> SelectTwo<orders::Entity, skus::Entity> {
    let sku: RelationDef = orders::Entity::belongs_to(skus::Entity)
        .from(orders::Column::Sku)
        .to(skus::Column::Sku)
        .into();
    orders::Entity::find().join(JoinType::LeftJoin, sku).select_also(skus::Entity)
}

fn complete((order, sku): (orders::Model, Option<skus::Model>)) -> Result<Sold, Error> {
    let read = || -> Result<Sold, Box<dyn std::error::Error + Send + Sync>> {
        let sku = sku.ok_or("an order line names a stock keeping unit nobody imported")?;
        let category = Category::parse(&sku.category).ok_or("a category nobody knows")?;
        let ids: Vec<String> = serde_json::from_str(&order.promises)?;
        let gifts = serde_json::from_str(&order.gifts)?;
        let promises = ids.iter().filter_map(|id| Promise::parse(id)).collect();
        let promise_ids = ids.into_iter().filter(|id| Promise::parse(id).is_none()).collect();
        Ok(Sold { order, sku, category, promises, promise_ids, gifts, is_exchanged: false })
    };
    read().map_err(defect)
}

/// A row that the import must not have let in.
fn defect(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::internal(cause)
}
