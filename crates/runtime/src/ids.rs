//! The one source of identifiers and of randomness.
//!
//! Makes UUIDs of version 7 (RFC 9562 section 5.7) whose time comes from the house's clock, and
//! random bytes for keys and codes. It does not know what an id stands for: the caller types it,
//! for example `CaseId::new(ids.next())`.
//!
//! In a cell with a number the ids are of version 8 (section 5.8): laid out alike, with the number of the cell as
//! their last four digits, so that everything that is made in a cell says where it is
//! ([decision 049](../../../docs/adr/049-cells.md)).

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
    /// The cell that the ids name; 0 = they name none.
    cell: u16,
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
        let state = Arc::new(Mutex::new(State { rng, millis: 0, counter: 0 }));
        Self { clock, cell: 0, state }
    }

    /// The same source, whose ids name a cell; those of cell 0 name none and are of version 7, as ever.
    #[must_use]
    pub fn of_cell(self, cell: u16) -> Self {
        Self { cell, ..self }
    }

    /// The next id: greater than every id this source made before, also within a millisecond.
    pub fn next(&self) -> Uuid {
        let now = self.clock.now().micros().max(0).unsigned_abs() / 1000;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.step(now);
        let tail = state.rng.next_u32();
        compose(state.millis, state.counter, tail, self.cell)
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

/// The cell that an id names: its number for one of version 8, 0 for one of version 7, which names none and so belongs
/// to the cell that was there before there were others. `None` where it was not made by a source of ours.
pub fn cell_of(id: Uuid) -> Option<u16> {
    match id.get_version_num() {
        7 => Some(0),
        8 => {
            let bytes = id.as_bytes();
            Some(u16::from_be_bytes([bytes[14], bytes[15]])).filter(|cell| *cell > 0)
        }
        _ => None,
    }
}

/// Lays time, counter and random tail out as RFC 9562 wants: 48 bits of milliseconds, 12 + 30 bits
/// of counter around version and variant, 32 random bits. A cell takes the last 16 of them.
fn compose(millis: u64, counter: u64, tail: u32, cell: u16) -> Uuid {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    let high = u16::try_from(counter >> 30).expect("a counter has 42 bits") & 0x0fff;
    let low = u32::try_from(counter & 0x3fff_ffff).expect("thirty bits were kept");
    bytes[6..8].copy_from_slice(&high.to_be_bytes());
    bytes[8..12].copy_from_slice(&low.to_be_bytes());
    bytes[12..].copy_from_slice(&tail.to_be_bytes());
    let mut version = uuid::Version::SortRand;
    if cell > 0 {
        bytes[14..].copy_from_slice(&cell.to_be_bytes());
        version = uuid::Version::Custom;
    }
    uuid::Builder::from_bytes(bytes)
        .with_variant(uuid::Variant::RFC4122)
        .with_version(version)
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
    fn an_id_tells_its_cell_and_ids_of_a_cell_increase_too() {
        let clock = clock();
        let ids = IdSource::seeded(clock.clone(), 5).of_cell(0x0b0a);
        let mut last = ids.next();
        for round in 0..2_000 {
            if round % 500 == 0 {
                clock.advance(Span::from_micros(1_000)).unwrap();
            }
            let next = ids.next();
            assert!(next > last, "{next} does not follow {last}");
            assert_eq!((cell_of(next), next.get_version_num()), (Some(0x0b0a), 8));
            assert!(next.simple().to_string().ends_with("0b0a"), "a person can read it too");
            assert_eq!(next.get_variant(), uuid::Variant::RFC4122);
            last = next;
        }
        let (seconds, _) =
            IdSource::seeded(clock.clone(), 5).next().get_timestamp().unwrap().to_unix();
        assert_eq!(i64::try_from(seconds).unwrap(), clock.now().micros() / 1_000_000);
        assert_eq!(cell_of(IdSource::seeded(clock, 5).next()), Some(0), "it names none");
        assert_eq!(cell_of(Uuid::new_v5(&Uuid::nil(), b"a customer")), None);
        assert_eq!(cell_of(Uuid::nil()), None);
    }

    #[test]
    fn a_used_up_counter_borrows_the_next_millisecond() {
        let mut state =
            State { rng: ChaCha12Rng::seed_from_u64(0), millis: 50, counter: COUNTER_MAX - 1 };
        state.step(50);
        assert_eq!((state.millis, state.counter), (50, COUNTER_MAX));
        let full = compose(state.millis, state.counter, u32::MAX, 0);
        state.step(50);
        assert_eq!(state.millis, 51);
        assert!(compose(state.millis, state.counter, 0, 0) > full);
    }
}
