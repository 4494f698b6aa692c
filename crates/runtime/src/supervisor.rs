//! The one place that starts background tasks and lets time pass between their rounds.
//!
//! Owns when a task runs again, what its failure and its panic mean for the process, and how it
//! stops. It knows nothing of what a task does: work is a future, or a round that can be run once.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt;
use tokio_util::task::TaskTracker;

use crate::clock::{Clock, Movements};
use crate::panics::panic_text;
use crate::shutdown::Shutdown;

/// How a task is called, how it stops and what its failure means.
#[derive(Clone, Copy, Debug)]
pub struct TaskKind {
    /// The name in logs and metrics, for example `dispatch.offers`.
    pub name: &'static str,
    /// What happens to it at the first signal to stop.
    pub on_stop: OnStop,
    /// What happens when it fails.
    pub on_failure: OnFailure,
}

/// What happens to a task at the first signal to stop. The second signal drops every task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStop {
    /// It may finish the round it is in; a plain task sees the signal itself and returns.
    Drain,
    /// It is dropped where it stands.
    Abort,
}

/// What happens when a task returns an error or panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The process cannot do its work without it and stops, with a failing exit code.
    StopProcess,
    /// It starts again after a growing, jittered wait.
    Restart(Backoff),
}

/// A wait that doubles with each failure in a row and is jittered, so that replicas that failed
/// together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure, before jitter.
    pub first: Duration,
    /// The longest wait, before jitter.
    pub max: Duration,
}

impl Backoff {
    /// 200 ms growing to 30 s: what a loop over a local database wants.
    pub const STANDARD: Self =
        Self { first: Duration::from_millis(200), max: Duration::from_secs(30) };

    /// The wait after so many failures in a row. `fraction` (0 to 1) places it in the upper half
    /// of its range, so a wait is never shorter than half of what it grew to.
    pub fn delay(&self, failures: u32, fraction: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        let grown = self.first.saturating_mul(1 << doublings).min(self.max);
        grown.mul_f64(0.5 + fraction.clamp(0.0, 1.0) / 2.0)
    }
}

/// What a round of a loop says about the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing was left to do: wait for the bell or the period.
    Idle,
    /// There may be more: go on at once.
    More,
}

/// Something that can wake a waiting loop early. A bell that rings while the loop is busy must
/// wake its next wait; a bell that is lost costs no more than the loop's period.
pub trait Wake: Send + 'static {
    /// Returns when the loop should look for work.
    fn woken(&mut self) -> impl Future<Output = ()> + Send;
}

impl Wake for Arc<tokio::sync::Notify> {
    async fn woken(&mut self) {
        self.notified().await;
    }
}

impl Wake for parasol_bell::WorkWatcher {
    async fn woken(&mut self) {
        Self::woken(self).await;
    }
}

/// No bell: the loop runs by its period alone.
impl Wake for () {
    async fn woken(&mut self) {
        std::future::pending().await
    }
}

/// How the tasks ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// All by themselves, within the limit.
    InTime,
    /// Some had to be dropped, after the limit or on the second signal.
    Forced,
}

/// Starts tasks and stops them. A clone supervises the same tasks.
#[derive(Clone)]
pub struct Supervisor {
    shutdown: Shutdown,
    clock: Clock,
    tasks: TaskTracker,
    failure: Arc<OnceLock<String>>,
    jitter: Arc<AtomicU64>,
}

impl Supervisor {
    /// A supervisor without tasks. Loops also wake when `clock` is advanced; `seed` varies the
    /// jitter between processes.
    pub fn new(shutdown: Shutdown, clock: Clock, seed: u64) -> Self {
        let tasks = TaskTracker::new();
        tasks.close();
        let jitter = Arc::new(AtomicU64::new(seed));
        Self { shutdown, clock, tasks, failure: Arc::default(), jitter }
    }

    /// The signal that these tasks follow.
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Runs a task: the future that `make` returns, and another after each failure when the kind
    /// says so. A task that returns `Ok` is finished.
    pub fn spawn<F, Fut, E>(&self, kind: TaskKind, mut make: F)
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send,
        E: std::fmt::Display + Send,
    {
        let own = self.clone();
        self.start(kind, async move {
            let mut failures = 0;
            loop {
                let Err(failure) = caught(&mut make).await else {
                    return;
                };
                failures += 1;
                let OnFailure::Restart(backoff) = kind.on_failure else {
                    return own.fail(kind.name, &failure);
                };
                own.back_off(kind.name, &failure, backoff, failures).await;
                if own.shutdown.is_stopping() {
                    return;
                }
            }
        });
    }

