//! A small world: one brand with three centres in a city, a second brand beside it, a store, and the
//! processes that work on it.

use std::sync::Arc;

use parasol_api::admin::v1::import_network_request::Content;
use parasol_api::admin::v1::network_service_client::NetworkServiceClient;
use parasol_api::admin::v1::network_service_server::NetworkServiceServer;
use parasol_api::admin::v1::{self as admin, ImportNetworkRequest, ImportNetworkResponse};
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::{AcceptOfferRequest, AcceptOfferResponse, DeclineOfferRequest};
use parasol_api::{Error, Reason};
use parasol_bell::Bell;
use parasol_casebook::migration::guard_rows;
use parasol_casebook::{
    CaseDeed, Deadlines as LetPass, FilingDeed, Handler, Handoff, Keyring, Lease, Limits, NewId,
    Now, Parts, Pools, Rules, SEQUENCER, Secret, Sequenced, Store, Submission, Target, Worker,
    committer, secret,
};
use parasol_desk::{CaseReaders, Desk, customer_id};
use parasol_dispatch::Dispatch;
use parasol_journey::calendar::Calendar;
use parasol_journey::deadline::Deadlines;
use parasol_journey::event::{Filing, Path, Window};
use parasol_journey::ids::{CaseId, OfferId};
use parasol_journey::pinned::{Contract, RepairsBefore};
use parasol_journey::task::Role as TaskRole;
use parasol_journey::time::{MINUTE, Span, Timestamp};
use parasol_journey::vocab::{CaseKind, Category, Remedy};
use parasol_journey::{Actor, ActorKind, Case, Command};
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::{Principal, Role, TokenKey};
use parasol_runtime::ids::IdSource;
use parasol_runtime::shutdown::Shutdown;
use parasol_testkit::Postgres;
use prost::Message;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tonic::{Request, Status};
use uuid::Uuid;

/// The county most cases lie in.
pub const XIHU: &str = "330106";
/// A county next to it.
pub const SHANGCHENG: &str = "330102";
/// A county nobody comes to.
pub const CHUNAN: &str = "330127";
/// The street of every customer.
pub const STREET: &str = "文三路 99 号 3-502";

struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let kernel = parasol_casebook::migration::migrations();
        kernel.into_iter().chain(parasol_dispatch::migrations()).collect()
    }
}

/// One process on one database.
pub struct World {
    pub dispatch: Dispatch,
    pub desk: Desk,
    pub bell: Bell,
    pub shutdown: Shutdown,
    pub clock: Clock,
    handoff: Handoff,
    holder: Uuid,
    url: String,
    _folder: Option<Arc<TempDir>>,
    _committer: JoinSet<()>,
}

/// A Monday morning inside the calendar.
pub fn start() -> Timestamp {
    Timestamp::parse("2026-06-08T09:30:00+08:00").unwrap()
}

pub fn brand(name: &str) -> Principal {
    Principal::new(Role::Brand, name)
}

pub fn centre(name: &str) -> Principal {
    Principal::new(Role::Centre, name)
}

pub fn operator() -> Principal {
    Principal::new(Role::Operator, "op-1")
}

/// A request of somebody.
pub fn by<T>(principal: &Principal, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(principal.clone());
    request
}

/// The reason a call failed for.
pub fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> Reason {
    Error::from_status(&answer.expect_err("the call was refused")).reason()
}

pub fn filing(category: Category, county: &str) -> Filing {
    Filing {
        customer: customer_id("u-1"),
        order_line: "JX1-1".parse().unwrap(),
        sku: "AUR-BCD-520".parse().unwrap(),
        brand: "aurora".parse().unwrap(),
        category,
        serial: "SN0001".parse().unwrap(),
        county: county.parse().unwrap(),
        kind: CaseKind::Quality,
        wants: Some(Remedy::Repair),
        symptom: "not_cooling".into(),
        received_at: start() - Span::days(3),
        installed_at: None,
        price_fen: 399_900,
        promises: Vec::new(),
        terms: vec![],
        policy: "cn-2026.1".into(),
        prior_repairs: 0,
        repairs_before: RepairsBefore::default(),
        gifts: vec![],
        contract: Contract::default(),
        declared_intact: false,
        danger: true,
        damaged_on_arrival: false,
    }
}

impl World {
    /// On a fresh file, with the usual network.
    pub async fn new() -> Self {
        let world = Self::empty().await;
        world.import(usual_network()).await.unwrap();
        world
    }

