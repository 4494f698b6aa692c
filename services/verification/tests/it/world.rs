//! A database, a clock that only moves when told, the service, and hands for everybody else's steps.

use std::sync::{Arc, LazyLock};

use parasol_api::common::v1 as wire;
use parasol_api::convert::{Listed, to_timestamp};
use parasol_api::{Error, Reason, Role};
use parasol_bell::Bell;
use parasol_casebook::migration::guard_rows;
use parasol_casebook::{
    Caller, CaseDeed, FilingDeed, Handoff, Keyring, Lease, Limits, Parts, Pools, Rules, Store,
    Submission, Submitter, Target, Worker, committer,
};
use parasol_desk::{CaseReaders, Desk, customer_id};
use parasol_journey::calendar::Calendar;
use parasol_journey::deadline::{Clock as Limit, Deadlines};
use parasol_journey::event::{Filing, Path, Window};
use parasol_journey::ids::{AppointmentId, CaseId, CentreId, OfferId, WorkOrderId};
use parasol_journey::pinned::RepairsBefore;
use parasol_journey::promise::Term;
use parasol_journey::task::Role as TaskRole;
use parasol_journey::time::{MINUTE, Span, Timestamp};
use parasol_journey::vocab::{CaseKind, Category, Cause, Conclusion, Function, Remedy};
use parasol_journey::{Actor, ActorKind, Case, Command, Event, Task};
use parasol_policy::{Pack, Province, Scope};
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::{Principal, TokenKey};
use parasol_runtime::ids::IdSource;
use parasol_testkit::Postgres;
use parasol_verification::payment::LocalPayments;
use parasol_verification::warehouse::LocalWarehouse;
use parasol_verification::{Authority, Ports, SealKeys, Verification};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tonic::{Request, Status};
use uuid::Uuid;

/// The customer of every case, by the key in their token.
pub const CUSTOMER: &str = "u-1001";
/// The price of every unit, in fen.
pub const PRICE: i64 = 399_900;

/// The tables of the kernel and of verification.
pub struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let kernel = parasol_casebook::migration::migrations();
        kernel.into_iter().chain(parasol_verification::migrations()).collect()
    }
}

pub struct World {
    pub desk: Desk,
    pub clock: Clock,
    pub payments: Arc<LocalPayments>,
    pub warehouse: Arc<LocalWarehouse>,
    pub service: Verification,
    worker: Worker,
    handoff: Handoff,
    _committing: JoinSet<()>,
    _folder: Option<TempDir>,
}

/// A Wednesday morning inside the calendar, no holiday near.
pub fn start() -> Timestamp {
    Timestamp::parse("2026-06-10T09:30:00+08:00").unwrap()
}

/// Read once: thousands of cases are filed at a time, and reading it takes as long as many steps.
static PACK: LazyLock<Pack> = LazyLock::new(Pack::builtin);

/// Whose promises a case about a refrigerator in Jiangsu pins.
fn unit(kind: CaseKind) -> Scope<'static> {
    Scope {
        category: Category::Refrigerator,
        brand: "aurora",
        province: Province::new(32).unwrap(),
        kind,
        filed_on: start().shanghai_day(),
    }
}

/// What such a case pins of the promises that everybody has.
pub fn terms(kind: CaseKind) -> Vec<Term> {
    PACK.terms(&unit(kind), &[])
}

/// A refrigerator in Jiangsu, received this many days ago.
pub fn filing(days_ago: i64, wants: Remedy) -> Filing {
    let unit = unit(CaseKind::Quality);
    let contract = PACK.settings(unit.filed_on, unit.province).contract;
    Filing {
        customer: customer_id(CUSTOMER),
        order_line: "300000010007-1".parse().unwrap(),
        sku: "AUR-RF-468".parse().unwrap(),
        brand: "aurora".parse().unwrap(),
        category: Category::Refrigerator,
        serial: "AURRF46826100003".parse().unwrap(),
        county: "320106".parse().unwrap(),
        kind: CaseKind::Quality,
        wants: Some(wants),
        symptom: "not_cooling".to_owned(),
        received_at: start() - Span::days(days_ago),
        installed_at: None,
        price_fen: PRICE,
        promises: vec![],
        terms: terms(CaseKind::Quality),
        policy: "cn-2026.1".to_owned(),
        prior_repairs: 0,
        repairs_before: RepairsBefore::default(),
        gifts: vec![],
        contract,
        declared_intact: false,
        danger: false,
        damaged_on_arrival: false,
    }
}

impl World {
    /// A world on the embedded engine.
    pub async fn new() -> Self {
        Self::on_sqlite().await
    }

