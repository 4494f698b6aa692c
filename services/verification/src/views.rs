//! Decisions as their readers see them.

use std::sync::Arc;

use parasol_api::common::v1::{
    Decision as WireDecision, DecisionMaker, FiredRule as WireRule, OfferedRemedy as WireOffer,
};
use parasol_api::convert::{Listed, test_cost, to_money, to_timestamp};
use parasol_api::{Language, Role};
use parasol_journey::ActorKind;
use parasol_journey::event::OfferedRemedy;
use parasol_journey::ids::CaseId;
use parasol_journey::vocab::Remedy;
use parasol_policy::{Outcome, Pack, RuleText, Ruling, Stage};

use crate::record::Record;
use crate::words::{self, say};

/// The rule that stands for an agent's own decision.
pub const MANUAL: &str = "manual";

/// A reader: what they may see and in which language.
pub struct Reader {
    pub language: Language,
    pub role: Role,
    /// The pack the case was filed under, if this release has it.
    pub pack: Option<Arc<Pack>>,
    /// The reason an agent gave, for a decision by hand.
    pub reason: String,
}

impl Reader {
    /// A decision.
    pub fn decision(&self, case: CaseId, record: &Record) -> WireDecision {
        let decision = &record.decision;
        let fired: Vec<&RuleText> = decision.rules.iter().filter_map(|id| self.rule(id)).collect();
        let remedies = decision.offered.iter().map(|offer| self.offer(offer, &fired)).collect();
        let rules = decision.rules.iter().map(|id| self.fired(id)).collect();
        WireDecision {
            decision_id: decision.id.to_string(),
            case_id: case.to_string(),
            certificate_id: decision.certificate.map_or_else(String::new, |id| id.to_string()),
            decided_at: Some(to_timestamp(record.at)),
            maker: maker(record.maker.kind).into(),
            remedies,
            denied: record.denied,
            rules,
            policy_version: decision.policy.clone(),
            reason: self.reason_of(record, &fired),
            chosen: record.chosen.map_or(0, Listed::number),
            supersedes: record.supersedes.map_or_else(String::new, |id| id.to_string()),
            test_cost: record
                .dispute
                .and_then(|(loser, tests)| test_cost(loser, tests, self.language)),
        }
    }

    /// What the customer gets in money is between them and those who pay it.
    fn sees_amounts(&self) -> bool {
        !matches!(self.role, Role::Centre | Role::Lab | Role::Technician)
    }

    fn offer(&self, offer: &OfferedRemedy, fired: &[&RuleText]) -> WireOffer {
        let grants = |rule: &&&RuleText| {
            let grant = self.pack.as_ref().and_then(|pack| pack.grant(&rule.id));
            grant.is_some_and(|grant| grant.remedies.contains(&offer.remedy))
        };
        let granting: Vec<_> = fired.iter().filter(grants).collect();
        let is_refund = offer.remedy == Remedy::Refund;
        let explanation = match granting.first() {
            Some(rule) => self.sentence(rule),
            None => say(
                self.language,
                format!("可为您{}。", words::remedy(Language::Zh, offer.remedy)),
                format!("You can have a {}.", words::remedy(Language::En, offer.remedy)),
            ),
        };
        WireOffer {
            remedy: offer.remedy.number(),
            amount: (is_refund && self.sees_amounts()).then(|| to_money(offer.amount_fen)),
            payer: offer.payer.clone(),
            rules: granting.iter().map(|rule| rule.id.to_string()).collect(),
            explanation,
        }
    }

    fn fired(&self, id: &str) -> WireRule {
        match self.rule(id) {
            Some(rule) => WireRule {
                rule: id.to_owned(),
                basis: rule.basis.clone(),
                effect: self.sentence(rule),
            },
            None => WireRule {
                rule: id.to_owned(),
                basis: say(self.language, "人工决定", "a person's decision within authority"),
                effect: self.reason.clone(),
            },
        }
    }

    /// An agent's own words, else the sentences of the rules that decided: all that grant something, or
    /// the one that refused, which fired last.
    fn reason_of(&self, record: &Record, fired: &[&RuleText]) -> String {
        let decisive: Vec<_> = match fired {
            [] => return self.reason.clone(),
            [.., last] if record.denied => vec![self.sentence(last)],
            all => all.iter().map(|rule| self.sentence(rule)).collect(),
        };
        words::join(self.language, &decisive)
    }

    fn rule(&self, id: &str) -> Option<&RuleText> {
        self.pack.as_ref()?.rules().map(AsRef::as_ref).find(|rule| rule.id.as_str() == id)
    }

    fn sentence(&self, rule: &RuleText) -> String {
        say(self.language, rule.say_zh.as_str(), rule.say_en.as_str())
    }

    /// The rules in the order in which they were read, fired or not.
    pub fn steps(&self, outcome: &Outcome) -> Vec<String> {
        let Some(pack) = &self.pack else { return Vec::new() };
        let ends_guards = |rule: &RuleText| rule_of(outcome) == Some(rule.id.as_str());
        let is_offered = matches!(outcome.ruling, Ruling::Offered(_));
        let mut steps = Vec::new();
        for rule in pack.rules() {
            // Fallbacks are read only when nothing is on offer.
            if rule.stage == Stage::Fallback && is_offered {
                break;
            }
            let has_fired = outcome.rests_on(rule.id.as_str());
            steps.push(self.step(rule, has_fired));
            if has_fired && !is_offered && ends_guards(rule) {
                break;
            }
        }
        steps
    }

    fn step(&self, rule: &RuleText, has_fired: bool) -> String {
        let (id, basis) = (&rule.id, &rule.basis);
        if has_fired {
            let sentence = self.sentence(rule);
            say(
                self.language,
                format!("{id}：适用（{basis}）。{sentence}"),
                format!("{id}: applies ({basis}). {sentence}"),
            )
        } else {
            say(
                self.language,
                format!("{id}：条件不满足，未适用（{basis}）。"),
                format!("{id}: does not apply, its conditions are not met ({basis})."),
            )
        }
    }
}

/// The rule that ended the evaluation, for a denial or a need.
fn rule_of(outcome: &Outcome) -> Option<&str> {
    match &outcome.ruling {
        Ruling::Offered(_) => None,
        Ruling::Denied(denial) => Some(denial.rule.as_str()),
        Ruling::Needs(need) => Some(need.rule.as_str()),
    }
}

fn maker(kind: ActorKind) -> DecisionMaker {
    match kind {
        ActorKind::Agent => DecisionMaker::Agent,
        ActorKind::Timer => DecisionMaker::Timer,
        _ => DecisionMaker::Policy,
    }
}
