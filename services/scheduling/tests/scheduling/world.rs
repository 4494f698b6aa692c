//! A real store in a folder that goes away, a clock that only moves when told, a network of two
//! centres, and cases brought to where a test begins.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use parasol_api::admin::v1::network_service_server::{NetworkService, NetworkServiceServer};
use parasol_api::admin::v1::*;
use parasol_api::{Error, Reason};
use parasol_bell::Bell;
use parasol_casebook::migration::guard_rows;
use parasol_casebook::{
    Caller, CaseDeed, Deadlines as PassingDeadlines, FilingDeed, Handoff, Keyring, Lease, Limits,
    Parts, Pass, Pools, RowsDeed, Rules, Secret, Store, Submission, Submitter, Target, Worker,
    committer, secret,
};
use parasol_desk::{CaseReaders, Desk, customer_id};
use parasol_journey::calendar::Calendar;
use parasol_journey::deadline::Deadlines;
use parasol_journey::event::{Decision, OfferedRemedy, Path};
use parasol_journey::ids::{CaseId, DecisionId, OfferId, WorkOrderId};
use parasol_journey::task::Role as TaskRole;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::Remedy;
use parasol_journey::{Actor, ActorKind, Case, Command};
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::{Principal, Role, TokenKey};
use parasol_runtime::ids::IdSource;
use parasol_runtime::shutdown::Shutdown;
use parasol_runtime::transport::Transport;
use parasol_scheduling::Scheduling;
use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tempfile::TempDir;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};
use tower::ServiceExt;
use uuid::Uuid;

use crate::filed::filing;

pub const CENTRE: &str = "aurora-hz-01";
pub const OTHER_CENTRE: &str = "aurora-hz-02";
pub const TECHNICIAN: &str = "tech-1";
pub const COLLEAGUE: &str = "tech-2";
/// Works day and night, so that only overlaps can stand in the way.
pub const RESTLESS: &str = "tech-3";
pub const STRANGER: &str = "tech-9";
pub const CUSTOMER: &str = "user-1";

/// A Monday morning inside the calendar.
pub fn start() -> Timestamp {
    at("2026-06-08T08:00")
}

/// A Shanghai wall clock time, to the minute.
pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(&format!("{text}:00+08:00")).unwrap()
}

struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let kernel = parasol_casebook::migration::migrations();
        kernel.into_iter().chain(parasol_scheduling::migrations()).collect()
    }
}

/// The service with everything around it.
pub struct World {
    pub scheduling: Scheduling,
    pub desk: Desk,
    pub clock: Clock,
    pub shutdown: Shutdown,
    pub network: Network,
    timer: Worker,
    _folder: Option<TempDir>,
}