    /// Runs `round` over and over: at once after [`Progress::More`]; after [`Progress::Idle`] when
    /// `wake` wakes it, the clock is advanced or the period (real time) is over; after an error
    /// following a growing, jittered wait, whatever the kind says. A panic counts as a failure of
    /// the kind. Stops between two rounds.
    pub fn spawn_loop<W, F, Fut, E>(&self, kind: TaskKind, period: Duration, wake: W, mut round: F)
    where
        W: Wake,
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Progress, E>> + Send,
        E: std::fmt::Display + Send,
    {
        let own = self.clone();
        let mut rest = Rest { period, wake, movements: self.clock.movements() };
        let backoff = match kind.on_failure {
            OnFailure::Restart(backoff) => backoff,
            OnFailure::StopProcess => Backoff::STANDARD,
        };
        self.start(kind, async move {
            let mut failures = 0;
            while !own.shutdown.is_stopping() {
                match caught(&mut round).await {
                    Ok(Progress::More) => {
                        failures = 0;
                        tokio::task::yield_now().await;
                    }
                    Ok(Progress::Idle) => {
                        failures = 0;
                        tokio::select! {
                            () = own.shutdown.stopping() => return,
                            () = rest.over() => {}
                        }
                    }
                    Err(failure)
                        if failure.panicked && kind.on_failure == OnFailure::StopProcess =>
                    {
                        return own.fail(kind.name, &failure);
                    }
                    Err(failure) => {
                        failures += 1;
                        own.back_off(kind.name, &failure, backoff, failures).await;
                    }
                }
            }
        });
    }

    /// The task whose failure stops the process, with its error; `None` while there is none.
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// How many tasks have not ended.
    pub fn running(&self) -> usize {
        self.tasks.len()
    }

    /// Stops all tasks: gives the first signal, waits for them up to `limit` (real time) or until
    /// the second signal, then drops the rest. When it returns no task is running.
    pub async fn drain(&self, limit: Duration) -> Drained {
        self.shutdown.stop();
        let in_time = tokio::select! {
            ended = tokio::time::timeout(limit, self.tasks.wait()) => ended.is_ok(),
            () = self.shutdown.forced() => false,
        };
        if in_time {
            return Drained::InTime;
        }
        tracing::warn!(tasks = self.running(), "dropping tasks that did not stop in time");
        self.shutdown.force();
        self.tasks.wait().await;
        Drained::Forced
    }

    fn start(&self, kind: TaskKind, task: impl Future<Output = ()> + Send + 'static) {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            let cut = async {
                match kind.on_stop {
                    OnStop::Drain => shutdown.forced().await,
                    OnStop::Abort => shutdown.stopping().await,
                }
            };
            tokio::select! {
                () = task => {}
                () = cut => {}
            }
            tracing::debug!(task = kind.name, "task ended");
        });
    }

    fn fail(&self, name: &'static str, failure: &Failure) {
        tracing::error!(task = name, error = failure.text, "task failed, stopping the process");
        // The first failure is the cause; later ones are its consequences.
        let _ = self.failure.set(format!("{name}: {}", failure.text));
        self.shutdown.stop();
    }

    async fn back_off(
        &self,
        name: &'static str,
        failure: &Failure,
        backoff: Backoff,
        failures: u32,
    ) {
        let delay = backoff.delay(failures, self.fraction());
        let wait_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(
            task = name,
            error = failure.text,
            failures,
            wait_ms,
            "task failed, retrying"
        );
        tokio::select! {
            () = self.shutdown.stopping() => {}
            () = pause(delay) => {}
        }
    }

    /// The next jitter between 0 and 1: a Weyl sequence through the finaliser of SplitMix64.
    fn fraction(&self) -> f64 {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut bits = self.jitter.fetch_add(GOLDEN, Ordering::Relaxed).wrapping_add(GOLDEN);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let top =
            u32::try_from((bits ^ (bits >> 31)) >> 32).expect("the upper half was shifted down");
        f64::from(top) / f64::from(u32::MAX)
    }
}

/// What an idle loop waits for.
struct Rest<W> {
    period: Duration,
    wake: W,
    movements: Movements,
}