    /// On a fresh file, with no network.
    pub async fn empty() -> Self {
        let folder = Arc::new(TempDir::new().unwrap());
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("cell.db").display());
        let world = Self::process(url, Some(folder), 1).await;
        world.migrate().await;
        world
    }

    /// On a fresh database of the shared server, with the usual network.
    pub async fn on_postgres(name: &str) -> Self {
        let url = Postgres::shared().unwrap().fresh_database(name).unwrap();
        let world = Self::process(url, None, 1).await;
        world.migrate().await;
        world.import(usual_network()).await.unwrap();
        world
    }

    /// Another process on the same database.
    pub async fn neighbour(&self, number: u64) -> Self {
        Self::process(self.url.clone(), self._folder.clone(), number).await
    }

    async fn migrate(&self) {
        let store = &self.desk.store;
        Migrations::up(store.for_migrations(), None).await.unwrap();
        guard_rows(store.for_migrations()).await.unwrap();
        store.analyze().await.unwrap();
    }

    async fn process(url: String, folder: Option<Arc<TempDir>>, number: u64) -> Self {
        let store = Store::open(&url, Pools { write: 2, read: 4 }).await.unwrap();
        let store = store.with_keys(Keyring::first([7; 32]));
        let clock = Clock::manual(start());
        let ids = IdSource::seeded(clock.clone(), number);
        let holder = ids.next();
        let length = Span::from_micros(MINUTE);
        let (handoff, _) = Handoff::new(Lease { holder, length }, Span::ZERO, &[], 1);
        let bell = Bell::in_process();
        let (ticks, made) = (clock.clone(), ids.clone());
        let (now, new_id): (Now, NewId) =
            (Arc::new(move || ticks.now()), Arc::new(move || made.next()));
        let rules = Rules {
            calendar: Arc::new(Calendar::china().clone()),
            deadlines: Arc::new(Deadlines::default()),
        };
        let (submitter, committer) = committer(Parts {
            store: store.clone(),
            now,
            new_id,
            rules,
            projectors: vec![Arc::new(CaseReaders), parasol_dispatch::projector()],
            bell: bell.clone(),
            handoff: handoff.clone(),
            limits: Limits::default(),
        });
        let mut running = JoinSet::new();
        running.spawn(committer.run());
        let key = Arc::new(TokenKey::from_secret(&[7; 32]));
        let message_bytes = 4 << 20;
        let desk = Desk { store, submitter, clock: clock.clone(), ids, key, message_bytes };
        let shutdown = Shutdown::new();
        let epoch = Uuid::from_u128(9);
        let dispatch = Dispatch::new(desk.clone(), bell.clone(), shutdown.clone(), epoch);
        Self {
            dispatch,
            desk,
            bell,
            shutdown,
            clock,
            handoff,
            holder,
            url,
            _folder: folder,
            _committer: running,
        }
    }

    /// The same process with a service of another feed epoch.
    pub fn after_a_restore(&self) -> Dispatch {
        let (desk, bell) = (self.desk.clone(), self.bell.clone());
        Dispatch::new(desk, bell, self.shutdown.clone(), Uuid::from_u128(10))
    }

    /// Files a case for a refrigerator in the usual county and lets triage send it to inspection.
    pub async fn file(&self) -> CaseId {
        self.file_for(filing(Category::Refrigerator, XIHU)).await
    }

    pub async fn file_for(&self, filing: Filing) -> CaseId {
        let id = CaseId::new(self.desk.ids.next());
        let rows = vec![
            secret(
                Secret {
                    subject: filing.customer.uuid(),
                    kind: "customer",
                    lookup: String::new(),
                    body: format!(
                        r#"{{"key":"u-1","name":"王小明","phone":"13800138000","address":"{STREET}","county":"{XIHU}","location":{{"lat":30272000,"lon":120147000}}}}"#
                    ),
                },
                self.clock.now(),
            ),
            secret(
                Secret {
                    subject: id.uuid(),
                    kind: "filing",
                    lookup: String::new(),
                    body: serde_json::json!({
                        "description": "不制冷，请打 138-0013-8000",
                        "preferred_windows":
                            [Window { start: start(), end: start() + Span::hours(2) }],
                    })
                    .to_string(),
                },
                self.clock.now(),
            ),
        ];
        let command = Command::File { filing };
        let deed = FilingDeed { id, command, rows, answer: |_: &Case| Vec::new() };
        self.submit(Target::NewCase(id), ActorKind::Customer, Arc::new(deed)).await;
        let command = Command::Triage { path: Path::Inspection, rules: Vec::new() };
        self.give(id, ActorKind::Policy, command).await;
        id
    }

    /// Files a case and offers it to the best centre.
    pub async fn offered(&self) -> (CaseId, OfferId) {
        let case = self.file().await;
        self.choose().await;
        (case, self.live_offer(case).await)
    }

    /// Files a case that the first centre accepted.
    pub async fn accepted(&self) -> (CaseId, AcceptOfferResponse) {
        let (case, offer) = self.offered().await;
        let answer = self.accept(&centre("a-1"), case, offer).await.unwrap();
        (case, answer)
    }

    pub async fn accept(
        &self,
        who: &Principal,
        case: CaseId,
        offer: OfferId,
    ) -> Result<AcceptOfferResponse, Status> {
        let request = self.acceptance(case, offer);
        Ok(self.dispatch.accept_offer(by(who, request)).await?.into_inner())
    }

    pub fn acceptance(&self, case: CaseId, offer: OfferId) -> AcceptOfferRequest {
        AcceptOfferRequest {
            request_id: self.desk.ids.next().to_string(),
            case_id: case.to_string(),
            offer_id: offer.to_string(),
            ..AcceptOfferRequest::default()
        }
    }

    pub fn refusal(&self, case: CaseId, offer: OfferId) -> DeclineOfferRequest {
        DeclineOfferRequest {
            request_id: self.desk.ids.next().to_string(),
            case_id: case.to_string(),
            offer_id: offer.to_string(),
            reason: 1,
            ..DeclineOfferRequest::default()
        }
    }

    /// Gives a command straight to the journey.
    pub async fn give(&self, case: CaseId, kind: ActorKind, command: Command) {
        let deed = CaseDeed { command, rows: Vec::new(), answer: |_: &Case| Vec::new() };
        self.submit(Target::Case(case), kind, Arc::new(deed)).await;
    }

    async fn submit(&self, target: Target, kind: ActorKind, deed: Arc<dyn parasol_casebook::Deed>) {
        let caller = parasol_casebook::Caller {
            principal: "test".into(),
            method: "test",
            trace: String::new(),
        };
        let actor = Actor { kind, id: None };
        let submission = Submission { target, key: None, caller, actor, expected: None, deed };
        self.desk.submitter.submit(submission).await.unwrap();
    }

    pub async fn case(&self, id: CaseId) -> Case {
        self.desk.store.case(id).await.unwrap().unwrap()
    }

    pub async fn live_offer(&self, case: CaseId) -> OfferId {
        self.case(case).await.offer.expect("an offer is out").id
    }

    /// Chooses centres for every case that waits for one.
    pub async fn choose(&self) {
        let (role, handler) = self.dispatch.work().unwrap();
        self.run_due(role, handler).await;
    }

    /// Moves the offers of those who are suspended on; how many there were.
    pub async fn sweep(&self) -> usize {
        self.dispatch.sweep().run_once(Default::default()).await.unwrap().moved
    }

    /// Lets time pass, and the deadlines that are over.
    pub async fn wait(&self, span: Span) {
        self.clock.advance(span).unwrap();
        self.run_due(TaskRole::Timer, Arc::new(LetPass)).await;
    }

    async fn run_due(&self, role: TaskRole, handler: Arc<dyn Handler>) {
        let (store, submitter) = (self.desk.store.clone(), self.desk.submitter.clone());
        let clock = self.clock.clone();
        let now: Now = Arc::new(move || clock.now());
        let worker = Worker::new(role, store, submitter, self.handoff.clone(), handler, now, 50);
        while worker.run_due().await.unwrap().more {}
    }

    /// Numbers whatever was committed.
    pub async fn sequence(&self) {
        let store = &self.desk.store;
        let now = self.clock.now();
        let held = store.lease(SEQUENCER, self.holder, now, Span::from_micros(MINUTE)).await;
        let held = held.unwrap().expect("nobody else numbers");
        assert!(matches!(store.sequence(&held, now).await.unwrap(), Sequenced::Events(_)));
    }

    /// Imports rows as an operator, over the generated client.
    pub async fn import(&self, rows: Vec<Content>) -> Result<ImportNetworkResponse, Status> {
        self.import_as(self.desk.ids.next(), rows).await
    }

    pub async fn import_as(
        &self,
        request_id: Uuid,
        rows: Vec<Content>,
    ) -> Result<ImportNetworkResponse, Status> {
        let messages = rows.into_iter().map(move |content| ImportNetworkRequest {
            request_id: request_id.to_string(),
            row: 0,
            content: Some(content),
        });
        self.import_messages(messages.collect()).await
    }

    pub async fn import_messages(
        &self,
        messages: Vec<ImportNetworkRequest>,
    ) -> Result<ImportNetworkResponse, Status> {
        let server = NetworkServiceServer::new(self.dispatch.clone());
        let mut client =
            NetworkServiceClient::new(server).max_decoding_message_size(16 * 1024 * 1024);
        let stream = futures::stream::iter(messages);
        Ok(client.import_network(by(&operator(), stream)).await?.into_inner())
    }
}

