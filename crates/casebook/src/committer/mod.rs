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
mod plan;
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
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::handoff::Handoff;
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
    /// The most commands waiting; further ones are refused at once.
    pub queue_max: usize,
    /// The most cases kept in memory.
    pub cached_cases_max: u64,
    /// The most recent answers kept in memory.
    pub cached_answers_max: u64,
    /// How often a careful batch is tried again when the store does not answer.
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
            Ok(()) => answer.await.unwrap_or(Err(Error::Stopped)),
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
    pub async fn run(mut self) {
        while self.run_once().await {
            // Whoever was just answered gets to hand in its next command before the batch is closed.
            tokio::task::yield_now().await;
        }
    }

    /// Waits for commands and commits one batch; false when nobody can submit any more.
    pub async fn run_once(&mut self) -> bool {
        let max = self.parts.limits.batch_max;
        if self.waiting.len() < max {
            let room = max - self.waiting.len();
            let mut arrived = Vec::with_capacity(room);
            if self.waiting.is_empty() {
                if self.queue.recv_many(&mut arrived, room).await == 0 {
                    return false;
                }
            } else {
                while arrived.len() < room
                    && let Ok(pending) = self.queue.try_recv()
                {
                    arrived.push(pending);
                }
            }
            self.waiting.extend(arrived);
        }
        let batch = self.pick(max);
        self.commit(batch).await;
        true
    }

    /// Takes commands that may share a commit: one per case, one per request key.
    fn pick(&mut self, max: usize) -> Vec<Pending> {
        let mut cases = HashSet::new();
        let mut keys = HashSet::new();
        let mut picked = Vec::new();
        let mut left = VecDeque::new();
        while let Some(pending) = self.waiting.pop_front() {
            let case = match pending.submission.target {
                Target::Case(id) | Target::NewCase(id) => Some(id),
                Target::NoCase => None,
            };
            let key = pending.submission.key.map(|key| key.key);
            let clashes = case.is_some_and(|case| cases.contains(&case))
                || key.is_some_and(|key| keys.contains(&key));
            if clashes || picked.len() == max {
                left.push_back(pending);
                continue;
            }
            cases.extend(case);
            keys.extend(key);
            picked.push(pending);
        }
        self.waiting = left;
        picked
    }

    /// Commits a batch: swiftly if it can be, carefully if not.
    async fn commit(&mut self, batch: Vec<Pending>) {
        let batch = self.answer_repetitions(batch);
        if batch.is_empty() {
            return;
        }
        match self.commit_swiftly(batch).await {
            Ok(()) => {}
            Err(lost) => self.commit_carefully(lost).await,
        }
    }

    /// Answers what was answered a moment ago without asking the store.
    fn answer_repetitions(&self, batch: Vec<Pending>) -> Vec<Pending> {
        let mut rest = Vec::with_capacity(batch.len());
        for pending in batch {
            let saved = pending
                .submission
                .key
                .and_then(|key| self.answers.get(&key.key).map(|saved| (saved, key.fingerprint)));
            match saved {
                Some((saved, fingerprint)) => {
                    let same = saved.fingerprint == fingerprint;
                    pending.answer(repetition(same, saved.body.as_ref().clone()));
                }
                None => rest.push(pending),
            }
        }
        rest
    }

    /// Tries a batch under locks; halves it when it fails, so that one bad command stops nobody else.
    async fn commit_carefully(&mut self, batch: Vec<Pending>) {
        let mut batches = vec![batch];
        while let Some(batch) = batches.pop() {
            for pending in &batch {
                if let Target::Case(id) | Target::NewCase(id) = pending.submission.target {
                    self.cases.invalidate(&id);
                }
            }
            let mut attempt = 0;
            let mut left = batch;
            loop {
                match self.write_under_locks(left).await {
                    Ok(()) => break,
                    Err((failed, error)) if attempt < self.parts.limits.retries_max => {
                        tracing::warn!(%error, attempt, commands = failed.len(), "a batch failed");
                        attempt += 1;
                        left = failed;
                        back_off(attempt).await;
                    }
                    Err((mut failed, error)) => {
                        if failed.len() > 1 {
                            let other = failed.split_off(failed.len() / 2);
                            batches.extend([failed, other]);
                        } else if let Some(one) = failed.pop() {
                            tracing::error!(%error, method = one.submission.caller.method, "a command failed");
                            one.answer(Err(Error::from(error)));
                        }
                        break;
                    }
                }
            }
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
                let body = Arc::new(one.answer.clone());
                self.answers.insert(key.key, Saved { fingerprint: key.fingerprint, body });
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
        self.parts.handoff.armed(&roles, earliest);
    }
}

/// Gives a store that does not answer a moment; bounded by [`Limits::retries_max`].
#[expect(clippy::disallowed_methods, reason = "a wait of milliseconds inside one bounded retry")]
async fn back_off(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(5 << attempt.min(8))).await;
}

fn repetition(same_body: bool, body: Vec<u8>) -> Result<Answer, Error> {
    if same_body { Ok(Answer { body, repeated: true }) } else { Err(Error::RequestIdReused) }
}
