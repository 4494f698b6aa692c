//! Watchers that are cut off again and again, by themselves and by a process that is killed under them: what each was
//! told, joined, is what happened, each entry once and in order.
//!
//! In a debug build there are fewer cases than in a release build; reconnections and kills are the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use parasol::node::Tokens;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::{CancelCaseRequest, FileCaseRequest, RemindCaseRequest};
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::{
    GetTimelineRequest, WatchCaseRequest, WatchCasesRequest, watch_case_response,
    watch_cases_response,
};
use parasol_api::{Error, Listed as _, Reason};
use parasol_casebook::{Pools, Store};
use parasol_journey::time::Span;
use parasol_journey::vocab::{CaseKind, Remedy};
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::{Principal, Role, TokenKey};
use serde_json::{Value, json};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::up::Up;

/// Cases that are filed while watchers come and go.
const CASES: usize = if cfg!(debug_assertions) { 150 } else { 1_000 };
/// Connections of each watcher over the whole run.
const RECONNECTIONS: usize = 100;
/// Times the process is killed meanwhile.
const KILLS: usize = 5;
/// Messages a watcher reads before it hangs up, at most.
const READ_MAX: usize = 40;
/// How long a stream may be silent before its reader hangs up.
const SILENCE: Duration = Duration::from_millis(400);
/// How long the end may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the process is now, and whether it is meant to be up.
#[derive(Clone)]
struct Way {
    address: Arc<Mutex<String>>,
    tokens: Tokens,
}

impl Way {
    fn channel(&self) -> Channel {
        let address = self.address.lock().expect("no holder panics").clone();
        Endpoint::from_shared(address).expect("an address").connect_lazy()
    }

    fn request<T>(&self, who: &Principal, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let header = format!("Bearer {}", self.tokens.token(who)).parse().expect("ASCII");
        request.metadata_mut().insert("authorization", header);
        request
    }
}

fn customer(unit: usize) -> Principal {
    Principal::new(Role::Customer, format!("u-{unit}"))
}

fn id_of(unit: usize, what: u128) -> String {
    let unit = u128::try_from(unit).expect("a number");
    Uuid::from_u128(0x0190_a1b2_c3d4_7e5f_8000_0000_0000_0000 + unit * 16 + what).to_string()
}

fn file(name: &str, folder: &Path, rows: impl IntoIterator<Item = Value>) {
    let lines: Vec<_> = rows.into_iter().map(|row| row.to_string()).collect();
    std::fs::write(folder.join(name), lines.join("\n")).expect("a file can be written");
}

/// A brand with one centre, and an order for each case.
fn goods(folder: &Path, now: parasol_journey::time::Timestamp) {
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
    file("orders.jsonl", folder, (0..CASES).map(order));
}

