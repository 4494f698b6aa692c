//! The networks and the orders the benchmarks run on, made through the public API.

use std::ops::Range;

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

/// The brand whose cases are driven to their end.
pub const BRAND: &str = "bench";
/// Technicians of each centre of that brand.
pub const TECHNICIANS: usize = 2;
/// What a centre may take a day, at most.
pub const VISITS_A_DAY: usize = 1_000;

/// The network of that brand: two centres in each county, which go to no other.
pub const NETWORK: Network<'_> =
    Network { brand: BRAND, counties: 100, centres: 200, reach: 1, technicians: TECHNICIANS };

/// The network of one brand.
#[derive(Clone, Copy, Debug)]
pub struct Network<'a> {
    /// The brand.
    pub brand: &'a str,
    /// Counties the units stand in, in turn.
    pub counties: usize,
    /// Centres, spread evenly over the counties.
    pub centres: usize,
    /// Counties each centre goes to: its own and those after it.
    pub reach: usize,
    /// Technicians of each centre.
    pub technicians: usize,
}

impl Network<'_> {
    fn county(&self, nth: usize) -> String {
        format!("{}", 330_000 + nth % self.counties)
    }

    /// The counties a centre goes to, its own first.
    fn served(&self, centre: usize) -> impl Iterator<Item = String> {
        let apart = (self.counties / self.centres).max(1);
        (0..self.reach).map(move |nth| self.county(centre * apart + nth))
    }

    fn centre(&self, nth: usize) -> String {
        format!("{}-{nth:04}", self.brand)
    }

    fn sku(&self) -> String {
        format!("{}-1", self.brand.to_uppercase())
    }
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

/// Imports a network and the orders of these units.
pub async fn build(
    wire: &Wire,
    network: &Network<'_>,
    units: Range<usize>,
    now: Timestamp,
) -> anyhow::Result<()> {
    import_network(wire, network).await?;
    for from in units.clone().step_by(IMPORT_ROWS_MAX - 1) {
        let to = units.end.min(from + IMPORT_ROWS_MAX - 1);
        import_orders(wire, network, from..to, now).await?;
    }
    Ok(())
}

async fn import_network(wire: &Wire, network: &Network<'_>) -> anyhow::Result<()> {
    let mut rows = vec![NetworkRow::Brand(Brand {
        brand: network.brand.to_owned(),
        name_zh: "基准".to_owned(),
        name_en: "Bench".to_owned(),
        mode: "api".to_owned(),
        hotline: "400-000-0199".to_owned(),
        ..Brand::default()
    })];
    rows.extend((0..network.centres).map(|nth| NetworkRow::Centre(centre_row(network, nth))));
    for nth in 0..network.centres {
        let centre = network.centre(nth);
        let people = (0..network.technicians).map(|person| technician_row(&centre, person));
        rows.extend(people.map(NetworkRow::Technician));
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

fn centre_row(network: &Network<'_>, nth: usize) -> Centre {
    let category = Category::Refrigerator.number();
    let serve = |county| Coverage { county, categories: vec![category], ..Coverage::default() };
    let visits = i32::try_from(VISITS_A_DAY).unwrap_or(i32::MAX);
    Centre {
        centre: network.centre(nth),
        brand: network.brand.to_owned(),
        name_zh: format!("基准网点{nth}"),
        name_en: format!("Bench centre {nth}"),
        phone: "400-000-0198".to_owned(),
        county: network.served(nth).next().unwrap_or_default(),
        address: "1 Bench Road".to_owned(),
        lat: 30.2,
        lon: 120.1,
        coverage: network.served(nth).map(serve).collect(),
        daily_capacity: vec![CategoryCapacity { category, visits }],
        ..Centre::default()
    }
}

fn technician_row(centre: &str, person: usize) -> Technician {
    Technician {
        technician: technician(centre, person),
        centre: centre.to_owned(),
        name: format!("技师{person}"),
        phone: "19800000000".to_owned(),
        skills: vec![Skill {
            category: Category::Refrigerator.number(),
            level: 3,
            ..Skill::default()
        }],
        certificates: vec![License {
            kind: "electrician".to_owned(),
            number: format!("E-{person:04}"),
            valid_until: "2099-12-31".to_owned(),
            ..License::default()
        }],
        shifts: (1..=7).map(whole_day).collect(),
        ..Technician::default()
    }
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
    network: &Network<'_>,
    units: Range<usize>,
    now: Timestamp,
) -> anyhow::Result<()> {
    let delivered_at = Some(to_timestamp(now - Span::days(60)));
    let sku = OrderLine::Sku(SkuRow {
        sku: network.sku(),
        brand: network.brand.to_owned(),
        category: Category::Refrigerator.number(),
        model: network.sku(),
        name_zh: "基准冰箱".to_owned(),
        name_en: "Bench fridge".to_owned(),
        seller_installs: false,
    });
    let orders = units.map(|unit| {
        OrderLine::Order(OrderRow {
            order_line: order_line(unit),
            sku: network.sku(),
            serial: serial(unit),
            price_fen: 399_900,
            delivered_at,
            installed_at: None,
            promises: Vec::new(),
            promise_ids: Vec::new(),
            gifts: Vec::new(),
            gift_prices_fen: Vec::new(),
            customer: Some(CustomerRow {
                customer: customer(unit),
                name: "测试".to_owned(),
                phone: "19900000000".to_owned(),
                address: "1 Bench Road".to_owned(),
                county: network.county(unit),
                location: None,
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
