//! Five times as many calls as a process takes, by callers who try again at once: who is refused is told so in the words
//! of the contract and before anything is done, what was acknowledged is kept once, somebody calm is served all the while, and
//! afterwards everything is as before.
//!
//! Times are held against each other only, and generously.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::{join, join_all};
use parasol::conformance::moves::Unit;
use parasol_api::intake::v1::FileCaseRequest;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::{Error, Listed as _, Reason};
use parasol_journey::vocab::{CaseKind, Remedy};
use parasol_runtime::identity::{Principal, Role};
use parasol_runtime::transport::local;
use serde_json::json;
use tokio::time::timeout;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::house::House;
use crate::http::ask;
use crate::rows;

/// Calls that the process takes at a time.
const PLACES: usize = 16;
/// Tenants who flood it, each with as many calls at a time as all of it has places: five times what fits.
const EAGER: usize = 5;
/// The last of them comes by REST, the others by gRPC.
const BY_REST: usize = EAGER - 1;
/// How often everybody asks for the same thing until they are content; the first time it is done.
const ROUNDS: usize = 2;
/// How often a call is tried before the test gives up.
const TRIES_MAX: usize = 200_000;
/// Calls of a measurement.
const SAMPLE: usize = 40;
/// In which time everything has to be as before.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);
/// How many times as long as before the flood a call may take then.
const AS_BEFORE: u32 = 3;

