//! Past cases under another pack: what would come out otherwise, and what that would cost.
//!
//! Pure: whoever has past cases brings their facts. What a ruling costs is what the house would bear
//! if every customer took what they asked for, or else the dearest thing on offer: a refund its amount,
//! a replacement the price of the unit now, a repair and a refusal nothing that is known here, points
//! a fen each. Costs are for comparing two packs and are no forecast.

use std::collections::BTreeMap;

use parasol_journey::vocab::Remedy;
use serde::Serialize;

use crate::amount::PRICE_FEN_MAX;
use crate::evaluate::evaluate;
use crate::facts::Facts;
use crate::outcome::{Outcome, Payer, Ruling};
use crate::pack::Pack;
use crate::rule::RuleId;

/// One case whose outcome would differ.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// The case, in the words of whoever brought it.
    pub case: String,
    /// What came out.
    pub before: Outcome,
    /// What would come out.
    pub after: Outcome,
    /// Rows that fire in one and not in the other, those that would come first.
    pub rules: Vec<RuleId>,
    /// What it would cost more, in fen; negative for less.
    pub cost_fen: i64,
}

/// How often a row comes or goes, and what the cases concerned would cost more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// Cases in which it fires under the other pack and did not before.
    pub comes: u64,
    /// Cases in which it fired before and would not.
    pub goes: u64,
    /// What those cases would cost more, in fen. A case counts for each of its rows.
    pub cost_fen: i64,
}

/// A comparison under way.
#[derive(Clone, Debug, Serialize)]
pub struct Replay {
    /// The version that would decide.
    pub version: String,
    /// Cases compared.
    pub cases: u64,
    /// Those whose ruling, extras or points would differ.
    pub changed: u64,
    /// What all of them would cost more, in fen.
    pub cost_fen: i64,
    /// The same by who bears it at first.
    pub by_payer: BTreeMap<&'static str, i64>,
    /// Rows that come or go.
    pub by_rule: BTreeMap<RuleId, Sum>,
    /// Cases that changed, up to the limit asked for.
    pub differences: Vec<Difference>,
    #[serde(skip)]
    differences_max: usize,
}

impl Replay {
    /// A comparison that keeps the details of so many cases.
    pub fn new(pack: &Pack, differences_max: usize) -> Self {
        Self {
            version: pack.version().to_string(),
            cases: 0,
            changed: 0,
            cost_fen: 0,
            by_payer: BTreeMap::new(),
            by_rule: BTreeMap::new(),
            differences: Vec::new(),
            differences_max,
        }
    }

    /// Compares a case decided under one pack with what another makes of the same facts.
    pub fn add(&mut self, case: &str, old: &Pack, new: &Pack, facts: &Facts) {
        self.add_outcomes(case, facts, evaluate(old, facts), evaluate(new, facts));
    }

    /// Compares two outcomes of one case. `facts` tell its prices and the customer's wish.
    pub fn add_outcomes(&mut self, case: &str, facts: &Facts, before: Outcome, after: Outcome) {
        self.cases += 1;
        if is_same(&before, &after) {
            return;
        }
        self.changed += 1;
        let (was, would) = (cost(&before, facts), cost(&after, facts));
        let cost_fen = would.fen - was.fen;
        self.cost_fen = self.cost_fen.saturating_add(cost_fen);
        for (cost, sign) in [(was, -1), (would, 1)] {
            if let Some(payer) = cost.payer {
                let sum = self.by_payer.entry(payer.as_str()).or_default();
                *sum = sum.saturating_add(cost.fen * sign);
            }
        }
        let comes: Vec<_> = only_in(&after, &before).collect();
        let goes: Vec<_> = only_in(&before, &after).collect();
        for id in &comes {
            self.count(id, cost_fen).comes += 1;
        }
        for id in &goes {
            self.count(id, cost_fen).goes += 1;
        }
        if self.differences.len() < self.differences_max {
            let rules = comes.into_iter().chain(goes).collect();
            let case = case.to_owned();
            self.differences.push(Difference { case, before, after, rules, cost_fen });
        }
    }

    fn count(&mut self, rule: &RuleId, cost_fen: i64) -> &mut Sum {
        let sum = self.by_rule.entry(rule.clone()).or_default();
        sum.cost_fen = sum.cost_fen.saturating_add(cost_fen);
        sum
    }
}

/// The version and the rows that fired are told, but are no difference by themselves.
fn is_same(before: &Outcome, after: &Outcome) -> bool {
    before.ruling == after.ruling
        && before.extras == after.extras
        && before.goodwill == after.goodwill
}

fn only_in(one: &Outcome, other: &Outcome) -> impl Iterator<Item = RuleId> {
    let ids = one.fired.iter().map(|rule| &rule.id);
    ids.filter(|id| !other.rests_on(id.as_str())).cloned()
}

struct Cost {
    fen: i64,
    payer: Option<Payer>,
}

fn cost(outcome: &Outcome, facts: &Facts) -> Cost {
    let price = facts.prices.now_fen.unwrap_or(facts.prices.paid_fen).clamp(0, PRICE_FEN_MAX);
    let worth = |remedy: Remedy| match (remedy, outcome.offer(remedy)) {
        (_, None) | (Remedy::Repair, _) => 0,
        (Remedy::Replace, Some(_)) => price,
        (Remedy::Refund, Some(offer)) => offer.refund.map_or(0, |refund| refund.amount_fen),
    };
    let wished = facts.wish.filter(|wish| outcome.offer(*wish).is_some());
    let dearest = || Remedy::ALL.iter().copied().max_by_key(|remedy| worth(*remedy));
    let taken = wished.or_else(dearest).and_then(|remedy| outcome.offer(remedy));
    let on_top = outcome.goodwill.fen.saturating_add(i64::from(outcome.goodwill.points));
    let payer = match &outcome.ruling {
        Ruling::Offered(_) => taken.map(|offer| offer.payer),
        Ruling::Denied(denial) => denial.payer,
        Ruling::Needs(step) => step.payer,
    };
    let fen = taken.map_or(0, |offer| worth(offer.remedy)).saturating_add(on_top);
    Cost { fen, payer }
}
