//! The one source of identifiers and of randomness.
//!
//! Makes UUIDs of version 7 (RFC 9562 section 5.7) whose time comes from the house's clock, and
//! random bytes for keys and codes. It does not know what an id stands for: the caller types it,
//! for example `CaseId::new(ids.next())`.

use std::sync::{Arc, Mutex, PoisonError};

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha12Rng;
use uuid::Uuid;

use crate::clock::Clock;

/// Bits of the counter that orders the ids of one millisecond (RFC 9562 section 6.2, method 1).
const COUNTER_BITS: u32 = 42;
const COUNTER_MAX: u64 = (1 << COUNTER_BITS) - 1;

/// Makes ids that are unique and, from one source, strictly increasing. A clone is the same source.
#[derive(Clone)]
pub struct IdSource {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

struct State {
    rng: ChaCha12Rng,
    millis: u64,
    counter: u64,
}

impl IdSource {
    /// A source for production: its randomness is seeded by the operating system.
    pub fn new(clock: Clock) -> Self {
        Self::with_rng(clock, ChaCha12Rng::from_os_rng())
    }

    /// A source for tests: the same clock and seed give the same ids again.
    pub fn seeded(clock: Clock, seed: u64) -> Self {
        Self::with_rng(clock, ChaCha12Rng::seed_from_u64(seed))
    }

    fn with_rng(clock: Clock, rng: ChaCha12Rng) -> Self {
        Self { clock, state: Arc::new(Mutex::new(State { rng, millis: 0, counter: 0 })) }
    }

    /// The next id: greater than every id this source made before, also within a millisecond.
    pub fn next(&self) -> Uuid {
        let now = self.clock.now().micros().max(0).unsigned_abs() / 1000;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.step(now);
        let tail = state.rng.next_u32();
        compose(state.millis, state.counter, tail)
    }

    /// Fills a buffer with random bytes fit for keys.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).rng.fill_bytes(bytes);
    }
}

impl State {
    /// Moves to a fresh place in a new millisecond, or one further in the same one. When the
    /// counter is used up the id's time runs ahead of the clock by a millisecond.
    fn step(&mut self, now: u64) {
        if now <= self.millis && self.counter < COUNTER_MAX {
            self.counter += 1;
            return;
        }
        self.millis = now.max(self.millis + 1);
        // The top bit starts at zero, so that at least half of the counter is left.
        self.counter = self.rng.next_u64() & (COUNTER_MAX >> 1);
    }
}

/// Lays time, counter and random tail out as RFC 9562 wants: 48 bits of milliseconds, 12 + 30 bits
/// of counter around version and variant, 32 random bits.
fn compose(millis: u64, counter: u64, tail: u32) -> Uuid {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    let high = u16::try_from(counter >> 30).expect("a counter has 42 bits") & 0x0fff;
    let low = u32::try_from(counter & 0x3fff_ffff).expect("thirty bits were kept");
    bytes[6..8].copy_from_slice(&high.to_be_bytes());
    bytes[8..12].copy_from_slice(&low.to_be_bytes());
    bytes[12..].copy_from_slice(&tail.to_be_bytes());
    uuid::Builder::from_bytes(bytes)
        .with_variant(uuid::Variant::RFC4122)
        .with_version(uuid::Version::SortRand)
        .into_uuid()
}

#[cfg(test)]
mod tests {
    use parasol_journey::time::{Span, Timestamp};

    use super::*;

    fn clock() -> Clock {
        Clock::manual(Timestamp::parse("2026-06-08T12:00:00Z").unwrap())
    }

    #[test]
    fn ids_increase_within_a_millisecond_and_across() {
        let clock = clock();
        let ids = IdSource::seeded(clock.clone(), 1);
        let mut last = ids.next();
        for round in 0..5_000 {
            if round % 1000 == 0 {
                clock.advance(Span::from_micros(1_000)).unwrap();
            }
            let next = ids.next();
            assert!(next > last, "{next} does not follow {last}");
            last = next;
        }
    }

    #[test]
    fn an_id_is_a_version_seven_uuid_with_the_clocks_time() {
        let clock = clock();
        let id = IdSource::seeded(clock.clone(), 7).next();
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
        let micros = i64::try_from(seconds).unwrap() * 1_000_000 + i64::from(nanos / 1000);
        assert_eq!(micros, clock.now().micros());
    }

    #[test]
    fn one_seed_gives_the_same_ids_and_another_gives_others() {
        let ids = |seed| {
            let source = IdSource::seeded(clock(), seed);
            [source.next(), source.clone().next()]
        };
        assert_eq!(ids(3), ids(3));
        assert_ne!(ids(3), ids(4));
        assert_ne!(IdSource::new(clock()).next(), IdSource::new(clock()).next());
    }

    #[test]
    fn a_used_up_counter_borrows_the_next_millisecond() {
        let mut state =
            State { rng: ChaCha12Rng::seed_from_u64(0), millis: 50, counter: COUNTER_MAX - 1 };
        state.step(50);
        assert_eq!((state.millis, state.counter), (50, COUNTER_MAX));
        let full = compose(state.millis, state.counter, u32::MAX);
        state.step(50);
        assert_eq!(state.millis, 51);
        assert!(compose(state.millis, state.counter, 0) > full);
    }
}
