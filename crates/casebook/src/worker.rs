//! Doing tasks: what is handed over, what is due, one bounded pass at a time.
//!
//! A handler turns a task and its case into a submission; the committer writes the effect and removes
//! the task in one commit. A deadline needs no handler: that it passed *is* the command.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use parasol_journey::ids::CaseId;
use parasol_journey::task::{Obligation, Role};
use parasol_journey::time::{SECOND, Span, Timestamp};
use parasol_journey::{Actor, Case, Command, Rejection, Task};
use sea_orm::DbErr;
use tracing::{Instrument as _, Span as TraceSpan};

use crate::committer::{Now, Submitter};
use crate::handoff::{Handoff, Queue};
use crate::observe::{Observer, Tried};
use crate::store::Store;
use crate::submission::{Caller, CaseDeed, Deed, Error, Refusal, Submission, Target};
use crate::tasks::Claimed;

/// The most deadlines a worker keeps in memory until they are due.
const KEPT_MAX: usize = 8_192;
/// How often work is prepared for a case that keeps moving on before it is given back.
const PREPARED_MAX: usize = 4;

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Tasks that took effect.
    pub done: usize,
    /// Tasks that were no longer owed.
    pub superseded: usize,
    /// Tasks given back to be tried later.
    pub failed: usize,
    /// Whether there may be more due right now.
    pub more: bool,
}

/// Why a task could not be done.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WorkError(pub String);

/// Does the work of one role.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Prepares the command that does this task. Called with the case as it is now; the commit checks
    /// that it still is. May call out, and may be called again for the same task.
    ///
    /// # Errors
    /// The task is given back and tried later.
    async fn prepare(&self, case: &Case, claimed: &Claimed) -> Result<Prepared, WorkError>;
}

/// A task turned into a command.
pub struct Prepared {
    /// What to do.
    pub deed: Arc<dyn Deed>,
    /// Who the log says did it.
    pub actor: Actor,
}

/// Lets deadlines pass.
pub struct Deadlines;

#[async_trait]
impl Handler for Deadlines {
    async fn prepare(&self, _: &Case, claimed: &Claimed) -> Result<Prepared, WorkError> {
        let Claimed { obligation, .. } = claimed;
        let command = Command::Fire { task: obligation.task, generation: obligation.generation };
        let answer = |_: &Case| Vec::new();
        let deed = Arc::new(CaseDeed { command, rows: Vec::new(), answer });
        Ok(Prepared { deed, actor: Actor::timer() })
    }
}

/// Does the tasks of one role in this process.
pub struct Worker {
    role: Role,
    store: Store,
    submitter: Submitter,
    handoff: Handoff,
    handler: Arc<dyn Handler>,
    now: Now,
    batch_max: usize,
}

impl Worker {
    /// A worker that does at most `batch_max` tasks at a time.
    pub fn new(
        role: Role,
        store: Store,
        submitter: Submitter,
        handoff: Handoff,
        handler: Arc<dyn Handler>,
        now: Now,
        batch_max: usize,
    ) -> Self {
        Self { role, store, submitter, handoff, handler, now, batch_max }
    }

    /// The role it works for.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Does what stands in the role's queue by now, without waiting for more.
    pub async fn run_handed(&self, queue: &mut Queue) -> Pass {
        let mut tasks = Vec::new();
        while tasks.len() < self.batch_max
            && let Ok(handed) = queue.try_recv()
        {
            tasks.push(handed);
        }
        let more = tasks.len() == self.batch_max;
        Pass { more, ..self.do_all(tasks).await }
    }

