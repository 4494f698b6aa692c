//! A cell on either engine, processes on it that can be killed anywhere, and carriers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use parasol_api::Role;
use parasol_api::tracking::v1 as wire;
use parasol_api::tracking::v1::notice_service_server::NoticeService as _;
use parasol_bell::Bell;
use parasol_casebook::migration::guard_rows;
use parasol_casebook::{
    Caller, CaseDeed, FilingDeed, Handoff, Keyring, Lease, Limits, Parts, Pools, RowsDeed, Rules,
    Secret, Store, Submission, Submitter, Target, committer, secret,
};
use parasol_desk::{Desk, customer_id};
use parasol_journey::calendar::Calendar;
use parasol_journey::deadline::{Clock as Limit, Deadlines};
use parasol_journey::event::{Decision, Filing, OfferedRemedy, Path, Window};
use parasol_journey::ids::{AppointmentId, CaseId, CustomerId, DecisionId, OfferId, WorkOrderId};
use parasol_journey::pinned::{Contract, RepairsBefore};
use parasol_journey::time::{MINUTE, Span, Timestamp};
use parasol_journey::vocab::{CaseKind, Category, Channel, Remedy};
use parasol_journey::{Actor, ActorKind, Case, Command, Event, Task};
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::{Principal, TokenKey};
use parasol_runtime::ids::IdSource;
use parasol_runtime::shutdown::Shutdown;
use parasol_runtime::transport::Transport;
use parasol_testkit::Postgres;
use parasol_testkit::carriers::{Answer, FakeCarrier, Mishaps};
use parasol_tracking::Tracking;
use parasol_tracking::notices::ports::{Carrier, Carriers, Message, Told};
use parasol_tracking::notices::{Hours, Manners, Notices, Notifying, Operation, Settings};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tonic::Request;
use uuid::Uuid;

/// The customer of every case, by the key in their token.
pub const CUSTOMER: &str = "u-1001";
/// Their telephone number, as intake keeps it; it must be found in the vault alone.
pub const PHONE: &str = "13800008000";
/// What receipts are signed with: `whsec_` and 32 times the letter A.
pub const SECRET: &str = "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";

struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let kernel = parasol_casebook::migration::migrations();
        kernel.into_iter().chain(parasol_tracking::migrations()).collect()
    }
}

/// A Wednesday morning inside the calendar.
pub fn start() -> Timestamp {
    Timestamp::parse("2026-06-10T09:30:00+08:00").unwrap()
}

pub fn customer() -> CustomerId {
    customer_id(CUSTOMER)
}

/// One database, one time, one carrier of text messages.
pub struct Cell {
    url: String,
    pub clock: Clock,
    pub ids: IdSource,
    pub sms: Arc<FakeCarrier>,
    /// Stops inside the next call, after the carrier has done what it was asked, and stays there.
    pub stuck: Arc<Stuck>,
    _folder: Option<TempDir>,
}

