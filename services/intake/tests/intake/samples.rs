//! Orders and claims to begin with.

use parasol_api::convert::{Listed, to_timestamp};
use parasol_api::intake::v1::import_orders_request::Content;
use parasol_api::intake::v1::intake_service_server::IntakeService;
use parasol_api::intake::v1::{
    CustomerRow, FileCaseRequest, FileCaseResponse, ImportOrdersRequest, OrderRow, SkuRow,
};
use parasol_journey::ids::CaseId;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::{CaseKind, Category, Promise};
use parasol_runtime::identity::Principal;

use crate::world::{World, by, id, retailer, start};

/// A fridge.
pub const FRIDGE: &str = "AUR-RF-468";
/// A range hood, which the seller installs.
pub const HOOD: &str = "MUY-RH-26";

pub fn sku(sku: &str, category: Category, seller_installs: bool) -> SkuRow {
    SkuRow {
        sku: sku.to_owned(),
        brand: "aurora".to_owned(),
        category: category.number(),
        model: "RF-468".to_owned(),
        name_zh: "朔光十字门冰箱468升".to_owned(),
        name_en: "Aurora fridge 468 L".to_owned(),
        seller_installs,
    }
}

/// Line `L-n` with the unit `S-n`, delivered three days ago to the customer `u-n`.
pub fn order(n: u32) -> OrderRow {
    OrderRow {
        order_line: format!("L-{n}"),
        sku: FRIDGE.to_owned(),
        serial: format!("S-{n}"),
        price_fen: 399_900,
        delivered_at: Some(to_timestamp(start() - Span::days(3))),
        installed_at: None,
        promises: Vec::new(),
        promise_ids: Vec::new(),
        gifts: Vec::new(),
        gift_prices_fen: Vec::new(),
        customer: Some(CustomerRow {
            customer: format!("u-{n}"),
            name: "张芳".to_owned(),
            phone: format!("1990000{n:04}"),
            address: "某路1号".to_owned(),
            county: "330106".to_owned(),
            location: None,
        }),
    }
}

pub fn sold(n: u32, delivered: Timestamp, promises: &[Promise]) -> OrderRow {
    OrderRow {
        delivered_at: Some(to_timestamp(delivered)),
        promises: promises.iter().map(|promise| promise.number()).collect(),
        ..order(n)
    }
}

/// Rows of one import, numbered by their places.
pub fn rows(request: u128, content: impl IntoIterator<Item = Content>) -> Vec<ImportOrdersRequest> {
    let content = content.into_iter();
    content
        .map(|content| ImportOrdersRequest {
            request_id: id(request),
            row: 0,
            content: Some(content),
        })
        .collect()
}

pub fn both_skus() -> [Content; 2] {
    [
        Content::Sku(sku(FRIDGE, Category::Refrigerator, false)),
        Content::Sku(sku(HOOD, Category::RangeHood, true)),
    ]
}

/// A world in which these were sold.
pub async fn world_with(orders: impl IntoIterator<Item = OrderRow>) -> World {
    sold_in(World::new().await, orders).await
}

/// The same on a database server.
pub async fn world_on_postgres(name: &str, orders: impl IntoIterator<Item = OrderRow>) -> World {
    sold_in(World::on_postgres(name).await, orders).await
}

async fn sold_in(world: World, orders: impl IntoIterator<Item = OrderRow>) -> World {
    let content = both_skus().into_iter().chain(orders.into_iter().map(Content::Order));
    let answer = world.import(retailer(), rows(1_000_000, content)).await.unwrap();
    assert_eq!(answer.refused, 0, "{answer:?}");
    world
}

/// A claim about line `L-n`.
pub fn claim(n: u32, request: u128) -> FileCaseRequest {
    FileCaseRequest {
        request_id: id(request),
        order_line: format!("L-{n}"),
        kind: CaseKind::Quality.number(),
        description: "冷藏室不制冷".to_owned(),
        symptom: "not_cooling".to_owned(),
        ..FileCaseRequest::default()
    }
}

pub async fn file(world: &World, caller: &Principal, claim: FileCaseRequest) -> FileCaseResponse {
    world.intake.file_case(by(caller, claim)).await.unwrap().into_inner()
}

pub fn case_of(answer: &FileCaseResponse) -> CaseId {
    answer.case.as_ref().unwrap().case_id.parse().unwrap()
}
