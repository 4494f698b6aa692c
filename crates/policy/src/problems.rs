//! What is legal in a pack but cannot be meant: gaps, rows that never fire, rows that never matter.
//!
//! Answers are exact for the conditions of the pack: a gap comes with facts that show it, and a row
//! is called unreachable only if there are none that reach it. How counts hang together (days with
//! months, say) is left out of account, so that a find may be a case that life does not bring.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use crate::evaluate::evaluate;
use crate::facts::Province;
use crate::pack::Pack;
use crate::parameters::Settings;
use crate::probe::{Flag, Number, day_number, province_bit};
use crate::rule::{Effect, Inspection, Rule, RuleId, Stage};
use crate::space::{Atom, Clause, Search, Space, after_product_fault, atoms, impossible};
use crate::wording::FactsForm;

mod witness;

/// The most gaps told of; one is mostly seen in several shapes.
const GAPS_MAX: usize = 10;

/// Something a reviewer should look at before publishing a pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Problem {
    /// Facts that the table does not answer and does not leave to a person on purpose.
    #[error("gap: no row but {last} answers a case with {words}")]
    Gap {
        /// The row that always holds, which is what is left.
        last: RuleId,
        /// The facts.
        #[serde(skip)]
        facts: Box<FactsForm>,
        /// The same in one line.
        words: String,
    },
    /// A row that can never fire.
    #[error("rule {rule} is never reached: {}", told(shadowed_by.as_ref()))]
    Unreachable {
        /// The row that never fires.
        rule: RuleId,
        /// The earlier row that holds whenever it does; `None` where several do so together.
        shadowed_by: Option<RuleId>,
    },
    /// A row that adds nothing to an earlier one whenever it fires.
    #[error("rule {rule} never matters: {within} above it gives the same whenever it fires")]
    Overlap {
        /// The row that never matters.
        rule: RuleId,
        /// The earlier row.
        within: RuleId,
    },
    /// The question could not be settled within the limit of a search.
    #[error("whether rule {rule} can be reached could not be settled")]
    Unsettled {
        /// The row.
        rule: RuleId,
    },
}

fn told(shadowed_by: Option<&RuleId>) -> String {
    match shadowed_by {
        Some(rule) => format!("{rule} above it holds whenever it does"),
        None => "the rows above it leave nothing to it".to_owned(),
    }
}

impl Pack {
    /// Everything a reviewer should look at, gaps first.
    pub fn problems(&self) -> Vec<Problem> {
        let worlds = worlds(self);
        let survey = Survey { pack: self, worlds: &worlds, impossible: impossible(self.bits()) };
        let mut problems = survey.gaps();
        problems.extend(survey.unreachable());
        for stage in [Stage::Entitlement, Stage::Breach] {
            problems.extend(overlaps(self.stage(stage)));
        }
        problems
    }

    fn bits(&self) -> u64 {
        let known = parasol_journey::vocab::Promise::ALL
            .iter()
            .fold(0, |bits, one| bits | 1 << *one as u64);
        let own = self.promises().iter().filter_map(|one| self.promise_numbers.bit(&one.id));
        own.fold(known, |bits, bit| bits | bit)
    }
}

/// All facts for which the parameters say the same.
fn worlds(pack: &Pack) -> Vec<Space> {
    let mut days: Vec<NaiveDate> = pack.turning_days();
    days.push(pack.effective_from());
    days.sort_unstable();
    days.dedup();
    days.retain(|day| pack.is_effective(*day));
    let mut worlds = Vec::new();
    for (nth, day) in days.iter().enumerate() {
        let until = days.get(nth + 1).and_then(|next| next.pred_opt()).or(pack.effective_until());
        let mut same: BTreeMap<String, (Settings, u128)> = BTreeMap::new();
        for province in Province::CODES.iter().filter_map(|code| Province::new(*code)) {
            let settings = pack.settings(*day, province);
            let group = same.entry(format!("{settings:?}")).or_insert((settings, 0));
            group.1 |= province_bit(province);
        }
        for (settings, provinces) in same.into_values() {
            let mut world = Space { provinces, ..Space::whole() }
                .with_flag(Flag::Depreciation, settings.depreciation)
                .with_flag(Flag::NoReasonFreightFree, settings.no_reason_freight_free);
            world.numbers[Number::FiledOn as usize] =
                (day_number(*day), until.map_or(u32::MAX, day_number));
            worlds.push(world);
        }
    }
    worlds
}

