//! Goods of the brand and orders for them, made for a run, where the brand's network comes.

use std::collections::HashMap;

use anyhow::Context as _;
use parasol_api::admin::v1::{Centre, ListCentresRequest, ListCentresResponse};
use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1::order_service_client::OrderServiceClient;
use parasol_api::intake::v1::{
    CustomerRow, ImportOrdersRequest, OrderRow, SkuRow, import_orders_request::Content,
};
use parasol_api::limits::PAGE_SIZE_MAX;
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::identity::Principal;
use uuid::Uuid;

use super::moves::Unit;
use crate::demo::Wire;

const LIST_CENTRES: &str = "/parasol.admin.v1.NetworkService/ListCentres";
/// Pages of centres that are read at most.
const PAGES_MAX: usize = 50;

/// Where the units stand and what they are.
#[derive(Clone, Debug)]
pub struct Goods {
    pub brand: String,
    pub county: String,
    pub category: i32,
    /// Centres that go there.
    pub centres: usize,
}

impl Goods {
    /// The county and category that most centres of a brand serve.
    pub async fn of(wire: &Wire, operator: &Principal, brand: &str) -> anyhow::Result<Self> {
        let mut served: HashMap<(String, i32), usize> = HashMap::new();
        for centre in &centres(wire, operator, brand).await? {
            for area in &centre.coverage {
                for category in &area.categories {
                    *served.entry((area.county.clone(), *category)).or_default() += 1;
                }
            }
        }
        let most = served.into_iter().max_by_key(|(place, count)| (*count, place.clone()));
        let ((county, category), centres) = most.with_context(|| {
            format!("brand {brand} has no centre that goes anywhere on this platform; import its network first")
        })?;
        Ok(Self { brand: brand.to_owned(), county, category, centres })
    }

    /// Sells a unit to somebody, two months before `now`.
    pub async fn sell(
        &self,
        wire: &Wire,
        retailer: &Principal,
        (run, nth): (Uuid, u64),
        now: Timestamp,
    ) -> anyhow::Result<Unit> {
        let tag = &run.simple().to_string()[20..];
        let sku = format!("CONFORMANCE-{}-{}", self.brand, self.category);
        let unit = Unit {
            order_line: format!("CF{tag}{nth:04}-1"),
            serial: format!("CFSN{tag}{nth:04}"),
            customer: format!("cf-{tag}-{nth}"),
            sku: sku.clone(),
        };
        let rows = [
            Content::Sku(SkuRow {
                sku: sku.clone(),
                brand: self.brand.clone(),
                category: self.category,
                model: sku,
                name_zh: "一致性测试样机".to_owned(),
                name_en: "Conformance unit".to_owned(),
                seller_installs: false,
            }),
            Content::Order(OrderRow {
                order_line: unit.order_line.clone(),
                sku: unit.sku.clone(),
                serial: unit.serial.clone(),
                price_fen: 299_900,
                delivered_at: Some(to_timestamp(now - Span::days(60))),
                installed_at: None,
                promises: Vec::new(),
                promise_ids: Vec::new(),
                gifts: Vec::new(),
                gift_prices_fen: Vec::new(),
                customer: Some(CustomerRow {
                    customer: unit.customer.clone(),
                    name: "测试".to_owned(),
                    phone: "19900000000".to_owned(),
                    address: "1 Conformance Road".to_owned(),
                    county: self.county.clone(),
                    location: None,
                }),
            }),
        ];
        let request_id = Uuid::new_v5(&run, format!("sell/{nth}").as_bytes()).to_string();
        let messages: Vec<_> = (1_i64..)
            .zip(rows)
            .map(|(row, content)| ImportOrdersRequest {
                request_id: request_id.clone(),
                row,
                content: Some(content),
            })
            .collect();
        let request = wire.request(retailer, tokio_stream::iter(messages))?;
        let mut client = OrderServiceClient::new(wire.channel());
        let answer = client.import_orders(request).await?.into_inner();
        let first = answer.results.iter().find(|row| !row.reason.is_empty());
        anyhow::ensure!(answer.refused == 0, "an order was refused: {first:?}");
        Ok(unit)
    }
}

/// Every centre of a brand.
async fn centres(wire: &Wire, operator: &Principal, brand: &str) -> anyhow::Result<Vec<Centre>> {
    let mut all = Vec::new();
    let page_size = i32::try_from(PAGE_SIZE_MAX).unwrap_or(i32::MAX);
    let mut message =
        ListCentresRequest { page_size, brand: brand.to_owned(), ..Default::default() };
    for _ in 0..PAGES_MAX {
        let page: ListCentresResponse = wire.ask(operator, LIST_CENTRES, &message).await?;
        all.extend(page.centres);
        if page.next_page_token.is_empty() {
            break;
        }
        message.page_token = page.next_page_token;
    }
    Ok(all)
}
