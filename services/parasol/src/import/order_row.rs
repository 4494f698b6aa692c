//! Rows of orders and filings as files write them, and the same as the contract does.

use parasol_api::Listed as _;
use parasol_api::common::v1::GeoPoint;
use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1;
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::{CaseKind, Category, Promise, Remedy};
use serde::{Deserialize, Deserializer, de};

/// A line of `skus.jsonl`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sku {
    sku: String,
    brand: String,
    category: Category,
    model: String,
    name_zh: String,
    name_en: String,
    seller_installs: bool,
}

/// A line of `orders.jsonl`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    order_line: String,
    sku: String,
    serial: String,
    price_fen: i64,
    delivered_at: Instant,
    // Named here, the field may be null but not be missing.
    #[serde(deserialize_with = "Option::deserialize")]
    installed_at: Option<Instant>,
    promises: Vec<Promise>,
    /// Promises that only a policy pack knows.
    #[serde(default)]
    promise_ids: Vec<String>,
    #[serde(default)]
    gifts: Vec<String>,
    #[serde(default)]
    gift_prices_fen: Vec<i64>,
    customer: Customer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Customer {
    customer: String,
    name: String,
    phone: String,
    address: String,
    county: String,
    #[serde(default)]
    location: Option<Location>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Location {
    lat: f64,
    lon: f64,
}

impl From<Location> for GeoPoint {
    fn from(Location { lat, lon }: Location) -> Self {
        Self { lat, lon }
    }
}

/// A line of `filings.jsonl`. Which players' course it is made for is no matter of the product.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filing {
    order_line: String,
    kind: CaseKind,
    wants: Remedy,
    symptom: String,
    description: String,
    #[serde(rename = "story")]
    _story: Option<de::IgnoredAny>,
}

struct Instant(Timestamp);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::parse(&text).map(Self).ok_or_else(|| {
            de::Error::custom("not an RFC 3339 instant such as 2026-06-08T09:30:00+08:00")
        })
    }
}

impl From<Sku> for v1::SkuRow {
    fn from(row: Sku) -> Self {
        let Sku { sku, brand, category, model, name_zh, name_en, seller_installs } = row;
        let category = category.number();
        Self { sku, brand, category, model, name_zh, name_en, seller_installs }
    }
}

impl From<Order> for v1::OrderRow {
    fn from(row: Order) -> Self {
        let Customer { customer, name, phone, address, county, location } = row.customer;
        let location = location.map(GeoPoint::from);
        Self {
            order_line: row.order_line,
            sku: row.sku,
            serial: row.serial,
            price_fen: row.price_fen,
            delivered_at: Some(to_timestamp(row.delivered_at.0)),
            installed_at: row.installed_at.map(|at| to_timestamp(at.0)),
            promise_ids: row.promise_ids,
            gifts: row.gifts,
            gift_prices_fen: row.gift_prices_fen,
            promises: row.promises.into_iter().map(|promise| promise.number()).collect(),
            customer: Some(v1::CustomerRow { customer, name, phone, address, county, location }),
        }
    }
}

impl From<Filing> for v1::FileCaseRequest {
    fn from(row: Filing) -> Self {
        Self {
            order_line: row.order_line,
            kind: row.kind.number(),
            description: row.description,
            wish: row.wants.number(),
            // Whoever sends a unit back without a reason says so; it is looked at when it arrives.
            declared_intact: row.kind == CaseKind::NoReason,
            symptom: row.symptom,
            ..Self::default()
        }
    }
}
