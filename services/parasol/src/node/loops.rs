//! The loops of a node: work, deadlines, the sequencer with the audit chain, the reconciler, the checkpoint.
//!
//! Each turn of a loop is one bounded call of the casebook; waiting and waking is the supervisor's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use futures::FutureExt as _;
use parasol_api::Reason;
use parasol_bell::{Bell, Listener, WorkWatcher};
use parasol_casebook::{
    Deadlines, Handler, Handoff, Held, Lease, Now, Queue, Queues, Rules, SEQUENCER, Sequenced,
    Store, Submitter, Worker,
};
use parasol_dispatch::{ApiKeyRegister, Dispatch, Post};
use parasol_intake::Sweep as EvidenceSweep;
use parasol_intake::flow::Follower;
use parasol_journey::ids::CaseId;
use parasol_journey::task::Role;
use parasol_journey::time::Span;
use parasol_keeping::retention::Retention;
use parasol_keeping::reveals::Writer;
use parasol_policy::Shelf;
use parasol_runtime::clock::{Clock, Stopwatch};
use parasol_runtime::identity::issuers::{Issuers, LOOK_MIN};
use parasol_runtime::metrics::Metrics;
use parasol_runtime::supervisor::{
    Backoff, OnFailure, OnStop, Progress, Supervisor, TaskKind, Wake,
};
use parasol_runtime::transport::tls::{LOOK_EVERY as TLS_EVERY, Tls};
use parasol_scheduling::relay::exchange::Exchange;
use parasol_tracking::Tracking;
use parasol_tracking::notices::Notifying;
use parasol_tracking::scores::follow::Scorer;
use parasol_tracking::voice::rounds::Rounds;
use parasol_verification::Roll;
use parasol_verification::settlement::Settlement;
use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

use super::anchor::Anchor;
use super::base::CLOCK_OFFSET;
use super::figures::Figures;
use super::vault;

/// The shortest time between two passes of the sequencer: a commit after a pause is numbered at once,
/// and of a busy time one pass numbers many.
const SEQUENCER_REST: Duration = Duration::from_millis(50);
/// The rest after a ring before changes are sent to webhooks: by then they have their numbers.
const WEBHOOKS_REST: Duration = Duration::from_millis(100);
/// The rest after a ring before the feed is looked at for watchers.
const FEED_REST: Duration = Duration::from_millis(60);
/// How often offers are looked for that nobody can hear of.
const REROUTE_EVERY: Duration = Duration::from_secs(10);
/// How often a folder of the store of evidence is looked through; all of them take four hours and a half.
const EVIDENCE_EVERY: Duration = Duration::from_secs(60);
/// How often it is looked what is due between the retailer and its partners.
const SETTLE_EVERY: Duration = Duration::from_secs(10);
/// How often it is looked for follow-ups whose time is over, and for days and months that are.
const VOICE_EVERY: Duration = Duration::from_secs(10);
/// How often it is looked for what is over its time.
const RETENTION_EVERY: Duration = Duration::from_secs(10);
/// How often it is written down who was shown a customer in full.
const REVEALS_EVERY: Duration = Duration::from_secs(1);
/// How often rule packs are looked for that another process has published.
const PACKS_EVERY: Duration = Duration::from_secs(5);
/// How often the test clock of a cell is looked at.
pub(super) const TEST_CLOCK_EVERY: Duration = Duration::from_millis(50);
/// How long a key that was taken back elsewhere may be good here.
const API_KEYS_EVERY: Duration = Duration::from_millis(800);
/// How often it is written down which keys were used.
const USES_EVERY: Duration = Duration::from_secs(30);
/// How often messages of partners that wait are noted.
const MESSAGES_EVERY: Duration = Duration::from_millis(500);
/// How often all cases are passed in search of one that owes something and is never looked at.
const RECONCILE_EVERY: Duration = Duration::from_secs(600);
/// How many cases one pass takes.
const RECONCILE_BATCH: u64 = 1_000;
/// How often it is measured how far the chain of the audit trail is behind.
const AUDIT_EVERY: Duration = Duration::from_secs(10);
/// How often the head of the chain is kept beside the database.
const HEAD_EVERY: Duration = Duration::from_secs(3_600);
/// How often it is looked which host of the database is the primary.
const PRIMARY_EVERY: Duration = Duration::from_millis(500);
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
    pub metrics: Metrics,
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

