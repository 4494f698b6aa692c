//! One cell on a file in a temporary folder: store, committer, desk and the service.

use std::sync::Arc;

use parasol_api::intake::v1::order_service_client::OrderServiceClient;
use parasol_api::intake::v1::order_service_server::OrderServiceServer;
use parasol_api::intake::v1::{ImportOrdersRequest, ImportOrdersResponse};
use parasol_api::{Error, Reason};
use parasol_bell::Bell;
use parasol_casebook::migration::guard_rows;
use parasol_casebook::{
    Caller, CaseDeed, Error as CasebookError, Handoff, Keyring, Lease, Limits, Parts, Pools, Rules,
    Store, Submission, Target, Worker, committer,
};
use parasol_desk::{CaseReaders, Desk};
use parasol_evidence::{Archive, Limits as EvidenceLimits};
use parasol_intake::Intake;
use parasol_journey::calendar::Calendar;
use parasol_journey::deadline::{Clock as Deadline, Deadlines};
use parasol_journey::ids::CaseId;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{Actor, ActorKind, Case, Command, Task};
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::{Principal, Role, TokenKey};
use parasol_runtime::ids::IdSource;
use parasol_testkit::Postgres;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tempfile::TempDir;
use tonic::{Request, Status};
use uuid::Uuid;

pub struct World {
    pub intake: Intake,
    pub desk: Desk,
    pub clock: Clock,
    handoff: Handoff,
    folder: Arc<TempDir>,
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let kernel = parasol_casebook::migration::migrations();
        kernel.into_iter().chain(parasol_intake::migrations()).collect()
    }
}

/// A Monday morning inside the calendar.
pub fn start() -> Timestamp {
    Timestamp::parse("2026-06-08T09:30:00+08:00").unwrap()
}

impl World {
    pub async fn new() -> Self {
        let clock = Clock::manual(start());
        Self::on(Arc::new(TempDir::new().unwrap()), clock, 1).await
    }

    /// The same cell as another process would find it: nothing is remembered but what is stored.
    pub async fn restarted(self) -> Self {
        let Self { folder, clock, desk, intake, .. } = self;
        drop(intake);
        let store = desk.store.clone();
        drop(desk);
        store.close().await.unwrap();
        Self::on(folder, clock, 2).await
    }

    /// A cell on a database server.
    pub async fn on_postgres(name: &str) -> Self {
        let url = Postgres::shared().unwrap().fresh_database(name).unwrap();
        let folder = Arc::new(TempDir::new().unwrap());
        Self::at(&url, folder, Clock::manual(start()), 1).await
    }

    async fn on(folder: Arc<TempDir>, clock: Clock, seed: u64) -> Self {
        let url = format!("sqlite://{}", folder.path().join("cell.db").display());
        Self::at(&url, folder, clock, seed).await
    }

