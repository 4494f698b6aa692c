//! The committer: whatever commands are waiting go into one commit.
//!
//! Nobody waits for a timer. Whoever arrives while a commit is in flight goes into the next one, so one
//! caller gets the latency of one commit and many share its cost. One command per case and commit; a
//! second one to the same case waits for the next. When enough have gathered, a commit of other cases
//! begins beside the one in flight, so that deciding and writing overlap.
//!
//! Two roads lead to a commit. The *swift* one decides on cached cases and writes on the condition that
//! none of them has moved on and every key is free; where the engine can, that is one statement, and after
//! a lost key one look at who holds it and one statement more. The *careful* one locks the cases and reads
//! the saved answers. On both, whoever lost a key is dropped.
//! A swift batch that is lost goes the careful way, a careful batch that fails is halved until the one
//! bad command stands alone.

mod assemble;
mod claim;
mod load;
mod plan;
mod queue;
mod repeat;
mod roads;
mod write;

use std::hash::Hash;
use std::sync::{Arc, RwLock};

use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use parasol_bell::Bell;
use parasol_journey::Case;
use parasol_journey::calendar::Calendar;
use parasol_journey::deadline::Deadlines;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use queue::{Batch, Places, Queue};
use sea_orm::DbErr;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::handoff::Handoff;
use crate::observe::{Observed, Observer};
use crate::store::Store;
use crate::submission::{Answer, Error, Projector, Submission, Target};

/// Reads the time. The kernel has no clock of its own.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// Makes ids.
pub type NewId = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// How the committer is set.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most commands in one commit.
    pub batch_max: usize,
    /// The most commits in flight at a time, of different cases; the embedded engine has one. A second
    /// one takes the first one's companions away, so it begins only once [`Limits::second_min`]
    /// commands wait for it.
    pub commits_max: usize,
    /// The fewest commands that begin a commit while another is in flight.
    pub second_min: usize,
    /// The most commands waiting to be taken up; further ones are refused at once. As many again may
    /// have been taken up already and wait for the command before them to the same case.
    pub queue_max: usize,
    /// The most cases kept in memory.
    pub cached_cases_max: u64,
    /// The most recent answers kept in memory.
    pub cached_answers_max: u64,
    /// How often a batch is tried again, its parts included, before it is halved or given up.
    pub retries_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            batch_max: 64,
            commits_max: 2,
            second_min: 6,
            queue_max: 1_024,
            cached_cases_max: 20_000,
            cached_answers_max: 20_000,
            retries_max: 3,
        }
    }
}

/// The rules every decision is made under; replaced as a whole when an operator imports a calendar.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The calendar in force.
    pub calendar: Arc<Calendar>,
    /// The limits in force.
    pub deadlines: Arc<Deadlines>,
}

/// What a committer needs.
pub struct Parts {
    /// Where to write.
    pub store: Store,
    /// The time.
    pub now: Now,
    /// Ids for commits.
    pub new_id: NewId,
    /// The rules at start.
    pub rules: Rules,
    /// The services' projections.
    pub projectors: Vec<Arc<dyn Projector>>,
    /// Rung after every commit.
    pub bell: Bell,
    /// Takes work due now to the workers of this process.
    pub handoff: Handoff,
    /// How it is set.
    pub limits: Limits,
}

/// The way to the committer: cheap to clone, safe to share.
#[derive(Clone)]
pub struct Submitter {
    queue: mpsc::Sender<Pending>,
    rules: Arc<RwLock<Rules>>,
    cases: Cache<CaseId, Arc<Case>>,
    pub(crate) observed: Observed,
}

/// The one writer of a process. Run it until every [`Submitter`] is gone.
pub struct Committer {
    queue: Queue,
    writer: Writer,
}

/// Makes commits of batches; one is shared by all commits in flight.
struct Writer {
    parts: Parts,
    rules: Arc<RwLock<Rules>>,
    cases: Cache<CaseId, Arc<Case>>,
    answers: Cache<Uuid, Saved>,
    observed: Observed,
}

/// A recent answer.
#[derive(Clone)]
struct Saved {
    fingerprint: Uuid,
    body: Arc<Vec<u8>>,
}

/// A submission with whoever waits for it.
struct Pending {
    submission: Submission,
    reply: oneshot::Sender<Result<Answer, Error>>,
}

impl Pending {
    /// The case it is about.
    fn case(&self) -> Option<CaseId> {
        match self.submission.target {
            Target::Case(id) | Target::NewCase(id) => Some(id),
            Target::NoCase => None,
        }
    }

    fn answer(self, result: Result<Answer, Error>) {
        // Whoever asked may have gone; the step stands all the same.
        let _ = self.reply.send(result);
    }
}

