//! A database, a clock that only moves when told, and the processes that work on it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use parasol_bell::Bell;
use parasol_casebook::migration::guard_rows;
use parasol_casebook::{
    Answer, Committer, Engine, Error, Handler, Handoff, KEY_LEN, Keyring, Lease, Limits, NewId,
    Now, Parts, Pools, Queue, Queues, Rules, Store, Submitter, Worker, committer,
};
use parasol_journey::calendar::Calendar;
use parasol_journey::deadline::Deadlines;
use parasol_journey::task::Role;
use parasol_journey::time::{MINUTE, SECOND, Span, Timestamp};
use parasol_testkit::{PgBouncer, Postgres};
use sea_orm_migration::MigratorTrait as _;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

use crate::ask::{Ask, start};
use crate::rows::{Board, Migrations};

/// Longer than anything here takes, unless it hangs.
pub const LIMIT: Duration = Duration::from_secs(60);
/// How long tasks are leased.
pub const LEASE: Span = Span::from_micros(MINUTE);

/// How long before they are due deadlines are taken on.
pub const AHEAD: Span = Span::from_micros(90 * SECOND);

/// A ring of keys of the vault with these numbers.
pub fn keys(numbers: &[u32]) -> Keyring {
    let key = |number: &u32| (*number, [u8::try_from(*number).unwrap(); KEY_LEN]);
    Keyring::new(numbers.iter().map(key)).unwrap()
}

/// One database with everything that processes share.
pub struct World {
    pub url: String,
    clock: Arc<AtomicI64>,
    ids: Arc<AtomicU64>,
    holders: AtomicU64,
    /// Removes the embedded database with the world.
    _folder: Option<TempDir>,
    /// Stands before the database as long as the world.
    _pooler: Option<PgBouncer>,
}

impl World {
    /// A migrated SQLite file.
    pub async fn on_sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite://{}", folder.path().join("cell.db").display());
        Self::at(url, Some(folder)).await
    }

    /// A migrated database of the shared server.
    pub async fn on_postgres(name: &str) -> Self {
        let name = &name[..name.len().min(40)];
        let server = Postgres::shared().unwrap();
        Self::at(server.fresh_database(name).unwrap(), None).await
    }

    /// A migrated database of the shared server, behind a pooler with fewer connections than processes have.
    pub async fn behind_a_pooler(name: &str) -> Self {
        let Self { url, .. } = Self::on_postgres(name).await;
        let pooler = PgBouncer::before(Postgres::shared().unwrap(), 4).unwrap();
        let world = Self::empty_at(pooler.url_of(&url).unwrap(), None);
        Self { _pooler: Some(pooler), ..world }
    }

    /// A database by URL, migrated.
    pub async fn at(url: String, folder: Option<TempDir>) -> Self {
        let world = Self::empty_at(url, folder);
        let store = world.store().await;
        Migrations::up(store.for_migrations(), None).await.unwrap();
        guard_rows(store.for_migrations()).await.unwrap();
        store.analyze().await.unwrap();
        store.close().await.unwrap();
        world
    }

    /// An empty database on the same engine, not migrated.
    pub fn empty_beside(&self) -> Self {
        match self.engine() {
            Engine::Sqlite => {
                let folder = TempDir::new().unwrap();
                let url = format!("sqlite://{}", folder.path().join("cell.db").display());
                Self::empty_at(url, Some(folder))
            }
            Engine::Postgres => {
                let server = Postgres::shared().unwrap();
                Self::empty_at(server.fresh_database("empty").unwrap(), None)
            }
        }
    }

    fn empty_at(url: String, folder: Option<TempDir>) -> Self {
        Self {
            url,
            clock: Arc::new(AtomicI64::new(start().micros())),
            ids: Arc::new(AtomicU64::new(1_000_000)),
            holders: AtomicU64::new(1),
            _folder: folder,
            _pooler: None,
        }
    }

    pub fn engine(&self) -> Engine {
        Engine::of_url(&self.url)
    }

    /// How many processes may write here at once.
    pub fn writers(&self) -> usize {
        match self.engine() {
            Engine::Sqlite => 1,
            Engine::Postgres => 2,
        }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.load(Ordering::SeqCst))
    }

    pub fn wait(&self, span: Span) {
        self.clock.fetch_add(span.micros(), Ordering::SeqCst);
    }

    pub fn clock(&self) -> Now {
        let clock = Arc::clone(&self.clock);
        Arc::new(move || Timestamp::from_micros(clock.load(Ordering::SeqCst)))
    }

    pub fn ids(&self) -> NewId {
        let ids = Arc::clone(&self.ids);
        Arc::new(move || Uuid::from_u128(u128::from(ids.fetch_add(1, Ordering::SeqCst))))
    }

    pub async fn store(&self) -> Store {
        self.store_with(Pools { write: 3, read: 2 }).await
    }

    pub async fn store_with(&self, pools: Pools) -> Store {
        self.locked_store(pools).await.with_keys(keys(&[1]))
    }

    /// A store that was given no keys.
    pub async fn locked_store(&self, pools: Pools) -> Store {
        Store::open(&self.url, pools).await.unwrap()
    }

    /// A process without workers.
    pub async fn process(&self) -> Process {
        self.process_with(Limits::default(), &[], 0).await
    }

    /// A process with these limits and these roles' queues.
    pub async fn process_with(&self, limits: Limits, roles: &[Role], depth: usize) -> Process {
        self.process_of(self.store().await, limits, roles, depth)
    }

    /// A process without workers, over this store.
    pub fn process_over(&self, store: Store) -> Process {
        self.process_of(store, Limits::default(), &[], 0)
    }

    fn process_of(&self, store: Store, limits: Limits, roles: &[Role], depth: usize) -> Process {
        let holder = self.holders.fetch_add(1, Ordering::SeqCst);
        let lease = Lease { holder: Uuid::from_u128(u128::from(holder)), length: LEASE };
        let (handoff, queues) = Handoff::new(lease, AHEAD, roles, depth.max(1));
        let bell = Bell::in_process();
        let rules = Rules {
            calendar: Arc::new(Calendar::china().clone()),
            deadlines: Arc::new(Deadlines::default()),
        };
        let (submitter, committer) = committer(Parts {
            store: store.clone(),
            now: self.clock(),
            new_id: self.ids(),
            rules,
            projectors: vec![Arc::new(Board)],
            bell: bell.clone(),
            handoff: handoff.clone(),
            limits,
        });
        Process { store, submitter, committer, handoff, queues, bell, now: self.clock() }
    }
}