    pub async fn on_sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite://{}", folder.path().join("cell.db").display());
        Self::at(&url, Some(folder)).await
    }

    pub async fn on_postgres(name: &str) -> Self {
        let server = Postgres::shared().unwrap();
        Self::at(&server.fresh_database(&name[..name.len().min(40)]).unwrap(), None).await
    }

    async fn at(url: &str, folder: Option<TempDir>) -> Self {
        let store = Store::open(url, Pools { write: 1, read: 2 }).await.unwrap();
        let store = store.with_keys(Keyring::first([7; 32]));
        Migrations::up(store.for_migrations(), None).await.unwrap();
        guard_rows(store.for_migrations()).await.unwrap();
        let clock = Clock::manual(start());
        let ids = IdSource::seeded(clock.clone(), 7);
        let (submitter, handoff, committing) = process(&store, &clock, &ids);
        let key = Arc::new(TokenKey::from_secret(&[7; 32]));
        let message_bytes = 4 << 20;
        let desk = Desk { store, submitter, clock: clock.clone(), ids, key, message_bytes };
        let payments = Arc::new(LocalPayments::default());
        let warehouse = Arc::new(LocalWarehouse::default());
        let ports = Ports {
            payments: payments.clone(),
            warehouse: warehouse.clone(),
            authority: Authority::default(),
        };
        let service = Verification::new(desk.clone()).with_ports(ports);
        let worker = worker(&service, &desk, &handoff);
        let (_committing, _folder) = (committing, folder);
        Self { desk, clock, payments, warehouse, service, worker, handoff, _committing, _folder }
    }

    /// Reaches the outside through other ports from now on.
    pub fn reach(&mut self, ports: Ports) {
        self.service = self.service.clone().with_ports(ports);
        self.worker = worker(&self.service, &self.desk, &self.handoff);
    }

    pub fn wait(&self, span: Span) {
        self.clock.advance(span).unwrap();
    }

    /// Does the due work of verification until there is none, and says how many tasks failed.
    pub async fn work(&self) -> usize {
        let mut failed = 0;
        for _ in 0..20 {
            let pass = self.worker.run_due().await.unwrap();
            failed += pass.failed;
            if pass.done + pass.superseded + pass.failed == 0 {
                return failed;
            }
        }
        panic!("the work of verification never ends")
    }

    pub async fn case(&self, id: CaseId) -> Case {
        self.desk.store.case(id).await.unwrap().unwrap()
    }

    pub async fn log(&self, id: CaseId) -> Vec<Event> {
        let log = self.desk.store.log_after(id, 0, 1_000).await.unwrap();
        log.into_iter().map(|logged| logged.event).collect()
    }

    pub async fn file(&self, filing: Filing) -> CaseId {
        let id = CaseId::new(self.desk.ids.next());
        self.desk.submitter.submit(filed(id, filing)).await.unwrap();
        id
    }

    /// A step of somebody else.
    pub async fn give(&self, id: CaseId, by: ActorKind, command: Command) {
        let verb = command.verb();
        let given = self.desk.submitter.submit(submission(id, by, command)).await;
        given.unwrap_or_else(|refused| panic!("{verb}: {refused}"));
    }

    /// Lets a clock of the case run out.
    pub async fn miss(&self, id: CaseId, clock: Limit) {
        let owed = *self.case(id).await.owes(Task::Clock(clock)).expect("the clock runs");
        self.wait(owed.due.since(self.clock.now()));
        let fire = Command::Fire { task: owed.task, generation: owed.generation };
        self.give(id, ActorKind::Timer, fire).await;
    }

    pub async fn triage(&self, id: CaseId, path: Path) {
        self.give(id, ActorKind::Policy, Command::Triage { path, rules: vec![] }).await;
    }

    /// From the search for a centre to the technician at the door.
    pub async fn visit(&self, id: CaseId, centre: &str) {
        let next = || self.desk.ids.next();
        let (offer, work_order) = (OfferId::new(next()), WorkOrderId::new(next()));
        let technician = technician_of(centre);
        let centre: CentreId = centre.parse().unwrap();
        let now = self.clock.now();
        let window = Window { start: now + Span::hours(2), end: now + Span::hours(4) };
        let appointment = AppointmentId::new(next());
        let make = Command::MakeOffer { offer, centre: centre.clone(), network: None };
        self.give(id, ActorKind::Policy, make).await;
        let (centre, partner_order) = (Some(centre), None);
        let accept = Command::AcceptOffer { offer, work_order, centre, partner_order };
        self.give(id, ActorKind::Centre, accept).await;
        let assign = Command::AssignTechnician { technician: technician.clone(), helper: None };
        self.give(id, ActorKind::Centre, assign).await;
        let book = Command::BookAppointment { appointment, technician, window };
        self.give(id, ActorKind::Customer, book).await;
        self.wait(Span::hours(2));
        self.give(
            id,
            ActorKind::Technician,
            Command::CheckIn { distance_m: None, mock_location: false, arrived_at: None },
        )
        .await;
    }

    /// A case whose technician is at the door.
    pub async fn on_site(&self, filing: Filing) -> CaseId {
        let id = self.file(filing).await;
        self.triage(id, Path::Inspection).await;
        self.visit(id, "aurora-nj-01").await;
        id
    }

    /// A certificate that finds a fault of the product.
    pub fn certificate(&self) -> wire::Certificate {
        let now = Some(to_timestamp(self.clock.now()));
        wire::Certificate {
            inspected_at: now,
            model: "RF-468".to_owned(),
            serial_inside: "AURRF46826100003".to_owned(),
            packaging: wire::Packaging::Intact.into(),
            exterior: wire::Exterior::Intact.into(),
            function: Function::Fault.number(),
            fault_code: "E5".to_owned(),
            finding: "the compressor does not start".to_owned(),
            cause: Cause::Product.number(),
            evidence: vec![self.photo(wire::EvidenceKind::Nameplate)],
            handling: wire::OnSiteHandling::None.into(),
            signature: wire::Signature::Signed.into(),
            conclusion: Conclusion::Repairable.number(),
            ..wire::Certificate::default()
        }
    }

    /// One that blames the user, with or without the proof.
    pub fn blaming(&self, with_proof: bool) -> wire::Certificate {
        let mut certificate = self.certificate();
        certificate.cause = Cause::User.number();
        certificate.conclusion = Conclusion::DoesNotMeet.number();
        if with_proof {
            certificate.cause_sign = "an impact point at the lower left".to_owned();
            certificate.evidence.push(self.photo(wire::EvidenceKind::Exterior));
            certificate.evidence.push(self.photo(wire::EvidenceKind::Fault));
        }
        certificate
    }

    pub fn photo(&self, kind: wire::EvidenceKind) -> wire::EvidenceItem {
        wire::EvidenceItem {
            kind: kind.into(),
            sha256: format!("{:02x}", kind as i32).repeat(32),
            taken_at: Some(to_timestamp(self.clock.now())),
        }
    }

    /// A new request id.
    pub fn id(&self) -> String {
        self.desk.ids.next().to_string()
    }
}

