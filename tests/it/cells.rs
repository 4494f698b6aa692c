//! Two cells, of Zhejiang and of Beijing, each with a store and a network of its own, behind one router.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use parasol::conformance::moves::Unit;
use parasol::import::Source;
use parasol::node::RouterNode;
use parasol_api::common::v1::Partial;
use parasol_api::intake::v1::ListCasesRequest;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_journey::Fact;
use parasol_runtime::config::{CellRoute, Config, NodeRole, Sources};
use parasol_runtime::identity::{Principal, Role};
use parasol_runtime::transport::local;
use prost::Message as _;
use serde_json::{Value, json};
use tonic::Response;

use crate::house::House;
use crate::program::program;
use crate::rows;

const INTAKE: &str = "/parasol.intake.v1.IntakeService";
const OFFERS: &str = "/parasol.partner.v1.OfferService";
const SCORECARD: &str = "/parasol.tracking.v1.ScoreService/GetScorecard";
/// Counties of Hangzhou and of Beijing.
const EAST: &str = "330106";
const NORTH: &str = "110105";
/// How long something that happens soon is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Both cells and the router; what is called in `east` goes through the router.
struct Cells {
    east: House,
    north: House,
    _router: RouterNode,
}

fn customer() -> Principal {
    Principal::new(Role::Customer, "reed-buyer")
}

fn brand() -> Principal {
    Principal::new(Role::Brand, "reed").of_brand("reed")
}

fn operator() -> Principal {
    Principal::new(Role::Operator, "op-1")
}

fn unit(nth: u32) -> Unit {
    Unit {
        order_line: format!("REED-{nth}"),
        serial: format!("REEDSN{nth}"),
        customer: "reed-buyer".to_owned(),
        sku: "reed-sku".to_owned(),
    }
}

/// What an operator imports into a cell: its own network, and the counties it is in.
fn network(county: &str) -> Vec<Source> {
    let centre = format!("reed-{county}");
    let examples = parasol::demo::EXAMPLES.iter();
    let counties = examples.filter(|(name, _)| *name == "counties.jsonl");
    let mut sources: Vec<_> = counties.map(|(name, text)| Source::text(name, text)).collect();
    sources.push(rows::file("brands.jsonl", [rows::brand("reed")]));
    sources.push(rows::file("centres.jsonl", [rows::centre(&centre, "reed", county, 50)]));
    let technician = rows::technician(&format!("{centre}-t1"), &centre, "23:30");
    sources.push(rows::file("technicians.jsonl", [technician]));
    sources
}

fn route(number: u16, label: &str, region: &str, house: &House) -> CellRoute {
    CellRoute {
        number,
        label: label.to_owned(),
        regions: vec![region.to_owned()],
        addresses: vec![format!("http://{}", house.node.grpc)],
    }
}

impl Cells {
    /// Both with their networks, and units 1 and 3 sold in Hangzhou, 2 and 4 in Beijing.
    async fn open() -> Self {
        let mut east = House::set(&[("cell", "1")]).await;
        let north = east.beside(&[("cell", "2")]).await;
        east.load(network(EAST)).await;
        north.load(network(NORTH)).await;
        let mut config = Config::load(&Sources::default()).expect("the defaults fit");
        config.roles = vec![NodeRole::Router];
        config.cells = vec![route(1, "east", "33", &east), route(2, "north", "11", &north)];
        config.grpc_addr = "127.0.0.1:0".to_owned();
        config.http_addr = "127.0.0.1:0".to_owned();
        assert!(config.validate().is_empty(), "{:?}", config.validate());
        let router = RouterNode::start(&config).await.expect("the router starts");
        let address = format!("http://{}", router.grpc);
        east.channel = local::dial(&address, &config.limits).expect("an address is one");
        let orders = (1..=4).map(|nth| {
            let county = if nth % 2 == 1 { EAST } else { NORTH };
            rows::order(&unit(nth), rows::ANYBODY, county)
        });
        let goods = rows::file("skus.jsonl", [rows::sku("reed")]);
        east.load(vec![goods, rows::file("orders.jsonl", orders)]).await;
        Self { east, north, _router: router }
    }

    /// Calls through the router.
    async fn act(&self, who: &Principal, path: &str, body: &Value) -> Value {
        self.east.act(who, path, body).await
    }

    async fn reason(&self, who: &Principal, path: &str, body: &Value) -> String {
        self.east.try_out(who, path, body).await.reason
    }

    /// Files for a unit; its case.
    async fn file(&self, nth: u32, county: Option<&str>) -> String {
        let filed =
            self.act(&customer(), &format!("{INTAKE}/FileCase"), &filing(nth, county)).await;
        filed["case"]["case_id"].as_str().expect("a case").to_owned()
    }

