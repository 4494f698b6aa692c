//! A database on either engine with the tables of an imagined house, a clock that only moves when told, and the service.

use std::sync::Arc;

use parasol_api::{Error, Reason, Role};
use parasol_bell::Bell;
use parasol_casebook::migration::guard_rows;
use parasol_casebook::migration::{TableBuilder, put_aside};
use parasol_casebook::{
    Aside, Caller, CaseDeed, Deed, FilingDeed, Handoff, Keyring, Lease, Limits, Parts, Pools,
    RowOp, RowsDeed, Rules, SEQUENCER, Secret, Store, Submission, Target, VAULT_ASIDE, committer,
    secret,
};
use parasol_desk::{CaseReaders, Desk, customer_id};
use parasol_journey::calendar::Calendar;
use parasol_journey::deadline::Deadlines;
use parasol_journey::event::Filing;
use parasol_journey::ids::{CaseId, CustomerId};
use parasol_journey::time::{MINUTE, Span, Timestamp};
use parasol_journey::vocab::{CaseKind, Category, Remedy};
use parasol_journey::{Actor, ActorKind, Case, Command};
use parasol_keeping::Keeping;
use parasol_keeping::person::{Whose, trace};
use parasol_keeping::retention::Retention;
use parasol_runtime::clock::Clock;
use parasol_runtime::config::{Config, Sources};
use parasol_runtime::identity::{Principal, TokenKey};
use parasol_runtime::ids::IdSource;
use parasol_runtime::transport::Transport;
use parasol_testkit::Postgres;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ConnectionTrait as _, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tonic::{Request, Status};
use uuid::Uuid;

/// Where the imagined house puts photos that are held.
const PHOTOS: Aside = Aside { table: "photos", aside: "photos_withheld", subject: "case_id" };

/// What the imagined house keeps beside the logs.
pub const WHOSE: Whose = Whose {
    cases: trace("filings", "case_id", "customer"),
    traces: &[trace("replies", "words", "case_id")],
    bought: trace("orders", "delivered_at", "customer"),
    photos: trace("photos", "photo", "case_id"),
    asides: &[VAULT_ASIDE, PHOTOS],
};

struct House;

impl MigrationName for House {
    fn name(&self) -> &'static str {
        "m9999_house"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for House {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            TableBuilder::new("filings").ids(&["case_id", "customer"]).key(&["case_id"]),
            TableBuilder::new("replies").ids(&["case_id", "words"]).key(&["words"]),
            TableBuilder::new("orders")
                .ids(&["customer"])
                .ints(&["delivered_at"])
                .key(&["customer", "delivered_at"]),
            TableBuilder::new("photos").ids(&["photo", "case_id"]).key(&["photo"]),
            TableBuilder::new("photos_withheld").ids(&["photo", "case_id"]).key(&["photo"]),
        ];
        for table in tables {
            table.create(manager).await?;
        }
        put_aside(manager, &PHOTOS, &["photo", "case_id"], &["photo"]).await
    }
}

struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let kernel = parasol_casebook::migration::migrations();
        let all = kernel.into_iter().chain(parasol_keeping::migrations());
        all.chain([Box::new(House) as Box<dyn MigrationTrait>]).collect()
    }
}

pub struct World {
    pub store: Store,
    pub desk: Desk,
    pub clock: Clock,
    pub service: Keeping,
    pub duty: Retention,
    _committing: JoinSet<()>,
    _folder: Option<TempDir>,
}