fn worker(service: &Verification, desk: &Desk, handoff: &Handoff) -> Worker {
    let (role, hands) = service.work().unwrap();
    assert_eq!(role, TaskRole::Verification);
    let (store, submitter, now) = (desk.store.clone(), desk.submitter.clone(), desk.clock.clone());
    let now = Arc::new(move || now.now());
    Worker::new(role, store, submitter, handoff.clone(), hands, now, 50)
}

/// A committer that runs by itself, and the way to it.
pub fn process(store: &Store, clock: &Clock, ids: &IdSource) -> (Submitter, Handoff, JoinSet<()>) {
    let lease = Lease { holder: Uuid::from_u128(1), length: Span::from_micros(MINUTE) };
    let (handoff, _) = Handoff::new(lease, Span::ZERO, &[], 1);
    let (now, new_id) = (clock.clone(), ids.clone());
    let calendar = Arc::new(Calendar::china().clone());
    let (submitter, committer) = committer(Parts {
        store: store.clone(),
        now: Arc::new(move || now.now()),
        new_id: Arc::new(move || new_id.next()),
        rules: Rules { calendar, deadlines: Arc::new(Deadlines::default()) },
        projectors: vec![
            Arc::new(CaseReaders),
            parasol_verification::projector(),
            parasol_verification::seals(SealKeys::new([9; 32], [])),
        ],
        bell: Bell::in_process(),
        handoff: handoff.clone(),
        limits: Limits::default(),
    });
    let mut committing = JoinSet::new();
    committing.spawn(committer.run());
    (submitter, handoff, committing)
}

/// A step of a case by somebody.
pub fn submission(id: CaseId, by: ActorKind, command: Command) -> Submission {
    let answer = |_: &Case| Vec::new();
    Submission {
        target: Target::Case(id),
        key: None,
        caller: caller(),
        actor: Actor::new(by, "test"),
        expected: None,
        deed: Arc::new(CaseDeed { command, rows: Vec::new(), answer }),
    }
}

/// The first step of a case.
pub fn filed(id: CaseId, filing: Filing) -> Submission {
    let answer = |_: &Case| Vec::new();
    let command = Command::File { filing };
    let deed = Arc::new(FilingDeed { id, command, rows: Vec::new(), answer });
    let actor = Actor::new(ActorKind::Customer, "test");
    let target = Target::NewCase(id);
    Submission { target, key: None, caller: caller(), actor, expected: None, deed }
}

fn caller() -> Caller {
    Caller { principal: "test".to_owned(), method: "test", trace: String::new() }
}

/// Every centre sends its own.
pub fn technician_of(centre: &str) -> parasol_journey::ids::TechnicianId {
    format!("tech-{centre}").parse().unwrap()
}

/// A request as the layers hand it on.
pub fn by<T>(role: Role, subject: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Principal::new(role, subject));
    request
}

pub fn by_customer<T>(message: T) -> Request<T> {
    by(Role::Customer, CUSTOMER, message)
}

pub fn by_brand<T>(message: T) -> Request<T> {
    by(Role::Brand, "aurora", message)
}

pub fn by_centre<T>(message: T) -> Request<T> {
    by(Role::Centre, "aurora-nj-01", message)
}

pub fn by_agent<T>(message: T) -> Request<T> {
    by(Role::Agent, "a-17", message)
}

/// Why a call was refused.
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> Error {
    Error::from_status(&answer.expect_err("the call was accepted"))
}

/// The reason a call was refused for.
pub fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> Reason {
    refused(answer).reason()
}

/// The fields a refusal names.
pub fn fields(error: &Error) -> Vec<&str> {
    error.violations().iter().map(|one| one.field.as_str()).collect()
}
