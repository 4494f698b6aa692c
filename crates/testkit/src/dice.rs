//! Mishaps from a seed, and how often each of them happened.

use std::collections::BTreeMap;

/// Dice that fall the same way for the same seed, and a count of what they brought about, so that a test can tell
/// that it tested something.
#[derive(Debug)]
pub(crate) struct Dice {
    state: u64,
    bitten: BTreeMap<&'static str, u64>,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed | 1, bitten: BTreeMap::new() }
    }

    /// Whether something happens that happens so often in a thousand; if so, it is counted.
    pub(crate) fn bites(&mut self, what: &'static str, rate: u64) -> bool {
        let bites = self.below(1_000) < rate;
        if bites {
            self.count(what);
        }
        bites
    }

    /// Counts something that has happened anyway.
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.bitten.entry(what).or_default() += 1;
    }

    /// A number below the limit.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % limit
    }

    /// How many ticks something is late that is late so often in a thousand; 0 when it is not.
    pub(crate) fn late(&mut self, what: &'static str, rate: u64, ticks_max: u64) -> u32 {
        let ticks = if self.bites(what, rate) { 1 + self.below(ticks_max) } else { 0 };
        u32::try_from(ticks).unwrap_or(0)
    }

    /// How often each mishap happened.
    pub(crate) fn bitten(&self) -> BTreeMap<&'static str, u64> {
        self.bitten.clone()
    }
}