impl<W: Wake> Rest<W> {
    async fn over(&mut self) {
        tokio::select! {
            () = pause(self.period) => {}
            () = self.wake.woken() => {}
            () = self.movements.next() => {}
        }
    }
}

struct Failure {
    text: String,
    panicked: bool,
}

/// Makes and runs one future; a panic while making or running it becomes a failure like any other.
async fn caught<F, Fut, T, E>(make: &mut F) -> Result<T, Failure>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: std::fmt::Display,
{
    match AssertUnwindSafe(async { make().await }).catch_unwind().await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Failure { text: error.to_string(), panicked: false }),
        Err(panic) => Err(Failure { text: panic_text(panic.as_ref()), panicked: true }),
    }
}

/// Lets real time pass; counted from this call, not from the first poll.
#[expect(clippy::disallowed_methods, reason = "the one place where a task waits for time to pass")]
pub(crate) fn pause(length: Duration) -> tokio::time::Sleep {
    tokio::time::sleep(length)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use parasol_bell::Ring;
    use parasol_journey::task::Role;
    use parasol_journey::time::{Span, Timestamp};
    use tokio::sync::Notify;

    use super::*;
    use crate::clock::Stopwatch;

    const SECOND: Duration = Duration::from_secs(1);
    const STEP: Backoff = Backoff { first: SECOND, max: Duration::from_secs(4) };

    fn supervisor() -> Supervisor {
        Supervisor::new(Shutdown::new(), Clock::manual(Timestamp::default()), 42)
    }

    fn kind(on_stop: OnStop, on_failure: OnFailure) -> TaskKind {
        TaskKind { name: "test.task", on_stop, on_failure }
    }

    /// Remembers when a task ran, in paused tokio time.
    #[derive(Clone)]
    struct Runs(Stopwatch, Arc<Mutex<Vec<Duration>>>);

    impl Runs {
        fn new() -> Self {
            Self(Stopwatch::start(), Arc::default())
        }

        fn note(&self) -> usize {
            let mut runs = self.1.lock().unwrap();
            runs.push(self.0.elapsed());
            runs.len()
        }

        fn waits(&self) -> Vec<Duration> {
            self.1.lock().unwrap().windows(2).map(|pair| pair[1] - pair[0]).collect()
        }

        fn count(&self) -> usize {
            self.1.lock().unwrap().len()
        }
    }

    #[test]
    fn backoff_doubles_up_to_its_limit_and_stays_in_the_upper_half() {
        assert_eq!(STEP.delay(1, 1.0), SECOND);
        assert_eq!(STEP.delay(2, 1.0), 2 * SECOND);
        assert_eq!(STEP.delay(2, 0.0), SECOND);
        assert_eq!(STEP.delay(99, 1.0), 4 * SECOND);
        let supervisor = supervisor();
        let fractions: Vec<f64> = (0..1000).map(|_| supervisor.fraction()).collect();
        assert!(fractions.iter().all(|f| (0.0..=1.0).contains(f)));
        let mean = fractions.iter().sum::<f64>() / 1000.0;
        assert!((0.45..0.55).contains(&mean), "the jitter leans to one side: {mean}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_task_restarts_after_growing_waits_whether_it_errs_or_panics() {
        let (supervisor, runs) = (supervisor(), Runs::new());
        let noted = runs.clone();
        supervisor.spawn(kind(OnStop::Drain, OnFailure::Restart(STEP)), move || {
            let run = noted.note();
            async move {
                match run {
                    1 | 3 => Err("no luck"),
                    2 => panic!("worse"),
                    _ => Ok(()),
                }
            }
        });
        supervisor.tasks.wait().await;
        let waits = runs.waits();
        assert_eq!(waits.len(), 3);
        for (wait, seconds) in waits.into_iter().zip([1, 2, 4]) {
            let full = seconds * SECOND;
            assert!(wait >= full / 2 && wait <= full + SECOND / 100, "{wait:?} for {full:?}");
        }
        assert_eq!(supervisor.failure(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_of_a_task_that_must_not_fail_stops_the_process() {
        let supervisor = supervisor();
        let stop = kind(OnStop::Drain, OnFailure::StopProcess);
        supervisor.spawn(stop, || async { Err("disk full") });
        supervisor.shutdown().stopping().await;
        assert_eq!(supervisor.failure(), Some("test.task: disk full"));
        supervisor.spawn(stop, || async { Err("because of that") });
        assert_eq!(supervisor.drain(SECOND).await, Drained::InTime);
        assert_eq!(
            supervisor.failure(),
            Some("test.task: disk full"),
            "the first one is the cause"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_goes_on_at_once_while_there_is_more_and_rests_when_idle() {
        let (supervisor, runs, bell) = (supervisor(), Runs::new(), Arc::new(Notify::new()));
        let (noted, ring) = (runs.clone(), bell.clone());
        let policy = kind(OnStop::Drain, OnFailure::Restart(STEP));
        supervisor.spawn_loop(policy, 10 * SECOND, bell, move || {
            let run = noted.note();
            if run == 4 {
                ring.notify_one();
            }
            async move {
                if run < 3 {
                    Ok::<_, String>(Progress::More)
                } else {
                    Ok(Progress::Idle)
                }
            }
        });
        pause(25 * SECOND).await;
        // Rounds 1 to 3 follow each other; 4 waits for the period; its own bell wakes 5 at once.
        let tenth = |wait: Duration| wait.as_secs_f64().round() as u64;
        let waits: Vec<u64> = runs.waits().into_iter().map(tenth).collect();
        assert_eq!(waits, [0, 0, 10, 0, 10]);
        supervisor.clock.advance(Span::hours(1)).unwrap();
        pause(SECOND / 10).await;
        assert_eq!(runs.count(), 7, "advancing the clock is a bell too");
        assert_eq!(supervisor.drain(SECOND).await, Drained::InTime);
    }

    #[tokio::test(start_paused = true)]
    async fn the_bell_wakes_a_loop_of_its_role() {
        let (supervisor, runs, bell) =
            (supervisor(), Runs::new(), parasol_bell::Bell::in_process());
        let (noted, work) = (runs.clone(), bell.watch_work(Role::Dispatch));
        let policy = kind(OnStop::Drain, OnFailure::Restart(STEP));
        supervisor.spawn_loop(policy, 600 * SECOND, work, move || {
            noted.note();
            async { Ok::<_, String>(Progress::Idle) }
        });
        pause(SECOND).await;
        let before = runs.count();
        bell.ring(Ring::Work { role: Role::Intake });
        pause(SECOND).await;
        assert_eq!(runs.count(), before, "another role's bell");
        bell.ring(Ring::Work { role: Role::Dispatch });
        pause(SECOND).await;
        assert_eq!(runs.count(), before + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_survives_errors_and_a_panic_stops_the_process_only_if_it_must() {
        let (supervisor, runs) = (supervisor(), Runs::new());
        let noted = runs.clone();
        supervisor.spawn_loop(kind(OnStop::Drain, OnFailure::StopProcess), SECOND, (), move || {
            let run = noted.note();
            async move {
                match run {
                    1..4 => Err("database is away"),
                    4 => Ok(Progress::Idle),
                    _ => panic!("a bug"),
                }
            }
        });
        supervisor.shutdown().stopping().await;
        assert_eq!(runs.count(), 5);
        assert_eq!(supervisor.failure(), Some("test.task: panicked: a bug"));
    }

    #[tokio::test(start_paused = true)]
    async fn stopping_lets_a_round_finish_or_drops_it_by_its_kind() {
        let supervisor = supervisor();
        let finished = Runs::new();
        for on_stop in [OnStop::Drain, OnStop::Abort] {
            let noted = finished.clone();
            let policy = kind(on_stop, OnFailure::StopProcess);
            supervisor.spawn_loop(policy, SECOND, (), move || {
                let noted = noted.clone();
                async move {
                    pause(3 * SECOND).await;
                    noted.note();
                    Ok::<_, String>(Progress::More)
                }
            });
        }
        pause(SECOND).await;
        assert_eq!(supervisor.running(), 2);
        assert_eq!(supervisor.drain(5 * SECOND).await, Drained::InTime);
        assert_eq!(finished.count(), 1, "only the draining loop finished its round");
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_stop_is_dropped_after_the_limit_or_by_the_second_signal() {
        for second_signal in [false, true] {
            let supervisor = supervisor();
            supervisor.spawn(kind(OnStop::Drain, OnFailure::StopProcess), || async {
                std::future::pending::<Result<(), String>>().await
            });
            let begun = Stopwatch::start();
            if second_signal {
                supervisor.shutdown().force();
            }
            assert_eq!(supervisor.drain(7 * SECOND).await, Drained::Forced);
            assert_eq!(supervisor.running(), 0);
            assert_eq!(begun.elapsed() >= 7 * SECOND, !second_signal);
        }
    }
}
