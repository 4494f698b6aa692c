//! The loops of a node: work, deadlines, the sequencer, the reconciler, the checkpoint.
//!
//! Each turn of a loop is one bounded call of the casebook; waiting and waking is the supervisor's.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use parasol_bell::{Bell, WorkWatcher};
use parasol_casebook::{
    Deadlines, Handler, Handoff, Held, Now, Pass, Queues, SEQUENCER, Sequenced, Store, Submitter,
    Worker,
};
use parasol_journey::ids::CaseId;
use parasol_journey::task::Role;
use parasol_journey::time::Span;
use parasol_runtime::clock::{Clock, Stopwatch};
use parasol_runtime::supervisor::{
    Backoff, OnFailure, OnStop, Progress, Supervisor, TaskKind, Wake,
};
use tokio::sync::{Mutex, Notify};

/// How long the sequencer's lease lasts.
const SEQUENCER_LEASE: Span = Span::from_micros(15_000_000);
/// How much of it must be left, or it is renewed.
const SEQUENCER_RENEW: Span = Span::from_micros(10_000_000);
/// The shortest time between two passes of the sequencer: a commit after a pause is numbered at once,
/// and of a busy time one pass numbers many.
const SEQUENCER_REST: Duration = Duration::from_millis(50);
/// How often every case is compared with its tasks.
const RECONCILE_EVERY: Duration = Duration::from_secs(30);
/// How many cases one pass compares.
const RECONCILE_BATCH: u64 = 500;
/// How often the embedded file is kept short.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);

pub(super) struct Loops {
    pub store: Store,
    pub submitter: Submitter,
    pub handoff: Handoff,
    pub bell: Bell,
    pub clock: Clock,
    pub batch: usize,
    pub poll: Duration,
}

/// Wakes the timer worker when a deadline passes, or one is armed before the next known.
struct Horizon {
    handoff: Handoff,
    clock: Clock,
}

impl Wake for Horizon {
    async fn woken(&mut self) {
        let wake = self.handoff.wake(Role::Timer);
        tokio::select! {
            () = wake.notified() => {}
            () = self.clock.sleep_until(self.handoff.horizon()) => {}
        }
    }
}

/// Wakes a worker for work of this process that was not handed over, and for that of others.
struct Arrivals {
    here: Arc<Notify>,
    anywhere: WorkWatcher,
}

impl Wake for Arrivals {
    async fn woken(&mut self) {
        tokio::select! {
            () = self.here.notified() => {}
            () = self.anywhere.woken() => {}
        }
        // This process hears its own commits twice; one look is enough for both.
        let _ = self.here.notified().now_or_never();
        let _ = self.anywhere.woken().now_or_never();
    }
}

/// Wakes the sequencer after commits, but not after each.
struct AfterCommits(Arc<Notify>);

impl Wake for AfterCommits {
    async fn woken(&mut self) {
        let last_pass = Stopwatch::start();
        self.0.notified().await;
        // Whatever commits during the rest is numbered with it.
        let rest = SEQUENCER_REST.saturating_sub(last_pass.elapsed());
        let _ = tokio::time::timeout(rest, std::future::pending::<()>()).await;
    }
}

const fn kind(name: &'static str) -> TaskKind {
    TaskKind { name, on_stop: OnStop::Drain, on_failure: OnFailure::Restart(Backoff::STANDARD) }
}

impl Loops {
    pub fn start(
        self,
        supervisor: &Supervisor,
        handlers: Vec<(Role, Arc<dyn Handler>)>,
        mut queues: Queues,
    ) {
        for (role, handler) in handlers {
            if let Some(queue) = queues.remove(&role) {
                self.work_handed(supervisor, role, queue, Arc::clone(&handler));
            }
            self.work_due(supervisor, role, handler);
        }
        self.work_due(supervisor, Role::Timer, Arc::new(Deadlines));
        self.sequence(supervisor);
        self.reconcile(supervisor);
        self.checkpoint(supervisor);
    }

    fn worker(
        &self,
        role: Role,
        queue: Option<tokio::sync::mpsc::Receiver<parasol_casebook::Handed>>,
        handler: Arc<dyn Handler>,
    ) -> Worker {
        let clock = self.clock.clone();
        let now: Now = Arc::new(move || clock.now());
        let (store, submitter, handoff) =
            (self.store.clone(), self.submitter.clone(), self.handoff.clone());
        Worker::new(role, store, submitter, handoff, queue, handler, now, self.batch)
    }