fn progress(more: bool) -> Progress {
    if more { Progress::More } else { Progress::Idle }
}

/// A turn of somebody who works under a lease: one whose lease ran out before its commit, or for whose commit there
/// was no room, has done nothing, and looks again with its next turn.
fn leased(turn: Result<bool, parasol_api::Error>) -> anyhow::Result<Progress> {
    match turn {
        Ok(more) => Ok(progress(more)),
        Err(error) if error.reason() == Reason::Overloaded => {
            tracing::debug!(%error, "nothing was done in this turn");
            Ok(Progress::Idle)
        }
        Err(error) => Err(error.into()),
    }
}

/// What the loops of a role are called.
struct Names {
    handed: &'static str,
    due: &'static str,
}

const fn names(role: Role) -> Names {
    let (handed, due) = match role {
        Role::Intake => ("intake.handed", "intake.due"),
        Role::Dispatch => ("dispatch.handed", "dispatch.due"),
        Role::Verification => ("verification.handed", "verification.due"),
        Role::Timer => ("timer.handed", "timer.due"),
    };
    Names { handed, due }
}

impl Loops {
    pub fn start(
        self,
        supervisor: &Supervisor,
        handlers: Vec<(Role, Arc<dyn Handler>)>,
        mut queues: Queues,
    ) {
        let (store, submitter) = (self.store.clone(), self.submitter.clone());
        let (clock, metrics) = (self.clock.clone(), self.metrics.clone());
        Figures { store, submitter, clock, metrics }.start(supervisor);
        for (role, handler) in handlers {
            if let Some(queue) = queues.remove(&role) {
                self.work_handed(supervisor, role, queue, Arc::clone(&handler));
            }
            self.work_due(supervisor, role, handler);
        }
        if let Some(queue) = queues.remove(&Role::Timer) {
            self.deadlines(supervisor, queue);
        }
        self.sequence(supervisor);
        self.reconcile(supervisor);
        self.checkpoint(supervisor);
        vault::reseal(supervisor, &self.store, &self.clock);
    }

    fn worker(&self, role: Role, handler: Arc<dyn Handler>) -> Arc<Worker> {
        let clock = self.clock.clone();
        let now: Now = Arc::new(move || clock.now());
        let (store, submitter, handoff) =
            (self.store.clone(), self.submitter.clone(), self.handoff.clone());
        Arc::new(Worker::new(role, store, submitter, handoff, handler, now, self.batch))
    }

    /// Work straight from commits of this process. The queue is lent to each run, so that it outlives one
    /// that panics.
    fn work_handed(
        &self,
        supervisor: &Supervisor,
        role: Role,
        queue: Queue,
        handler: Arc<dyn Handler>,
    ) {
        let (worker, queue) = (self.worker(role, handler), Arc::new(Mutex::new(queue)));
        let shutdown = supervisor.shutdown().clone();
        supervisor.spawn(kind(names(role).handed), move || {
            let (worker, queue) = (Arc::clone(&worker), Arc::clone(&queue));
            let shutdown = shutdown.clone();
            async move {
                worker.serve_handed(&mut *queue.lock().await, shutdown.stopping()).await;
                Ok::<(), anyhow::Error>(())
            }
        });
    }

    /// Work from the table.
    fn work_due(&self, supervisor: &Supervisor, role: Role, handler: Arc<dyn Handler>) {
        let worker = self.worker(role, handler);
        let round = move || {
            let worker = Arc::clone(&worker);
            async move { Ok::<_, anyhow::Error>(progress(worker.run_due().await?.more)) }
        };
        let (here, anywhere) = (self.handoff.wake(role), self.bell.watch_work(role));
        let wake = Arrivals { here, anywhere };
        supervisor.spawn_loop(kind(names(role).due), self.poll, wake, round);
    }