/// A call that never comes back.
#[derive(Default)]
pub struct Stuck {
    pub armed: AtomicBool,
    pub reached: Notify,
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
        let sms = Arc::new(FakeCarrier::new(42, Mishaps::NONE));
        let cell = Self { url, clock, ids, sms, stuck: Arc::default(), _folder: folder };
        let store = cell.store().await;
        Migrations::up(store.for_migrations(), None).await.unwrap();
        guard_rows(store.for_migrations()).await.unwrap();
        store.close().await.unwrap();
        cell
    }

    pub async fn store(&self) -> Store {
        let store = Store::open(&self.url, Pools { write: 2, read: 2 }).await.unwrap();
        store.with_keys(Keyring::first([7; 32]))
    }

    /// A process whose only carrier is that of text messages.
    pub async fn process(&self) -> Process {
        self.process_with(Carriers::of(vec![self.fake(Channel::Sms)])).await
    }

    pub fn fake(&self, channel: Channel) -> Arc<dyn Carrier> {
        let (inner, stuck) = (Arc::clone(&self.sms), Arc::clone(&self.stuck));
        Arc::new(Wire { channel, inner, stuck })
    }

    pub async fn process_with(&self, carriers: Carriers) -> Process {
        let store = self.store().await;
        let (submitter, committing) = committing(&store, &self.clock, &self.ids);
        let key = Arc::new(TokenKey::from_secret(&[7; 32]));
        let (clock, ids) = (self.clock.clone(), self.ids.clone());
        let desk = Desk { store, submitter, clock, ids, key, message_bytes: 4 << 20 };
        let nobody = tower::service_fn(|_| async {
            let away = tonic::Status::unavailable("nobody is here");
            Err::<http::Response<tonic::body::Body>, _>(away)
        });
        let peers = Transport::new(nobody);
        let tracking = Tracking::new(desk.clone(), peers, Shutdown::new(), Uuid::nil());
        let manners =
            Manners { hours: Hours::default(), digest_at: "09:00".parse().unwrap(), per_day: 100 };
        let settings = Settings {
            carriers,
            manners,
            pages: "https://service.shop.example".to_owned(),
            receipt_secret: SecretString::from(SECRET),
        };
        let service = tracking.notices(settings);
        let sending = service.sending(self.ids.next());
        Process { desk, service, sending, committing }
    }

    pub fn wait(&self, span: Span) {
        self.clock.advance(span).unwrap();
    }

    pub fn wait_until(&self, text: &str) {
        let until = Timestamp::parse(&format!("2026-06-{text}:00+08:00")).unwrap();
        self.clock.advance(until.since(self.clock.now())).unwrap();
    }

    pub fn id(&self) -> String {
        self.ids.next().to_string()
    }
}

/// The fake as a carrier.
struct Wire {
    channel: Channel,
    inner: Arc<FakeCarrier>,
    stuck: Arc<Stuck>,
}