/// Whether two answers are the same bytes.
pub fn same_bytes<M: Message>(a: &M, b: &M) -> bool {
    a.encode_to_vec() == b.encode_to_vec()
}

pub fn a_brand(name: &str) -> admin::Brand {
    admin::Brand {
        brand: name.into(),
        name_zh: "朔光".into(),
        name_en: "Aurora".into(),
        mode: "api".into(),
        hotline: "400-000-0101".into(),
        ..admin::Brand::default()
    }
}

/// A centre that goes to two counties for refrigerators and air conditioners, two visits a day each.
pub fn a_centre(name: &str, of: &str, county: &str) -> admin::Centre {
    let categories = vec![1, 3];
    let coverage = |county: &str| admin::Coverage {
        county: county.into(),
        categories: categories.clone(),
        ..admin::Coverage::default()
    };
    admin::Centre {
        centre: name.into(),
        brand: of.into(),
        name_zh: "朔光西湖服务网点".into(),
        name_en: "Aurora Xihu centre".into(),
        phone: "400-0000-2000".into(),
        county: county.into(),
        address: "和平路 335 号".into(),
        lat: 30.2558,
        lon: 120.1132,
        coverage: vec![coverage(SHANGCHENG), coverage(XIHU)],
        daily_capacity: vec![
            admin::CategoryCapacity { category: 1, visits: 2 },
            admin::CategoryCapacity { category: 3, visits: 2 },
        ],
        ..admin::Centre::default()
    }
}

