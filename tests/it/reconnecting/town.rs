//! One or two processes of one cell, the way to them however often they are killed, and the customers who file.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};

use parasol::node::Tokens;
use parasol_api::Listed as _;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::{CancelCaseRequest, FileCaseRequest};
use parasol_casebook::{Pools, Store};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::{CaseKind, Remedy};
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::{Principal, Role, TokenKey};
use parasol_testkit::Postgres;
use serde_json::{Value, json};
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::program::program;
use crate::up::Up;

/// The file of the key, which every process of a cell has.
const KEY_FILE: &str = "secret.key";

/// A database with the processes that work on it.
pub struct Town {
    /// The database; the embedded store of the first folder where it is empty.
    database: String,
    folders: Vec<TempDir>,
    running: Vec<Option<Up>>,
    pub way: Way,
}

/// Where a process listens, and the connection to it that is shared.
struct Gate {
    address: String,
    channel: Channel,
}

/// The ways to the processes, as they are now.
#[derive(Clone)]
pub struct Way {
    gates: Arc<Vec<Mutex<Gate>>>,
    tokens: Tokens,
}

impl Gate {
    fn at(address: String) -> Self {
        Self { channel: dial(&address), address }
    }
}

fn dial(address: &str) -> Channel {
    Endpoint::from_shared(address.to_owned()).expect("an address").connect_lazy()
}

impl Way {
    /// How many processes there are.
    pub fn processes(&self) -> usize {
        self.gates.len()
    }

    /// A connection of one's own to a process.
    pub fn own(&self, process: usize) -> Channel {
        dial(&self.gate(process).address)
    }

    /// The connection to a process that many share.
    pub fn shared(&self, process: usize) -> Channel {
        self.gate(process).channel.clone()
    }

    pub fn request<T>(&self, who: &Principal, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let header = format!("Bearer {}", self.tokens.token(who)).parse().expect("ASCII");
        request.metadata_mut().insert("authorization", header);
        request
    }

    fn gate(&self, process: usize) -> MutexGuard<'_, Gate> {
        self.gates[process % self.gates.len()].lock().expect("no holder panics")
    }
}

impl Town {
    /// One process on the embedded store, with an order for each customer.
    pub fn embedded(orders: usize) -> Self {
        Self::open(String::new(), 1, orders, None)
    }

    /// Two processes of one cell on a server.
    pub fn of_two(name: &str, orders: usize) -> Self {
        Self::open(fresh(name), 2, orders, None)
    }

    /// Another cell of the same kind, whose key is this one's.
    pub fn elsewhere(&self, orders: usize) -> Self {
        let database = if self.database.is_empty() { String::new() } else { fresh("elsewhere") };
        Self::open(database, 1, orders, Some(self.folder().join(KEY_FILE).as_path()))
    }

    fn open(database: String, processes: usize, orders: usize, key: Option<&Path>) -> Self {
        let folders: Vec<_> =
            (0..processes).map(|_| tempfile::tempdir().expect("a temp folder")).collect();
        if let Some(key) = key {
            std::fs::copy(key, folders[0].path().join(KEY_FILE)).expect("a key");
        }
        let first = start(&database, folders[0].path());
        let made = folders[0].path().join(KEY_FILE);
        for folder in &folders[1..] {
            std::fs::copy(&made, folder.path().join(KEY_FILE)).expect("a key");
        }
        let rows = tempfile::tempdir().expect("a temp folder");
        goods(rows.path(), Clock::system().now(), orders);
        let rows = rows.path().to_str().expect("text");
        let loaded = first.run(&["import", "--grpc", &first.grpc, rows]);
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
        let key = TokenKey::load(folders[0].path()).expect("a key").expect("the process made one");
        let mut running = vec![Some(first)];
        running.extend(folders[1..].iter().map(|folder| Some(start(&database, folder.path()))));
        let gate = |up: &Option<Up>| Mutex::new(Gate::at(address(up.as_ref().expect("it runs"))));
        let gates = Arc::new(running.iter().map(gate).collect());
        let tokens = Tokens::of(key, Clock::system().now() - Span::hours(1));
        Self { database, folders, running, way: Way { gates, tokens } }
    }