    /// Does whatever is handed over as it comes, a batch's worth at a time, until `stop` is over or
    /// nothing will be handed over any more. What was begun by then is finished; what is still in the
    /// queue stays leased until its lease runs out.
    pub async fn serve_handed(&self, queue: &mut Queue, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut running = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(_) = running.next() => {}
                handed = queue.recv(), if running.len() < self.batch_max => match handed {
                    Some(handed) => running.push(self.do_handed(handed)),
                    None => break,
                },
            }
        }
        while running.next().await.is_some() {}
    }

    /// Keeps the deadlines that are handed over until they are due and lets each pass on time, until
    /// `stop` is over or nothing will be handed over any more; `wait_until` returns when the clock of the
    /// process shows an instant. Deadlines that are left then are given back.
    pub async fn serve_deadlines<W: Future<Output = ()>>(
        &self,
        queue: &mut Queue,
        wait_until: impl Fn(Timestamp) -> W,
        stop: impl Future<Output = ()>,
    ) {
        let mut stop = std::pin::pin!(stop);
        let mut kept = Kept::default();
        let mut running = FuturesUnordered::new();
        loop {
            let next = kept.next_due().filter(|_| running.len() < self.batch_max);
            let due = async {
                match next {
                    Some(due) => wait_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(_) = running.next() => {}
                handed = queue.recv(), if kept.len() < KEPT_MAX => match handed {
                    Some(handed) => kept.keep(handed),
                    None => break,
                },
                () = due => {
                    let now = (self.now)();
                    while running.len() < self.batch_max
                        && let Some(claimed) = kept.take_due(now)
                    {
                        running.push(self.do_handed(claimed));
                    }
                }
            }
        }
        while running.next().await.is_some() {}
        while let Ok(handed) = queue.try_recv() {
            kept.keep(handed);
        }
        for claimed in kept.rest() {
            if let Err(error) = self.store.task_given_back(&claimed, claimed.obligation.due).await {
                tracing::warn!(%error, "kept deadlines stay leased until their leases run out");
                return;
            }
        }
    }

    async fn do_handed(&self, handed: Claimed) -> Done {
        self.do_one(&handed).await
    }

    /// Claims what is due and does it.
    ///
    /// # Errors
    /// What the engine says to the claim; what was claimed before is done.
    pub async fn run_due(&self) -> Result<Pass, DbErr> {
        let now = (self.now)();
        let more_to_look_at = self.look_ahead(now).await?;
        let due = self.claim(now, now, self.batch_max).await?;
        let more = due.len() == self.batch_max || more_to_look_at;
        Ok(Pass { more, ..self.do_all(due).await })
    }

    /// Claims what is due, and deadlines that will be due soon, into the role's queue as far as there is
    /// room in it; true if there may be more to claim and room for it.
    ///
    /// # Errors
    /// What the engine says to the claim; nothing is then claimed.
    pub async fn run_ahead(&self) -> Result<bool, DbErr> {
        let Some(permits) = self.handoff.reserve_up_to(self.role, self.batch_max) else {
            return Ok(false);
        };
        if permits.is_empty() {
            return Ok(false);
        }
        let now = (self.now)();
        let more_to_look_at = self.look_ahead(now).await?;
        let claimed = self.claim(now, self.handoff.reach(self.role, now), permits.len()).await?;
        let more = claimed.len() == permits.len() || more_to_look_at;
        for (permit, claimed) in permits.into_iter().zip(claimed) {
            permit.send(claimed);
        }
        Ok(more)
    }

    /// Before deadlines are claimed, those that have come near get their rows.
    async fn look_ahead(&self, now: Timestamp) -> Result<bool, DbErr> {
        match self.role {
            // Boxed: it is large, and rarely finds anything.
            Role::Timer => Ok(Box::pin(self.store.look_ahead(now)).await?.more),
            _ => Ok(false),
        }
    }

    async fn claim(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Claimed>, DbErr> {
        self.store.claim_tasks(self.role, now, until, self.handoff.lease(), limit).await
    }

    async fn do_all(&self, tasks: Vec<Claimed>) -> Pass {
        let mut pass = Pass::default();
        let mut running: FuturesUnordered<_> = tasks.iter().map(|one| self.do_one(one)).collect();
        while let Some(done) = running.next().await {
            match done {
                Done::Effect => pass.done += 1,
                Done::Superseded => pass.superseded += 1,
                Done::Failed => pass.failed += 1,
            }
        }
        pass
    }

    async fn do_one(&self, claimed: &Claimed) -> Done {
        let span = self.span_of(claimed).await;
        self.try_one(claimed).instrument(span).await
    }

    /// The span to try a task in. A task that another process armed, or that waited in the table, does not say what it
    /// follows from: the log does, at the event of its generation.
    async fn span_of(&self, claimed: &Claimed) -> TraceSpan {
        let Some(observer) = self.submitter.observed.observer() else { return TraceSpan::none() };
        let Obligation { task, generation, .. } = claimed.obligation;
        let span = observer.trying(claimed.case, task);
        if !observer.is_seen(&span) {
            return span;
        }
        let origin = match claimed.origin {
            Some(origin) => Some(origin),
            // A trace is never worth failing for.
            None => self.store.trace_of(claimed.case, generation).await.unwrap_or_default(),
        };
        if let Some(origin) = origin {
            observer.follows(&span, origin);
        }
        span
    }

    async fn try_one(&self, claimed: &Claimed) -> Done {
        let attempt = self.attempt(claimed).await;
        self.tell(claimed, &attempt);
        let failure = match attempt {
            Ok(()) => return Done::Effect,
            Err(failure) => failure,
        };
        let (case, task, now) = (claimed.case, claimed.obligation.task, (self.now)());
        let given_back = match &failure {
            Failure::Superseded => self.store.drop_task(case, &claimed.obligation).await,
            Failure::NotNow { why, until } => {
                tracing::debug!(%case, %task, why, "a task waits");
                self.store.task_given_back(claimed, *until).await
            }
            Failure::Failed(why) => {
                tracing::warn!(%case, %task, why, "a task failed");
                self.store.task_failed(claimed, why, now).await
            }
        };
        if let Err(error) = given_back {
            tracing::warn!(%error, %case, %task, "a task stays leased until its lease runs out");
        }
        if matches!(failure, Failure::Superseded) { Done::Superseded } else { Done::Failed }
    }

    /// Tells whoever counts what came of a task.
    fn tell(&self, claimed: &Claimed, attempt: &Result<(), Failure>) {
        let Some(observer) = self.submitter.observed.observer() else { return };
        let tried = match attempt {
            Ok(()) => Tried::Done,
            Err(Failure::Superseded) => Tried::Superseded,
            Err(Failure::NotNow { .. }) => Tried::Waits,
            Err(Failure::Failed(_)) => Tried::Failed,
        };
        let Obligation { task, due, .. } = claimed.obligation;
        observer.task(self.role, task, tried, (self.now)().since(due));
    }

    async fn attempt(&self, claimed: &Claimed) -> Result<(), Failure> {
        let mut case = match self.submitter.recent_case(claimed.case) {
            Some(case) if owes(&case, claimed) => case,
            _ => self.owing_case(claimed).await?,
        };
        for _ in 0..PREPARED_MAX {
            let submission = self.prepare(&case, claimed).await?;
            match self.submitter.submit(submission).await {
                Ok(_) => return Ok(()),
                // The case moved on while the work was prepared: prepared again for the case as it is.
                Err(Error::VersionConflict { .. }) => case = self.owing_case(claimed).await?,
                Err(
                    Error::Refused(Refusal::Journey(Rejection::TaskSuperseded))
                    | Error::CaseUnknown,
                ) => return Err(self.refused_as_superseded(claimed).await),
                Err(error @ (Error::Overloaded | Error::Stopped | Error::Store(_))) => {
                    return Err(self.not_now(&error));
                }
                Err(error) => return Err(failed(error)),
            }
        }
        Err(self.not_now(&"the case kept moving on"))
    }

    /// The case as the store has it, if it still owes this.
    async fn owing_case(&self, claimed: &Claimed) -> Result<Arc<Case>, Failure> {
        let case = match self.store.case(claimed.case).await {
            Ok(case) => case.ok_or(Failure::Superseded)?,
            Err(error @ DbErr::Json(_)) => return Err(failed(error)),
            Err(error) => return Err(self.not_now(&error)),
        };
        if owes(&case, claimed) { Ok(Arc::new(case)) } else { Err(Failure::Superseded) }
    }

    /// The commit says that this is not owed. A row is only removed where the stored case says so too:
    /// by a clock that was set back, or for a handler that fires what is no deadline, the commit says
    /// the same of a task that is owed.
    async fn refused_as_superseded(&self, claimed: &Claimed) -> Failure {
        match self.owing_case(claimed).await {
            Err(failure) => failure,
            Ok(_) if (self.now)() < claimed.obligation.due => {
                let why = "it is not due by the clock of the commit".to_owned();
                Failure::NotNow { why, until: claimed.obligation.due }
            }
            Ok(_) => failed("the commit takes it for superseded, and the case still owes it"),
        }
    }

    async fn prepare(&self, case: &Case, claimed: &Claimed) -> Result<Submission, Failure> {
        let preparing = AssertUnwindSafe(self.handler.prepare(case, claimed)).catch_unwind();
        let prepared = match preparing.await {
            Ok(prepared) => prepared.map_err(failed)?,
            Err(_) => return Err(failed("the handler panicked")),
        };
        let observer = self.submitter.observed.observer();
        let trace = observer.map(Observer::traceparent).unwrap_or_default();
        let is_deadline = matches!(claimed.obligation.task, Task::Clock(_));
        Ok(Submission {
            target: Target::Case(claimed.case),
            key: None,
            caller: Caller {
                principal: format!("role:{}", self.role),
                method: claimed.obligation.task.as_str(),
                trace,
            },
            actor: prepared.actor,
            // A deadline stands by its generation alone; prepared work only by the case it was
            // prepared for.
            expected: (!is_deadline).then_some(case.version),
            deed: prepared.deed,
        })
    }

    /// Others were in the way: tried again in a moment, and not held against the task.
    fn not_now(&self, why: &impl ToString) -> Failure {
        Failure::NotNow { why: why.to_string(), until: (self.now)() + Span::from_micros(SECOND) }
    }
}

/// Deadlines that wait in memory, the next one first.
#[derive(Default)]
struct Kept(BTreeMap<(Timestamp, CaseId, Task, u64), Claimed>);

impl Kept {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn keep(&mut self, claimed: Claimed) {
        let Obligation { task, due, generation } = claimed.obligation;
        self.0.insert((due, claimed.case, task, generation), claimed);
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.0.keys().next().map(|(due, ..)| *due)
    }

    fn take_due(&mut self, now: Timestamp) -> Option<Claimed> {
        let first = self.0.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    fn rest(self) -> impl Iterator<Item = Claimed> {
        self.0.into_values()
    }
}

enum Done {
    Effect,
    Superseded,
    Failed,
}

/// Why a task had no effect.
enum Failure {
    /// Its case does not owe it any more.
    Superseded,
    /// Nothing is wrong with it.
    NotNow { why: String, until: Timestamp },
    /// It failed; after too many failures it is parked.
    Failed(String),
}

fn failed(why: impl ToString) -> Failure {
    Failure::Failed(why.to_string())
}

fn owes(case: &Case, claimed: &Claimed) -> bool {
    case.owes(claimed.obligation.task)
        .is_some_and(|owed| owed.generation == claimed.obligation.generation)
}