impl Wire {
    async fn hold(&self) {
        if self.stuck.armed.swap(false, Ordering::SeqCst) {
            self.stuck.reached.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

fn told(answer: Answer) -> Told {
    match answer {
        Answer::NeverHeard => Told::NeverHeard,
        Answer::Accepted => Told::Accepted,
        Answer::Delivered => Told::Delivered,
        Answer::Failed(reason) => Told::Refused { reason: reason.to_owned() },
        Answer::Busy => Told::Busy { wait: None },
        Answer::NoAnswer => Told::Lost,
    }
}

#[async_trait]
impl Carrier for Wire {
    fn channel(&self) -> Channel {
        self.channel
    }

    fn can_be_asked(&self) -> bool {
        true
    }

    async fn send(&self, message: &Message) -> Told {
        let number = message.operation.to_string();
        let answer = self.inner.send(&number, &message.to, &message.text);
        self.hold().await;
        told(answer)
    }

    async fn query(&self, operation: Operation) -> Told {
        let answer = self.inner.query(&operation.to_string());
        self.hold().await;
        told(answer)
    }
}

/// A process: a committer, the service, and its sending.
pub struct Process {
    pub desk: Desk,
    pub service: Notices,
    pub sending: Notifying,
    committing: JoinSet<()>,
}

impl Process {
    /// Ends it wherever it is: whatever it had not committed is gone.
    pub async fn kill(mut self) {
        self.committing.shutdown().await;
    }

    /// Keeps a customer in the vault as intake does.
    pub async fn know(&self, customer: CustomerId, phone: &str) {
        let body = format!(r#"{{"key":"k","name":"Li Lei","phone":"{phone}","address":"a"}}"#);
        let (subject, lookup) = (customer.uuid(), String::new());
        let row = secret(Secret { subject, kind: "customer", lookup, body }, self.desk.clock.now());
        let submission = Submission {
            target: Target::NoCase,
            key: None,
            caller: caller(),
            actor: Actor::policy(),
            expected: None,
            deed: Arc::new(RowsDeed { rows: vec![row], answer: Vec::new() }),
        };
        self.desk.submitter.submit(submission).await.unwrap();
    }

    pub async fn file(&self, filing: Filing) -> CaseId {
        let id = CaseId::new(self.desk.ids.next());
        let answer = |_: &Case| Vec::new();
        let deed =
            Arc::new(FilingDeed { id, command: Command::File { filing }, rows: vec![], answer });
        let submission = Submission {
            target: Target::NewCase(id),
            key: None,
            caller: caller(),
            actor: Actor::new(ActorKind::Customer, "test"),
            expected: None,
            deed,
        };
        self.desk.submitter.submit(submission).await.unwrap();
        id
    }

    pub async fn give(&self, id: CaseId, by: ActorKind, command: Command) {
        let verb = command.verb();
        let given = self.give_at(None, id, by, command).await;
        given.unwrap_or_else(|refused| panic!("{verb}: {refused}"));
    }

    /// The same by somebody who insists on the version they saw.
    pub async fn give_at(
        &self,
        expected: Option<u64>,
        id: CaseId,
        by: ActorKind,
        command: Command,
    ) -> Result<(), parasol_casebook::Error> {
        let answer = |_: &Case| Vec::new();
        let submission = Submission {
            target: Target::Case(id),
            key: None,
            caller: caller(),
            actor: Actor::new(by, "test"),
            expected,
            deed: Arc::new(CaseDeed { command, rows: Vec::new(), answer }),
        };
        self.desk.submitter.submit(submission).await.map(drop)
    }

    pub async fn case(&self, id: CaseId) -> Case {
        self.desk.store.case(id).await.unwrap().unwrap()
    }

    pub async fn log(&self, id: CaseId) -> Vec<Event> {
        let log = self.desk.store.log_after(id, 0, 1_000).await.unwrap();
        log.into_iter().map(|logged| logged.event).collect()
    }

    /// A case that waits for its customer to confirm a refund.
    pub async fn refunded(&self, filing: Filing) -> CaseId {
        let id = self.file(filing).await;
        let path = Command::Triage { path: Path::NoVisit, rules: vec![] };
        self.give(id, ActorKind::Policy, path).await;
        self.give(id, ActorKind::Policy, Command::Decide { decision: self.refund() }).await;
        let operation = format!("pay_{}", self.desk.ids.next().simple());
        self.give(id, ActorKind::Payment, Command::RecordRefund { operation }).await;
        id
    }

    pub fn refund(&self) -> Decision {
        Decision {
            id: DecisionId::new(self.desk.ids.next()),
            policy: "cn-2026.1".to_owned(),
            rules: vec!["R10".to_owned()],
            offered: vec![OfferedRemedy {
                remedy: Remedy::Refund,
                amount_fen: 399_900,
                payer: "brand".to_owned(),
                recourse: String::new(),
            }],
            certificate: None,
            overrides: false,
        }
    }

    /// A case whose visit is booked, some hours from now.
    pub async fn booked(&self, filing: Filing, hours: i64) -> CaseId {
        let id = self.file(filing).await;
        let path = Command::Triage { path: Path::Inspection, rules: vec![] };
        self.give(id, ActorKind::Policy, path).await;
        let next = || self.desk.ids.next();
        let (offer, work_order) = (OfferId::new(next()), WorkOrderId::new(next()));
        let centre: parasol_journey::ids::CentreId = "aurora-nj-01".parse().unwrap();
        let make = Command::MakeOffer { offer, centre: centre.clone(), network: None };
        self.give(id, ActorKind::Policy, make).await;
        let (centre, partner_order) = (Some(centre), None);
        let accept = Command::AcceptOffer { offer, work_order, centre, partner_order };
        self.give(id, ActorKind::Centre, accept).await;
        let technician: parasol_journey::ids::TechnicianId = "tech-1".parse().unwrap();
        let assign = Command::AssignTechnician { technician: technician.clone(), helper: None };
        self.give(id, ActorKind::Centre, assign).await;
        let now = self.desk.clock.now();
        let start = now + Span::hours(hours);
        let window = Window { start, end: start + Span::hours(2) };
        let appointment = AppointmentId::new(next());
        let book = Command::BookAppointment { appointment, technician, window };
        self.give(id, ActorKind::Customer, book).await;
        id
    }

    /// Makes rounds until there is nothing to do at once.
    pub async fn rounds(&self) {
        for _ in 0..50 {
            if !self.sending.run_once().await.unwrap() && self.due().await == 0 {
                return;
            }
        }
        panic!("the rounds never end")
    }

    async fn due(&self) -> usize {
        let notices = self.all().await;
        let now = self.desk.clock.now();
        let due = |notice: &&parasol_tracking::notices::tables::notices::Model| {
            notice.due > 0 && notice.due <= now.micros()
        };
        notices.iter().filter(due).count()
    }

    /// Every notice there is.
    pub async fn all(&self) -> Vec<parasol_tracking::notices::tables::notices::Model> {
        use sea_orm::EntityTrait as _;
        let all = parasol_tracking::notices::tables::notices::Entity::find();
        all.all(self.desk.store.reader()).await.unwrap()
    }

    /// The state of each notice of a case, by template; the newest counts.
    pub async fn states(&self, id: CaseId) -> BTreeMap<String, String> {
        let mut all = self.all().await;
        all.retain(|notice| notice.case_id == id.uuid());
        all.sort_by_key(|notice| notice.seq);
        all.into_iter().map(|notice| (notice.template, notice.state)).collect()
    }

    /// The notices of a case as its customer sees them.
    pub async fn listed(&self, id: CaseId) -> Vec<wire::Notice> {
        let request = wire::ListNoticesRequest { case_id: id.to_string() };
        let answer = self.service.list_notices(by(Role::Customer, CUSTOMER, request)).await;
        answer.unwrap().into_inner().notices
    }

    pub async fn owes(&self, id: CaseId, clock: Limit) -> Option<Timestamp> {
        self.case(id).await.owes(Task::Clock(clock)).map(|owed| owed.due)
    }

    /// Lets a clock of the case run out.
    pub async fn miss(&self, cell: &Cell, id: CaseId, clock: Limit) {
        let owed = *self.case(id).await.owes(Task::Clock(clock)).expect("the clock runs");
        let until = owed.due.since(cell.clock.now());
        cell.wait(until.max(Span::ZERO));
        let fire = Command::Fire { task: owed.task, generation: owed.generation };
        self.give(id, ActorKind::Timer, fire).await;
    }
}

fn committing(store: &Store, clock: &Clock, ids: &IdSource) -> (Submitter, JoinSet<()>) {
    let lease = Lease { holder: Uuid::from_u128(1), length: Span::from_micros(MINUTE) };
    let (handoff, _) = Handoff::new(lease, Span::ZERO, &[], 1);
    let (now, new_id) = (clock.clone(), ids.clone());
    let (submitter, committer) = committer(Parts {
        store: store.clone(),
        now: Arc::new(move || now.now()),
        new_id: Arc::new(move || new_id.next()),
        rules: Rules {
            calendar: Arc::new(Calendar::china().clone()),
            deadlines: Arc::new(Deadlines::default()),
        },
        projectors: vec![parasol_tracking::projector()],
        bell: Bell::in_process(),
        handoff,
        limits: Limits::default(),
    });
    let mut committing = JoinSet::new();
    committing.spawn(committer.run());
    (submitter, committing)
}

fn caller() -> Caller {
    Caller { principal: "test".to_owned(), method: "test", trace: String::new() }
}

/// A refrigerator in Jiangsu, received three days ago, by this customer.
pub fn filing_of(customer: CustomerId) -> Filing {
    Filing {
        customer,
        order_line: "300000010007-1".parse().unwrap(),
        sku: "AUR-RF-468".parse().unwrap(),
        brand: "aurora".parse().unwrap(),
        category: Category::Refrigerator,
        serial: "AURRF46826100003".parse().unwrap(),
        county: "320106".parse().unwrap(),
        kind: CaseKind::Quality,
        wants: Some(Remedy::Refund),
        symptom: "not_cooling".to_owned(),
        received_at: start() - Span::days(3),
        installed_at: None,
        price_fen: 399_900,
        promises: vec![],
        terms: vec![],
        policy: "cn-2026.1".to_owned(),
        prior_repairs: 0,
        repairs_before: RepairsBefore::default(),
        gifts: vec![],
        contract: Contract::default(),
        declared_intact: false,
        danger: false,
        damaged_on_arrival: false,
    }
}

pub fn filing() -> Filing {
    filing_of(customer())
}

/// A request as the layers hand it on.
pub fn by<T>(role: Role, subject: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Principal::new(role, subject));
    request
}