    /// Deadlines: from the table into memory ahead of time, and from there when they are due.
    fn deadlines(&self, supervisor: &Supervisor, queue: Queue) {
        let worker = self.worker(Role::Timer, Arc::new(Deadlines));
        let claiming = Arc::clone(&worker);
        let round = move || {
            let worker = Arc::clone(&claiming);
            async move { Ok::<_, anyhow::Error>(progress(worker.run_ahead().await?)) }
        };
        let Names { handed, due } = names(Role::Timer);
        supervisor.spawn_loop(kind(due), self.poll, self.handoff.wake(Role::Timer), round);
        let (queue, clock) = (Arc::new(Mutex::new(queue)), self.clock.clone());
        let shutdown = supervisor.shutdown().clone();
        supervisor.spawn(kind(handed), move || {
            let (worker, queue) = (Arc::clone(&worker), Arc::clone(&queue));
            let (clock, shutdown) = (clock.clone(), shutdown.clone());
            async move {
                let mut queue = queue.lock().await;
                let wait = |due| clock.sleep_until(due);
                worker.serve_deadlines(&mut queue, wait, shutdown.stopping()).await;
                Ok::<(), anyhow::Error>(())
            }
        });
    }

    fn sequence(&self, supervisor: &Supervisor) {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let Lease { holder, length } = self.handoff.lease();
        // Renewed once a third of it is gone.
        let margin = Span::from_micros(length.micros() / 3 * 2);
        let wake = AfterCommits(self.handoff.committed());
        let lease: Arc<Mutex<Option<Held>>> = Arc::default();
        // Whether what there was before the chain is linked: it gets no more.
        let is_linked = Arc::new(AtomicBool::new(false));
        supervisor.spawn_loop(kind("casebook.sequencer"), self.poll, wake, move || {
            let (store, clock, lease) = (store.clone(), clock.clone(), Arc::clone(&lease));
            let is_linked = Arc::clone(&is_linked);
            async move {
                let mut lease = lease.lock().await;
                let now = clock.now();
                let renew_from = now + margin;
                if lease.as_ref().is_none_or(|held| held.expires_at < renew_from) {
                    *lease = store.lease(SEQUENCER, holder, now, length).await?;
                }
                let Some(held) = &*lease else { return Ok(Progress::Idle) };
                if store.sequence(held, now).await? == Sequenced::LeaseLost {
                    *lease = None;
                } else if !is_linked.load(Ordering::Relaxed) {
                    match store.chain_backlog(held, now).await? {
                        None => *lease = None,
                        Some(0) => is_linked.store(true, Ordering::Relaxed),
                        Some(_) => return Ok(Progress::More),
                    }
                }
                Ok::<_, anyhow::Error>(Progress::Idle)
            }
        });
    }

