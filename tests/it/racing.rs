//! Fifty bookings of one technician at once, each sent twice, while the program is killed again and again:
//! nobody is booked over anybody, windows that touch are both booked, and a request that is sent again after
//! a kill takes its one slot and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::{join, join_all};
use parasol::conformance::moves::{self, Ask, Caller, Head, Unit};
use parasol::import::Source;
use parasol::node::Tokens;
use parasol_api::common::v1::TimeWindow;
use parasol_api::convert::to_timestamp;
use parasol_api::partner::v1::book_appointment_request::Slot;
use parasol_api::partner::v1::{BookAppointmentRequest, BookAppointmentResponse};
use parasol_api::{Error, Reason};
use parasol_casebook::{Pools, Store};
use parasol_journey::event::Window;
use parasol_journey::ids::CaseId;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{Case, Stage};
use parasol_runtime::config::Limits;
use parasol_runtime::identity::{Principal, Role};
use parasol_runtime::transport::local;
use parasol_testkit::Postgres;
use prost::Message as _;
use tempfile::TempDir;
use tokio::sync::{Notify, Semaphore, watch};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::house::{House, moved};
use crate::rows;
use crate::up::Up;

/// Cases, each with one window it wants.
const BOOKINGS: usize = 50;
/// After so many answers the program is killed, with the next calls under way.
const KILLED_AFTER: [usize; 6] = [2, 11, 25, 42, 60, 81];
/// Calls under way at once.
const AT_ONCE: usize = 12;
/// How often a case is looked at before the test gives up; each look takes a millisecond or more.
const LOOKS_MAX: usize = 60_000;