/// A way past some guards: what must hold, what must not, and whether the finding counts as a fault of
/// the product from then on.
struct Way {
    required: Clause,
    avoided: Vec<Clause>,
    treated: bool,
}

struct Survey<'a> {
    pack: &'a Pack,
    worlds: &'a [Space],
    impossible: Vec<Clause>,
}

impl Survey<'_> {
    fn gaps(&self) -> Vec<Problem> {
        let Some((last, fallbacks)) = self.pack.fallbacks.split_last() else { return Vec::new() };
        let mut avoided: Vec<Clause> =
            self.pack.left.iter().map(|left| atoms(&left.when)).collect();
        let mut gaps = Vec::new();
        for way in ways(&self.pack.guards) {
            for world in self.worlds {
                let world = without_offers(world);
                loop {
                    if gaps.len() >= GAPS_MAX {
                        return gaps;
                    }
                    let mut search = Search::default();
                    let more = self.unanswered(&way, fallbacks);
                    let found = self.find(&mut search, &world, &way, &[], &[&more, &avoided]);
                    if search.gave_up() {
                        gaps.push(Problem::Unsettled { rule: last.text.id.clone() });
                    }
                    let Some(found) = found else { break };
                    avoided.push(witness::shape(&found));
                    let facts = witness::facts(self.pack, &found);
                    let outcome = evaluate(self.pack, &facts);
                    if !outcome.rests_on(last.text.id.as_str()) {
                        continue;
                    }
                    let facts = Box::new(FactsForm::of(&facts, self.pack));
                    let (last, words) = (last.text.id.clone(), facts.line());
                    gaps.push(Problem::Gap { last, facts, words });
                }
            }
        }
        gaps
    }

    /// What answers a case that has come past the guards: an offer, or an earlier fallback.
    fn unanswered(&self, way: &Way, fallbacks: &[Rule]) -> Vec<Clause> {
        let stages = [&self.pack.entitlements, &self.pack.amounts, &self.pack.breaches];
        let offers = stages.into_iter().flatten().filter(|rule| is_offer(rule));
        let answers = offers.chain(fallbacks).filter_map(|rule| {
            let clause = clause(rule);
            if way.treated { after_product_fault(&clause) } else { Some(clause) }
        });
        answers.collect()
    }

    fn unreachable(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (nth, rule) in self.pack.guards.iter().enumerate() {
            let earlier = &self.pack.guards[..nth];
            problems.extend(self.reach(rule, earlier, earlier, |_| Vec::new()));
        }
        let stages = [&self.pack.entitlements, &self.pack.amounts, &self.pack.breaches];
        for rule in stages.into_iter().flatten() {
            problems.extend(self.reach(rule, &self.pack.guards, &[], |_| Vec::new()));
        }
        for (nth, rule) in self.pack.fallbacks.iter().enumerate() {
            let earlier = &self.pack.fallbacks[..nth];
            let unanswered = |way: &Way| self.unanswered(way, earlier);
            problems.extend(self.reach(rule, &self.pack.guards, earlier, unanswered));
        }
        problems
    }

    /// All facts on the days of the pack, whatever the parameters say: a row they keep silent is not
    /// dead, since a parameter has its days and places.
    fn any_day(&self) -> Space {
        let mut any = Space::whole();
        let until = self.pack.effective_until().map_or(u32::MAX, day_number);
        any.numbers[Number::FiledOn as usize] = (day_number(self.pack.effective_from()), until);
        any
    }

    /// A problem unless some facts come past the guards and meet the row. `earlier` are rows one of
    /// which may be to blame.
    fn reach(
        &self,
        rule: &Rule,
        guards: &[Rule],
        earlier: &[Rule],
        more: impl Fn(&Way) -> Vec<Clause>,
    ) -> Option<Problem> {
        let wanted = clause(rule);
        let is_late = matches!(rule.text.stage, Stage::Amount | Stage::Breach);
        let mut search = Search::default();
        let any = self.any_day();
        for way in ways(guards) {
            let wanted = match way.treated {
                true => after_product_fault(&wanted),
                false => Some(wanted.clone()),
            };
            let Some(wanted) = wanted else { continue };
            let more = more(&way);
            let world = if is_late { any.clone() } else { without_offers(&any) };
            if self.find(&mut search, &world, &way, &wanted, &[&more]).is_some() {
                return None;
            }
        }
        let id = rule.text.id.clone();
        if search.gave_up() {
            return Some(Problem::Unsettled { rule: id });
        }
        let shadow = earlier
            .iter()
            .find(|one| !matches!(one.effect, Effect::CarryOn) && rule.when.implies(&one.when));
        Some(Problem::Unreachable { rule: id, shadowed_by: shadow.map(|one| one.text.id.clone()) })
    }

    fn find(
        &self,
        search: &mut Search,
        world: &Space,
        way: &Way,
        wanted: &[Atom],
        more: &[&Vec<Clause>],
    ) -> Option<Space> {
        let required: Clause = way.required.iter().chain(wanted).copied().collect();
        let avoided: Vec<&Clause> = (way.avoided.iter())
            .chain(&self.impossible)
            .chain(more.iter().flat_map(|clauses| clauses.iter()))
            .collect();
        search.find(world, &required, &avoided)
    }
}

