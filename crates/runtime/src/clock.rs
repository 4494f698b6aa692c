//! The one source of time in the house.
//!
//! Owns the only reading of the machine's clock, the offset of the test clock, and the waiting for
//! an instant. It arms no deadlines and knows no calendar: that is decided from the instants it
//! gives out. A reading never lies before an earlier one in the same process, whatever happens to
//! the machine's clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parasol_journey::time::{Span, Timestamp};
use tokio::sync::watch;

/// The longest single wait for an instant. The machine's clock may jump forward while a task
/// sleeps on the monotonic one, so the wall clock is read again at least this often.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// A source of instants; a clone shows the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    /// Microseconds added to what the source says.
    offset: AtomicI64,
    /// Counts the calls of `advance`, so that a sleeper can see that one happened.
    moves: watch::Sender<u64>,
}

#[derive(Debug)]
enum Source {
    System(Steady),
    Test(Steady),
    Manual,
}

/// The clock was asked to move but shows real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("only a test clock can be advanced")]
pub struct NotTestClock;

/// Sees that a clock was advanced. A movement that happens between two looks is not missed.
#[derive(Clone, Debug)]
pub struct Movements(watch::Receiver<u64>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::of(Source::System(Steady::start()), 0)
    }

    /// The machine's clock plus an offset that `advance` can enlarge, for demonstrations and for
    /// the clock RPC of the test mode. Hand in the `offset` of the last run to go on where it ended.
    pub fn test(offset: Span) -> Self {
        Self::of(Source::Test(Steady::start()), offset.micros())
    }

    /// A test clock that shows `start` now.
    pub fn test_from(start: Timestamp) -> Self {
        let steady = Steady::start();
        let offset = start.micros() - steady.read();
        Self::of(Source::Test(steady), offset)
    }

    /// A clock that stands at `start` until it is told to move; for tests.
    pub fn manual(start: Timestamp) -> Self {
        Self::of(Source::Manual, start.micros())
    }

    fn of(source: Source, offset: i64) -> Self {
        let moves = watch::Sender::new(0);
        Self(Arc::new(Inner { source, offset: AtomicI64::new(offset), moves }))
    }

    /// The present instant. Never earlier than an instant this clock showed before.
    pub fn now(&self) -> Timestamp {
        let base = match &self.0.source {
            Source::System(steady) | Source::Test(steady) => steady.read(),
            Source::Manual => 0,
        };
        Timestamp::from_micros(base.saturating_add(self.0.offset.load(Ordering::SeqCst)))
    }

    /// Whether `advance` works here.
    pub fn is_test(&self) -> bool {
        !matches!(self.0.source, Source::System(_))
    }

    /// How far a test clock is ahead of the machine's clock; zero for the machine's clock itself
    /// and for a manual clock, which follows no machine.
    pub fn offset(&self) -> Span {
        match self.0.source {
            Source::Test(_) => Span::from_micros(self.0.offset.load(Ordering::SeqCst)),
            Source::System(_) | Source::Manual => Span::ZERO,
        }
    }

    /// Moves a test clock forward, wakes whoever waits for an instant, and returns the new time.
    /// A clock does not go back: a negative span moves nothing.
    ///
    /// # Errors
    /// [`NotTestClock`] when the clock shows real time.
    pub fn advance(&self, by: Span) -> Result<Timestamp, NotTestClock> {
        if !self.is_test() {
            return Err(NotTestClock);
        }
        self.0.offset.fetch_add(by.micros().max(0), Ordering::SeqCst);
        self.0.moves.send_modify(|moves| *moves += 1);
        Ok(self.now())
    }

    /// Watches for calls of `advance` from now on.
    pub fn movements(&self) -> Movements {
        Movements(self.0.moves.subscribe())
    }

    /// Returns once the clock shows `instant` or later; at once when it already does. Wakes early
    /// when the clock is advanced far enough. Needs a tokio runtime with time enabled.
    pub async fn sleep_until(&self, instant: Timestamp) {
        let mut movements = self.movements();
        loop {
            let left = instant.since(self.now()).micros();
            if left <= 0 {
                return;
            }
            if matches!(self.0.source, Source::Manual) {
                movements.next().await;
                continue;
            }
            let wait = Duration::from_micros(left.unsigned_abs()).min(WAIT_MAX);
            // An elapsed wait and a movement mean the same: look at the clock again.
            let _ = tokio::time::timeout(wait, movements.next()).await;
        }
    }
}

impl Movements {
    /// Returns once the clock was advanced since the last look; never for a clock that is gone.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Measures how long something takes, in real time that no test clock moves.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(tokio::time::Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(
        clippy::disallowed_methods,
        reason = "a length of time is measured, no instant is told"
    )]
    pub fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The machine's wall clock, made to never go back.
