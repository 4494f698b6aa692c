//! Made-up facts from a seed: as many as one likes, the same for ever.
//!
//! Counts are drawn near the numbers that rules ask about, rare things are rare, and nothing is left
//! out: whatever the type of the facts allows can come, except that a unit nobody has inspected has no
//! finding. For tests and benchmarks; nothing here is about a customer.

use parasol_journey::vocab::{CaseKind, Category, Cause, Function, Promise, Remedy};

use crate::facts::{
    Age, Breaches, Facts, Finding, GuidedTest, History, Identity, Prices, Proof, Province,
};
use crate::pack::Pack;
use crate::promises::PromiseSet;

/// Days that rules turn on; what is drawn lies on them and around them.
const TURNS: [u32; 16] = [0, 5, 7, 15, 30, 35, 90, 91, 180, 182, 365, 366, 548, 730, 1_095, 1_200];

/// Made-up facts, one after the other; it never ends.
#[derive(Clone, Debug)]
pub struct Sampler {
    state: u64,
    /// The promises that only a pack knows.
    promises: Vec<String>,
}

impl Sampler {
    /// A source of facts. The same seed gives the same facts.
    pub fn new(seed: u64) -> Self {
        Self { state: seed, promises: Vec::new() }
    }

    /// The same with the promises that a pack declares for itself.
    #[must_use]
    pub fn with_promises_of(mut self, pack: &Pack) -> Self {
        self.promises = pack.promises().iter().map(|promise| promise.id.clone()).collect();
        self
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): every seed is good, and it takes a nanosecond.
    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u32) -> u32 {
        let scaled = u128::from(self.bits()) * u128::from(end);
        u32::try_from(scaled >> 64).expect("below a number that fits")
    }

    fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        let count = u32::try_from(list.len()).expect("a short list");
        list[self.below(count) as usize]
    }

    fn maybe<T>(&mut self, times: u32, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.one_in(times).then(|| make(self))
    }

    fn days(&mut self) -> u32 {
        match self.below(8) {
            0 => self.below(u32::MAX),
            1..=3 => self.below(40),
            _ => {
                let near = self.pick(&TURNS) + self.below(3);
                near.saturating_sub(1)
            }
        }
    }

    fn fen(&mut self) -> i64 {
        match self.below(16) {
            0 => i64::from_ne_bytes(self.bits().to_ne_bytes()),
            _ => i64::from(self.below(2_000_000)),
        }
    }

    fn finding(&mut self) -> Option<Finding> {
        (!self.one_in(8)).then(|| Finding {
            cause: self.pick(Cause::ALL),
            function: self.pick(Function::ALL),
            level: self.below(3) + 1,
            evidence_ok: self.one_in(2),
            identity: match self.below(8) {
                0 => Identity::Differs,
                1 => Identity::Altered,
                _ => Identity::Matches,
            },
        })
    }

    fn age(&mut self) -> Age {
        let receipt_days = self.days();
        let months = match self.below(4) {
            0 => self.below(60),
            _ => receipt_days / 31,
        };
        Age {
            invoice_days: receipt_days.saturating_add(self.below(5)),
            receipt_days,
            installation_days: self.maybe(3, Self::days),
            months,
            rest_days_before: self.maybe(4, |one| one.below(9)).unwrap_or(0),
        }
    }

    fn history(&mut self) -> History {
        History {
            repairs: self.below(4),
            repair_days: self.maybe(2, Self::days).unwrap_or(0),
            waiting_days: self.maybe(4, Self::days).unwrap_or(0),
            parts_wait_days: self.maybe(4, Self::days).unwrap_or(0),
            repairer_wait_days: self.maybe(4, Self::days).unwrap_or(0),
            inspections_without_result: self.below(4),
            days_since_repair: self.maybe(4, Self::days),
        }
    }

    fn breaches(&mut self, promises: &PromiseSet) -> Breaches {
        let missed = promises.ids().filter(|_| self.one_in(4)).collect();
        Breaches {
            brand_silent: self.one_in(10),
            brand_evidence_late: self.one_in(10),
            promises: missed,
        }
    }

    fn promises(&mut self) -> PromiseSet {
        let known: PromiseSet = Promise::ALL.iter().copied().filter(|_| self.one_in(4)).collect();
        if self.promises.is_empty() || !self.one_in(4) {
            return known;
        }
        let nth = self.below(u32::try_from(self.promises.len()).expect("a short list"));
        known.with_id(&self.promises[nth as usize])
    }

    fn facts(&mut self) -> Facts {
        let kind = if self.one_in(5) { CaseKind::NoReason } else { CaseKind::Quality };
        let code =
            if self.one_in(2) { self.pick(&[11, 31, 33, 37]) } else { self.pick(&Province::CODES) };
        let province = Province::new(code).expect("a code of the list");
        let promises = self.promises();
        Facts {
            filed_on: None,
            kind,
            category: self.pick(Category::ALL),
            province,
            prices: Prices {
                paid_fen: self.fen(),
                now_fen: self.maybe(2, Self::fen),
                overdue_day_fen: self.maybe(2, Self::fen),
            },
            age: self.age(),
            finding: self.finding(),
            history: self.history(),
            breaches: self.breaches(&promises),
            promises,
            wish: self.maybe(2, |one| one.pick(Remedy::ALL)),
            in_validity: !self.one_in(3),
            part_in_validity: self.one_in(2),
            proof: match self.below(12) {
                0 => Proof::OrderRecord,
                1 => Proof::FactoryDate,
                2 => Proof::Nothing,
                _ => Proof::Documents,
            },
            danger: self.one_in(16),
            intact: !self.one_in(8),
            exclusion_confirmed: self.one_in(8),
            wrong_item: self.one_in(16),
            transport_report_hours: self.maybe(3, |one| one.below(100)),
            stock_same_model: !self.one_in(3),
            customer_disputes: self.one_in(3),
            customer_evidence: self.one_in(2),
            guided_test: self.pick(&[GuidedTest::NotDone, GuidedTest::Passed, GuidedTest::Failed]),
            no_service: self.one_in(8),
            installer_ours: !self.one_in(8),
            unit_damaged: self.one_in(8),
            extension_covers: self.one_in(2),
            extension_limit_reached: self.one_in(8),
            gifts: self.one_in(8),
        }
    }
}

impl Iterator for Sampler {
    type Item = Facts;

    fn next(&mut self) -> Option<Facts> {
        Some(self.facts())
    }
}
