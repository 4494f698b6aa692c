//! The network and the orders the benchmark runs on, made through the public API.

use parasol_api::admin::v1::network_service_client::NetworkServiceClient;
use parasol_api::admin::v1::{
    Brand, CategoryCapacity, Centre, Coverage, ImportNetworkRequest, License, Shift, Skill,
    Technician, import_network_request::Content as NetworkRow,
};
use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1::order_service_client::OrderServiceClient;
use parasol_api::intake::v1::{
    CustomerRow, ImportOrdersRequest, OrderRow, SkuRow, import_orders_request::Content as OrderLine,
};
use parasol_api::{Listed as _, limits::IMPORT_ROWS_MAX};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::Category;
use parasol_runtime::identity::{Principal, Role};
use uuid::Uuid;

use crate::demo::Wire;

/// The one brand.
pub const BRAND: &str = "bench";
/// Counties the units stand in; each has centres of its own, as a real network has.
pub const COUNTIES: usize = 100;
/// Centres of each county.
pub const CENTRES: usize = 2;
/// Technicians of each centre.
pub const TECHNICIANS: usize = 2;
/// What a centre may take a day and category, at most.
const VISITS_A_DAY: i32 = 1_000;
const SKU: &str = "BENCH-1";

/// A county.
fn county(nth: usize) -> String {
    format!("{}", 330_000 + nth % COUNTIES)
}

fn centre(county: usize, nth: usize) -> String {
    format!("bench-{county:02}-{nth}")
}

/// A technician of a centre.
pub fn technician(centre: &str, nth: usize) -> String {
    format!("{centre}-t{:02}", nth % TECHNICIANS)
}

/// The customer of a unit.
pub fn customer(unit: usize) -> String {
    format!("bench-u{unit}")
}

/// The order line of a unit.
pub fn order_line(unit: usize) -> String {
    format!("BENCH{unit}-1")
}

/// The serial of a unit.
pub fn serial(unit: usize) -> String {
    format!("BENCHSN{unit:08}")
}

/// Imports the network and so many orders.
pub async fn build(wire: &Wire, units: usize, now: Timestamp) -> anyhow::Result<()> {
    import_network(wire).await?;
    for from in (0..units).step_by(IMPORT_ROWS_MAX - 1) {
        let to = units.min(from + IMPORT_ROWS_MAX - 1);
        import_orders(wire, from..to, now).await?;
    }
    Ok(())
}

async fn import_network(wire: &Wire) -> anyhow::Result<()> {
    let mut rows = vec![NetworkRow::Brand(Brand {
        brand: BRAND.to_owned(),
        name_zh: "基准".to_owned(),
        name_en: "Bench".to_owned(),
        mode: "api".to_owned(),
        hotline: "400-000-0199".to_owned(),
    })];
    let category = Category::Refrigerator.number();
    let all = || (0..COUNTIES).flat_map(|place| (0..CENTRES).map(move |nth| (place, nth)));
    rows.extend(all().map(|(place, nth)| {
        NetworkRow::Centre(Centre {
            centre: centre(place, nth),
            brand: BRAND.to_owned(),
            name_zh: format!("基准网点{place}-{nth}"),
            name_en: format!("Bench centre {place}-{nth}"),
            phone: "400-000-0198".to_owned(),
            county: county(place),
            address: "1 Bench Road".to_owned(),
            lat: 30.2,
            lon: 120.1,
            coverage: vec![Coverage { county: county(place), categories: vec![category] }],
            daily_capacity: vec![CategoryCapacity { category, visits: VISITS_A_DAY }],
        })
    }));
    for (place, nth) in all() {
        let centre = centre(place, nth);
        rows.extend((0..TECHNICIANS).map(|person| {
            NetworkRow::Technician(Technician {
                technician: technician(&centre, person),
                centre: centre.clone(),
                name: format!("技师{person}"),
                phone: "19800000000".to_owned(),
                skills: vec![Skill { category, level: 3 }],
                certificates: vec![License {
                    kind: "electrician".to_owned(),
                    number: format!("E-{person:04}"),
                    valid_until: "2099-12-31".to_owned(),
                }],
                shifts: (1..=7).map(whole_day).collect(),
            })
        }));
    }
    let request_id = fresh_id();
    let messages: Vec<_> = (1_i64..)
        .zip(rows)
        .map(|(row, content)| ImportNetworkRequest {
            request_id: request_id.clone(),
            row,
            content: Some(content),
        })
        .collect();
    let player = Principal::new(Role::Operator, "bench");
    let request = wire.request(&player, tokio_stream::iter(messages))?;
    let mut client = NetworkServiceClient::new(wire.channel());
    let answer = client.import_network(request).await?.into_inner();
    let first = answer.results.iter().find(|row| !row.reason.is_empty());
    anyhow::ensure!(answer.refused == 0, "network rows were refused, first {first:?}");
    Ok(())
}

fn whole_day(weekday: i32) -> Shift {
    Shift {
        weekday,
        from: "00:00".to_owned(),
        to: "23:30".to_owned(),
        break_from: String::new(),
        break_to: String::new(),
    }
}

async fn import_orders(
    wire: &Wire,
    units: std::ops::Range<usize>,
    now: Timestamp,
) -> anyhow::Result<()> {
    let delivered_at = Some(to_timestamp(now - Span::days(60)));
    let sku = OrderLine::Sku(SkuRow {
        sku: SKU.to_owned(),
        brand: BRAND.to_owned(),
        category: Category::Refrigerator.number(),
        model: SKU.to_owned(),
        name_zh: "基准冰箱".to_owned(),
        name_en: "Bench fridge".to_owned(),
        seller_installs: false,
    });
    let orders = units.map(|unit| {
        OrderLine::Order(OrderRow {
            order_line: order_line(unit),
            sku: SKU.to_owned(),
            serial: serial(unit),
            price_fen: 399_900,
            delivered_at,
            installed_at: None,
            promises: Vec::new(),
            customer: Some(CustomerRow {
                customer: customer(unit),
                name: "测试".to_owned(),
                phone: "19900000000".to_owned(),
                address: "1 Bench Road".to_owned(),
                county: county(unit),
            }),
        })
    });
    let request_id = fresh_id();
    let messages: Vec<_> = (1_i64..)
        .zip(std::iter::once(sku).chain(orders))
        .map(|(row, content)| ImportOrdersRequest {
            request_id: request_id.clone(),
            row,
            content: Some(content),
        })
        .collect();
    let player = Principal::new(Role::Retailer, "bench");
    let request = wire.request(&player, tokio_stream::iter(messages))?;
    let mut client = OrderServiceClient::new(wire.channel());
    let answer = client.import_orders(request).await?.into_inner();
    let first = answer.results.iter().find(|row| !row.reason.is_empty());
    anyhow::ensure!(answer.refused == 0, "orders were refused, first {first:?}");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a client makes its own request ids")]
fn fresh_id() -> String {
    Uuid::new_v4().to_string()
}