    async fn at(url: &str, folder: Arc<TempDir>, clock: Clock, seed: u64) -> Self {
        let store = Store::open(url, Pools::default()).await.unwrap();
        let store = store.with_keys(Keyring::first([7; 32]));
        Migrator::up(store.for_migrations(), None).await.unwrap();
        guard_rows(store.for_migrations()).await.unwrap();
        let ids = IdSource::seeded(clock.clone(), seed);
        let lease = Lease { holder: Uuid::from_u128(u128::from(seed)), length: Span::minutes(1) };
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
            projectors: vec![Arc::new(CaseReaders), parasol_intake::projector()],
            bell: Bell::in_process(),
            handoff: handoff.clone(),
            limits: Limits::default(),
        });
        run(committer);
        let key = Arc::new(TokenKey::from_secret(&[7; 32]));
        let message_bytes = 4 << 20;
        let desk = Desk { store, submitter, clock: clock.clone(), ids, key, message_bytes };
        let archive = Archive::inside(&folder.path().join("evidence"), EvidenceLimits::default());
        let intake = Intake::new(desk.clone(), archive.unwrap());
        Self { intake, desk, clock, handoff, folder }
    }

    /// The folder of photos.
    pub fn evidence(&self) -> std::path::PathBuf {
        self.folder.path().join("evidence")
    }

    /// Moves the clock.
    pub fn wait(&self, span: Span) {
        self.clock.advance(span).unwrap();
    }

    /// Streams rows in.
    pub async fn import(
        &self,
        caller: Principal,
        rows: Vec<ImportOrdersRequest>,
    ) -> Result<ImportOrdersResponse, Error> {
        let server = OrderServiceServer::with_interceptor(
            self.intake.clone(),
            move |mut request: Request<()>| {
                request.extensions_mut().insert(caller.clone());
                Ok::<_, Status>(request)
            },
        );
        let answer = OrderServiceClient::new(server).import_orders(tokio_stream::iter(rows)).await;
        answer.map(tonic::Response::into_inner).map_err(|status| Error::from_status(&status))
    }

    /// Does the triage that is due; answers how many cases were moved.
    pub async fn triage(&self) -> usize {
        let (role, handler) = self.intake.work().unwrap();
        let (desk, now) = (&self.desk, self.clock.clone());
        let worker = Worker::new(
            role,
            desk.store.clone(),
            desk.submitter.clone(),
            self.handoff.clone(),
            handler,
            Arc::new(move || now.now()),
            64,
        );
        let pass = worker.run_due().await.unwrap();
        assert_eq!((pass.failed, pass.superseded), (0, 0), "triage did not go through");
        pass.done
    }

    /// The case as it is stored.
    pub async fn case(&self, id: CaseId) -> Case {
        self.desk.store.case(id).await.unwrap().expect("the case is there")
    }

    /// Moves a case as the other services would.
    pub async fn give(&self, case: CaseId, by: ActorKind, command: Command) -> Case {
        let verb = command.verb();
        let given = self.try_to_give(case, by, command).await;
        given.unwrap_or_else(|error| panic!("{verb}: {error}"));
        self.case(case).await
    }

    pub async fn try_to_give(
        &self,
        case: CaseId,
        by: ActorKind,
        command: Command,
    ) -> Result<(), CasebookError> {
        let caller = Caller { principal: "test".to_owned(), method: "Give", trace: String::new() };
        let deed = CaseDeed { command, rows: Vec::new(), answer: |_: &Case| Vec::new() };
        let submission = Submission {
            target: Target::Case(case),
            key: None,
            caller,
            actor: Actor::new(by, "test"),
            expected: None,
            deed: Arc::new(deed),
        };
        self.desk.submitter.submit(submission).await.map(|_| ())
    }

    /// Lets a deadline of a case pass.
    pub async fn miss(&self, case: CaseId, clock: Deadline) -> Case {
        let owed = *self.case(case).await.owes(Task::Clock(clock)).expect("the clock runs");
        self.wait(owed.due.since(self.clock.now()));
        let fire = Command::Fire { task: owed.task, generation: owed.generation };
        self.give(case, ActorKind::Timer, fire).await
    }
}

#[expect(clippy::disallowed_methods, reason = "the test's process ends with its runtime")]
fn run(committer: parasol_casebook::Committer) {
    tokio::spawn(committer.run());
}

/// A request as the layers hand it on.
pub fn by<T>(caller: &Principal, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(caller.clone());
    request
}

pub fn customer(key: &str) -> Principal {
    Principal::new(Role::Customer, key)
}

pub fn agent() -> Principal {
    Principal::new(Role::Agent, "a-1")
}

pub fn retailer() -> Principal {
    Principal::new(Role::Retailer, "shop")
}

/// The reason of a refusal.
pub fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> Reason {
    Error::from_status(&answer.expect_err("a refusal")).reason()
}

/// The fields a refusal names.
pub fn fields<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let error = Error::from_status(&answer.expect_err("a refusal"));
    error.violations().iter().map(|one| one.field.clone()).collect()
}

/// A request id.
pub fn id(number: u128) -> String {
    Uuid::from_u128(0x6f0a_2f3e_7a52_4b1e_9f3d_0000_0000_0000 + number).to_string()
}