///
/// Time passes by the monotonic clock; the wall clock can only push it forward. A wall clock that
/// is set back is therefore ignored until the process ends, rather than freezing time or repeating
/// it.
#[derive(Debug)]
struct Steady {
    start_instant: Instant,
    start_micros: i64,
    /// The furthest the wall clock was seen ahead of the monotonic one, in microseconds.
    lead: AtomicI64,
}

impl Steady {
    fn start() -> Self {
        let (start_instant, start_micros) = machine();
        Self { start_instant, start_micros, lead: AtomicI64::new(0) }
    }

    fn read(&self) -> i64 {
        let (instant, wall) = machine();
        self.follow(instant, wall)
    }

    fn follow(&self, instant: Instant, wall: i64) -> i64 {
        let elapsed = instant.saturating_duration_since(self.start_instant).as_micros();
        let steady = self.start_micros.saturating_add(i64::try_from(elapsed).unwrap_or(i64::MAX));
        let lead = wall.saturating_sub(steady);
        steady.saturating_add(self.lead.fetch_max(lead, Ordering::SeqCst).max(lead))
    }
}

/// Both clocks of the machine: the monotonic one, and microseconds since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "the one place where the machine's time is read")]
fn machine() -> (Instant, i64) {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (Instant::now(), i64::try_from(wall.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn noon() -> Timestamp {
        Timestamp::parse("2026-06-08T12:00:00+08:00").unwrap()
    }

    #[test]
    fn a_manual_clock_moves_only_when_told_and_only_forward() {
        let clock = Clock::manual(noon());
        assert_eq!(clock.now(), noon());
        assert_eq!(clock.advance(Span::hours(2)), Ok(noon() + Span::hours(2)));
        assert_eq!(clock.advance(Span::hours(-5)), Ok(noon() + Span::hours(2)));
        assert_eq!(clock.clone().now(), noon() + Span::hours(2), "a clone shows the same time");
    }

    #[test]
    fn only_a_test_clock_can_be_advanced() {
        let system = Clock::system();
        assert_eq!(system.advance(Span::hours(1)), Err(NotTestClock));
        assert!(!system.is_test());
        assert_eq!(system.offset(), Span::ZERO);

        let test = Clock::test_from(noon());
        assert!(test.is_test());
        let shown = test.now().since(noon());
        assert!(shown >= Span::ZERO && shown < Span::minutes(1), "{shown:?} off the wanted start");
        test.advance(Span::days(5)).unwrap();
        let resumed = Clock::test(test.offset());
        assert!(resumed.now() >= noon() + Span::days(5), "the offset carries over a restart");
    }

    #[test]
    fn a_wall_clock_set_back_neither_repeats_nor_freezes_time() {
        let steady = Steady::start();
        let at = |seconds: u64| steady.start_instant + Duration::from_secs(seconds);
        let wall = |seconds: i64| steady.start_micros + seconds * 1_000_000;
        assert_eq!(steady.follow(at(10), wall(10)), wall(10));
        assert_eq!(
            steady.follow(at(20), wall(20 + 3600)),
            wall(3620),
            "a jump forward is followed"
        );
        assert_eq!(steady.follow(at(30), wall(30 - 7200)), wall(3630), "a jump back is not");
    }

    #[tokio::test(start_paused = true)]
    async fn advancing_wakes_sleepers_in_time_and_not_before() {
        let clock = Clock::manual(noon());
        let sleeper = clock.clone();
        let mut sleep =
            tokio_test_task(async move { sleeper.sleep_until(noon() + Span::hours(3)).await });
        assert!(!sleep.is_done().await);
        clock.advance(Span::hours(2)).unwrap();
        assert!(!sleep.is_done().await, "two of three hours are over");
        clock.advance(Span::hours(1)).unwrap();
        assert!(sleep.is_done().await);
    }

    #[tokio::test(start_paused = true)]
    async fn an_instant_in_the_past_is_reached_at_once() {
        Clock::manual(noon()).sleep_until(noon()).await;
        Clock::system().sleep_until(noon() - Span::days(9000)).await;
    }

    #[tokio::test]
    async fn a_test_clock_wakes_by_itself_too() {
        let clock = Clock::test_from(noon());
        let due = clock.now() + Span::from_micros(2_000);
        clock.sleep_until(due).await;
        assert!(clock.now() >= due);
    }

    /// A future that is polled only when asked whether it is done.
    struct Polled<F>(std::pin::Pin<Box<F>>);

    fn tokio_test_task<F: Future<Output = ()>>(future: F) -> Polled<F> {
        Polled(Box::pin(future))
    }

    impl<F: Future<Output = ()>> Polled<F> {
        async fn is_done(&mut self) -> bool {
            futures::poll!(self.0.as_mut()).is_ready()
        }
    }
}
