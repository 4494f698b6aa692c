//! The committer: whatever commands are waiting go into one commit.
//!
//! Nobody waits for a timer. Whoever arrives while a commit is in flight goes into the next one, so one
//! caller gets the latency of one commit and many share its cost. One command per case and commit; a
//! second one to the same case waits for the next.
//!
//! Two roads lead to a commit. The *swift* one decides on cached cases and writes on the condition that
//! none of them has moved on; a batch that takes no unique keys is then one statement. The *careful* one
//! locks the cases, reads the saved answers, and drops whoever lost a key. A swift batch that is lost
//! goes the careful way, a careful batch that fails is halved until the one bad command stands alone.

mod assemble;
mod claim;
mod load;
mod plan;
mod repeat;
mod write;

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use moka::sync::Cache;
use parasol_bell::Bell;
use parasol_journey::calendar::Calendar;
use parasol_journey::deadline::Deadlines;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Task};
use sea_orm::DbErr;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;
use write::{Cause, Failed};

use crate::dialect::Trouble;
use crate::handoff::Handoff;
use crate::store::Store;
use crate::submission::{Answer, Error, Projector, RequestKey, Submission, Target};

/// Reads the time. The kernel has no clock of its own.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// Makes ids.
pub type NewId = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// The longest answer kept in memory, in bytes; a longer one is repeated from its table.
const CACHED_ANSWER_MAX: usize = 16 * 1_024;

/// How the committer is set.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most commands in one commit.
    pub batch_max: usize,
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
}

/// The one writer of a process. Run it until every [`Submitter`] is gone.
pub struct Committer {
    parts: Parts,
    rules: Arc<RwLock<Rules>>,
    queue: mpsc::Receiver<Pending>,
    waiting: VecDeque<Pending>,
    cases: Cache<CaseId, Arc<Case>>,
    answers: Cache<Uuid, Saved>,
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
    let (sender, queue) = mpsc::channel(parts.limits.queue_max);
    let rules = Arc::new(RwLock::new(parts.rules.clone()));
    let cases = Cache::new(parts.limits.cached_cases_max);
    let answers = Cache::new(parts.limits.cached_answers_max);
    let submitter = Submitter { queue: sender, rules: Arc::clone(&rules), cases: cases.clone() };
    (submitter, Committer { parts, rules, queue, waiting: VecDeque::new(), cases, answers })
}