const BRAND: &str = "anvil";
const REQUESTS: Uuid = Uuid::from_u128(0x1f0e_52c8_7d4b_5a36_9f81_64b0_2c9e_d715);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_five_times_what_fits_is_refused_early_and_nothing_that_was_acknowledged_is_lost() {
    Box::pin(overload(None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes two minutes: cargo nextest run -p parasol-tests --run-ignored only proc_two_minutes_of_eager_callers"]
async fn proc_two_minutes_of_eager_callers() {
    Box::pin(overload(Some(Duration::from_secs(120)))).await;
}

/// What came of all calls.
#[derive(Default)]
struct Told {
    /// The cases that were acknowledged, by the serial number filed for.
    filed: BTreeMap<String, String>,
    served: Vec<Duration>,
    refused: Vec<Duration>,
}

struct Flood {
    house: House,
    /// A connection of its own for each tenant.
    callers: Vec<IntakeServiceClient<Channel>>,
    told: Mutex<Told>,
    over: AtomicBool,
}

async fn overload(lasts: Option<Duration>) {
    let house = House::set(&[("limits.calls", &PLACES.to_string())]).await;
    let units = (0..EAGER).flat_map(|tenant| (0..PLACES).map(move |nth| unit(tenant, nth)));
    let calm = unit(EAGER, 0);
    let orders =
        units.chain([calm.clone()]).map(|unit| rows::order(&unit, rows::ANYBODY, "330106"));
    house
        .load(vec![
            rows::file("brands.jsonl", [rows::brand(BRAND)]),
            rows::file("skus.jsonl", [rows::sku(BRAND)]),
            rows::file("orders.jsonl", orders),
        ])
        .await;
    let callers = (0..=EAGER).map(|_| caller(&house)).collect();
    let flood = Flood { house, callers, told: Mutex::default(), over: AtomicBool::new(false) };
    let before = flood.calm_calls(&calm).await;

    let slots = (0..EAGER).flat_map(|tenant| (0..PLACES).map(move |nth| (tenant, nth)));
    let eager = async {
        let all = join_all(slots.map(|(tenant, nth)| flood.insist(tenant, nth, lasts.is_some())));
        match lasts {
            None => drop(all.await),
            Some(lasts) => {
                let stop = async {
                    let _ = timeout(lasts, std::future::pending::<()>()).await;
                    flood.over.store(true, Ordering::Relaxed);
                };
                join(all, stop).await;
            }
        }
        flood.over.store(true, Ordering::Relaxed);
    };
    let ((), (served, refused)) = join(eager, flood.keep_calm(&calm)).await;
    println!("somebody calm was served {served} times and refused {refused} times");
    assert!(served > refused, "let in {served} times, and refused {refused} times");

    flood.was_refused_early();
    flood.is_kept_once(lasts.is_none()).await;
    let settled = async {
        loop {
            let after = flood.calm_calls(&calm).await;
            println!("a call took {before:?}, and takes {after:?}");
            if after <= before * AS_BEFORE {
                return;
            }
        }
    };
    timeout(SETTLED_WITHIN, settled).await.expect("calls take as long as before");
}

impl Flood {
    /// One caller of a tenant, who tries again at once until its case is filed, and then asks again for the same.
    async fn insist(&self, tenant: usize, nth: usize, for_long: bool) {
        let unit = unit(tenant, nth);
        for _ in 0..if for_long { TRIES_MAX } else { ROUNDS } {
            for tried in 0.. {
                assert!(tried < TRIES_MAX, "{} was never let in", unit.serial);
                if self.over.load(Ordering::Relaxed) {
                    return;
                }
                let begun = now();
                let answer = match tenant {
                    BY_REST => self.by_rest(&unit).await,
                    _ => self.by_grpc(tenant, &unit).await,
                };
                let took = now().duration_since(begun);
                let mut told = self.told.lock().expect("no holder of this lock panics");
                match answer {
                    Some(case) => {
                        told.served.push(took);
                        let known = told.filed.entry(unit.serial.clone()).or_insert(case.clone());
                        assert_eq!(*known, case, "{} was filed twice", unit.serial);
                        break;
                    }
                    None => told.refused.push(took),
                }
            }
        }
    }

    /// The case, or nothing where the call was refused as one too many; it is never refused otherwise.
    async fn by_grpc(&self, tenant: usize, asked: &Unit) -> Option<String> {
        let request = self.house.request(Role::Customer, &asked.customer, filing(asked));
        match self.callers[tenant].clone().file_case(request).await {
            Ok(filed) => Some(filed.into_inner().case.expect("a case").case_id),
            Err(status) => {
                let error = Error::from_status(&status);
                assert_eq!(error.reason(), Reason::Overloaded, "{status:?}");
                assert!(error.retry_delay() >= Some(Duration::from_secs(1)), "{status:?}");
                None
            }
        }
    }

    async fn by_rest(&self, unit: &Unit) -> Option<String> {
        let customer = Principal::new(Role::Customer, unit.customer.clone());
        let token = self.house.node.tokens().token(&customer);
        let body = json!({
            "requestId": request_id(unit), "orderLine": unit.order_line, "serial": unit.serial,
            "kind": "CASE_KIND_QUALITY", "wish": "REMEDY_REPAIR",
            "symptom": "not_working", "description": "it stopped working",
        });
        let at = self.house.node.http;
        let answer = ask(at, Some(&token), "POST /v1/cases", &body.to_string()).await;
        let told = answer.json();
        if answer.status == 200 {
            return Some(told["case"]["caseId"].as_str().expect("a case").to_owned());
        }
        assert_eq!((answer.status, &told["reason"]), (429, &json!("OVERLOADED")), "{told}");
        assert!(answer.head.to_lowercase().contains("\r\nretry-after: "), "{}", answer.head);
        None
    }

    /// Somebody who makes one call after another; how often they were served and refused.
    async fn keep_calm(&self, asked: &Unit) -> (usize, usize) {
        let (mut served, mut refused) = (0, 0);
        while !self.over.load(Ordering::Relaxed) {
            match self.by_grpc(EAGER, asked).await {
                Some(_) => served += 1,
                None => refused += 1,
            }
        }
        (served, refused)
    }

    /// How long one call takes while little is asked: the middle of a sample.
    async fn calm_calls(&self, asked: &Unit) -> Duration {
        let mut sample = Vec::with_capacity(SAMPLE);
        for _ in 0..SAMPLE {
            let begun = now();
            self.by_grpc(EAGER, asked).await.expect("there is room for one");
            sample.push(now().duration_since(begun));
        }
        middle(&mut sample)
    }

    /// Most were refused, and sooner than others were served.
    fn was_refused_early(&self) {
        let mut told = self.told.lock().expect("no holder of this lock panics");
        let (refusals, answers) = (told.refused.len(), told.served.len());
        assert!(refusals > answers, "{refusals} refusals of {answers} answers: it was not full");
        let (refused, served) = (middle(&mut told.refused), middle(&mut told.served));
        println!("{answers} calls were served in {served:?}, {refusals} refused in {refused:?}");
        assert!(refused < served, "refused in {refused:?}, served in {served:?}");
    }

    /// Every case that was acknowledged is in the store, and for no unit are there two.
    async fn is_kept_once(&self, all: bool) {
        let store = &self.house.node.store;
        let cases = store.cases_after(None, 10_000).await.expect("the store answers");
        let by_serial: BTreeMap<_, _> =
            cases.iter().map(|case| (case.filing.serial.as_str(), case.id.to_string())).collect();
        assert_eq!(by_serial.len(), cases.len(), "a unit has two cases");
        let told = self.told.lock().expect("no holder of this lock panics");
        for (serial, case) in &told.filed {
            assert_eq!(by_serial.get(serial.as_str()), Some(case), "{serial} was acknowledged");
        }
        let known: BTreeSet<_> = told.filed.keys().collect();
        assert!(!all || known.len() == EAGER * PLACES, "{} were filed", known.len());
    }
}

fn caller(house: &House) -> IntakeServiceClient<Channel> {
    let channel = local::dial(&format!("http://{}", house.node.grpc), &house.limits);
    IntakeServiceClient::new(channel.expect("an address"))
}

/// A unit of the tenant, one customer each.
fn unit(tenant: usize, nth: usize) -> Unit {
    Unit {
        order_line: format!("ANVIL{tenant}{nth:04}-1"),
        serial: format!("ANVILSN{tenant}{nth:04}"),
        customer: format!("anvil-u{tenant}"),
        sku: format!("{BRAND}-sku"),
    }
}

fn request_id(unit: &Unit) -> String {
    Uuid::new_v5(&REQUESTS, unit.serial.as_bytes()).to_string()
}

fn filing(unit: &Unit) -> FileCaseRequest {
    FileCaseRequest {
        request_id: request_id(unit),
        order_line: unit.order_line.clone(),
        serial: unit.serial.clone(),
        kind: CaseKind::Quality.number(),
        wish: Remedy::Repair.number(),
        symptom: "not_working".to_owned(),
        description: "it stopped working".to_owned(),
        ..FileCaseRequest::default()
    }
}

#[expect(clippy::disallowed_methods, reason = "a test measures with the machine's clock")]
fn now() -> Instant {
    Instant::now()
}

fn middle(sample: &mut [Duration]) -> Duration {
    sample.sort_unstable();
    sample[sample.len() / 2]
}