impl World {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite://{}", folder.path().join("cell.db").display());
        Self::at(&url, Some(folder), 7).await
    }

    /// One process of several on a database; each needs a seed of its own.
    pub async fn seeded(url: &str, seed: u64) -> Self {
        Self::at(url, None, seed).await
    }

    #[expect(clippy::disallowed_methods, reason = "a test's committer ends with its runtime")]
    async fn at(url: &str, folder: Option<TempDir>, seed: u64) -> Self {
        let store = Store::open(url, Pools::default()).await.unwrap();
        let store = store.with_keys(Keyring::first([7; 32]));
        Migrations::up(store.for_migrations(), None).await.unwrap();
        guard_rows(store.for_migrations()).await.unwrap();
        store.analyze().await.unwrap();
        let clock = Clock::manual(start());
        let ids = IdSource::seeded(clock.clone(), seed);
        let bell = Bell::in_process();
        let lease = Lease { holder: Uuid::from_u128(1), length: Span::minutes(1) };
        let (handoff, _) = Handoff::new(lease, Span::ZERO, &[], 1);
        let now: parasol_casebook::Now = {
            let clock = clock.clone();
            Arc::new(move || clock.now())
        };
        let new_id: parasol_casebook::NewId = {
            let ids = ids.clone();
            Arc::new(move || ids.next())
        };
        let (submitter, committer) = committer(Parts {
            store: store.clone(),
            now: Arc::clone(&now),
            new_id,
            rules: Rules {
                calendar: Arc::new(Calendar::china().clone()),
                deadlines: Arc::new(Deadlines::default()),
            },
            projectors: vec![Arc::new(CaseReaders), parasol_scheduling::projector()],
            bell: bell.clone(),
            handoff: handoff.clone(),
            limits: Limits::default(),
        });
        tokio::spawn(committer.run());
        let timer = timer(&store, &submitter, handoff, now);
        let key = Arc::new(TokenKey::from_secret(&[7; 32]));
        let message_bytes = 4 << 20;
        let desk = Desk { store, submitter, clock: clock.clone(), ids, key, message_bytes };
        let (network, shutdown) = (Network::default(), Shutdown::new());
        let scheduling = Scheduling::new(desk.clone(), bell, network.transport(), shutdown.clone());
        let world = Self { scheduling, desk, clock, shutdown, network, timer, _folder: folder };
        world.keep_customer(CUSTOMER).await;
        world
    }

    pub fn wait(&self, span: Span) {
        self.clock.advance(span).unwrap();
    }

    pub fn wait_until(&self, instant: Timestamp) {
        self.wait(instant.since(self.clock.now()));
    }

    /// Lets every deadline pass whose time has come.
    pub async fn let_deadlines_pass(&self) -> Pass {
        self.timer.run_due().await.unwrap()
    }

    pub async fn case(&self, id: CaseId) -> Case {
        self.desk.store.case(id).await.unwrap().unwrap()
    }

    /// The technicians' taken half hours: how many there are.
    pub async fn cells(&self) -> usize {
        let sql = "SELECT cell FROM slot_cells";
        self.desk.store.reader().query_all_raw(self.statement(sql)).await.unwrap().len()
    }

    /// The states of all appointments, in the order in which they were made.
    pub async fn states(&self) -> Vec<String> {
        let sql = "SELECT state FROM appointments ORDER BY appointment";
        let rows = self.desk.store.reader().query_all_raw(self.statement(sql)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    fn statement(&self, sql: &str) -> sea_orm::Statement {
        let backend = self.desk.store.reader().get_database_backend();
        sea_orm::Statement::from_string(backend, sql.to_owned())
    }

    /// How many entries a case's log has.
    pub async fn log_length(&self, id: CaseId) -> u64 {
        self.case(id).await.version
    }

    async fn keep_customer(&self, key: &str) {
        let subject = customer_id(key).uuid();
        let body = r#"{"key":"user-1","name":"张三","phone":"13800008000","address":"文三路1号","county":"330106"}"#;
        self.keep(subject, "customer", body).await;
    }

    /// Puts a piece of personal data into the vault.
    pub async fn keep(&self, subject: Uuid, kind: &'static str, body: &str) {
        let secret_of = Secret { subject, kind, lookup: String::new(), body: body.to_owned() };
        let rows = vec![secret(secret_of, self.clock.now())];
        let submission = Submission {
            target: Target::NoCase,
            key: None,
            caller: caller(),
            actor: Actor::policy(),
            expected: None,
            deed: Arc::new(RowsDeed { rows, answer: Vec::new() }),
        };
        self.desk.submitter.submit(submission).await.unwrap();
    }

    /// What the vault holds.
    pub async fn revealed(&self, subject: Uuid, kind: &str) -> Option<serde_json::Value> {
        let body = self.desk.store.reveal(subject, kind).await.unwrap()?;
        Some(serde_json::from_str(&body).unwrap())
    }

    /// A case just filed.
    pub async fn filed(&self) -> CaseId {
        let id = CaseId::new(self.desk.ids.next());
        let command = Command::File { filing: filing(self.clock.now() - Span::days(3)) };
        let answer = |_: &Case| Vec::new();
        let submission = Submission {
            target: Target::NewCase(id),
            key: None,
            caller: caller(),
            actor: Actor { kind: ActorKind::Customer, id: None },
            expected: None,
            deed: Arc::new(FilingDeed { id, command, rows: Vec::new(), answer }),
        };
        self.desk.submitter.submit(submission).await.unwrap();
        let body = r#"{"description":"不制冷","model":"BCD-520","preferred_windows":[]}"#;
        self.keep(id.uuid(), "filing", body).await;
        id
    }

    /// A case whose work order a centre has.
    pub async fn with_centre(&self, centre: &str) -> CaseId {
        let id = self.filed().await;
        self.give(id, Command::Triage { path: Path::Inspection, rules: vec![] }).await;
        self.dispatch(id, centre).await;
        id
    }

    /// Offers a case to a centre, which accepts.
    pub async fn dispatch(&self, id: CaseId, centre: &str) {
        let offer = OfferId::new(self.desk.ids.next());
        let work_order = WorkOrderId::new(self.desk.ids.next());
        let centre = centre.parse().unwrap();
        self.give(id, Command::MakeOffer { offer, centre, network: None }).await;
        let centre = self.case(id).await.offer.map(|offer| offer.centre);
        let accept = Command::AcceptOffer { offer, work_order, centre, partner_order: None };
        self.give_as(ActorKind::Centre, id, accept).await;
    }

    /// A case with this technician.
    pub async fn with_technician(&self, technician: &str) -> CaseId {
        let id = self.with_centre(CENTRE).await;
        self.assign(id, technician).await;
        id
    }

    /// A case with this technician, and somebody who comes along.
    pub async fn with_crew(&self, technician: &str, helper: &str) -> CaseId {
        let id = self.with_centre(CENTRE).await;
        let (technician, helper) = (technician.parse().unwrap(), Some(helper.parse().unwrap()));
        self.give_as(ActorKind::Centre, id, Command::AssignTechnician { technician, helper }).await;
        id
    }

    pub async fn assign(&self, id: CaseId, technician: &str) {
        let technician = technician.parse().unwrap();
        self.give_as(ActorKind::Centre, id, Command::AssignTechnician { technician, helper: None })
            .await;
    }

    /// Offers the customer a repair, which is what the customer wished.
    pub async fn decide_repair(&self, id: CaseId) {
        let (payer, recourse) = ("brand".to_owned(), String::new());
        let repair = OfferedRemedy { remedy: Remedy::Repair, amount_fen: 0, payer, recourse };
        let decision = Decision {
            id: DecisionId::new(self.desk.ids.next()),
            policy: "cn-2026.1".to_owned(),
            rules: vec!["R1".to_owned()],
            offered: vec![repair],
            certificate: None,
            overrides: false,
        };
        self.give(id, Command::Decide { decision }).await;
    }

    /// Gives a command as the platform's own rules.
    pub async fn give(&self, id: CaseId, command: Command) {
        self.give_as(ActorKind::Policy, id, command).await;
    }

    pub async fn give_as(&self, kind: ActorKind, id: CaseId, command: Command) {
        let answer = |_: &Case| Vec::new();
        let submission = Submission {
            target: Target::Case(id),
            key: None,
            caller: caller(),
            actor: Actor { kind, id: None },
            expected: None,
            deed: Arc::new(CaseDeed { command, rows: Vec::new(), answer }),
        };
        self.desk.submitter.submit(submission).await.unwrap();
    }

    /// How many commands that took effect name a method.
    pub async fn calls_of(&self, method: &str) -> usize {
        let rows = parasol_casebook::tables::commands::Entity::find();
        let rows = rows.all(self.desk.store.reader()).await.unwrap();
        rows.iter().filter(|row| row.method == method).count()
    }
}

fn timer(
    store: &Store,
    submitter: &Submitter,
    handoff: Handoff,
    now: parasol_casebook::Now,
) -> Worker {
    let (store, submitter) = (store.clone(), submitter.clone());
    let handler = Arc::new(PassingDeadlines);
    Worker::new(TaskRole::Timer, store, submitter, handoff, handler, now, 64)
}

fn caller() -> Caller {
    Caller { principal: "test".to_owned(), method: "test", trace: String::new() }
}

/// A network service that knows four technicians.
#[derive(Clone)]
pub struct Network(Arc<Mutex<Book>>);

struct Book {
    technicians: BTreeMap<String, Technician>,
    is_away: bool,
    asked: usize,
    middle: Option<(f64, f64)>,
    capacity: Vec<CategoryCapacity>,
}

impl Default for Network {
    fn default() -> Self {
        let week = |hours: [&str; 4]| (1..=7).map(|day| shift(day, hours)).collect::<Vec<_>>();
        let by_day = week(["08:30", "17:30", "12:00", "13:00"]);
        let round_the_clock = week(["00:00", "24:00", "", ""]);
        let technicians = [
            (TECHNICIAN, CENTRE, by_day.clone()),
            (COLLEAGUE, CENTRE, by_day.clone()),
            (RESTLESS, CENTRE, round_the_clock),
            (STRANGER, OTHER_CENTRE, by_day),
        ];
        let technicians = technicians.map(|(id, centre, shifts)| {
            let (technician, centre) = (id.to_owned(), centre.to_owned());
            let certified = vec![Certified { category: 1, ..Certified::default() }];
            let one = Technician { technician, centre, shifts, certified, ..Technician::default() };
            (id.to_owned(), one)
        });
        let technicians = BTreeMap::from(technicians);
        let (middle, capacity) = (None, Vec::new());
        let book = Book { technicians, is_away: false, asked: 0, middle, capacity };
        Self(Arc::new(Mutex::new(book)))
    }
}

fn shift(weekday: i32, hours: [&str; 4]) -> Shift {
    let [from, to, break_from, break_to] = hours.map(str::to_owned);
    Shift { weekday, from, to, break_from, break_to }
}

impl Network {
    fn transport(&self) -> Transport {
        let routes = Routes::new(NetworkServiceServer::new(self.clone())).prepare();
        let routes = ServiceExt::<http::Request<tonic::body::Body>>::map_err(
            routes,
            |never: std::convert::Infallible| match never {},
        );
        Transport::new(routes)
    }

    /// Whether it answers.
    pub fn set_away(&self, is_away: bool) {
        self.0.lock().unwrap().is_away = is_away;
    }

    /// Gives every county a middle, or none.
    pub fn set_middle(&self, middle: Option<(f64, f64)>) {
        self.0.lock().unwrap().middle = middle;
    }

    /// Limits every centre's visits of a day in the usual category.
    pub fn set_capacity(&self, visits: i32) {
        self.0.lock().unwrap().capacity = vec![CategoryCapacity { category: 1, visits }];
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.0.lock().unwrap().asked
    }

    /// Changes a technician.
    pub fn change(&self, technician: &str, change: impl FnOnce(&mut Technician)) {
        change(self.0.lock().unwrap().technicians.get_mut(technician).unwrap());
    }

    /// Gives a technician other hours, every day.
    pub fn set_hours(&self, technician: &str, hours: [&str; 4]) {
        self.change(technician, |one| one.shifts = (1..=7).map(|day| shift(day, hours)).collect());
    }
}

type Answered<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl NetworkService for Network {
    async fn import_network(
        &self,
        _: Request<Streaming<ImportNetworkRequest>>,
    ) -> Answered<ImportNetworkResponse> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    type ExportNetworkStream = std::pin::Pin<
        Box<dyn futures::Stream<Item = Result<ExportNetworkResponse, Status>> + Send>,
    >;

    async fn export_network(
        &self,
        _: Request<ExportNetworkRequest>,
    ) -> Result<Response<Self::ExportNetworkStream>, Status> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn list_partner_health(
        &self,
        _: Request<ListPartnerHealthRequest>,
    ) -> Answered<ListPartnerHealthResponse> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn get_brand(&self, _: Request<GetBrandRequest>) -> Answered<Brand> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn list_brands(&self, _: Request<ListBrandsRequest>) -> Answered<ListBrandsResponse> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn update_brand(&self, _: Request<UpdateBrandRequest>) -> Answered<Brand> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn suspend_brand(&self, _: Request<SuspendBrandRequest>) -> Answered<Brand> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn resume_brand(&self, _: Request<ResumeBrandRequest>) -> Answered<Brand> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn update_centre(&self, _: Request<UpdateCentreRequest>) -> Answered<Centre> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn suspend_centre(&self, _: Request<SuspendCentreRequest>) -> Answered<Centre> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn resume_centre(&self, _: Request<ResumeCentreRequest>) -> Answered<Centre> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn update_technician(&self, _: Request<UpdateTechnicianRequest>) -> Answered<Technician> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn suspend_technician(
        &self,
        _: Request<SuspendTechnicianRequest>,
    ) -> Answered<Technician> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn resume_technician(&self, _: Request<ResumeTechnicianRequest>) -> Answered<Technician> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn list_standing_changes(
        &self,
        _: Request<ListStandingChangesRequest>,
    ) -> Answered<ListStandingChangesResponse> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn list_work_at_risk(
        &self,
        _: Request<ListWorkAtRiskRequest>,
    ) -> Answered<ListWorkAtRiskResponse> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn list_coverage_gaps(
        &self,
        _: Request<ListCoverageGapsRequest>,
    ) -> Answered<ListCoverageGapsResponse> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn get_county(&self, request: Request<GetCountyRequest>) -> Answered<County> {
        let mut book = self.0.lock().unwrap();
        book.asked += 1;
        match book.middle {
            Some((lat, lon)) => {
                let county = request.into_inner().county;
                let (city_zh, county_zh) = ("杭州市".to_owned(), "西湖区".to_owned());
                Ok(Response::new(County {
                    county,
                    city_zh,
                    county_zh,
                    lat,
                    lon,
                    ..County::default()
                }))
            }
            None => Err(Error::new(Reason::NotFound).into()),
        }
    }

    async fn get_centre(&self, request: Request<GetCentreRequest>) -> Answered<Centre> {
        let centre = request.into_inner().centre;
        let daily_capacity = self.0.lock().unwrap().capacity.clone();
        let brand = "aurora".to_owned();
        Ok(Response::new(Centre { centre, brand, daily_capacity, ..Centre::default() }))
    }

    async fn list_centres(&self, _: Request<ListCentresRequest>) -> Answered<ListCentresResponse> {
        Ok(Response::new(ListCentresResponse::default()))
    }

    async fn get_technician(&self, request: Request<GetTechnicianRequest>) -> Answered<Technician> {
        let mut book = self.0.lock().unwrap();
        book.asked += 1;
        if book.is_away {
            return Err(Error::new(Reason::StoreUnavailable).into());
        }
        let found = book.technicians.get(&request.get_ref().technician).cloned();
        Ok(Response::new(found.ok_or_else(|| Error::new(Reason::NotFound))?))
    }

    async fn list_technicians(
        &self,
        request: Request<ListTechniciansRequest>,
    ) -> Answered<ListTechniciansResponse> {
        let book = self.0.lock().unwrap();
        let of_centre = |one: &&Technician| one.centre == request.get_ref().centre;
        let technicians = book.technicians.values().filter(of_centre).cloned().collect();
        Ok(Response::new(ListTechniciansResponse { technicians, ..Default::default() }))
    }

    async fn get_partner_health(
        &self,
        _: Request<GetPartnerHealthRequest>,
    ) -> Answered<PartnerHealth> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn put_reroute_rule(&self, _: Request<PutRerouteRuleRequest>) -> Answered<RerouteRule> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn rotate_callback_secret(
        &self,
        _: Request<RotateCallbackSecretRequest>,
    ) -> Answered<CallbackSecret> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn check_callback(&self, _: Request<CheckCallbackRequest>) -> Answered<CheckedCallback> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn put_reason_mapping(
        &self,
        _: Request<PutReasonMappingRequest>,
    ) -> Answered<ReasonMapping> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn delete_reason_mapping(
        &self,
        _: Request<DeleteReasonMappingRequest>,
    ) -> Answered<DeleteReasonMappingResponse> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    /// Two codes: one for weather, and one of another list.
    async fn list_reason_mappings(
        &self,
        request: Request<ListReasonMappingsRequest>,
    ) -> Answered<ListReasonMappingsResponse> {
        let mapping = |list: ReasonList, code: &str, reason: &str| ReasonMapping {
            brand: request.get_ref().brand.clone(),
            list: list.into(),
            partner_reason: code.into(),
            reason: reason.into(),
            updated_at: None,
        };
        let mappings = vec![
            mapping(ReasonList::Decline, "D-1", "closed"),
            mapping(ReasonList::Unable, "U-1", "weather"),
        ];
        Ok(Response::new(ListReasonMappingsResponse { mappings, ..Default::default() }))
    }

    async fn create_webhook(&self, _: Request<CreateWebhookRequest>) -> Answered<WebhookSecret> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn get_webhook(&self, _: Request<GetWebhookRequest>) -> Answered<Webhook> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn list_webhooks(
        &self,
        _: Request<ListWebhooksRequest>,
    ) -> Answered<ListWebhooksResponse> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn update_webhook(&self, _: Request<UpdateWebhookRequest>) -> Answered<Webhook> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn rotate_webhook_secret(
        &self,
        _: Request<RotateWebhookSecretRequest>,
    ) -> Answered<WebhookSecret> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn replay_webhook(&self, _: Request<ReplayWebhookRequest>) -> Answered<Webhook> {
        Err(Error::new(Reason::Unimplemented).into())
    }

    async fn list_webhook_deliveries(
        &self,
        _: Request<ListWebhookDeliveriesRequest>,
    ) -> Answered<ListWebhookDeliveriesResponse> {
        Err(Error::new(Reason::Unimplemented).into())
    }
}

pub fn customer() -> Principal {
    Principal::new(Role::Customer, CUSTOMER)
}

pub fn agent() -> Principal {
    Principal::new(Role::Agent, "agent-1")
}

pub fn brand() -> Principal {
    Principal::new(Role::Brand, "aurora")
}

pub fn centre() -> Principal {
    Principal::new(Role::Centre, CENTRE)
}

pub fn technician() -> Principal {
    Principal::new(Role::Technician, TECHNICIAN)
}

/// Everybody who must not learn that a case of ours exists.
pub fn outsiders() -> Vec<Principal> {
    vec![
        Principal::new(Role::Customer, "user-2"),
        Principal::new(Role::Brand, "boreas"),
        Principal::new(Role::Centre, OTHER_CENTRE),
        Principal::new(Role::Technician, STRANGER),
    ]
}

/// A call as the layers hand it in.
pub fn ask<T>(principal: &Principal, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(principal.clone());
    request
}

/// A new request id.
pub fn request_id(world: &World) -> String {
    world.desk.ids.next().to_string()
}

/// Why a call failed.
pub fn reason<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> Reason {
    Error::from_status(&answer.unwrap_err()).reason()
}