impl World {
    pub async fn on_sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite://{}", folder.path().join("cell.db").display());
        Self::at(&url, Some(folder)).await
    }

    pub async fn on_postgres(name: &str) -> Self {
        // A database has a short name; the end of a test's tells it from others.
        let name = format!("keeping_{}", &name[name.len().saturating_sub(24)..]);
        let url = Postgres::shared().unwrap().fresh_database(&name).unwrap();
        Self::at(&url, None).await
    }

    async fn at(url: &str, folder: Option<TempDir>) -> Self {
        let store = Store::open(url, Pools { write: 2, read: 2 }).await.unwrap();
        let store = store.with_keys(Keyring::first([7; 32]));
        Migrations::up(store.for_migrations(), None).await.unwrap();
        guard_rows(store.for_migrations()).await.unwrap();
        let clock = Clock::manual(Timestamp::parse("2026-06-08T09:30:00+08:00").unwrap());
        let ids = IdSource::seeded(clock.clone(), 7);
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
            projectors: vec![Arc::new(CaseReaders), parasol_keeping::projector()],
            bell: Bell::in_process(),
            handoff,
            limits: Limits::default(),
        });
        let mut committing = JoinSet::new();
        committing.spawn(committer.run());
        let key = Arc::new(TokenKey::from_secret(&[7; 32]));
        let message_bytes = 4 << 20;
        let (store_, clock_) = (store.clone(), clock.clone());
        let desk = Desk { store: store_, submitter, clock: clock_, ids, key, message_bytes };
        // Nobody keeps photos here.
        let nobody = tower::service_fn(|_: http::Request<tonic::body::Body>| async {
            Err::<http::Response<tonic::body::Body>, _>(Status::from(Error::new(
                Reason::StoreUnavailable,
            )))
        });
        let config = Config::load(&Sources::default()).unwrap();
        let service = Keeping::new(desk.clone(), Transport::new(nobody), &WHOSE, config.retention);
        let duty = service.retention(Uuid::from_u128(3));
        Self { store, desk, clock, service, duty, _committing: committing, _folder: folder }
    }

    pub fn wait(&self, days: i64) {
        self.clock.advance(Span::days(days)).unwrap();
    }

    /// Does all that is due; no duty goes on for ever.
    pub async fn keep(&self) {
        for _ in 0..100 {
            if !self.duty.run_once().await.unwrap() {
                return;
            }
        }
        panic!("the duty never ends");
    }

    async fn submit(&self, target: Target, kind: ActorKind, deed: Arc<dyn Deed>) {
        let submission = Submission {
            target,
            key: None,
            caller: Caller { principal: "test".to_owned(), method: "test", trace: String::new() },
            actor: Actor::new(kind, "test"),
            expected: None,
            deed,
        };
        self.desk.submitter.submit(submission).await.unwrap();
    }

    /// Writes rows and no case.
    pub async fn write(&self, rows: Vec<RowOp>) {
        let deed = RowsDeed { rows, answer: Vec::new() };
        self.submit(Target::NoCase, ActorKind::Policy, Arc::new(deed)).await;
    }

    /// A case of a customer, with what was filed.
    pub async fn file(&self, number: u128, customer: &str) -> CaseId {
        let id = CaseId::new(Uuid::from_u128(number));
        let command = Command::File { filing: filing(customer_id(customer)) };
        let rows = vec![self.about(id.uuid(), "filing")];
        let deed = FilingDeed { id, command, rows, answer: |_: &Case| Vec::new() };
        self.submit(Target::NewCase(id), ActorKind::Customer, Arc::new(deed)).await;
        self.insert(
            "filings",
            [("case_id", id.uuid()), ("customer", customer_id(customer).uuid())],
        )
        .await;
        id
    }

    /// Ends a case.
    pub async fn cancel(&self, id: CaseId) {
        let deed =
            CaseDeed { command: Command::Cancel, rows: vec![], answer: |_: &Case| Vec::new() };
        self.submit(Target::Case(id), ActorKind::Customer, Arc::new(deed)).await;
    }

    /// Something said beside a case, under an id of its own.
    pub async fn say(&self, case: CaseId, id: u128, kind: &'static str) {
        let id = Uuid::from_u128(id);
        self.write(vec![self.about(id, kind)]).await;
        self.insert("replies", [("case_id", case.uuid()), ("words", id)]).await;
    }

    /// The row that keeps something about somebody.
    pub fn about(&self, subject: Uuid, kind: &'static str) -> RowOp {
        let body = format!("{{\"canary\":\"{kind}\"}}");
        secret(Secret { subject, kind, lookup: String::new(), body }, self.clock.now())
    }

    async fn insert(&self, table: &'static str, row: [(&'static str, Uuid); 2]) {
        let mut query = Query::insert();
        query.into_table(table).columns(row.map(|(name, _)| name));
        query.values_panic(row.map(|(_, id)| Expr::value(id)));
        self.store.for_migrations().execute(&query).await.unwrap();
    }

    /// Something was delivered to a customer now.
    pub async fn deliver(&self, customer: &str) {
        let mut query = Query::insert();
        query.into_table("orders").columns(["customer", "delivered_at"]);
        let values =
            [Expr::value(customer_id(customer).uuid()), Expr::value(self.clock.now().micros())];
        query.values_panic(values);
        self.store.for_migrations().execute(&query).await.unwrap();
    }

    /// The kinds that are served of a subject, of those named.
    pub async fn served(&self, subject: Uuid) -> Vec<String> {
        let kinds = self.store.kinds_of(&[subject]).await.unwrap();
        let mut kinds: Vec<_> = kinds.into_iter().map(|(_, kind, _)| kind).collect();
        kinds.sort();
        kinds
    }

    /// The kinds that a hold keeps aside of a subject.
    pub async fn aside(&self, subject: Uuid) -> Vec<String> {
        let rows = self.store.withheld(&[subject]).await.unwrap();
        rows.into_iter().map(|(_, kind, _)| kind).collect()
    }

    /// Gives every commit its numbers and links.
    pub async fn sequence(&self) {
        let (now, length) = (self.clock.now(), Span::from_micros(MINUTE));
        let held = self.store.lease(SEQUENCER, Uuid::from_u128(2), now, length).await.unwrap();
        self.store.sequence(&held.unwrap(), now).await.unwrap();
    }

    /// A new request id.
    pub fn id(&self) -> String {
        self.desk.ids.next().to_string()
    }
}

fn filing(customer: CustomerId) -> Filing {
    let text = format!(
        "{{\"customer\":\"{}\",\"order_line\":\"JX1-1\",\"sku\":\"AUR-BCD-520\",\"brand\":\"aurora\",\
         \"serial\":\"SN0001\",\"county\":\"330106\",\"symptom\":\"not_cooling\",\
         \"price_fen\":399900,\"policy\":\"cn-2026.1\"}}",
        customer.uuid()
    );
    let mut filing: serde_json::Value = serde_json::from_str(&text).unwrap();
    filing["category"] = serde_json::to_value(Category::Refrigerator).unwrap();
    filing["kind"] = serde_json::to_value(CaseKind::Quality).unwrap();
    filing["wants"] = serde_json::to_value(Remedy::Repair).unwrap();
    let received = Timestamp::parse("2026-06-05T09:30:00+08:00").unwrap();
    filing["received_at"] = serde_json::to_value(received).unwrap();
    serde_json::from_value(filing).unwrap()
}

/// A request as the layers hand it on.
pub fn by<T>(role: Role, subject: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Principal::new(role, subject));
    request
}

/// A request of a manager's.
pub fn by_manager<T>(message: T) -> Request<T> {
    by(Role::Manager, "manager-1", message)
}

/// The reason a call was refused for.
pub fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> Reason {
    Error::from_status(&answer.expect_err("the call was accepted")).reason()
}