    /// Kills processes as a power failure would, all of them before the first is started again.
    pub fn restart(&mut self, which: &[usize]) {
        self.kill(which);
        self.start();
    }

    /// Kills processes, which then are gone.
    pub fn kill(&mut self, which: &[usize]) {
        for process in which {
            self.running[*process].take().expect("it runs").kill_9();
        }
    }

    /// Every process.
    pub fn all(&self) -> Vec<usize> {
        (0..self.running.len()).collect()
    }

    /// What the store holds now, kept elsewhere; nothing runs on it meanwhile.
    pub fn copy(&self) -> Copy {
        assert!(self.running.iter().all(Option::is_none), "somebody works on it");
        if !self.database.is_empty() {
            return Copy::Database(copied(&self.database));
        }
        let to = tempfile::tempdir().expect("a temp folder");
        for file in std::fs::read_dir(self.folder()).expect("a folder") {
            let file = file.expect("an entry");
            if file.file_type().expect("it is there").is_file() {
                std::fs::copy(file.path(), to.path().join(file.file_name())).expect("a copy");
            }
        }
        Copy::Folder(to)
    }

    /// Puts the store back to what it was when it was copied.
    pub fn put_back(&mut self, copy: Copy) {
        self.kill(&self.all());
        match copy {
            Copy::Database(url) => self.database = url,
            Copy::Folder(folder) => self.folders[0] = folder,
        }
        self.start();
    }

    /// Starts what was killed.
    pub fn start(&mut self) {
        for process in self.all() {
            if self.running[process].is_none() {
                let up = start(&self.database, self.folders[process].path());
                *self.way.gate(process) = Gate::at(address(&up));
                self.running[process] = Some(up);
            }
        }
    }

    /// Says that the store was put back, as an operator does, while nothing runs on it.
    pub fn say_restored(&mut self) {
        self.kill(&self.all());
        let mut command = Command::new(program());
        command.args(["migrate", "--restored", "--data"]).arg(self.folder());
        if !self.database.is_empty() {
            command.args(["--database", &self.database]);
        }
        let said = command.output().expect("the program runs");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        self.start();
    }

    /// The store, for looking at.
    pub async fn store(&self) -> Store {
        let url = match self.database.as_str() {
            "" => format!("sqlite://{}", self.folder().join("parasol.db").display()),
            url => url.to_owned(),
        };
        Store::open(&url, Pools::default()).await.expect("the store opens")
    }

    fn folder(&self) -> &Path {
        self.folders[0].path()
    }
}

/// What a store held once.
pub enum Copy {
    Database(String),
    Folder(TempDir),
}

fn fresh(name: &str) -> String {
    Postgres::shared().expect("a server").fresh_database(name).expect("a database")
}

/// A copy of a database to which nobody is connected, or will be in a moment.
fn copied(url: &str) -> String {
    let server = Postgres::shared().expect("a server");
    let copy = fresh("copied");
    let name = |url: &str| {
        let path = url.split('?').next().expect("a URL");
        path.rsplit('/').next().expect("a name").to_owned()
    };
    let (from, to) = (name(url), name(&copy));
    let gone =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{from}'");
    server.query(&gone).expect("those who are left go");
    server.query(&format!("DROP DATABASE \"{to}\"")).expect("it makes room");
    server.query(&format!("CREATE DATABASE \"{to}\" TEMPLATE \"{from}\"")).expect("a copy");
    copy
}

fn start(database: &str, folder: &Path) -> Up {
    // What a killed process held is free soon, so that a test does not wait for it.
    let mut settings = vec![("tasks.lease_ms", "1500"), ("tasks.poll_ms", "250")];
    if !database.is_empty() {
        settings.push(("database_url", database));
    }
    Up::start(folder, &settings)
}

fn address(up: &Up) -> String {
    format!("http://{}", up.grpc)
}

pub fn customer(unit: usize) -> Principal {
    Principal::new(Role::Customer, format!("u-{unit}"))
}

pub fn id_of(unit: usize, what: u128) -> String {
    let unit = u128::try_from(unit).expect("a number");
    Uuid::from_u128(0x0190_a1b2_c3d4_7e5f_8000_0000_0000_0000 + unit * 16 + what).to_string()
}