/// Every way past some guards: none of them rules; and either none turns the finding into a fault of
/// the product, or exactly one is the first to do so.
fn ways(guards: &[Rule]) -> Vec<Way> {
    let speaks = |rule: &&Rule| !matches!(rule.effect, Effect::CarryOn);
    let rules = |rule: &&Rule| speaks(rule) && !turns(rule);
    let untreated = Way {
        required: Vec::new(),
        avoided: guards.iter().filter(speaks).map(clause).collect(),
        treated: false,
    };
    let treated = guards.iter().enumerate().filter(|(_, rule)| turns(rule)).map(|(nth, first)| {
        let before = guards[..nth].iter().filter(speaks).map(clause);
        let after = guards[nth + 1..].iter().filter(rules);
        let after = after.filter_map(|rule| after_product_fault(&clause(rule)));
        Way { required: clause(first), avoided: before.chain(after).collect(), treated: true }
    });
    std::iter::once(untreated).chain(treated).collect()
}

fn turns(rule: &Rule) -> bool {
    matches!(rule.effect, Effect::TreatAsProductFault)
}

fn is_offer(rule: &Rule) -> bool {
    matches!(rule.effect, Effect::Offer { .. })
}

/// What a row asks for, the inspection it needs included.
fn clause(rule: &Rule) -> Clause {
    let mut clause = atoms(&rule.when);
    let counts_on_a_finding = matches!(rule.text.stage, Stage::Entitlement | Stage::Breach)
        && rule.inspection == Inspection::Required;
    if counts_on_a_finding {
        clause.push(Atom::Flag(Flag::Inspected, true));
    }
    clause
}

fn without_offers(world: &Space) -> Space {
    let flags = [Flag::ReplaceOffered, Flag::ExchangeDue, Flag::RefundOffered];
    flags.into_iter().fold(world.clone(), |world, flag| world.with_flag(flag, false))
}

/// Rows that give nothing an earlier one has not given already.
fn overlaps(rules: &[Rule]) -> Vec<Problem> {
    let within = |nth: usize, rule: &Rule| {
        let earlier = rules[..nth].iter().find(|one| gives_all_of(one, rule))?;
        let (rule, within) = (rule.text.id.clone(), earlier.text.id.clone());
        Some(Problem::Overlap { rule, within })
    };
    rules.iter().enumerate().filter_map(|(nth, rule)| within(nth, rule)).collect()
}

fn gives_all_of(earlier: &Rule, later: &Rule) -> bool {
    let (
        Effect::Offer { remedies: gives, refund: pays, exchange_due: is_due, .. },
        Effect::Offer { remedies: adds, refund, exchange_due, .. },
    ) = (&earlier.effect, &later.effect)
    else {
        return false;
    };
    let inspection = |rule: &Rule| rule.inspection == Inspection::Required;
    later.when.implies(&earlier.when)
        && (inspection(later) || !inspection(earlier))
        && adds.iter().all(|remedy| gives.contains(remedy))
        && (refund == pays || !adds.contains(&parasol_journey::vocab::Remedy::Refund))
        && (!exchange_due || *is_due)
        && later.extras.iter().all(|extra| earlier.extras.contains(extra))
        && later.goodwill == crate::outcome::Goodwill::default()
}
