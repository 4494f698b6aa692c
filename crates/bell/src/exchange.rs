//! Fan-out inside one process: everyone, the watchers of one case, the workers of one role.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parasol_journey::ids::CaseId;
use parasol_journey::task::Role;
use tokio::sync::{broadcast, watch};

use crate::{Figures, Heard, Ring};

/// How many rings a listener may be behind before it hears [`Heard::Lagged`] instead.
pub const LISTENER_BACKLOG_MAX: usize = 1024;

/// Who listens in this process.
#[derive(Debug)]
pub(crate) struct Exchange {
    everyone: broadcast::Sender<Heard>,
    /// One entry per watched case; the last watcher to go removes it.
    cases: Mutex<HashMap<CaseId, watch::Sender<CaseNews>>>,
    work: HashMap<Role, watch::Sender<()>>,
    staff: watch::Sender<()>,
    from_others: AtomicU64,
    links: AtomicU64,
}

/// The newest that is known of a watched case.
#[derive(Clone, Copy, Debug, Default)]
struct CaseNews {
    /// The highest version heard.
    version: u64,
    /// How often rings may have been lost.
    lags: u64,
}

impl Default for Exchange {
    fn default() -> Self {
        let work = Role::ALL.iter().map(|role| (*role, watch::Sender::new(()))).collect();
        Self {
            everyone: broadcast::Sender::new(LISTENER_BACKLOG_MAX),
            cases: Mutex::default(),
            work,
            staff: watch::Sender::new(()),
            from_others: AtomicU64::new(0),
            links: AtomicU64::new(0),
        }
    }
}

impl Exchange {
    /// Passes a ring on to whoever listens here.
    pub(crate) fn tell(&self, ring: Ring) {
        match ring {
            Ring::Case { case, version } => {
                if let Some(watchers) = self.cases().get(&case) {
                    watchers.send_if_modified(|news| {
                        let newer = version > news.version;
                        news.version = news.version.max(version);
                        newer
                    });
                }
            }
            Ring::Work { role } => {
                if let Some(workers) = self.work.get(&role) {
                    workers.send_replace(());
                }
            }
            Ring::Staff => {
                self.staff.send_replace(());
            }
        }
        // Nobody listening is as good as everybody having heard.
        let _ = self.everyone.send(Heard::Ring(ring));
    }

    /// Passes on a ring that another process made.
    pub(crate) fn tell_from_afar(&self, ring: Ring) {
        self.from_others.fetch_add(1, Ordering::Relaxed);
        self.tell(ring);
    }

    /// Tells everyone to read the database.
    pub(crate) fn tell_lagged(&self) {
        for watchers in self.cases().values() {
            watchers.send_modify(|news| news.lags += 1);
        }
        for workers in self.work.values() {
            workers.send_replace(());
        }
        self.staff.send_replace(());
        let _ = self.everyone.send(Heard::Lagged);
    }

    /// Counts one more time that the link came up, and tells everyone to catch up: nobody knows
    /// what rang before.
    pub(crate) fn linked(&self) {
        self.links.fetch_add(1, Ordering::Relaxed);
        self.tell_lagged();
    }

    pub(crate) fn listen(&self) -> Listener {
        Listener { rings: self.everyone.subscribe() }
    }

    pub(crate) fn watch_case(this: &Arc<Self>, case: CaseId) -> CaseWatcher {
        let news = this.cases().entry(case).or_default().subscribe();
        let lags = news.borrow().lags;
        CaseWatcher { exchange: Arc::clone(this), case, lags, news }
    }

    pub(crate) fn watch_work(&self, role: Role) -> WorkWatcher {
        let rings = self.work.get(&role).expect("every role has an entry from the start");
        Watcher { rings: rings.subscribe() }
    }

    pub(crate) fn watch_staff(&self) -> Watcher {
        Watcher { rings: self.staff.subscribe() }
    }

    /// All counts but the dropped ones, which are the outbox's.
    pub(crate) fn figures(&self) -> Figures {
        Figures {
            dropped: 0,
            from_others: self.from_others.load(Ordering::Relaxed),
            links: self.links.load(Ordering::Relaxed),
            watched_cases: self.cases().len() as u64,
        }
    }

