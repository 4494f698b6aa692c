//! Chance that is the same in every run, as far as the order of events is.

use std::sync::atomic::{AtomicU64, Ordering};

/// SplitMix64 over a counter: whoever asks gets the next number, from any thread.
pub struct Dice(AtomicU64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `count`; 0 if that is 0.
    pub fn below(&self, count: u64) -> u64 {
        self.next().checked_rem(count).unwrap_or_default()
    }

    /// Whether it is the one of so many.
    pub fn one_in(&self, count: u64) -> bool {
        self.below(count) == 0
    }
}
