//! A cell on either engine, processes on it that can be killed anywhere, and a provider that misbehaves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use chrono::NaiveDate;
use parasol_casebook::{Engine, Keyring, Pools, Store, Worker};
use parasol_desk::Desk;
use parasol_journey::ids::CaseId;
use parasol_journey::{ActorKind, Case, Command};
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::TokenKey;
use parasol_runtime::ids::IdSource;
use parasol_testkit::Postgres;
use parasol_testkit::payments::{FakeProvider, Rates, Said};
use parasol_verification::ledger::read::{Imbalance, imbalance};
use parasol_verification::payment::{
    NoStatement, Operation, PaymentOrder, PaymentProvider, PaymentState, StatementLine,
    StatementPage,
};
use parasol_verification::settlement::Settlement;
use parasol_verification::{Ports, Verification};
use sea_orm_migration::MigratorTrait as _;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::world::{Migrations, process, start, submission};

/// One database, one provider, one time.
pub struct Cell {
    url: String,
    pub clock: Clock,
    pub ids: IdSource,
    pub provider: Arc<FakeProvider>,
    pub wire: Arc<Wire>,
    _folder: Option<TempDir>,
}

impl Cell {
    pub async fn on_sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite://{}", folder.path().join("cell.db").display());
        Self::at(url, Some(folder)).await
    }

    pub async fn on_postgres(name: &str) -> Self {
        let server = Postgres::shared().unwrap();
        Self::at(server.fresh_database(&name[..name.len().min(40)]).unwrap(), None).await
    }

    async fn at(url: String, folder: Option<TempDir>) -> Self {
        let clock = Clock::manual(start());
        let ids = IdSource::seeded(clock.clone(), 11);
        let provider = Arc::new(FakeProvider::new(42, Rates::CALM));
        provider.set_day(&clock.now().shanghai_day().to_string());
        let wire = Arc::new(Wire::to(Arc::clone(&provider)));
        let cell = Self { url, clock, ids, provider, wire, _folder: folder };
        let store = cell.store().await;
        Migrations::up(store.for_migrations(), None).await.unwrap();
        store.close().await.unwrap();
        cell
    }

    pub fn engine(&self) -> Engine {
        Engine::of_url(&self.url)
    }

    /// Connections of their own, which no death of a process takes along.
    pub async fn store(&self) -> Store {
        let store = Store::open(&self.url, Pools { write: 2, read: 2 }).await.unwrap();
        store.with_keys(Keyring::first([7; 32]))
    }

    /// A process that works on the cell.
    pub async fn process(&self) -> Process {
        let store = self.store().await.parking_after(10_000);
        let (submitter, handoff, committing) = process(&store, &self.clock, &self.ids);
        let key = Arc::new(TokenKey::from_secret(&[7; 32]));
        let (clock, ids) = (self.clock.clone(), self.ids.clone());
        let desk = Desk { store, submitter, clock, ids, key, message_bytes: 4 << 20 };
        let payments: Arc<dyn PaymentProvider> = Arc::<Wire>::clone(&self.wire);
        let ports = Ports { payments, ..Ports::local() };
        let service = Verification::new(desk.clone()).with_ports(ports);
        let (role, hands) = service.work().unwrap();
        let now = self.clock.clone();
        let worker = Arc::new(Worker::new(
            role,
            desk.store.clone(),
            desk.submitter.clone(),
            handoff,
            hands,
            Arc::new(move || now.now()),
            200,
        ));
        let settlement = service.settlement();
        Process { desk, service, settlement, worker, committing }
    }

    /// Another minute, for the cell and for the provider.
    pub fn minute(&self) {
        self.clock.advance(parasol_journey::time::Span::minutes(1)).unwrap();
        self.provider.set_day(&self.clock.now().shanghai_day().to_string());
        self.provider.tick();
    }

    /// A new request id.
    pub fn id(&self) -> String {
        self.ids.next().to_string()
    }
}