impl Submitter {
    /// Hands a command in and waits for its commit. If the caller goes away the command still takes
    /// effect or not as a whole.
    ///
    /// # Errors
    /// See [`Error`]; on all but [`Error::Store`] nothing changed.
    pub async fn submit(&self, submission: Submission) -> Result<Answer, Error> {
        let (reply, answer) = oneshot::channel();
        match self.queue.try_send(Pending { submission, reply }) {
            // Taken up and never answered: it may have been in a commit.
            Ok(()) => answer.await.unwrap_or_else(|_| {
                Err(Error::from(DbErr::Custom("the committer ended before it answered".into())))
            }),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Error::Overloaded),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Error::Stopped),
        }
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
    pub async fn run_until(mut self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut stopping = false;
        loop {
            tokio::select! {
                biased;
                any = self.take_up() => if !any { return },
                () = &mut stop, if !stopping => {
                    stopping = true;
                    self.queue.close();
                    continue;
                }
            }
            let batch = self.pick(self.parts.limits.batch_max);
            self.commit(batch).await;
            // Whoever was just answered gets to hand in its next command before the batch is closed.
            tokio::task::yield_now().await;
        }
    }

    /// Waits for commands and commits one batch; false when nobody can submit any more.
    pub async fn run_once(&mut self) -> bool {
        if !self.take_up().await {
            return false;
        }
        let batch = self.pick(self.parts.limits.batch_max);
        self.commit(batch).await;
        true
    }

    /// Takes up what has arrived; waits for the first command where none is left from before.
    ///
    /// More than one batch is taken up, so that many commands to one case do not stand in the way of
    /// the other cases.
    async fn take_up(&mut self) -> bool {
        let limit = self.parts.limits.queue_max.max(1);
        let room = limit.saturating_sub(self.waiting.len());
        if self.waiting.is_empty() {
            let mut arrived = Vec::new();
            let any = self.queue.recv_many(&mut arrived, room).await > 0;
            self.waiting.extend(arrived);
            return any;
        }
        for _ in 0..room {
            match self.queue.try_recv() {
                Ok(pending) => self.waiting.push_back(pending),
                Err(_) => break,
            }
        }
        true
    }

    /// Takes commands that may share a commit: one per case, one per request key. Whoever has to wait
    /// keeps the later commands to its case waiting too, so that they stay in order.
    fn pick(&mut self, max: usize) -> Vec<Pending> {
        let mut cases = HashSet::new();
        let mut keys = HashSet::new();
        let mut picked = Vec::new();
        let mut left = VecDeque::new();
        while picked.len() < max.max(1)
            && let Some(pending) = self.waiting.pop_front()
        {
            let case = pending.case();
            let key = pending.submission.key.map(|key| key.key);
            let clashes = case.is_some_and(|case| cases.contains(&case))
                || key.is_some_and(|key| keys.contains(&key));
            cases.extend(case);
            keys.extend(key);
            if clashes {
                left.push_back(pending);
            } else {
                picked.push(pending);
            }
        }
        left.append(&mut self.waiting);
        self.waiting = left;
        picked
    }

    /// Commits a batch: swiftly if it can be, carefully if not.
    async fn commit(&mut self, batch: Vec<Pending>) {
        let batch = self.answer_repetitions(batch);
        if batch.is_empty() {
            return;
        }
        if let Err(failed) = self.commit_swiftly(batch).await {
            if let Cause::Store(error) = &failed.cause {
                tracing::warn!(%error, "a batch has no known result");
            }
            self.commit_carefully(failed.commands).await;
        }
    }

    /// Tries a batch under locks. One that fails for a lasting reason is halved, so that one bad
    /// command stops nobody else; when the store is away everybody is told so at once.
    async fn commit_carefully(&mut self, batch: Vec<Pending>) {
        let mut batches = vec![batch];
        let mut retries = self.parts.limits.retries_max;
        while let Some(batch) = batches.pop() {
            let tried = self.try_carefully(batch, &mut retries).await;
            let Err((mut failed, error, trouble)) = tried else {
                continue;
            };
            if trouble == Trouble::Away {
                failed.extend(batches.drain(..).flatten());
                tracing::error!(%error, commands = failed.len(), "the store is away");
            } else if failed.len() > 1 {
                let other = failed.split_off(failed.len() / 2);
                batches.extend([other, failed]);
                continue;
            } else {
                tracing::error!(%error, "a command failed");
            }
            let error = Arc::new(error);
            for one in failed {
                one.answer(Err(Error::Store(Arc::clone(&error))));
            }
        }
    }

    /// Tries a batch under locks, a few times where the trouble may pass. The retries are those of the
    /// whole batch and all its parts, so that everybody behind it waits for a bounded time.
    async fn try_carefully(
        &mut self,
        batch: Vec<Pending>,
        retries: &mut u32,
    ) -> Result<(), (Vec<Pending>, DbErr, Trouble)> {
        let mut left = batch;
        loop {
            for id in left.iter().filter_map(Pending::case) {
                self.cases.invalidate(&id);
            }
            let Err(Failed { commands, cause }) = self.commit_under_locks(left).await else {
                return Ok(());
            };
            let (error, trouble, waited) = match cause {
                Cause::Overtaken => {
                    let error = DbErr::Custom("other writers were first every time".into());
                    (error, Trouble::Passing, false)
                }
                Cause::Store(error) => {
                    let trouble = self.parts.store.engine.trouble(&error);
                    // Waiting for a connection was already a wait.
                    let waited = matches!(error, DbErr::ConnectionAcquire(_));
                    (error, trouble, waited)
                }
            };
            if trouble == Trouble::Lasting || waited || *retries == 0 {
                return Err((commands, error, trouble));
            }
            tracing::warn!(%error, retries, commands = commands.len(), "a batch failed");
            *retries -= 1;
            left = commands;
            back_off(self.parts.limits.retries_max - *retries).await;
        }
    }

    /// Keeps a recent answer at hand, unless it is so long that many of them would fill the memory.
    fn remember(&self, key: RequestKey, body: &[u8]) {
        if body.len() <= CACHED_ANSWER_MAX {
            let saved = Saved { fingerprint: key.fingerprint, body: Arc::new(body.to_vec()) };
            self.answers.insert(key.key, saved);
        }
    }

    fn rules_now(&self) -> Rules {
        self.rules.read().expect("no holder of this lock panics").clone()
    }

    /// Remembers what a commit wrote and tells everybody who listens.
    fn after_commit(&self, planned: Vec<plan::Planned>) {
        let mut roles = HashSet::new();
        let mut earliest = None;
        for mut one in planned {
            if let Some(key) = one.pending.submission.key {
                self.remember(key, &one.answer);
            }
            if let Some((_, case, _)) = one.case.take() {
                for owed in one.tasks_armed.iter().filter(|owed| !one.is_handed_over(owed)) {
                    match owed.task {
                        Task::Work(_) => drop(roles.insert(owed.task.role())),
                        Task::Clock(_) => {
                            earliest = Some(earliest.map_or(owed.due, |due| owed.due.min(due)));
                        }
                    }
                }
                self.parts
                    .bell
                    .ring(parasol_bell::Ring::Case { case: case.id, version: case.version });
                self.cases.insert(case.id, Arc::new(case));
            }
            for (permit, task) in one.handed_over.drain(..) {
                permit.send(task);
            }
            one.pending.answer(Ok(Answer { body: one.answer, repeated: false }));
        }
        for role in &roles {
            self.parts.bell.ring(parasol_bell::Ring::Work { role: *role });
        }
        self.parts.handoff.armed(&roles, earliest);
    }
}

/// Gives a store that does not answer a moment; bounded by [`Limits::retries_max`].
#[expect(clippy::disallowed_methods, reason = "a wait of milliseconds inside one bounded retry")]
async fn back_off(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(5 << attempt.min(8))).await;
}