pub fn a_technician(name: &str, of: &str) -> admin::Technician {
    admin::Technician {
        technician: name.into(),
        centre: of.into(),
        name: "刘佳怡".into(),
        phone: "19800000000".into(),
        skills: vec![admin::Skill { category: 1, level: 3, ..admin::Skill::default() }],
        certificates: vec![admin::License {
            kind: "electrician".into(),
            number: "E-2022-000000".into(),
            valid_until: "2026-06-08".into(),
            ..admin::License::default()
        }],
        shifts: vec![admin::Shift {
            weekday: 1,
            from: "08:30".into(),
            to: "17:30".into(),
            break_from: "12:00".into(),
            break_to: "13:00".into(),
        }],
        ..admin::Technician::default()
    }
}

/// One whose licence lasts for the year.
pub fn a_lasting_technician(name: &str, of: &str) -> admin::Technician {
    let mut one = a_technician(name, of);
    one.certificates[0].valid_until = "2026-12-31".into();
    one
}

/// `a-1` lies in the usual county, `a-2` and `a-3` beside it; `b-1` is another brand's.
pub fn usual_network() -> Vec<Content> {
    let expired = admin::Technician {
        certificates: vec![admin::License {
            kind: "electrician".into(),
            number: "E-2019-000001".into(),
            valid_until: "2026-06-07".into(),
            ..admin::License::default()
        }],
        ..a_technician("a-1-old", "a-1")
    };
    let cooler_only = admin::Technician {
        skills: vec![admin::Skill { category: 3, level: 3, ..admin::Skill::default() }],
        ..a_technician("a-1-air", "a-1")
    };
    vec![
        Content::Brand(a_brand("aurora")),
        Content::Brand(a_brand("boreal")),
        Content::Centre(a_centre("a-1", "aurora", XIHU)),
        Content::Centre(a_centre("a-2", "aurora", SHANGCHENG)),
        Content::Centre(a_centre("a-3", "aurora", SHANGCHENG)),
        Content::Centre(a_centre("b-1", "boreal", XIHU)),
        Content::Technician(a_technician("a-1-t1", "a-1")),
        Content::Technician(a_lasting_technician("a-1-t2", "a-1")),
        Content::Technician(expired),
        Content::Technician(cooler_only),
        Content::Technician(a_lasting_technician("a-2-t1", "a-2")),
        Content::Technician(a_lasting_technician("a-3-t1", "a-3")),
        Content::Technician(a_lasting_technician("b-1-t1", "b-1")),
    ]
}