/// A committer and the way to it.
pub fn committer(parts: Parts) -> (Submitter, Committer) {
    let (sender, arriving) = mpsc::channel(parts.limits.queue_max);
    let rules = Arc::new(RwLock::new(parts.rules.clone()));
    let cases = newest(parts.limits.cached_cases_max);
    let answers = newest(parts.limits.cached_answers_max);
    let observed = Observed::default();
    let submitter = Submitter {
        queue: sender,
        rules: Arc::clone(&rules),
        cases: cases.clone(),
        observed: observed.clone(),
    };
    let commits_max = parts.limits.commits_max.min(parts.store.engine.commits_max());
    let queue = Queue::new(arriving, Limits { commits_max, ..parts.limits });
    (submitter, Committer { queue, writer: Writer { parts, rules, cases, answers, observed } })
}

/// A cache that always takes what is new. A full one that weighs how often things were asked for would
/// turn away the case that was filed a moment ago.
fn newest<K, V>(max: u64) -> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().max_capacity(max).eviction_policy(EvictionPolicy::lru()).build()
}

impl Submitter {
    /// Hands a command in and waits for its commit. If the caller goes away the command still takes
    /// effect or not as a whole.
    ///
    /// # Errors
    /// See [`Error`]; on all but [`Error::Store`] nothing changed.
    pub async fn submit(&self, submission: Submission) -> Result<Answer, Error> {
        let (reply, answer) = oneshot::channel();
        let method = submission.caller.method;
        let result = match self.queue.try_send(Pending { submission, reply }) {
            // Taken up and never answered: it may have been in a commit.
            Ok(()) => answer.await.unwrap_or_else(|_| {
                Err(Error::from(DbErr::Custom("the committer ended before it answered".into())))
            }),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Error::Overloaded),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Error::Stopped),
        };
        if let Some(observer) = self.observed.observer() {
            observer.command(method, &result);
        }
        result
    }

    /// Tells somebody of what happens from now on; whoever was first stays.
    pub fn observed_by(&self, observer: Arc<dyn Observer>) {
        self.observed.by(observer);
    }

    /// How many commands wait to be taken up.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Puts other rules in force for every later decision.
    pub fn set_rules(&self, rules: Rules) {
        *self.rules.write().expect("no holder of this lock panics") = rules;
    }

    /// The rules in force.
    pub fn rules(&self) -> Rules {
        self.rules.read().expect("no holder of this lock panics").clone()
    }

    /// The case as this process last wrote it, if it is in memory. Another process may have moved it
    /// on: good for preparing work, whose commit checks, and for nothing else.
    pub fn recent_case(&self, id: CaseId) -> Option<Arc<Case>> {
        self.cases.get(&id)
    }
}

impl Committer {
    /// Commits until every submitter is gone.
    pub async fn run(self) {
        self.run_until(std::future::pending()).await;
    }

    /// Commits until every submitter is gone or `stop` is over; what was handed in by then is still
    /// committed, what comes later is refused.
    pub async fn run_until(self, stop: impl Future<Output = ()>) {
        let Self { mut queue, writer } = self;
        let mut stop = std::pin::pin!(stop.fuse());
        let mut commits = FuturesUnordered::new();
        loop {
            while let Some(batch) = queue.next_batch(commits.len()) {
                commits.push(commit(&writer, batch));
            }
            if commits.is_empty() && queue.is_over() {
                return;
            }
            tokio::select! {
                biased;
                Some((places, again)) = commits.next() => {
                    queue.free(&places, again);
                    // Whoever was just answered gets to hand in its next command before the next
                    // batch is closed.
                    tokio::task::yield_now().await;
                }
                () = queue.arrival() => {}
                () = &mut stop => queue.close(),
            }
        }
    }

    /// Waits for commands and commits one batch; false when nobody can submit any more.
    pub async fn run_once(&mut self) -> bool {
        loop {
            if let Some(batch) = self.queue.next_batch(0) {
                let (places, again) = commit(&self.writer, batch).await;
                self.queue.free(&places, again);
                return true;
            }
            if self.queue.is_over() {
                return false;
            }
            self.queue.arrival().await;
        }
    }
}

/// One batch, with its places in the queue's books and whoever has to be decided on again.
async fn commit(writer: &Writer, batch: Batch) -> (Places, Vec<Pending>) {
    let Batch { places, commands } = batch;
    let (count, begun) = (commands.len(), (writer.parts.now)());
    let again = writer.commit(commands).await;
    if let Some(observer) = writer.observed.observer() {
        observer.batch(count, (writer.parts.now)().since(begun));
    }
    (places, again)
}