    /// The map holds no invariant that a panic elsewhere could break.
    fn cases(&self) -> MutexGuard<'_, HashMap<CaseId, watch::Sender<CaseNews>>> {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hears every ring, or that it was too slow to.
#[derive(Debug)]
pub struct Listener {
    rings: broadcast::Receiver<Heard>,
}

impl Listener {
    /// The next ring in the order they were made here; [`Heard::Lagged`] in place of those that
    /// were lost. Safe to drop while waiting. Waits for ever once the bell itself is gone.
    pub async fn next(&mut self) -> Heard {
        match self.rings.recv().await {
            Ok(heard) => heard,
            Err(broadcast::error::RecvError::Lagged(_)) => Heard::Lagged,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Hears the rings of one case.
#[derive(Debug)]
pub struct CaseWatcher {
    exchange: Arc<Exchange>,
    case: CaseId,
    lags: u64,
    news: watch::Receiver<CaseNews>,
}

impl CaseWatcher {
    /// What rang since the last answer: the highest version of all rings together, or
    /// [`Heard::Lagged`]. A version that was heard before does not ring again. Safe to drop while
    /// waiting.
    pub async fn next(&mut self) -> Heard {
        if self.news.changed().await.is_err() {
            unreachable!("the entry of a watched case stays until its last watcher is dropped");
        }
        let news = *self.news.borrow_and_update();
        if news.lags != self.lags {
            self.lags = news.lags;
            return Heard::Lagged;
        }
        Heard::Ring(Ring::Case { case: self.case, version: news.version })
    }
}

impl Drop for CaseWatcher {
    fn drop(&mut self) {
        // Under the lock nobody else can begin to watch, so "I am the last" stays true.
        let mut cases = self.exchange.cases();
        if cases.get(&self.case).is_some_and(|watchers| watchers.receiver_count() == 1) {
            cases.remove(&self.case);
        }
    }
}

/// Hears that work is due for one role.
pub type WorkWatcher = Watcher;

/// Hears that something has to be looked at anew.
#[derive(Debug)]
pub struct Watcher {
    rings: watch::Receiver<()>,
}

impl Watcher {
    /// Returns when it rang since the last return, or rings may have been lost. Safe to drop while
    /// waiting. Waits for ever once the bell itself is gone.
    pub async fn woken(&mut self) {
        if self.rings.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use uuid::Uuid;

    use super::*;

    fn case(number: u128) -> CaseId {
        CaseId::new(Uuid::from_u128(number))
    }

    #[test]
    fn ten_thousand_watchers_hear_their_own_case_and_leave_nothing_behind() {
        let exchange = Arc::<Exchange>::default();
        let mut watchers: Vec<_> =
            (0..10_000).map(|n| Exchange::watch_case(&exchange, case(n))).collect();
        for n in (0..10_000).step_by(2) {
            exchange.tell(Ring::Case { case: case(n), version: 3 });
        }
        for (n, watcher) in (0..).zip(&mut watchers) {
            let wanted =
                (n % 2 == 0).then_some(Heard::Ring(Ring::Case { case: case(n), version: 3 }));
            assert_eq!(watcher.next().now_or_never(), wanted, "watcher {n}");
        }
        drop(watchers);
        assert_eq!(exchange.figures().watched_cases, 0);
    }

    #[test]
    fn a_case_stays_watched_until_its_last_watcher_goes() {
        let exchange = Arc::<Exchange>::default();
        let first = Exchange::watch_case(&exchange, case(1));
        let mut second = Exchange::watch_case(&exchange, case(1));
        drop(first);
        exchange.tell(Ring::Case { case: case(1), version: 1 });
        assert!(second.next().now_or_never().is_some());
        drop(second);
        assert_eq!(exchange.figures().watched_cases, 0);
    }

    #[test]
    fn a_watcher_hears_the_highest_version_once_and_no_older_one() {
        let exchange = Arc::<Exchange>::default();
        let mut watcher = Exchange::watch_case(&exchange, case(1));
        for version in [4, 6, 5] {
            exchange.tell(Ring::Case { case: case(1), version });
        }
        let heard = Heard::Ring(Ring::Case { case: case(1), version: 6 });
        assert_eq!(watcher.next().now_or_never(), Some(heard));
        exchange.tell(Ring::Case { case: case(1), version: 6 });
        assert_eq!(watcher.next().now_or_never(), None);
        exchange.tell_lagged();
        assert_eq!(watcher.next().now_or_never(), Some(Heard::Lagged));
    }

    #[test]
    fn a_slow_listener_hears_that_it_lagged_and_then_the_newest_rings() {
        let exchange = Exchange::default();
        let mut listener = exchange.listen();
        for version in 0..=LISTENER_BACKLOG_MAX as u64 {
            exchange.tell(Ring::Case { case: case(1), version });
        }
        assert_eq!(listener.next().now_or_never(), Some(Heard::Lagged));
        let oldest_kept = Heard::Ring(Ring::Case { case: case(1), version: 1 });
        assert_eq!(listener.next().now_or_never(), Some(oldest_kept));
    }
}
