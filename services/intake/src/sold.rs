//! A unit as it was sold: one order line with its stock keeping unit.

use parasol_api::convert::{Listed, to_money, to_timestamp};
use parasol_api::intake::v1;
use parasol_api::{Error, Reason};
use parasol_casebook::Store;
use parasol_desk::customer_id;
use parasol_journey::event::Filing;
use parasol_journey::ids::{County, CustomerId, OrderLineId, Serial};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::{CaseKind, Category, Promise, Remedy};
use parasol_runtime::identity::{Principal, Role};
use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, Order, QueryFilter, QueryOrder, QuerySelect, RelationDef,
    SelectTwo,
};

use crate::tables::{orders, skus, units};
use crate::unreadable;

/// A unit as it was sold.
pub(crate) struct Sold {
    pub order: orders::Model,
    pub sku: skus::Model,
    pub category: Category,
    pub promises: Vec<Promise>,
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

    /// The unit of an order line.
    pub(crate) async fn of_line(store: &Store, line: &str) -> Result<Option<Self>, Error> {
        let found = sold().filter(orders::Column::OrderLine.eq(line)).one(store.reader()).await;
        found.map_err(unreadable)?.map(complete).transpose()
    }

    /// The unit with this serial.
    pub(crate) async fn of_serial(store: &Store, serial: &Serial) -> Result<Option<Self>, Error> {
        let unit = units::Entity::find_by_id(serial.as_str().to_owned()).one(store.reader()).await;
        match unit.map_err(unreadable)? {
            Some(unit) => Self::of_line(store, &unit.order_line).await,
            None => Ok(None),
        }
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
        bought.into_iter().map(complete).collect()
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

    /// What a claim about it filed at `now` would pin.
    pub(crate) fn filing(
        &self,
        claim: Claim,
        prior_repairs: u32,
        policy: &str,
        now: Timestamp,
    ) -> Result<Filing, Error> {
        // Where the seller installs, no period begins before that is done.
        let installs = self.sku.seller_installs != 0;
        let installed_at = installs.then(|| self.installed_at().unwrap_or(now));
        let county = match claim.county {
            Some(county) => county,
            None => self.order.county.parse().map_err(defect)?,
        };
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
            promises: self.promises.clone(),
            policy: policy.to_owned(),
            prior_repairs,
            declared_intact: claim.declared_intact,
            danger: claim.danger,
            damaged_on_arrival: claim.damaged_on_arrival,
        })
    }

    /// As the wire shows it.
    pub(crate) fn unit(&self) -> v1::Unit {
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
        let promises = serde_json::from_str(&order.promises)?;
        Ok(Sold { order, sku, category, promises })
    };
    read().map_err(defect)
}

/// A row that the import must not have let in.
fn defect(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::internal(cause)
}