/// A process: a committer, the work of verification, and the service itself.
pub struct Process {
    pub desk: Desk,
    pub service: Verification,
    pub settlement: Settlement,
    pub worker: Arc<Worker>,
    committing: JoinSet<()>,
}

impl Process {
    /// Ends it wherever it is: whatever it had not committed is gone.
    pub async fn kill(mut self) {
        self.committing.shutdown().await;
    }

    /// A step of somebody; false if it was refused.
    pub async fn give(&self, id: CaseId, by: ActorKind, command: Command) -> bool {
        self.desk.submitter.submit(submission(id, by, command)).await.is_ok()
    }

    pub async fn case(&self, id: CaseId) -> Option<Case> {
        self.desk.store.case(id).await.unwrap()
    }
}

/// The ledger balances in the snapshots that are looked at.
pub async fn check_balance(store: &Store) {
    assert_eq!(imbalance(store).await.unwrap(), Imbalance::default());
}

/// The way to the provider. The process may die on it, before or after the provider has heard.
pub struct Wire {
    provider: Arc<FakeProvider>,
    calls: AtomicU64,
    kill_every: AtomicU64,
    /// Rings when the process is to die.
    pub dying: Notify,
    killed: std::sync::Mutex<BTreeMap<&'static str, u64>>,
}

impl Wire {
    fn to(provider: Arc<FakeProvider>) -> Self {
        Self {
            provider,
            calls: AtomicU64::new(0),
            kill_every: AtomicU64::new(0),
            dying: Notify::new(),
            killed: std::sync::Mutex::default(),
        }
    }

    /// From now on the process dies at every so many calls; 0 for never.
    pub fn kill_every(&self, calls: u64) {
        self.kill_every.store(calls, Ordering::SeqCst);
    }

    /// How often it died, and where.
    pub fn killed(&self) -> BTreeMap<&'static str, u64> {
        self.killed.lock().unwrap().clone()
    }

    /// Counts a death and tells of it.
    pub fn die(&self, place: &'static str) {
        *self.killed.lock().unwrap().entry(place).or_default() += 1;
        self.dying.notify_one();
    }

    /// Whether this call is the last one.
    fn is_last(&self) -> bool {
        let every = self.kill_every.load(Ordering::SeqCst);
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        every > 0 && call % every == every - 1
    }
}

#[async_trait]
impl PaymentProvider for Wire {
    fn name(&self) -> &'static str {
        "fake"
    }

    async fn pay(&self, order: &PaymentOrder) -> PaymentState {
        let is_last = self.is_last();
        // Of those that die, every other one dies before the provider has heard.
        let before = is_last && self.killed().values().sum::<u64>() % 2 == 0;
        if before {
            self.die("before_sending");
            return std::future::pending().await;
        }
        let said = self.provider.pay(order.operation.as_str(), order.amount_fen);
        if is_last {
            self.die("between_sending_and_recording");
            return std::future::pending().await;
        }
        state(said)
    }

    async fn query(&self, operation: &Operation) -> PaymentState {
        state(self.provider.query(operation.as_str()))
    }

    async fn statement(&self, day: NaiveDate, cursor: &str) -> Result<StatementPage, NoStatement> {
        let (paid, next) = self.provider.statement(&day.to_string(), cursor);
        let line = |one: parasol_testkit::payments::Paid| StatementLine {
            operation: one.number,
            amount_fen: one.fen,
        };
        Ok(StatementPage { lines: paid.into_iter().map(line).collect(), next })
    }
}

fn state(said: Said) -> PaymentState {
    match said {
        Said::Unsent => PaymentState::Unsent,
        Said::Accepted => PaymentState::Accepted,
        Said::Succeeded => PaymentState::Succeeded,
        Said::Failed => PaymentState::Failed { reason: "refused".to_owned() },
        Said::NoAnswer => PaymentState::Unknown,
    }
}
