//! Canaries: names, numbers, streets and words of a customer, planted in a whole course of a case and looked for wherever
//! the house keeps or sends something. They are found in answers to those who may know, and nowhere else: the vault
//! that gives them back has them sealed.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use parasol::vault::person::of_customer;
use parasol::vault::{WHOSE, erase};
use parasol_runtime::identity::{Principal, Role};
use parasol_testkit::Redis;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::house::{House, texts};
use crate::tenancy::cases::{
    ASTER_ONE, DESCRIPTION, DISPUTED, NAME, PHONE, Reached, STREET, Target, World, customer,
};
use crate::tidy::none;

/// What the field writes about the customer.
const ANOMALY: &str = "somebody-canary else lives there";
/// What stands beside a photo.
const PHOTO: &str = "GPS-CANARY-30.2741N-120.1551E";
/// The number that the customer wrote into the description.
const NUMBER: &str = "13987650011";
/// The words around it.
const WORDS: &str = "leaks-canary";
/// How long webhooks may take to be sent.
const PATIENCE: Duration = Duration::from_secs(20);

/// A canary, and which roles may read it in an answer.
const CANARIES: &[(&str, &str, &[Role])] = &[
    ("name", NAME, &[]),
    ("number", PHONE, &[]),
    ("street", STREET, &[Role::Brand, Role::Centre, Role::Technician]),
    ("number in words", NUMBER, &[Role::Customer, Role::Agent, Role::Manager]),
    (
        "words",
        WORDS,
        &[Role::Customer, Role::Agent, Role::Manager, Role::Brand, Role::Centre, Role::Technician],
    ),
    (
        "dispute",
        "dropped-canary",
        &[Role::Customer, Role::Agent, Role::Manager, Role::Brand, Role::Centre, Role::Lab],
    ),
    ("anomaly", "somebody-canary", &[Role::Brand, Role::Agent, Role::Manager]),
    ("photo", PHOTO, &[]),
];

/// Everything that is written to it.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<u8>>>);

impl Ear {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no holder panics")).into_owned()
    }
}

impl std::io::Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no holder panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Ear {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Logs and spans of everything of ours, at the finest level.
fn hear_logs() -> Ear {
    let ear = Ear::default();
    let ours = "info,parasol=trace,parasol_api=trace,parasol_casebook=trace,parasol_desk=trace,\
                parasol_dispatch=trace,parasol_gateway=trace,parasol_intake=trace,\
                parasol_runtime=trace,parasol_scheduling=trace,parasol_tracking=trace,\
                parasol_verification=trace,parasol_evidence=trace,parasol_bell=trace";
    tracing_subscriber::fmt()
        .with_env_filter(ours)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(ear.clone())
        .init();
    ear
}

/// Everything that is said to a Redis server.
fn hear_redis(url: &str) -> Ear {
    let ear = Ear::default();
    let address = url.trim_start_matches("redis://").trim_end_matches('/').to_owned();
    let mut stream = TcpStream::connect(address).expect("the server answers");
    stream.write_all(b"MONITOR\r\n").expect("it takes a command");
    let mut into = ear.clone();
    std::thread::spawn(move || std::io::copy(&mut stream, &mut into));
    ear
}

/// Everything that is sent to a webhook, which takes it all.
fn hear_webhook() -> (String, Ear) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let ear = Ear::default();
    let heard = ear.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut heard = heard.clone();
            std::thread::spawn(move || take(stream, &mut heard));
        }
    });
    (url, ear)
}

/// Reads requests off a connection and takes each.
fn take(mut stream: TcpStream, heard: &mut Ear) {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4_096]);
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        bytes.extend_from_slice(&piece[..count]);
        let _ = heard.write_all(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
        if body.len() >= length {
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n");
            bytes.clear();
        }
    }
}

/// A PNG of one dot with words beside it.
pub fn photo() -> String {
    let dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let engine = base64::engine::general_purpose::STANDARD;
    let dot = engine.decode(dot).expect("a picture");
    // After the header of the picture: eight bytes of signature and a chunk of 25.
    let (head, rest) = dot.split_at(33);
    let words = [b"Comment\0", PHOTO.as_bytes()].concat();
    let mut chunk = b"tEXt".to_vec();
    chunk.extend(&words);
    let length = u32::try_from(words.len()).expect("short").to_be_bytes();
    let sum = crc(&chunk).to_be_bytes();
    engine.encode([head, &length, &chunk, &sum, rest].concat())
}

/// The check sum of a chunk (RFC 2083, annex 15).
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
        }
    }
    !crc
}

/// A canary in each of the ways a place may hold it.
fn forms(canary: &str) -> [String; 2] {
    [canary.to_owned(), hex::encode_upper(canary)]
}