/// Files a case and cancels every third, however often the process is gone meanwhile.
async fn act(way: Way, unit: usize) -> String {
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
        let mut client = IntakeServiceClient::new(way.channel());
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
            let mut client = IntakeServiceClient::new(way.channel());
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
fn is_gone(status: &Status) -> bool {
    use tonic::Code::{Aborted, Cancelled, DeadlineExceeded, Internal, ResourceExhausted};
    use tonic::Code::{Unavailable, Unknown};
    let gone = [Unavailable, Unknown, Cancelled, DeadlineExceeded, Aborted, ResourceExhausted];
    // A connection that is cut in the middle of an answer is told as an error of the protocol.
    gone.contains(&status.code()) || (status.code() == Internal && status.details().is_empty())
}

/// What a watcher has, joined over its connections.
#[derive(Default)]
struct Joined {
    entries: Vec<(String, i64)>,
    token: String,
    connections: usize,
}

impl Joined {
    /// Takes what one connection told: whole steps only, for the rest is told again.
    fn take(&mut self, pending: &mut Vec<(String, i64)>, token: String) {
        if !token.is_empty() {
            self.entries.append(pending);
            self.token = token;
        }
    }
}

/// One connection over all cases: reads some, and hangs up.
async fn read_many(way: &Way, who: &Principal, joined: &mut Joined, most: usize) {
    let message =
        WatchCasesRequest { resume_token: joined.token.clone(), ..WatchCasesRequest::default() };
    let mut client = TrackingServiceClient::new(way.channel());
    let mut stream = match client.watch_cases(way.request(who, message)).await {
        Ok(stream) => stream.into_inner(),
        Err(status) => return assert!(is_gone(&status), "{status:?}"),
    };
    joined.connections += 1;
    let mut pending = Vec::new();
    for _ in 0..most {
        let Ok(Ok(Some(message))) = tokio::time::timeout(SILENCE, stream.message()).await else {
            return;
        };
        if let Some(watch_cases_response::Event::Entry(one)) = &message.event {
            pending.push((one.case_id.clone(), one.entry.as_ref().expect("an entry").seq));
        }
        joined.take(&mut pending, message.resume_token);
    }
}

/// One connection to one case.
async fn read_one(way: &Way, who: &Principal, case: &str, joined: &mut Joined, most: usize) {
    let message = WatchCaseRequest {
        case_id: case.to_owned(),
        resume_token: joined.token.clone(),
        ..WatchCaseRequest::default()
    };
    let mut client = TrackingServiceClient::new(way.channel());
    let mut stream = match client.watch_case(way.request(who, message)).await {
        Ok(stream) => stream.into_inner(),
        Err(status) => return assert!(is_gone(&status), "{status:?}"),
    };
    joined.connections += 1;
    let mut pending = Vec::new();
    for _ in 0..most {
        let Ok(Ok(Some(message))) = tokio::time::timeout(SILENCE, stream.message()).await else {
            return;
        };
        if let Some(watch_case_response::Event::Entry(entry)) = &message.event {
            pending.push((case.to_owned(), entry.seq));
        }
        joined.take(&mut pending, message.resume_token);
    }
}

/// Reconnects until it is told that there is no more to come, and has been cut off often enough.
async fn watch_many(
    way: Way,
    who: Principal,
    over: Arc<AtomicBool>,
    total: Arc<AtomicUsize>,
) -> Joined {
    let mut joined = Joined::default();
    loop {
        let most = 1 + joined.connections * 7 % READ_MAX;
        read_many(&way, &who, &mut joined, most).await;
        let has_all = joined.entries.len() >= total.load(Ordering::Acquire);
        if over.load(Ordering::Acquire) && has_all && joined.connections >= RECONNECTIONS {
            return joined;
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn proc_what_watchers_are_told_over_a_hundred_connections_is_what_happened() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let rows = tempfile::tempdir().expect("a temp folder");
    goods(rows.path(), Clock::system().now());
    let mut up = Some(Up::start(folder.path(), &[]));
    let first = up.as_ref().expect("it runs");
    let loaded = first.run(&["import", "--grpc", &first.grpc, rows.path().to_str().expect("text")]);
    assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
    let key = TokenKey::load(folder.path()).expect("a key").expect("the process made one");
    let tokens = Tokens::of(key, Clock::system().now() - Span::hours(1));
    let address = Arc::new(Mutex::new(format!("http://{}", first.grpc)));
    let way = Way { address: Arc::clone(&address), tokens };

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let (over, total) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(usize::MAX)));
    let brand = Principal::new(Role::Brand, "aster").of_brand("aster");
    let agent = Principal::new(Role::Agent, "agent-1");
    let watchers = [brand, agent].map(|who| {
        runtime.spawn(watch_many(way.clone(), who, Arc::clone(&over), Arc::clone(&total)))
    });
    let filed = runtime.block_on(async {
        let mut filed = Vec::with_capacity(CASES);
        for kill in 0..=KILLS {
            // A share of the cases under each life of the process, the kill somewhere in it.
            let share = (CASES * kill / (KILLS + 1))..(CASES * (kill + 1) / (KILLS + 1));
            let acting = share.map(|unit| runtime.spawn(act(way.clone(), unit)));
            let acting: Vec<_> = acting.collect();
            let half = acting.len() / 2;
            for (nth, one) in acting.into_iter().enumerate() {
                filed.push(one.await.expect("it is filed"));
                if nth == half && kill < KILLS {
                    up.take().expect("it runs").kill_9();
                    let next = Up::start(folder.path(), &[]);
                    *address.lock().expect("no holder panics") = format!("http://{}", next.grpc);
                    up = Some(next);
                }
            }
        }
        filed
    });
    assert_eq!(filed.len(), CASES);
    let store = runtime.block_on(settled(folder.path()));
    let history = runtime.block_on(history(&store));
    total.store(
        history.values().map(|version| usize::try_from(*version).unwrap()).sum(),
        Ordering::Release,
    );
    over.store(true, Ordering::Release);
    for watcher in watchers {
        let joined = runtime.block_on(async { tokio::time::timeout(PATIENCE, watcher).await });
        let joined = joined.expect("it comes to an end").expect("it does not panic");
        assert!(joined.connections >= RECONNECTIONS);
        check(&joined, &history);
    }
    runtime.block_on(one_by_one(&way, &filed, &history));
    let last = up.take().expect("it runs");
    runtime.block_on(wrong_tokens(&way, &filed, &last));
    runtime.block_on(from_the_future(&way, &filed[1], last));
}

/// The store, once nothing moves any more.
async fn settled(folder: &Path) -> Store {
    let url = format!("sqlite://{}", folder.join("parasol.db").display());
    let store = Store::open(&url, Pools::default()).await.expect("the store opens");
    let mut last = 0;
    loop {
        let stages = store.cases_by_stage().await.expect("it answers");
        let position = store.feed_position().await.expect("it answers");
        let at_rest = stages
            .iter()
            .all(|(stage, _)| ["dispatched", "deciding", "cancelled"].contains(&&**stage));
        if at_rest && position == last && position > 0 {
            let _ = tokio::time::timeout(SILENCE, std::future::pending::<()>()).await;
            if store.feed_position().await.expect("it answers") == last {
                return store;
            }
        }
        last = position;
        let _ = tokio::time::timeout(SILENCE, std::future::pending::<()>()).await;
    }
}

/// The number of each case's last entry.
async fn history(store: &Store) -> BTreeMap<String, u64> {
    let cases = store.cases_after(None, 10_000).await.expect("cases can be read");
    assert_eq!(cases.len(), CASES, "a case was lost or doubled");
    cases.into_iter().map(|case| (case.id.to_string(), case.version)).collect()
}

/// What was told is what happened: every entry of every case, once, in its order.
fn check(joined: &Joined, history: &BTreeMap<String, u64>) {
    let mut next: BTreeMap<&str, u64> = BTreeMap::new();
    for (case, seq) in &joined.entries {
        let expected = next.entry(case).or_insert(1);
        assert_eq!(u64::try_from(*seq).expect("positive"), *expected, "{case}");
        *expected += 1;
    }
    let told: BTreeMap<String, u64> =
        next.into_iter().map(|(case, next)| (case.to_owned(), next - 1)).collect();
    assert_eq!(&told, history);
}

/// The same of single cases, by their customers.
async fn one_by_one(way: &Way, filed: &[String], history: &BTreeMap<String, u64>) {
    for (unit, case) in filed.iter().enumerate().step_by(CASES / 10) {
        let mut joined = Joined::default();
        while joined.entries.len() < usize::try_from(history[case]).expect("few") {
            assert!(joined.connections < RECONNECTIONS, "{case} is never told to its end");
            read_one(way, &customer(unit), case, &mut joined, 5).await;
        }
        let expected: Vec<_> = (1..=history[case])
            .map(|seq| (case.clone(), i64::try_from(seq).expect("few")))
            .collect();
        assert_eq!(joined.entries, expected);
    }
}

/// Tokens that are altered, another's, from the future or of another epoch are told to begin anew.
async fn wrong_tokens(way: &Way, filed: &[String], up: &Up) {
    let mut client = TrackingServiceClient::new(way.channel());
    let message =
        |case: &String| GetTimelineRequest { case_id: case.clone(), ..Default::default() };
    let ours = client.get_timeline(way.request(&customer(1), message(&filed[1]))).await;
    let token = ours.expect("a timeline").into_inner().resume_token;
    let mut tries = vec![];
    for at in (0..token.len()).step_by(7) {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'f' { b'0' } else { b'f' };
        tries.push((1, filed[1].clone(), String::from_utf8(bytes).expect("ASCII")));
    }
    // Of another case of somebody else, and of a cell that was made anew.
    tries.push((2, filed[2].clone(), token.clone()));
    let other = tempfile::tempdir().expect("a temp folder");
    std::fs::copy(up.data.join("secret.key"), other.path().join("secret.key")).expect("a key");
    let foreign = token_elsewhere(other.path()).await;
    tries.push((1, filed[1].clone(), foreign));
    for (unit, case_id, resume_token) in tries {
        let message = WatchCaseRequest { case_id, resume_token, ..WatchCaseRequest::default() };
        let told = client.watch_case(way.request(&customer(unit), message)).await;
        let refused = told.map(|_| ()).expect_err("the token is not good");
        assert_eq!(Error::from_status(&refused).reason(), Reason::ResyncRequired);
    }
    // A place in one case is none in what happens in many.
    let agent = Principal::new(Role::Agent, "agent-1");
    let many = WatchCasesRequest { resume_token: token, ..WatchCasesRequest::default() };
    let told = client.watch_cases(way.request(&agent, many)).await;
    let refused = told.map(|_| ()).expect_err("the token is of one case");
    assert_eq!(Error::from_status(&refused).reason(), Reason::ResyncRequired);
}

/// What is put back to an earlier state refuses the tokens of the time that is lost.
async fn from_the_future(way: &Way, case: &str, up: Up) {
    let data = up.data.clone();
    up.kill_9();
    let earlier = tempfile::tempdir().expect("a temp folder");
    for file in std::fs::read_dir(&data).expect("a folder") {
        let file = file.expect("an entry");
        if file.file_type().expect("it is there").is_file() {
            std::fs::copy(file.path(), earlier.path().join(file.file_name())).expect("a copy");
        }
    }
    let up = Up::start(&data, &[]);
    *way.address.lock().expect("no holder panics") = format!("http://{}", up.grpc);
    let agent = Principal::new(Role::Agent, "agent-1");
    // What is told live has a place behind everything that the copy knows of.
    let mut live = Joined::default();
    while live.token.is_empty() {
        read_many(way, &agent, &mut live, 10_000).await;
    }
    live.entries.clear();
    let chase = RemindCaseRequest {
        request_id: id_of(1, 3),
        case_id: case.to_owned(),
        ..RemindCaseRequest::default()
    };
    let mut client = IntakeServiceClient::new(way.channel());
    client.remind_case(way.request(&customer(1), chase)).await.expect("it is chased");
    let mut of_case = Joined::default();
    while of_case.token.is_empty() || live.entries.is_empty() {
        read_one(way, &customer(1), case, &mut of_case, 1_000).await;
        read_many(way, &agent, &mut live, 10_000).await;
    }
    up.kill_9();
    let before = Up::start(earlier.path(), &[]);
    *way.address.lock().expect("no holder panics") = format!("http://{}", before.grpc);
    let mut client = TrackingServiceClient::new(way.channel());
    let one = WatchCaseRequest {
        case_id: case.to_owned(),
        resume_token: of_case.token,
        ..WatchCaseRequest::default()
    };
    let many = WatchCasesRequest { resume_token: live.token, ..WatchCasesRequest::default() };
    let told = client.watch_case(way.request(&customer(1), one)).await.map(|_| ());
    assert_eq!(Error::from_status(&told.expect_err("lost")).reason(), Reason::ResyncRequired);
    let told = client.watch_cases(way.request(&agent, many)).await.map(|_| ());
    assert_eq!(Error::from_status(&told.expect_err("lost")).reason(), Reason::ResyncRequired);
}

/// A token of the same customer under the same key, of a store with another epoch.
async fn token_elsewhere(folder: &Path) -> String {
    let rows = tempfile::tempdir().expect("a temp folder");
    goods(rows.path(), Clock::system().now());
    let up = Up::start(folder, &[]);
    let loaded = up.run(&["import", "--grpc", &up.grpc, rows.path().to_str().expect("text")]);
    assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
    let key = TokenKey::load(folder).expect("a key").expect("it was copied");
    let way = Way {
        address: Arc::new(Mutex::new(format!("http://{}", up.grpc))),
        tokens: Tokens::of(key, Clock::system().now() - Span::hours(1)),
    };
    let case = act(way.clone(), 1).await;
    let mut client = TrackingServiceClient::new(way.channel());
    let message = GetTimelineRequest { case_id: case, ..GetTimelineRequest::default() };
    let told = client.get_timeline(way.request(&customer(1), message)).await;
    told.expect("a timeline").into_inner().resume_token
}