    /// The customer's cases as the router lists them: the lines of their orders, and what the answer lacks.
    async fn listed(&self, request: ListCasesRequest) -> (Vec<String>, String, Vec<i32>) {
        let mut client = IntakeServiceClient::new(self.east.channel.clone());
        let request = self.east.request_of(&customer(), request);
        let answer = client.list_cases(request).await.expect("cases are listed");
        let missing = missing(&answer);
        let answer = answer.into_inner();
        let lines = answer.cases.into_iter().map(|case| case.order_line).collect();
        (lines, answer.next_page_token, missing)
    }
}

fn filing(nth: u32, county: Option<&str>) -> Value {
    let unit = unit(nth);
    let mut body = json!({
        "order_line": unit.order_line, "serial": unit.serial, "kind": "CASE_KIND_QUALITY",
        "wish": "REMEDY_REPAIR", "symptom": "leaking", "description": "it leaks",
    });
    if let Some(county) = county {
        body["address"] = json!({"county": county, "street": "2 Test Road"});
    }
    body
}

/// The numbers of the cells that an answer lacks.
fn missing<T>(answer: &Response<T>) -> Vec<i32> {
    let Some(header) = answer.metadata().get_bin("parasol-partial-bin") else { return Vec::new() };
    let partial =
        Partial::decode(header.to_bytes().expect("it is base64")).expect("it is a Partial");
    partial.missing.iter().map(|cell| cell.cell).collect()
}

async fn cases(house: &House) -> Vec<String> {
    let cases = house.node.store.cases_after(None, 100).await.expect("the store answers");
    cases.iter().map(|case| case.id.to_string()).collect()
}