const BRAND: &str = "anvil";
const CENTRE: &str = "anvil-1";
const RESTLESS: &str = "anvil-t1";
const COUNTY: &str = "330106";
const REQUESTS: Uuid = Uuid::from_u128(0x5d27_41c0_9e11_5b38_8f60_2b1e_77aa_0c41);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_bookings_through_kills_on_the_embedded_store() {
    Box::pin(race("")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proc_bookings_through_kills_on_a_server() {
    let url = Postgres::shared().expect("a server").fresh_database("racing");
    Box::pin(race(&url.expect("a database"))).await;
}

async fn race(database: &str) {
    let (folder, limits, tokens, cases) = Box::pin(prepared(database)).await;
    let wanted: Vec<_> =
        cases.iter().enumerate().map(|(nth, case)| (case.id, window(nth))).collect();
    let asks: Vec<_> =
        wanted.iter().map(|(case, window)| ask(&case.to_string(), *window)).collect();
    let run = Run {
        folder: folder.path(),
        database,
        limits,
        tokens,
        address: watch::Sender::new(String::new()),
        answered: AtomicUsize::new(0),
        cut: AtomicUsize::new(0),
        news: Notify::new(),
        places: Semaphore::new(AT_ONCE),
    };
    let twice = asks.iter().flat_map(|ask| [ask, ask]).map(|ask| run.ask_until_answered(ask));
    let (answers, kills) = join(join_all(twice), run.kill_again_and_again()).await;
    let cut = run.cut.load(Ordering::Relaxed);
    assert!(kills == KILLED_AFTER.len() && cut > kills, "{kills} kills cut {cut} calls");
    let url = match database {
        "" => format!("sqlite://{}", folder.path().join("parasol.db").display()),
        url => url.to_owned(),
    };
    check(&url, &wanted, &answers).await;
}

/// A program that is killed, and those who call it.
struct Run<'a> {
    folder: &'a Path,
    database: &'a str,
    limits: Limits,
    tokens: Tokens,
    /// Where it listens now; empty while it does not.
    address: watch::Sender<String>,
    answered: AtomicUsize,
    /// Calls of which nobody knows what became of them.
    cut: AtomicUsize,
    news: Notify,
    places: Semaphore,
}

type Answer = Result<BookAppointmentResponse, Reason>;

impl Run<'_> {
    /// Sends the same bytes until they are answered.
    async fn ask_until_answered(&self, ask: &Ask) -> Answer {
        let mut address = self.address.subscribe();
        loop {
            let place = self.places.acquire().await.expect("nobody closes it");
            let at = address.wait_for(|at| !at.is_empty()).await.expect("the run goes on").clone();
            let channel = local::dial(&format!("http://{at}"), &self.limits).expect("an address");
            let answer = Caller::new(channel, self.tokens.clone()).send(ask).await;
            drop(place);
            if let Some(answer) = understood(answer) {
                self.answered.fetch_add(1, Ordering::Relaxed);
                self.news.notify_one();
                return answer;
            }
            self.cut.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    }

    /// Runs the program, kills it once enough was answered, runs it again; says how often it was killed
    /// before all was answered.
    async fn kill_again_and_again(&self) -> usize {
        for after in KILLED_AFTER {
            self.run_until_answered(after).await;
        }
        self.run_until_answered(2 * BOOKINGS).await;
        KILLED_AFTER.len()
    }

    async fn run_until_answered(&self, enough: usize) {
        let mut settings = vec![("test_clock", "true"), ("test_clock_start", parasol::demo::START)];
        if !self.database.is_empty() {
            settings.push(("database_url", self.database));
        }
        let program = Up::start(self.folder, &settings);
        self.address.send_replace(program.grpc.clone());
        while self.answered.load(Ordering::Relaxed) < enough {
            self.news.notified().await;
        }
        program.kill_9();
        self.address.send_replace(String::new());
    }
}

/// What was answered; `None` where the way was cut and nobody knows.
fn understood(answer: Result<Vec<u8>, Status>) -> Option<Answer> {
    match answer {
        Ok(body) => Some(Ok(BookAppointmentResponse::decode(body.as_slice()).expect("an answer"))),
        Err(status) => match status.code() {
            Code::Unavailable | Code::Unknown | Code::Cancelled => None,
            _ => Some(Err(Error::from_status(&status).reason())),
        },
    }
}

async fn check(url: &str, wanted: &[(CaseId, Window)], answers: &[Answer]) {
    let store = Store::open(url, Pools::default()).await.expect("the store opens");
    let mut booked = BTreeMap::new();
    let mut refused = Vec::new();
    for ((case, window), pair) in wanted.iter().zip(answers.chunks(2)) {
        assert_eq!(pair[0], pair[1], "one request, two outcomes");
        let kept = store.case(*case).await.expect("it can be read").expect("it is there");
        match &pair[0] {
            Ok(answer) => {
                let visit = kept.visit.as_ref().expect("what was answered is booked");
                assert_eq!(visit.id.to_string(), answer.appointment_id);
                assert_eq!(visit.window, *window);
                booked.insert((window.start, window.end), *case);
            }
            Err(reason) => {
                let is_empty = window.start == window.end;
                let expected = if is_empty { Reason::WindowInvalid } else { Reason::SlotTaken };
                assert_eq!(*reason, expected);
                assert_eq!(kept.stage, Stage::TechnicianAssigned);
                refused.extend((!is_empty).then_some(*window));
            }
        }
    }
    let spans: Vec<_> = booked.keys().copied().collect();
    for pair in spans.windows(2) {
        assert!(halves(pair[0]).is_disjoint(&halves(pair[1])), "an overlap at {pair:?}");
    }
    assert!(spans.windows(2).any(|pair| pair[0].1 == pair[1].0), "no two booked windows touch");
    for window in &refused {
        let lost = halves((window.start, window.end));
        assert!(spans.iter().any(|one| !halves(*one).is_disjoint(&lost)), "{window:?} was free");
    }
    assert!(booked.len() > 5 && refused.len() > 5, "{} of {BOOKINGS} booked", booked.len());
    store.close().await.expect("the store closes");
}

/// The half hours a window touches.
fn halves((from, to): (Timestamp, Timestamp)) -> BTreeSet<i64> {
    let half = Span::minutes(30).micros();
    (from.micros().div_euclid(half)..=(to.micros() - 1).div_euclid(half)).collect()
}

/// Windows around a midnight: overlapping, touching, crossing it, and empty ones.
fn window(nth: usize) -> Window {
    let today = Timestamp::parse(parasol::demo::START).expect("an instant").shanghai_day();
    let midnight = Timestamp::shanghai_midnight(today) + Span::days(2);
    let n = i64::try_from(nth).expect("few");
    let start = midnight + Span::minutes(30 * ((n * 7) % 20 - 10) + 10 * i64::from(n % 5 == 0));
    let length = if n % 7 == 6 { 0 } else { 30 * (1 + n % 3) };
    Window { start, end: start + Span::minutes(length) }
}

fn ask(case: &str, window: Window) -> Ask {
    let wire =
        TimeWindow { from: Some(to_timestamp(window.start)), to: Some(to_timestamp(window.end)) };
    let message = BookAppointmentRequest {
        request_id: Uuid::new_v5(&REQUESTS, case.as_bytes()).to_string(),
        case_id: case.to_owned(),
        slot: Some(Slot::Window(wire)),
        ..Default::default()
    };
    Ask {
        player: centre(),
        path: "/parasol.partner.v1.AppointmentService/BookAppointment",
        body: message.encode_to_vec(),
    }
}

fn centre() -> Principal {
    Principal::new(Role::Centre, CENTRE).of_brand(BRAND)
}

fn unit(nth: usize) -> Unit {
    Unit {
        order_line: format!("ANVIL{nth:05}-1"),
        serial: format!("ANVILSN{nth:05}"),
        customer: format!("anvil-u{nth}"),
        sku: "anvil-sku".to_owned(),
    }
}

/// Fifty cases that wait for a time of the same technician, and the folder they are in.
async fn prepared(database: &str) -> (TempDir, Limits, Tokens, Vec<Case>) {
    let settings: &[_] = if database.is_empty() { &[] } else { &[("database_url", database)] };
    let house = House::set(settings).await;
    house.load(network()).await;
    let caller = Caller::new(house.channel.clone(), house.node.tokens());
    for nth in 0..BOOKINGS {
        let customer = Principal::new(Role::Customer, unit(nth).customer);
        let id = Uuid::new_v5(&REQUESTS, &nth.to_be_bytes()).to_string();
        caller.send(&moves::file(&customer, &id, &unit(nth))).await.expect("a filing is taken");
    }
    for case in standing_in(&house, Stage::Dispatched).await {
        let offer = case.offer.as_ref().expect("it is offered").id.to_string();
        let head = |step: &str| {
            let name = format!("{step}/{}", case.id);
            let request_id = Uuid::new_v5(&REQUESTS, name.as_bytes()).to_string();
            Head { request_id, case_id: case.id.to_string(), ..Head::default() }
        };
        caller.send(&moves::accept(&centre(), &head("accept"), &offer)).await.expect("accepted");
        caller.send(&moves::assign(&centre(), &head("assign"), RESTLESS)).await.expect("assigned");
    }
    let cases = standing_in(&house, Stage::TechnicianAssigned).await;
    let (limits, tokens) = (house.limits.clone(), house.node.tokens());
    (moved(house.leave().await), limits, tokens, cases)
}

/// Every case, once all of them stand in this stage.
async fn standing_in(house: &House, stage: Stage) -> Vec<Case> {
    for _ in 0..LOOKS_MAX {
        let cases = house.node.store.cases_after(None, 1_000).await.expect("cases can be read");
        if cases.len() == BOOKINGS && cases.iter().all(|case| case.stage == stage) {
            return cases;
        }
        tokio::task::yield_now().await;
    }
    panic!("the cases never came to {stage}");
}

fn network() -> Vec<Source> {
    vec![
        rows::file("brands.jsonl", [rows::brand(BRAND)]),
        rows::file("centres.jsonl", [rows::centre(CENTRE, BRAND, COUNTY, 1_000)]),
        rows::file("technicians.jsonl", [rows::technician(RESTLESS, CENTRE, "24:00")]),
        rows::file("skus.jsonl", [rows::sku(BRAND)]),
        rows::file(
            "orders.jsonl",
            (0..BOOKINGS).map(|nth| rows::order(&unit(nth), rows::ANYBODY, COUNTY)),
        ),
    ]
}