    /// Work straight from commits of this process.
    fn work_handed(
        &self,
        supervisor: &Supervisor,
        role: Role,
        queue: tokio::sync::mpsc::Receiver<parasol_casebook::Handed>,
        handler: Arc<dyn Handler>,
    ) {
        let worker = Arc::new(Mutex::new(self.worker(role, Some(queue), handler)));
        let shutdown = supervisor.shutdown().clone();
        let name = match role {
            Role::Intake => "intake.handed",
            Role::Dispatch => "dispatch.handed",
            Role::Verification => "verification.handed",
            Role::Timer => "timer.handed",
        };
        supervisor.spawn(kind(name), move || {
            let (worker, shutdown) = (Arc::clone(&worker), shutdown.clone());
            async move {
                worker.lock().await.serve_handed(shutdown.stopping()).await;
                Ok::<(), anyhow::Error>(())
            }
        });
    }

    /// Work and deadlines from the table.
    fn work_due(&self, supervisor: &Supervisor, role: Role, handler: Arc<dyn Handler>) {
        let worker = Arc::new(self.worker(role, None, handler));
        let round = move || {
            let worker = Arc::clone(&worker);
            async move {
                let Pass { more, .. } = worker.run_due().await?;
                if more {
                    return Ok::<_, anyhow::Error>(Progress::More);
                }
                worker.rests_until().await?;
                Ok(Progress::Idle)
            }
        };
        let name = match role {
            Role::Intake => "intake.due",
            Role::Dispatch => "dispatch.due",
            Role::Verification => "verification.due",
            Role::Timer => {
                let wake = Horizon { handoff: self.handoff.clone(), clock: self.clock.clone() };
                return supervisor.spawn_loop(kind("timer.due"), self.poll, wake, round);
            }
        };
        let (here, anywhere) = (self.handoff.wake(role), self.bell.watch_work(role));
        supervisor.spawn_loop(kind(name), self.poll, Arrivals { here, anywhere }, round);
    }

    fn sequence(&self, supervisor: &Supervisor) {
        let (store, clock, holder) =
            (self.store.clone(), self.clock.clone(), self.handoff.lease().holder);
        let wake = AfterCommits(self.handoff.committed());
        let lease: Arc<Mutex<Option<Held>>> = Arc::default();
        supervisor.spawn_loop(kind("casebook.sequencer"), self.poll, wake, move || {
            let (store, clock, lease) = (store.clone(), clock.clone(), Arc::clone(&lease));
            async move {
                let mut lease = lease.lock().await;
                let now = clock.now();
                let renew_from = now + SEQUENCER_RENEW;
                if lease.as_ref().is_none_or(|held| held.expires_at < renew_from) {
                    *lease = store.lease(SEQUENCER, holder, now, SEQUENCER_LEASE).await?;
                }
                if let Some(held) = &*lease
                    && store.sequence(held, now).await? == Sequenced::LeaseLost
                {
                    *lease = None;
                }
                Ok::<_, anyhow::Error>(Progress::Idle)
            }
        });
    }

    fn reconcile(&self, supervisor: &Supervisor) {
        let store = self.store.clone();
        let place: Arc<Mutex<Option<CaseId>>> = Arc::default();
        supervisor.spawn_loop(kind("casebook.reconciler"), RECONCILE_EVERY, (), move || {
            let (store, place) = (store.clone(), Arc::clone(&place));
            async move {
                let mut place = place.lock().await;
                let found = store.reconcile(*place, RECONCILE_BATCH).await?;
                *place = found.next;
                let more = found.next.is_some();
                Ok::<_, anyhow::Error>(if more { Progress::More } else { Progress::Idle })
            }
        });
    }

    fn checkpoint(&self, supervisor: &Supervisor) {
        let store = self.store.clone();
        supervisor.spawn_loop(kind("casebook.checkpoint"), CHECKPOINT_EVERY, (), move || {
            let store = store.clone();
            async move {
                store.checkpoint().await?;
                Ok::<_, anyhow::Error>(Progress::Idle)
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use parasol_bell::Ring;

    use super::*;

    #[test]
    fn work_is_heard_of_from_here_and_from_elsewhere_and_once() {
        let (bell, here) = (Bell::in_process(), Arc::new(Notify::new()));
        let anywhere = bell.watch_work(Role::Dispatch);
        let mut arrivals = Arrivals { here: Arc::clone(&here), anywhere };
        assert_eq!(arrivals.woken().now_or_never(), None);
        here.notify_one();
        assert_eq!(arrivals.woken().now_or_never(), Some(()));
        bell.ring(Ring::Work { role: Role::Dispatch });
        assert_eq!(arrivals.woken().now_or_never(), Some(()));
        bell.ring(Ring::Work { role: Role::Intake });
        assert_eq!(arrivals.woken().now_or_never(), None, "that is another's work");
        here.notify_one();
        bell.ring(Ring::Work { role: Role::Dispatch });
        assert_eq!(arrivals.woken().now_or_never(), Some(()));
        assert_eq!(arrivals.woken().now_or_never(), None, "one commit, one look");
    }
}