/// A process whose committer runs only when told.
pub struct Process {
    pub store: Store,
    pub submitter: Submitter,
    pub committer: Committer,
    pub handoff: Handoff,
    pub queues: Queues,
    pub bell: Bell,
    now: Now,
}

impl Process {
    /// Runs the committer for as long as `future` takes.
    pub async fn drive<T>(&mut self, future: impl Future<Output = T>) -> T {
        let committer = &mut self.committer;
        let driven = async move {
            let mut future = pin!(future);
            loop {
                tokio::select! {
                    biased;
                    done = &mut future => return done,
                    more = committer.run_once() => assert!(more, "the committer ended"),
                }
            }
        };
        timeout(LIMIT, driven).await.expect("nobody was answered within the limit")
    }

    /// Hands in all of these before the committer takes up any.
    pub async fn together(&mut self, asks: Vec<Ask>) -> Vec<Result<Answer, Error>> {
        let submitter = self.submitter.clone();
        let asked = asks.into_iter().map(|ask| {
            let submitter = submitter.clone();
            async move { submitter.submit(ask.submission()).await }
        });
        let all = join_all(asked.collect::<Vec<_>>());
        Box::pin(self.drive(all)).await
    }

    pub async fn ask(&mut self, ask: Ask) -> Result<Answer, Error> {
        self.together(vec![ask]).await.remove(0)
    }

    /// Asks for what cannot be refused.
    pub async fn must(&mut self, asks: impl IntoIterator<Item = Ask>) {
        for answer in self.together(asks.into_iter().collect()).await {
            answer.expect("the command was refused");
        }
    }

    /// The queue of a role.
    pub fn queue(&mut self, role: Role) -> Queue {
        self.queues.remove(&role).expect("the process was given the role")
    }

    /// A worker of this process.
    pub fn worker(&self, role: Role, handler: Arc<dyn Handler>) -> Worker {
        Worker::new(
            role,
            self.store.clone(),
            self.submitter.clone(),
            self.handoff.clone(),
            handler,
            Arc::clone(&self.now),
            50,
        )
    }

    /// Lets the committer run by itself.
    pub fn run(self) -> Running {
        let mut committing = JoinSet::new();
        committing.spawn(self.committer.run());
        Running { store: self.store, submitter: self.submitter, committing }
    }
}

/// A process whose committer runs by itself.
pub struct Running {
    pub store: Store,
    pub submitter: Submitter,
    committing: JoinSet<()>,
}

impl Running {
    pub async fn ask(&self, ask: Ask) -> Result<Answer, Error> {
        let asked = self.submitter.submit(ask.submission());
        timeout(LIMIT, asked).await.expect("nobody was answered within the limit")
    }

    /// Ends the committer wherever it is, as a crash would.
    pub async fn crash(mut self) {
        self.committing.shutdown().await;
    }

    /// Ends once everything handed in is answered.
    pub async fn end(self) {
        let Self { submitter, mut committing, .. } = self;
        drop(submitter);
        let ended = timeout(LIMIT, committing.join_next()).await;
        ended.expect("the committer did not end").expect("it ran").expect("it did not panic");
    }
}