fn file(name: &str, folder: &Path, rows: impl IntoIterator<Item = Value>) {
    let lines: Vec<_> = rows.into_iter().map(|row| row.to_string()).collect();
    std::fs::write(folder.join(name), lines.join("\n")).expect("a file can be written");
}

/// A brand with one centre, and an order for each customer.
fn goods(folder: &Path, now: Timestamp, orders: usize) {
    let delivered = (now - Span::days(60)).to_string();
    file(
        "brands.jsonl",
        folder,
        [json!({
            "brand": "aster", "name_zh": "品牌", "name_en": "Aster", "mode": "api",
            "hotline": "400-000-0199",
        })],
    );
    file(
        "centres.jsonl",
        folder,
        [json!({
            "centre": "aster-1", "brand": "aster", "name_zh": "网点", "name_en": "Aster 1",
            "phone": "400-000-0198", "county": "330106", "address": "1 Test Road", "lat": 30.2,
            "lon": 120.1, "coverage": [{"county": "330106", "categories": ["refrigerator"]}],
            "daily_capacity": {"refrigerator": 1_000},
        })],
    );
    file(
        "skus.jsonl",
        folder,
        [json!({
            "sku": "aster-sku", "brand": "aster", "category": "refrigerator", "model": "MODEL-1",
            "name_zh": "冰箱", "name_en": "Fridge", "seller_installs": false,
        })],
    );
    let order = |unit: usize| {
        json!({
            "order_line": format!("ORDER{unit}-1"), "sku": "aster-sku",
            "serial": format!("SERIAL{unit}"), "price_fen": 399_900, "delivered_at": delivered,
            "installed_at": null, "promises": [],
            "customer": {
                "customer": format!("u-{unit}"), "name": "测试", "phone": "19900000000",
                "address": "1 Test Road", "county": "330106",
            },
        })
    };
    file("orders.jsonl", folder, (0..orders).map(order));
}

/// Files a case and cancels every third, however often the process is gone meanwhile.
pub async fn act(way: Way, unit: usize) -> String {
    let filing = FileCaseRequest {
        request_id: id_of(unit, 1),
        order_line: format!("ORDER{unit}-1"),
        serial: format!("SERIAL{unit}"),
        kind: CaseKind::Quality.number(),
        wish: Remedy::Repair.number(),
        symptom: "leaking".to_owned(),
        description: "it leaks".to_owned(),
        ..FileCaseRequest::default()
    };
    let who = customer(unit);
    let case = loop {
        let mut client = IntakeServiceClient::new(way.shared(unit));
        match client.file_case(way.request(&who, filing.clone())).await {
            Ok(filed) => break filed.into_inner().case.expect("a case").case_id,
            Err(status) => assert!(is_gone(&status), "{status:?}"),
        }
        tokio::task::yield_now().await;
    };
    if unit.is_multiple_of(3) {
        let cancel = CancelCaseRequest {
            request_id: id_of(unit, 2),
            case_id: case.clone(),
            reason: "found the plug".to_owned(),
            ..CancelCaseRequest::default()
        };
        loop {
            // What was filed at one process is cancelled at the next.
            let mut client = IntakeServiceClient::new(way.shared(unit + 1));
            match client.cancel_case(way.request(&who, cancel.clone())).await {
                Ok(_) => break,
                // With no centre far and wide it may be with the retailer's people by now.
                Err(status) if status.code() == tonic::Code::FailedPrecondition => break,
                Err(status) => assert!(is_gone(&status), "{status:?}"),
            }
            tokio::task::yield_now().await;
        }
    }
    case
}

/// Whether a call failed because the process was not there.
pub fn is_gone(status: &Status) -> bool {
    use tonic::Code::{Aborted, Cancelled, DeadlineExceeded, Internal, ResourceExhausted};
    use tonic::Code::{Unavailable, Unknown};
    let gone = [Unavailable, Unknown, Cancelled, DeadlineExceeded, Aborted, ResourceExhausted];
    // A connection that is cut in the middle of an answer is told as an error of the protocol.
    gone.contains(&status.code()) || (status.code() == Internal && status.details().is_empty())
}