/// The offers that a brand's stream brings through the router, by case, once there are so many.
async fn offered(cells: &Cells, count: usize) -> Vec<Value> {
    let mut stream = cells
        .east
        .open_stream(&brand(), &format!("{OFFERS}/StreamOffers"), &json!({}))
        .await
        .expect("it is opened");
    // A stream may tell the same again.
    let mut offers = BTreeMap::new();
    tokio::time::timeout(PATIENCE, async {
        while offers.len() < count {
            let message = stream.message().await.expect("it goes on").expect("it has no end");
            let message = crate::tenancy::calls::json(&message);
            if let Some(offer) = message["offer"]["offer_id"].as_str() {
                offers.insert(offer.to_owned(), message["offer"].clone());
            }
        }
    })
    .await
    .expect("offers come from both cells");
    offers.into_values().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filings_go_to_the_cell_of_their_region_and_their_customer_sees_both() {
    let cells = Cells::open().await;
    let orders = async |house: &House| {
        let lines = "SELECT order_line FROM orders ORDER BY 1";
        crate::house::texts(&house.node.store, lines).await
    };
    assert_eq!(orders(&cells.east).await, ["REED-1", "REED-3"]);
    assert_eq!(orders(&cells.north).await, ["REED-2", "REED-4"]);
    // One says where the unit stands, the other lets its order say it.
    let (east, north) = (cells.file(1, Some(EAST)).await, cells.file(2, None).await);
    assert!(east.ends_with("0001") && north.ends_with("0002"), "{east} {north}");
    assert_eq!(
        (cases(&cells.east).await, cases(&cells.north).await),
        (vec![east.clone()], vec![north.clone()])
    );

    let (lines, token, lacks) = cells.listed(ListCasesRequest::default()).await;
    assert_eq!(
        (lines, token.as_str(), lacks),
        (vec!["REED-1".into(), "REED-2".into()], "", vec![])
    );
    let mut paged = BTreeSet::new();
    let mut request = ListCasesRequest { page_size: 1, ..Default::default() };
    for _ in 0..4 {
        let (lines, token, _) = cells.listed(request.clone()).await;
        assert!(lines.len() <= 1, "a page is not longer than was asked for");
        paged.extend(lines);
        request.page_token = token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!((paged.len(), request.page_token.as_str()), (2, ""));

    for case in [&east, &north] {
        let told =
            cells.act(&customer(), &format!("{INTAKE}/GetCase"), &json!({"case_id": case})).await;
        assert_eq!(told["view"]["case_id"], **case);
        let watch = "/parasol.tracking.v1.TrackingService/WatchCase";
        let mut stream = cells
            .east
            .open_stream(&customer(), watch, &json!({"case_id": case}))
            .await
            .expect("it opens");
        let told = tokio::time::timeout(PATIENCE, stream.message()).await.expect("it tells soon");
        assert!(told.expect("it goes on").is_some(), "{case} tells what has happened");
    }
    // Another's case is not there, wherever it is.
    let other = Principal::new(Role::Customer, "somebody");
    assert_eq!(
        cells.reason(&other, &format!("{INTAKE}/GetCase"), &json!({"case_id": north})).await,
        "NOT_FOUND"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_brands_score_is_the_recount_over_both_logs() {
    let cells = Cells::open().await;
    for nth in 1..=4 {
        cells.file(nth, None).await;
    }
    let offers = offered(&cells, 4).await;
    let of_both: BTreeSet<_> = offers.iter().map(|offer| offer["case_id"].to_string()).collect();
    assert_eq!(of_both.len(), 4, "{offers:?}");
    for (nth, offer) in offers.iter().enumerate() {
        let body = json!({"case_id": offer["case_id"], "offer_id": offer["offer_id"]});
        let (verb, body) = if nth == 0 {
            let mut body = body;
            body["reason"] = json!("DECLINE_REASON_NO_CAPACITY");
            ("DeclineOffer", body)
        } else {
            ("AcceptOffer", body)
        };
        let centre = offer["centre"].as_str().expect("a centre");
        let centre = Principal::new(Role::Centre, centre).of_brand("reed");
        cells.act(&centre, &format!("{OFFERS}/{verb}"), &body).await;
    }
    let (mut accepted, mut answered) = (0_u64, 0_u64);
    for house in [&cells.east, &cells.north] {
        for case in house.node.store.cases_after(None, 100).await.expect("cases") {
            let log = house.node.store.log_after(case.id, 0, 1_000).await.expect("a log");
            for entry in log {
                match entry.event.fact {
                    Fact::OfferAccepted { .. } => {
                        (accepted, answered) = (accepted + 1, answered + 1)
                    }
                    Fact::OfferDeclined { .. } | Fact::OfferExpired { .. } => answered += 1,
                    _ => {}
                }
            }
        }
    }
    assert_eq!((accepted, answered), (3, 4));
    let card = json!({
        "level": "SCORE_LEVEL_BRAND", "subject": "reed", "category": "CATEGORY_REFRIGERATOR",
        "period": "2026-06",
    });
    let figure = async || {
        let told = cells.east.try_out(&operator(), SCORECARD, &card).await;
        let told: Value = serde_json::from_str(&told.text).unwrap_or_default();
        let figures = told[0]["figures"].as_array().cloned().unwrap_or_default();
        let one = figures.into_iter().find(|one| one["indicator"] == "accept_rate");
        one.unwrap_or_default()
    };
    let all = answered.to_string();
    let counted = tokio::time::timeout(PATIENCE, async {
        loop {
            let one = figure().await;
            if one["denominator"].as_str() == Some(&*all) {
                return one;
            }
            tokio::task::yield_now().await;
        }
    });
    let counted = counted.await.expect("both cells count");
    assert_eq!(counted["numerator"], accepted.to_string(), "{counted}");
    assert_eq!(counted["value"], (accepted * 1_000_000 / answered).to_string(), "{counted}");
    assert!(counted["points"].is_null(), "no points are made up: {counted}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_cell_goes_down_and_the_other_goes_on_and_says_so() {
    let cells = Cells::open().await;
    let (east, north) = (cells.file(1, Some(EAST)).await, cells.file(2, Some(NORTH)).await);
    let Cells { east: through, north: gone, _router } = cells;
    let gone = gone.leave().await;
    let get = format!("{INTAKE}/GetCase");
    let told = through.act(&customer(), &get, &json!({"case_id": east})).await;
    assert_eq!(told["view"]["case_id"], east);
    let lost = through.try_out(&customer(), &get, &json!({"case_id": north})).await;
    assert_eq!(lost.reason, "CELL_UNAVAILABLE", "{}", lost.text);
    assert!(lost.text.contains("north"), "it says which: {}", lost.text);

    let mut client = IntakeServiceClient::new(through.channel.clone());
    let list = through.request_of(&customer(), ListCasesRequest::default());
    let answer = client.list_cases(list).await.expect("the other cell answers");
    assert_eq!(missing(&answer), [2], "it says what it lacks");
    let answer = answer.into_inner();
    assert_eq!((answer.cases.len(), answer.next_page_token.as_str()), (1, ""));

    let file = format!("{INTAKE}/FileCase");
    let filed = through.act(&customer(), &file, &filing(3, Some(EAST))).await;
    assert!(filed["case"]["case_id"].as_str().expect("a case").ends_with("0001"));
    let by_order = through.try_out(&customer(), &file, &filing(4, None)).await;
    assert_eq!(by_order.reason, "CELL_UNAVAILABLE", "its order may be there: {}", by_order.text);
    let by_region = through.try_out(&customer(), &file, &filing(4, Some(NORTH))).await;
    assert_eq!(by_region.reason, "CELL_UNAVAILABLE", "{}", by_region.text);
    // What all have alike is read where it can be, and not written in half of them unsaid.
    through
        .act(&operator(), "/parasol.admin.v1.NetworkService/GetBrand", &json!({"brand": "reed"}))
        .await;
    let suspend = json!({"brand": "reed", "reason": "SUSPENSION_REASON_CONTRACT"});
    let path = "/parasol.admin.v1.NetworkService/SuspendBrand";
    let half = through.try_out(&operator(), path, &suspend).await;
    assert_eq!(half.reason, "CELL_UNAVAILABLE", "{}", half.text);
    assert!(half.text.contains("\"done\": \"east\""), "{}", half.text);
    drop(gone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_to_no_one_cell_is_refused_or_done_in_all() {
    let cells = Cells::open().await;
    let (east, north) = (cells.file(1, None).await, cells.file(2, None).await);
    let agent = Principal::new(Role::Agent, "a-1");
    let merge = json!({"case_id": east, "into_case_id": north});
    assert_eq!(cells.reason(&agent, &format!("{INTAKE}/MergeCase"), &merge).await, "CELLS_MIXED");
    let finance = Principal::new(Role::Finance, "f-1");
    let balances = "/parasol.verification.v1.SettlementService/GetBalances";
    assert_eq!(cells.reason(&finance, balances, &json!({})).await, "CALL_THE_CELL");
    let far = filing(3, Some("650102"));
    assert_eq!(
        cells.reason(&customer(), &format!("{INTAKE}/FileCase"), &far).await,
        "REGION_UNSERVED"
    );
    let list = format!("{INTAKE}/ListCases");
    let token = json!({"page_token": "what a cell gave out"});
    assert_eq!(cells.reason(&customer(), &list, &token).await, "PAGE_TOKEN_INVALID");
    let nowhere = format!("{}0009", &east[..east.len() - 4]);
    let get = format!("{INTAKE}/GetCase");
    assert_eq!(cells.reason(&customer(), &get, &json!({"case_id": nowhere})).await, "NOT_FOUND");

    let body = json!({"brand": "reed", "reason": "SUSPENSION_REASON_CONTRACT"});
    cells.act(&operator(), "/parasol.admin.v1.NetworkService/SuspendBrand", &body).await;
    let brands = "SELECT suspended FROM brands WHERE brand = 'reed'";
    for house in [&cells.east, &cells.north] {
        assert_ne!(crate::house::texts(&house.node.store, brands).await, [""], "in every cell");
    }
}

/// The program as a router, over two cells of this process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_a_router_needs_no_database_and_finds_the_cell_of_a_case() {
    let cells = Cells::open().await;
    let north = cells.file(2, None).await;
    let folder = tempfile::tempdir().expect("a temp folder");
    let file = folder.path().join("router.toml");
    let table = |route: &CellRoute| {
        format!(
            "[[cells]]\nnumber = {}\nlabel = {:?}\nregions = {:?}\naddresses = {:?}\n",
            route.number, route.label, route.regions, route.addresses
        )
    };
    // The east is where nobody listens: a router starts without its cells.
    let nobody = CellRoute {
        addresses: vec!["http://127.0.0.1:1".to_owned()],
        ..route(1, "east", "33", &cells.north)
    };
    let text = table(&nobody) + &table(&route(2, "north", "11", &cells.north));
    std::fs::write(&file, text).expect("it is written");
    let mut child = Command::new(program())
        .args([
            "serve",
            "--role",
            "router",
            "--json",
            "--grpc",
            "127.0.0.1:0",
            "--http",
            "127.0.0.1:0",
        ])
        .args(["--data", "/nowhere/that/is", "--config"])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let mut out = BufReader::new(child.stdout.take().expect("its output is piped"));
    let mut document = String::new();
    while !document.ends_with("\n}\n") {
        assert_ne!(out.read_line(&mut document).expect("it prints"), 0, "it ended: {document}");
    }
    let ready: Value = serde_json::from_str(&document).expect("one JSON document");
    let http = ready["http"].as_str().expect("an address").parse().expect("an address");
    assert_eq!(crate::http::ask(http, None, "GET /readyz", "").await.status, 200);
    let Cells { mut east, north: _north, _router } = cells;
    let address = format!("http://{}", ready["grpc"].as_str().expect("an address"));
    east.channel = local::dial(&address, &east.limits).expect("an address is one");
    let told =
        east.act(&customer(), &format!("{INTAKE}/GetCase"), &json!({"case_id": north})).await;
    assert_eq!(told["view"]["case_id"], north);
    child.kill().expect("it can be killed");
    child.wait().expect("it can be waited for");
}
