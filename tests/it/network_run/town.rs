//! Two brands in one county with six centres each, the orders, and the customers who file and confirm.

use parasol::conformance::moves::{self, Caller, Moved, Unit};
use parasol::import::Source;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{Case, Stage};
use parasol_runtime::identity::{Principal, Role};
use parasol_runtime::transport::local;
use prost::Message as _;
use uuid::Uuid;

use crate::house::{House, texts};
use crate::rows;

/// The brand that works by gRPC alone.
pub const REED: &str = "reed";
/// The brand that is told by webhooks and works over REST.
pub const MOSS: &str = "moss";

const COUNTY: &str = "330106";
const CENTRES: usize = 6;
const TECHNICIANS: usize = 4;
/// Names the space of the customers' request ids.
const CUSTOMERS: Uuid = Uuid::from_u128(0x7a6e_0001_26d1_5f0e_9c55_0f6e_8d1a_7b32);

/// The node with both networks, and everybody who is no brand.
pub struct Town {
    pub house: House,
    pub customers: Caller,
    operator: Principal,
    advanced: u64,
}

/// What changed last of an offer or a work order, as the tables have it.
#[derive(Clone, Debug)]
pub struct Changed {
    pub id: String,
    pub version: u64,
}

impl Town {
    pub async fn open(cases: usize) -> Self {
        let house = House::set(&[("webhooks.loopback", "true")]).await;
        house.load(network(cases)).await;
        let customers = caller(&house, &house.node.grpc.to_string());
        let operator = Principal::new(Role::Operator, "tests");
        Self { house, customers, operator, advanced: 0 }
    }

    pub fn now(&self) -> Timestamp {
        self.house.node.clock.now()
    }

    /// Customers of a brand file for these units.
    pub async fn file(&self, brand: &str, units: std::ops::Range<usize>) {
        for nth in units {
            let (customer, unit) = (customer(brand, nth), unit(brand, nth));
            let id = Uuid::new_v5(&CUSTOMERS, unit.serial.as_bytes()).to_string();
            let body = self.customers.send(&moves::file(&customer, &id, &unit)).await;
            let filed = Moved::decode(body.expect("a filing is taken").as_slice());
            assert!(filed.expect("an answer").case.is_some());
        }
    }

    /// Every customer whose case waits for it confirms; says how many did.
    pub async fn confirm(&self) -> usize {
        let mut confirmed = 0;
        for case in self.cases().await.iter().filter(|case| case.stage == Stage::AwaitConfirm) {
            let serial = case.filing.serial.as_str();
            let (brand, nth) = serial.split_once("SN").expect("a serial of this town");
            let brand = brand.to_lowercase();
            let customer = customer(&brand, nth.parse().expect("a number"));
            let id = Uuid::new_v5(&CUSTOMERS, format!("{}/confirm", case.id).as_bytes());
            let ask = moves::confirm(&customer, &id.to_string(), &case.id.to_string());
            self.customers.send(&ask).await.expect("a confirmation is taken");
            confirmed += 1;
        }
        confirmed
    }

    /// Every case.
    pub async fn cases(&self) -> Vec<Case> {
        let store = &self.house.node.store;
        store.cases_after(None, 10_000).await.expect("the store answers")
    }

    /// Returns once the house has done all that is its own to do: nothing is due, no case is at a stage that it
    /// leaves by itself, and every commit is numbered.
    pub async fn settle(&self) {
        for _ in 0..LOOKS_MAX {
            let (store, now) = (&self.house.node.store, self.now());
            let (_, due) = store.overdue(now).await.expect("the store answers");
            let stages = store.cases_by_stage().await.expect("the store answers");
            let own = ["filed", "choosing_centre", "verdict_in", "deciding"];
            let busy = stages.iter().any(|(stage, count)| *count > 0 && own.contains(&&**stage));
            let numbered = store.numbered_until(now).await.expect("the store answers") >= now;
            if due == 0 && !busy && numbered {
                return;
            }
            tokio::task::yield_now().await;
        }
        let stages = self.house.node.store.cases_by_stage().await;
        panic!("the house never came to rest: {stages:?}");
    }

    /// Lets time pass, as an operator does on a test clock.
    pub async fn advance(&mut self, by: Span) {
        use parasol_api::admin::v1::advance_clock_request::Target;
        use parasol_api::admin::v1::{AdvanceClockRequest, AdvanceClockResponse};
        self.advanced += 1;
        let by = prost_types::Duration { seconds: by.micros() / 1_000_000, nanos: 0 };
        let request_id = Uuid::new_v5(&CUSTOMERS, &self.advanced.to_be_bytes()).to_string();
        let message = AdvanceClockRequest { request_id, target: Some(Target::By(by)) };
        let path = "/parasol.admin.v1.OperationsService/AdvanceClock";
        let moved: Result<AdvanceClockResponse, _> =
            self.customers.ask(&self.operator, path, &message).await;
        moved.expect("the clock is moved");
    }

    /// The last change of every offer and work order of a brand.
    pub async fn changed(&self, brand: &str) -> Vec<Changed> {
        let mut all = Vec::new();
        for (table, key) in [("offers", "offer"), ("work_orders", "work_order")] {
            let sql = format!(
                "SELECT lower(hex({key})) || ' ' || changed_seq FROM {table} \
                 WHERE brand = '{brand}'"
            );
            all.extend(texts(&self.house.node.store, &sql).await.iter().map(|row| {
                let (id, version) = row.split_once(' ').expect("an id and a version");
                Changed { id: id.to_owned(), version: version.parse().expect("a version") }
            }));
        }
        all
    }
}

/// How often it is looked whether the house is at rest; each look takes a millisecond or more.
const LOOKS_MAX: usize = 60_000;

/// A caller through an address, with a connection of its own.
pub fn caller(house: &House, address: &str) -> Caller {
    let channel = local::dial(&format!("http://{address}"), &house.limits).expect("an address");
    Caller::new(channel, house.node.tokens())
}

/// A unit of a brand.
pub fn unit(brand: &str, nth: usize) -> Unit {
    let name = brand.to_uppercase();
    Unit {
        order_line: format!("{name}{nth:05}-1"),
        serial: format!("{name}SN{nth:05}"),
        customer: format!("{brand}-u{nth}"),
        sku: format!("{brand}-sku"),
    }
}

fn customer(brand: &str, nth: usize) -> Principal {
    Principal::new(Role::Customer, unit(brand, nth).customer)
}

fn network(cases: usize) -> Vec<Source> {
    let brands = [REED, MOSS];
    let centres = || brands.iter().flat_map(|brand| (0..CENTRES).map(move |nth| (*brand, nth)));
    let of = |(brand, nth): (&str, usize)| format!("{brand}-{nth}");
    let people = centres().flat_map(|centre| {
        let of_centre = move |nth| {
            let centre = of(centre);
            rows::technician(&format!("{centre}-t{nth}"), &centre, "23:30")
        };
        (0..TECHNICIANS).map(of_centre)
    });
    let sold = |brand| move |nth| rows::order(&unit(brand, nth), rows::ANYBODY, COUNTY);
    let rows_of = centres().map(|centre| rows::centre(&of(centre), centre.0, COUNTY, 1_000));
    vec![
        rows::file("brands.jsonl", brands.map(rows::brand)),
        rows::file("centres.jsonl", rows_of),
        rows::file("technicians.jsonl", people),
        rows::file("skus.jsonl", brands.map(rows::sku)),
        rows::file("orders.jsonl", brands.iter().flat_map(|brand| (0..cases).map(sold(brand)))),
    ]
}
