//! A database on either engine, a clock that only moves when told, the service, and hands for everybody's steps.

use std::sync::Arc;

use parasol_api::{Error, Reason, Role};
use parasol_bell::Bell;
use parasol_casebook::migration::guard_rows;
use parasol_casebook::{
    Caller, Deed, Handoff, Keyring, Lease, Limits, Parts, Pools, Refusal, Rules, SEQUENCER, Store,
    Submission, Target, Written, committer,
};
use parasol_desk::{CaseReaders, Desk};
use parasol_journey::calendar::Calendar;
use parasol_journey::deadline::Deadlines;
use parasol_journey::ids::CaseId;
use parasol_journey::time::{MINUTE, Span};
use parasol_journey::{Actor, ActorKind, Case, Ctx, Decided};
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::{Principal, TokenKey};
use parasol_runtime::ids::IdSource;
use parasol_runtime::shutdown::Shutdown;
use parasol_runtime::transport::Transport;
use parasol_testkit::Postgres;
use parasol_tracking::Tracking;
use parasol_tracking::scores::follow::Scorer;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tonic::{Request, Status};
use uuid::Uuid;

use crate::course::start;

/// The tables of the kernel and of tracking.
struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let kernel = parasol_casebook::migration::migrations();
        kernel.into_iter().chain(parasol_tracking::migrations()).collect()
    }
}

pub struct World {
    pub store: Store,
    pub desk: Desk,
    pub clock: Clock,
    pub service: Tracking,
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
        let url = Postgres::shared().unwrap().fresh_database(name).unwrap();
        Self::at(&url, None).await
    }

    async fn at(url: &str, folder: Option<TempDir>) -> Self {
        let store = Store::open(url, Pools { write: 1, read: 2 }).await.unwrap();
        let store = store.with_keys(Keyring::first([7; 32]));
        Migrations::up(store.for_migrations(), None).await.unwrap();
        guard_rows(store.for_migrations()).await.unwrap();
        let clock = Clock::manual(start());
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
            projectors: vec![Arc::new(CaseReaders)],
            bell: Bell::in_process(),
            handoff,
            limits: Limits::default(),
        });
        let mut committing = JoinSet::new();
        committing.spawn(committer.run());
        let key = Arc::new(TokenKey::from_secret(&[7; 32]));
        let desk = Desk {
            store: store.clone(),
            submitter,
            clock: clock.clone(),
            ids,
            key,
            message_bytes: 4 << 20,
        };
        // Nobody answers about people: scores and voices go by references.
        let nobody = tower::service_fn(|_: http::Request<tonic::body::Body>| async {
            Err::<http::Response<tonic::body::Body>, _>(Status::from(Error::new(
                Reason::StoreUnavailable,
            )))
        });
        let epoch = store.feed_epoch(Uuid::from_u128(5)).await.unwrap();
        let shutdown = Shutdown::new();
        let service = Tracking::new(desk.clone(), Transport::new(nobody), shutdown, epoch);
        Self { store, desk, clock, service, _committing: committing, _folder: folder }
    }

    pub fn wait(&self, span: Span) {
        self.clock.advance(span).unwrap();
    }

    /// The counting of a process.
    pub fn scorer(&self, holder: u128) -> Scorer {
        self.service.scorer(Uuid::from_u128(holder))
    }

    /// Counts until there is nothing left.
    pub async fn count_all(&self, scorer: &Scorer) {
        for _ in 0..1_000 {
            if !scorer.run_once(self.clock.now()).await.unwrap().more {
                return;
            }
        }
        panic!("the counting never ends");
    }

    /// A step that was decided elsewhere.
    pub async fn write(&self, id: CaseId, decided: &Decided) {
        let is_new = decided.events[0].seq == 1;
        let submission = Submission {
            target: if is_new { Target::NewCase(id) } else { Target::Case(id) },
            key: None,
            caller: Caller { principal: "test".to_owned(), method: "test", trace: String::new() },
            actor: Actor::new(ActorKind::Agent, "test"),
            expected: None,
            deed: Arc::new(Given(decided.clone())),
        };
        self.desk.submitter.submit(submission).await.unwrap();
    }

    /// Gives every commit its numbers.
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

struct Given(Decided);

impl Deed for Given {
    fn decide(&self, _: Option<&Case>, _: &Ctx<'_>) -> Result<Written, Refusal> {
        let decided = Some(self.0.clone());
        Ok(Written { decided, rows: Vec::new(), answer: Vec::new() })
    }
}

/// A request as the layers hand it on.
pub fn by<T>(role: Role, subject: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Principal::new(role, subject));
    request
}

/// The reason a call was refused for.
pub fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> Reason {
    Error::from_status(&answer.expect_err("the call was accepted")).reason()
}

/// The customer of the cases below, by the key in their token.
pub const CUSTOMER: &str = "u-1";

impl World {
    /// Puts a course into the store as it stands.
    pub async fn store_course(&self, course: &crate::course::Course, number: u64) -> CaseId {
        let id = crate::simulated::case_id(number);
        let mut case = course.case.clone();
        case.id = id;
        self.write(id, &Decided { events: course.log.clone(), case }).await;
        let behind = course.now.since(self.clock.now());
        if behind.micros() > 0 {
            self.wait(behind);
        }
        id
    }

    /// Writes the last `count` entries of a course whose case is stored already.
    pub async fn store_more(&self, course: &crate::course::Course, id: CaseId, count: usize) {
        let mut case = course.case.clone();
        case.id = id;
        let events = course.log[course.log.len() - count..].to_vec();
        self.write(id, &Decided { events, case }).await;
        let behind = course.now.since(self.clock.now());
        if behind.micros() > 0 {
            self.wait(behind);
        }
    }
}