fn search(place: &str, text: &str, wrong: &mut Vec<String>) {
    for (what, canary, _) in CANARIES {
        for form in forms(canary) {
            if let Some(at) = text.find(&form) {
                let from = text[..at].char_indices().rev().nth(80).map_or(0, |(at, _)| at);
                wrong.push(format!("{what} in {place}: …{}…", &text[from..at + form.len()]));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_personal_is_sealed_in_the_vault_and_in_answers_to_those_who_may_know() {
    let logs = hear_logs();
    let redis = Redis::start().expect("a Redis server");
    let rings = hear_redis(redis.url());
    let (url, webhook) = hear_webhook();
    let settings = [("redis_url", redis.url()), ("webhooks.loopback", "true")];
    let world = World::set(&settings).await;
    let house = &world.house;
    let brand = ASTER_ONE.member(Role::Brand);
    let path = "/parasol.admin.v1.NetworkService/CreateWebhook";
    house.act(&brand, path, &json!({ "url": url })).await;
    let mut targets = Vec::new();
    for reached in [Reached::Booked, Reached::OnSite, Reached::Repairing, Reached::Disputed] {
        targets.push(world.drive(ASTER_ONE, reached).await);
    }
    for (unit, target) in targets.iter().enumerate() {
        say_more(house, target, unit).await;
    }
    let mut wrong = Vec::new();
    for (who, told) in answers(house, &targets).await {
        for (what, canary, readers) in CANARIES {
            let may = readers.contains(&who);
            match told.find(canary) {
                Some(at) if !may => wrong.push(format!("a {who} reads {what}: …{}", &told[at..])),
                None if may => wrong.push(format!("a {who} may read {what} and does not")),
                _ => {}
            }
        }
    }
    // What is sent is sent: the last change of the last case has come.
    let last = &targets.last().expect("some").names["case"];
    let waited = tokio::time::timeout(PATIENCE, async {
        while !webhook.text().contains(last.as_str()) {
            tokio::task::yield_now().await;
        }
    });
    waited.await.expect("webhooks are sent");
    for (table, rows) in everything(house).await {
        search(&format!("table {table}"), &rows, &mut wrong);
    }
    search("the log", &logs.text(), &mut wrong);
    search("Redis", &rings.text(), &mut wrong);
    for (what, canary, readers) in CANARIES {
        if webhook.text().contains(canary) && !readers.contains(&Role::Brand) {
            wrong.push(format!("{what} in the body of a webhook"));
        }
    }
    files(house.folder(), &mut wrong);
    // A search that finds nothing anywhere would pass too.
    let vault = opened(house).await;
    for canary in [NAME, PHONE, STREET, DESCRIPTION, DISPUTED, ANOMALY] {
        assert!(vault.contains(canary), "{canary} was never planted");
    }
    assert!(
        logs.text().contains("FileCase") && rings.text().contains("case_"),
        "nothing was heard"
    );
    none(&wrong);
    // Every customer is erased while the house goes on: not a word of theirs is left that anybody could open.
    erase_everybody(house).await;
    search("the vault of those who are erased", &opened(house).await, &mut wrong);
    let staying = "SELECT DISTINCT kind FROM vault WHERE kind <> 'notice' ORDER BY kind";
    assert_eq!(texts(&house.node.store, staying).await, [""; 0]);
    none(&wrong);
}

/// Erases every customer as an operator does.
async fn erase_everybody(house: &House) {
    let store = &house.node.store;
    let customers = "SELECT DISTINCT lower(hex(customer)) FROM orders";
    let customers = texts(store, customers).await;
    assert!(customers.len() > 20, "{customers:?}");
    for customer in customers {
        let customer = format!("cust_{customer}").parse().expect("an id");
        let person = of_customer(store, &WHOSE, customer).await.expect("they can be looked up");
        assert!(!person.kept.is_empty(), "{customer} has at least a name");
        let now = house.node.clock.now();
        let erased = erase(store, house.folder(), &person, now).await.expect("they are erased");
        assert!(erased.rows >= person.kept.len() as u64, "{erased:?} of {person:?}");
    }
}

/// A photo, an anomaly, a reminder: what else people say on the way of a case.
async fn say_more(house: &House, target: &Target, unit: usize) {
    let case = &target.names["case"];
    let body = json!({"case_id": case, "kind": "EVIDENCE_KIND_FAULT", "data": photo()});
    house.act(&customer(unit), "/parasol.intake.v1.IntakeService/UploadEvidence", &body).await;
    let body = json!({"case_id": case, "kind": "ANOMALY_KIND_ADDRESS_WRONG", "text": ANOMALY});
    let centre = ASTER_ONE.member(Role::Centre);
    house.act(&centre, "/parasol.partner.v1.OfferService/RaiseAnomaly", &body).await;
    let body = json!({"case_id": case});
    house.act(&customer(unit), "/parasol.intake.v1.IntakeService/RemindCase", &body).await;
}

/// Everything that each role is told about the cases.
async fn answers(house: &House, targets: &[Target]) -> BTreeMap<Role, String> {
    let who = [
        customer(0),
        customer(3),
        Principal::new(Role::Agent, "agent-1"),
        Principal::new(Role::Manager, "manager-1"),
        Principal::new(Role::Finance, "finance-1"),
        Principal::new(Role::Operator, "op-1"),
        Principal::new(Role::Retailer, "shop"),
        Principal::new(Role::Lab, "lab-1"),
        ASTER_ONE.member(Role::Brand),
        ASTER_ONE.member(Role::Centre),
        ASTER_ONE.member(Role::Technician),
    ];
    let mut told: BTreeMap<Role, String> = BTreeMap::new();
    for caller in who {
        let mut text = String::new();
        for target in targets {
            for (path, body) in questions(target) {
                if parasol_api::access::allows(path, caller.role) {
                    text += &house.try_out(&caller, path, &body).await.text;
                }
            }
        }
        *told.entry(caller.role).or_default() += &text;
    }
    told.insert(Role::Link, by_link(house, &targets[0]).await);
    told
}

/// What may be asked about a case.
fn questions(target: &Target) -> Vec<(&'static str, Value)> {
    let case = json!({"case_id": target.names["case"]});
    let mut asked = vec![
        ("/parasol.partner.v1.OfferService/StreamOffers", json!({})),
        ("/parasol.partner.v1.OfferService/ListWorkOrders", json!({})),
        ("/parasol.partner.v1.OfferService/ListPartnerMessages", json!({})),
        ("/parasol.intake.v1.IntakeService/ListCases", json!({})),
        ("/parasol.intake.v1.IntakeService/LookupCustomer", json!({"phone": PHONE})),
        ("/parasol.technician.v1.VisitService/StreamMyDay", json!({})),
        ("/parasol.tracking.v1.TrackingService/WatchCases", json!({})),
    ];
    let of_case = [
        "/parasol.intake.v1.IntakeService/GetCase",
        "/parasol.intake.v1.IntakeService/ListEvidence",
        "/parasol.partner.v1.OfferService/GetWorkOrder",
        "/parasol.partner.v1.VerdictService/GetDecision",
        "/parasol.tracking.v1.TrackingService/GetTimeline",
        "/parasol.tracking.v1.TrackingService/WatchCase",
        "/parasol.verification.v1.DecisionService/GetDispute",
        "/parasol.verification.v1.DecisionService/ExplainDecision",
    ];
    asked.extend(of_case.map(|path| (path, case.clone())));
    asked
}

/// What the holder of a link is told.
async fn by_link(house: &House, target: &Target) -> String {
    let case = &target.names["case"];
    let path = "/parasol.tracking.v1.TrackingService/CreateShareLink";
    let link = house.act(&customer(0), path, &json!({"case_id": case})).await;
    let token = link["token"].as_str().expect("a secret");
    let line = format!("GET /v1/cases/{case}/timeline");
    let told = crate::http::ask(house.node.http, Some(token), &line, "").await;
    assert_eq!(told.status, 200, "{}", told.body);
    told.body
}

/// Every row of every table as text.
async fn everything(house: &House) -> BTreeMap<String, String> {
    let store = &house.node.store;
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table'";
    let mut contents = BTreeMap::new();
    for table in texts(store, tables).await {
        let columns = format!("SELECT name FROM pragma_table_info('{table}')");
        let columns: Vec<_> =
            texts(store, &columns).await.iter().map(|name| format!("quote({name})")).collect();
        let query = format!("SELECT {} FROM {table}", columns.join(" || ',' || "));
        contents.insert(table, texts(store, &query).await.join("\n"));
    }
    contents
}

/// What the vault gives back to whoever has its keys.
async fn opened(house: &House) -> String {
    let store = &house.node.store;
    let rows = texts(store, "SELECT lower(hex(subject)) || ' ' || kind FROM vault").await;
    let mut told = String::new();
    for row in rows {
        let (subject, kind) = row.split_once(' ').expect("a subject and a kind");
        let subject = subject.parse().expect("an id");
        let body = store.reveal(subject, kind).await.expect("it opens");
        told += &body.expect("it is there");
    }
    told
}

/// Looks through the files of the data folder, byte by byte: those of the database too, and of its log.
fn files(folder: &Path, wrong: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, wrong);
        } else {
            let bytes = std::fs::read(&path).expect("a file can be read");
            let text = String::from_utf8_lossy(&bytes).into_owned();
            search(&path.to_string_lossy(), &text, wrong);
        }
    }
}