    fn reconcile(&self, supervisor: &Supervisor) {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let place: Arc<Mutex<Option<CaseId>>> = Arc::default();
        supervisor.spawn_loop(kind("casebook.reconciler"), RECONCILE_EVERY, (), move || {
            let (store, clock, place) = (store.clone(), clock.clone(), Arc::clone(&place));
            async move {
                let mut place = place.lock().await;
                let found = store.reconcile(*place, RECONCILE_BATCH, clock.now()).await?;
                *place = found.next;
                Ok::<_, anyhow::Error>(progress(found.next.is_some()))
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

/// The chain of the audit trail: how far it is behind, and its head beside the database.
pub(super) fn audit(supervisor: &Supervisor, anchor: &Anchor) {
    let measuring = anchor.clone();
    supervisor.spawn_loop(kind("casebook.audit"), AUDIT_EVERY, (), move || {
        let anchor = measuring.clone();
        async move {
            anchor.measure().await?;
            Ok::<_, anyhow::Error>(Progress::Idle)
        }
    });
    let keeping = anchor.clone();
    supervisor.spawn_loop(kind("casebook.heads"), HEAD_EVERY, (), move || {
        let anchor = keeping.clone();
        async move {
            anchor.keep().await?;
            Ok::<_, anyhow::Error>(Progress::Idle)
        }
    });
}

/// Changes to webhooks: soon after a ring, and every so often anyway.
pub(super) fn webhooks(supervisor: &Supervisor, post: Post, bell: &Bell, poll: Duration) {
    let rings = Arc::new(Mutex::new(bell.listen()));
    let shutdown = supervisor.shutdown().clone();
    supervisor.spawn(kind("dispatch.webhooks"), move || {
        let (post, rings, shutdown) = (post.clone(), Arc::clone(&rings), shutdown.clone());
        async move {
            let wake = || {
                let rings = Arc::clone(&rings);
                async move {
                    let mut rings = rings.lock().await;
                    let rang = tokio::time::timeout(poll, rings.next()).await.is_ok();
                    // Whatever has rung is looked at together. What rings during the rest may have no number
                    // when it ends, and is looked at again.
                    while rings.next().now_or_never().is_some() {}
                    if rang {
                        let _ =
                            tokio::time::timeout(WEBHOOKS_REST, std::future::pending::<()>()).await;
                    }
                }
            };
            post.serve(wake, shutdown.stopping()).await
        }
    });
}

/// What watchers are told: at once when it rings, and again from the feed, which loses nothing.
pub(super) fn watching(
    supervisor: &Supervisor,
    tracking: &Tracking,
    bell: &Bell,
    clock: &Clock,
    poll: Duration,
) {
    let (rings, following) = (Arc::new(Mutex::new(bell.listen())), tracking.clone());
    supervisor.spawn(kind("tracking.bell"), move || {
        let (rings, tracking) = (Arc::clone(&rings), following.clone());
        async move { tracking.follow_bell(&mut *rings.lock().await).await }
    });
    let (tracking, clock) = (tracking.clone(), clock.clone());
    let wake = AfterRings(bell.listen());
    supervisor.spawn_loop(kind("tracking.feed"), poll, wake, move || {
        let (tracking, now) = (tracking.clone(), clock.now());
        async move { Ok::<_, anyhow::Error>(progress(tracking.follow_feed(now).await?)) }
    });
}

/// Wakes whoever follows the feed: a moment after a ring, when what rang has its numbers.
struct AfterRings(Listener);

impl Wake for AfterRings {
    async fn woken(&mut self) {
        self.0.next().await;
        // Whatever has rung is looked at together. What rings during the rest may have no number when it ends, and
        // is looked at again.
        while self.0.next().now_or_never().is_some() {}
        let _ = tokio::time::timeout(FEED_REST, std::future::pending::<()>()).await;
    }
}

/// Offers that nobody can hear of go on, where their brand wants it.
pub(super) fn reroute(supervisor: &Supervisor, dispatch: Dispatch, clock: &Clock) {
    let clock = clock.clone();
    supervisor.spawn_loop(kind("dispatch.reroute"), REROUTE_EVERY, (), move || {
        let (dispatch, now) = (dispatch.clone(), clock.now());
        async move { Ok::<_, anyhow::Error>(progress(dispatch.reroute(now).await? > 0)) }
    });
}

/// Money by the calendar: claims that silence accepts, months to close, days to compare with the provider.
pub(super) fn settlement(supervisor: &Supervisor, settlement: Settlement) {
    supervisor.spawn_loop(kind("verification.settlement"), SETTLE_EVERY, (), move || {
        let settlement = settlement.clone();
        async move { Ok::<_, anyhow::Error>(progress(settlement.run_once().await?.more())) }
    });
}

/// Content that no evidence refers to, a folder at a time.
pub(super) fn evidence(supervisor: &Supervisor, sweep: EvidenceSweep, clock: &Clock) {
    let clock = clock.clone();
    supervisor.spawn_loop(kind("intake.evidence"), EVIDENCE_EVERY, (), move || {
        let (sweep, now) = (sweep.clone(), clock.now());
        async move {
            sweep.run_once(now).await?;
            Ok::<_, anyhow::Error>(Progress::Idle)
        }
    });
}

/// Notices to customers: what is due is sent, what may be out is asked about.
pub(super) fn notices(supervisor: &Supervisor, notifying: Notifying, poll: Duration) {
    supervisor.spawn_loop(kind("tracking.notices"), poll, (), move || {
        let notifying = notifying.clone();
        async move { leased(notifying.run_once().await) }
    });
}

/// Rule packs that another process has published; this one's own are there at once.
pub(super) fn packs(supervisor: &Supervisor, store: &Store, shelf: &Shelf) {
    let (store, shelf) = (store.clone(), shelf.clone());
    supervisor.spawn_loop(kind("verification.packs"), PACKS_EVERY, (), move || {
        let (store, shelf) = (store.clone(), shelf.clone());
        async move {
            parasol_verification::load_packs(&store, &shelf).await?;
            Ok::<_, anyhow::Error>(Progress::Idle)
        }
    });
}

/// A calendar that another process has imported; this one's own is in force at once.
pub(super) fn calendar(supervisor: &Supervisor, store: &Store, submitter: &Submitter) {
    let (store, submitter) = (store.clone(), submitter.clone());
    supervisor.spawn_loop(kind("verification.calendar"), PACKS_EVERY, (), move || {
        let (store, submitter) = (store.clone(), submitter.clone());
        async move {
            let newest = parasol_verification::calendar_in_force(&store).await?;
            let rules = submitter.rules();
            if newest != *rules.calendar {
                submitter.set_rules(Rules { calendar: Arc::new(newest), ..rules });
            }
            Ok::<_, anyhow::Error>(Progress::Idle)
        }
    });
}

/// The test clock, where another process has advanced it.
pub(super) fn test_clock(supervisor: &Supervisor, store: &Store, clock: &Clock) {
    let (store, clock) = (store.clone(), clock.clone());
    supervisor.spawn_loop(kind("node.test_clock"), TEST_CLOCK_EVERY, (), move || {
        let (store, clock) = (store.clone(), clock.clone());
        async move {
            let offset = store.meta(CLOCK_OFFSET).await?.unwrap_or_default();
            let ahead = offset.parse().unwrap_or(0) - clock.offset().micros();
            if ahead > 0 {
                clock.advance(Span::from_micros(ahead)).context("the clock is no test clock")?;
            }
            Ok::<_, anyhow::Error>(Progress::Idle)
        }
    });
}

/// Who of the retailer's people may act: looked at when somebody rings, and every so often anyway.
pub(super) fn staff(supervisor: &Supervisor, roll: Roll, bell: &Bell, poll: Duration) {
    let rings = bell.watch_staff();
    supervisor.spawn_loop(kind("verification.staff"), poll, rings, move || {
        let roll = roll.clone();
        async move {
            roll.run_once().await?;
            Ok::<_, anyhow::Error>(Progress::Idle)
        }
    });
}

/// Scores: counted soon after events have their numbers.
pub(super) fn scores(supervisor: &Supervisor, scorer: Scorer, clock: &Clock, poll: Duration) {
    let clock = clock.clone();
    supervisor.spawn_loop(kind("tracking.scores"), poll, (), move || {
        let (scorer, now) = (scorer.clone(), clock.now());
        async move { leased(scorer.run_once(now).await.map(|pass| pass.more)) }
    });
}

/// Follow-ups that go up, digests and reports of what is over.
pub(super) fn voice(supervisor: &Supervisor, rounds: Rounds) {
    supervisor.spawn_loop(kind("tracking.voice"), VOICE_EVERY, (), move || {
        let rounds = rounds.clone();
        async move { Ok::<_, anyhow::Error>(progress(rounds.run_once().await?.more())) }
    });
}

/// What is over its time goes, what nobody holds any more too.
pub(super) fn retention(supervisor: &Supervisor, retention: Retention) {
    supervisor.spawn_loop(kind("keeping.retention"), RETENTION_EVERY, (), move || {
        let retention = retention.clone();
        async move { leased(retention.run_once().await) }
    });
}

/// Who was shown a customer in full is written down soon after.
pub(super) fn reveals(supervisor: &Supervisor, writer: &Writer) {
    let writer = writer.clone();
    supervisor.spawn_loop(kind("keeping.reveals"), REVEALS_EVERY, (), move || {
        let writer = writer.clone();
        async move { Ok::<_, anyhow::Error>(progress(writer.run_once().await?)) }
    });
}

/// The rows of open cases: written soon after events have their numbers.
pub(super) fn flow(supervisor: &Supervisor, follower: Follower, clock: &Clock, poll: Duration) {
    let clock = clock.clone();
    supervisor.spawn_loop(kind("intake.flow"), poll, (), move || {
        let (follower, now) = (follower.clone(), clock.now());
        async move { leased(follower.run_once(now).await.map(|followed| followed.more)) }
    });
}

/// Relay numbers: bound soon after a booking, and given back in time.
pub(super) fn relay(supervisor: &Supervisor, exchange: Exchange, poll: Duration) {
    supervisor.spawn_loop(kind("scheduling.relay"), poll, (), move || {
        let exchange = exchange.clone();
        async move { leased(exchange.run_once().await) }
    });
}

/// What partners have sent: messages without a commit of their own are written soon after.
pub(super) fn messages(supervisor: &Supervisor, dispatch: Dispatch) {
    supervisor.spawn_loop(kind("dispatch.messages"), MESSAGES_EVERY, (), move || {
        let dispatch = dispatch.clone();
        async move { Ok::<_, anyhow::Error>(progress(dispatch.note_messages().await?)) }
    });
}

/// Offers of those who are suspended: at once after a suspension here, and every so often anyway.
pub(super) fn sweep(supervisor: &Supervisor, dispatch: &Dispatch, poll: Duration) {
    let (sweep, suspensions) = (dispatch.sweep(), dispatch.suspensions());
    let place: Arc<Mutex<[Uuid; 2]>> = Arc::default();
    supervisor.spawn_loop(kind("dispatch.sweep"), poll, suspensions, move || {
        let (sweep, place) = (sweep.clone(), Arc::clone(&place));
        async move {
            let mut place = place.lock().await;
            let swept = sweep.run_once(*place).await?;
            *place = swept.after;
            Ok::<_, anyhow::Error>(progress(swept.more()))
        }
    });
}

/// Partners' API keys: which are good, and when they were used.
pub(super) fn api_keys(supervisor: &Supervisor, register: &ApiKeyRegister, poll: Duration) {
    let one = register.clone();
    supervisor.spawn_loop(kind("dispatch.api_keys"), poll.min(API_KEYS_EVERY), (), move || {
        let register = one.clone();
        async move {
            register.run_once().await?;
            anyhow::Ok(Progress::Idle)
        }
    });
    let one = register.clone();
    supervisor.spawn_loop(kind("dispatch.api_key_uses"), USES_EVERY, (), move || {
        let register = one.clone();
        async move {
            register.note_uses().await?;
            anyhow::Ok(Progress::Idle)
        }
    });
}

/// Looks at the keys of issuers, each by itself so that none waits for another.
pub(super) fn issuers(supervisor: &Supervisor, issuers: &Issuers) {
    for issuer in issuers.each() {
        let (bell, issuer) = (issuer.bell(), Arc::clone(issuer));
        supervisor.spawn_loop(kind("identity.issuer"), LOOK_MIN, bell, move || {
            let issuer = Arc::clone(&issuer);
            async move {
                issuer.run_once().await;
                anyhow::Ok(Progress::Idle)
            }
        });
    }
}

/// Leads new connections to the primary, where the database's address names several hosts.
pub(super) fn primary(supervisor: &Supervisor, store: &Store) {
    if !store.has_several_hosts() {
        return;
    }
    let store = store.clone();
    let soon = Backoff { first: PRIMARY_EVERY, max: PRIMARY_EVERY };
    let kind = TaskKind { on_failure: OnFailure::Restart(soon), ..kind("casebook.primary") };
    supervisor.spawn_loop(kind, PRIMARY_EVERY, (), move || {
        let store = store.clone();
        async move {
            if let Some(host) = store.follow_primary().await? {
                tracing::warn!(host, "another host is the primary of the database now");
            }
            anyhow::Ok(Progress::Idle)
        }
    });
}

/// Reads the files of the port with TLS again when they change.
pub(super) fn tls(supervisor: &Supervisor, tls: &Tls) {
    let tls = tls.clone();
    supervisor.spawn_loop(kind("identity.tls"), TLS_EVERY, (), move || {
        let tls = tls.clone();
        async move {
            // Files: not on a thread that others wait for.
            tokio::task::spawn_blocking(move || tls.run_once()).await?;
            anyhow::Ok(Progress::Idle)
        }
    });
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
