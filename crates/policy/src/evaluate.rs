//! The four stages of a decision.
//!
//! 1. Guards, top to bottom: the first that rules ends the evaluation; one that treats the finding
//!    as a product fault, or only takes note, lets it go on.
//! 2. Entitlements: every row that holds adds to the set, so a promise can never hide a statutory
//!    right.
//! 3. Amounts, then breaches of promises.
//! 4. When nothing is on offer, the first fallback.
//!
//! Rows of a stage are taken in the order of the file. Where two rows offer the same remedy the
//! earlier one sets its terms, except that the higher refund wins.

use std::sync::Arc;

use parasol_journey::vocab::{CaseKind, Cause, Function, Remedy};

use crate::amount::{Refund, RefundRule, refund};
use crate::facts::{Facts, Finding};
use crate::outcome::{
    Denial, Extra, FiredRule, Goodwill, Offer, Outcome, Payer, Requirement, Ruling,
};
use crate::pack::Pack;
use crate::probe::{Flag, Probe};
use crate::rule::{Effect, Inspection, Rule, RuleId};

/// Decides a case. Always gives exactly one ruling, and never panics, whatever the facts.
///
/// Without a finding the customer's word stands for a product fault, and only rows that need no
/// inspection add to the offer; when none does, the outcome asks for an inspection.
pub fn evaluate(pack: &Pack, facts: &Facts) -> Outcome {
    let mut course = Course::new(pack, facts);
    let ruling = course
        .pass_guards(&pack.guards)
        .or_else(|| course.gather_offers(pack))
        .unwrap_or_else(|| course.fall_back(&pack.fallbacks));
    course.end(ruling)
}

impl Pack {
    /// Whether the table leaves such a case to a person on purpose, should no row answer it.
    pub fn leaves_to_a_person(&self, facts: &Facts) -> bool {
        let probe = Probe::new(facts, self);
        self.left.iter().any(|left| left.when.matches(&probe))
    }
}

/// What a customer can count on before anybody has looked at the unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prospect {
    /// What stands on the customer's word alone.
    pub without_visit: Outcome,
    /// What stands once an inspection confirms a fault of the product.
    pub if_faulty: Outcome,
    kind: CaseKind,
}

/// The prospect of a case at intake. A finding among the facts is left out of account.
pub fn entitlements_before_inspection(pack: &Pack, facts: &Facts) -> Prospect {
    let fault = Finding::first(Cause::Product, Function::Fault);
    let history = crate::facts::History { inspections_without_result: 0, ..facts.history };
    let unseen = Facts { history, finding: None, ..facts.clone() };
    let faulty = Facts { finding: Some(fault), ..unseen.clone() };
    Prospect {
        without_visit: evaluate(pack, &unseen),
        if_faulty: evaluate(pack, &faulty),
        kind: facts.kind,
    }
}

impl Prospect {
    /// Whether somebody must visit before the wish can be met. Without a wish: whether a visit
    /// could bring the customer any remedy that is not on offer already.
    pub fn visit_needed(&self, wish: Option<Remedy>) -> bool {
        let stands = |remedy| self.without_visit.offer(remedy).is_some();
        match (&self.without_visit.ruling, self.kind) {
            (_, CaseKind::NoReason) | (Ruling::Denied(_), _) => false,
            (Ruling::Needs(requirement), _) => requirement.need.is_visit(),
            (Ruling::Offered(_), _) => match wish {
                Some(remedy) => !stands(remedy) && self.if_faulty.offer(remedy).is_some(),
                None => self.if_faulty.offers().iter().any(|offer| !stands(offer.remedy)),
            },
        }
    }
}

/// An evaluation under way.
struct Course<'a> {
    pack: &'a Pack,
    facts: &'a Facts,
    probe: Probe,
    fired: Vec<FiredRule>,
    offers: Vec<Offer>,
    extras: Vec<Extra>,
    goodwill: Goodwill,
}

/// The terms on which a row offers its remedies.
#[derive(Clone, Copy)]
struct Terms {
    refund: RefundRule,
    payer: Payer,
    recourse: Option<Payer>,
}

impl<'a> Course<'a> {
    fn new(pack: &'a Pack, facts: &'a Facts) -> Self {
        Self {
            pack,
            facts,
            probe: Probe::new(facts, pack),
            fired: Vec::with_capacity(8),
            offers: Vec::with_capacity(3),
            extras: Vec::new(),
            goodwill: Goodwill::default(),
        }
    }

    /// Stage 1.
    fn pass_guards(&mut self, guards: &[Rule]) -> Option<Ruling> {
        for rule in guards {
            if self.fires(rule)
                && let Some(ruling) = self.rule_on(rule)
            {
                return Some(ruling);
            }
        }
        None
    }

    /// Stages 2 and 3; `None` when nothing is on offer after them.
    fn gather_offers(&mut self, pack: &Pack) -> Option<Ruling> {
        let inspected = self.probe.has(Flag::Inspected);
        let may_count = |rule: &&Rule| inspected || rule.inspection == Inspection::None;
        for rule in pack.entitlements.iter().filter(may_count) {
            if self.fires(rule) {
                self.add(rule);
            }
        }
        for rule in pack.amounts.iter().chain(pack.breaches.iter().filter(may_count)) {
            self.note_offers();
            if self.fires(rule) {
                self.add(rule);
            }
        }
        self.offered()
    }

    /// Stage 4.
    fn fall_back(&mut self, fallbacks: &[Rule]) -> Ruling {
        self.pass_guards(fallbacks)
            .expect("a pack is refused unless its last fallback always holds")
    }

    /// Tells later rows what is on offer so far.
    fn note_offers(&mut self) {
        for offer in &self.offers {
            match offer.remedy {
                Remedy::Replace => self.probe.set(Flag::ReplaceOffered),
                Remedy::Refund => self.probe.set(Flag::RefundOffered),
                Remedy::Repair => {}
            }
        }
    }

    /// Whether the row holds; if so it is noted, with what it gives on top.
    fn fires(&mut self, rule: &Rule) -> bool {
        if !rule.when.matches(&self.probe) {
            return false;
        }
        self.fired.push(Arc::clone(&rule.text));
        self.extras.extend(rule.extras.iter().copied());
        self.goodwill.fen = self.goodwill.fen.saturating_add(rule.goodwill.fen);
        self.goodwill.points = self.goodwill.points.saturating_add(rule.goodwill.points);
        true
    }

    /// Applies a row of a first-match stage: a ruling, or `None` to go on.
    fn rule_on(&mut self, rule: &Rule) -> Option<Ruling> {
        let id = || rule.text.id.clone();
        match &rule.effect {
            Effect::CarryOn | Effect::ChargeAll { .. } => None,
            Effect::TreatAsProductFault => {
                self.probe.treat_as_product_fault();
                None
            }
            Effect::Deny { reason, instead, payer } => Some(Ruling::Denied(Denial {
                reason: *reason,
                instead: *instead,
                payer: *payer,
                rule: id(),
            })),
            Effect::Need { need, payer } => {
                Some(Ruling::Needs(Requirement { need: *need, payer: *payer, rule: id() }))
            }
            Effect::Offer { .. } => {
                self.add(rule);
                self.offered()
            }
        }
    }

    /// Applies a row of stage 2 or 3.
    fn add(&mut self, rule: &Rule) {
        match &rule.effect {
            Effect::Offer { remedies, refund, exchange_due, payer, recourse } => {
                if *exchange_due {
                    self.probe.set(Flag::ExchangeDue);
                }
                let terms = Terms { refund: *refund, payer: *payer, recourse: *recourse };
                for remedy in remedies {
                    self.offer(*remedy, terms, &rule.text.id);
                }
            }
            Effect::ChargeAll { payer } => {
                for offer in &mut self.offers {
                    offer.payer = *payer;
                    offer.recourse = None;
                }
            }
            Effect::CarryOn
            | Effect::TreatAsProductFault
            | Effect::Deny { .. }
            | Effect::Need { .. } => {}
        }
    }

    fn offer(&mut self, remedy: Remedy, terms: Terms, rule: &RuleId) {
        let amount = (remedy == Remedy::Refund).then(|| self.reckon(terms.refund));
        let offer = Offer {
            remedy,
            refund: amount,
            payer: terms.payer,
            recourse: terms.recourse,
            rule: rule.clone(),
        };
        match self.offers.iter_mut().find(|earlier| earlier.remedy == remedy) {
            None => self.offers.push(offer),
            Some(earlier) => {
                let fen = |refund: Option<Refund>| refund.map_or(0, |refund| refund.amount_fen);
                if fen(amount) > fen(earlier.refund) {
                    *earlier = offer;
                }
            }
        }
    }

    fn reckon(&self, rule: RefundRule) -> Refund {
        let cover = self.pack.cover(self.facts.category);
        refund(rule, self.facts, cover.depreciation_per_day, &self.probe.settings)
    }

    fn offered(&mut self) -> Option<Ruling> {
        if self.offers.is_empty() {
            return None;
        }
        self.offers.sort_by_key(|offer| offer.remedy);
        Some(Ruling::Offered(std::mem::take(&mut self.offers)))
    }

    fn end(mut self, ruling: Ruling) -> Outcome {
        self.extras.sort_unstable();
        self.extras.dedup();
        Outcome {
            pack_version: Arc::clone(self.pack.version()),
            ruling,
            fired: self.fired,
            extras: self.extras,
            goodwill: self.goodwill,
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
