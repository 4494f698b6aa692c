//! A pack's own tests: a case in words, and what must come of it.
//!
//! They are data like the rows they are about, written by the same people, read with the pack and run
//! wherever it is: before it is published, by `parasol policy validate`, and in the tests of this
//! crate.

use std::fmt;

use serde::Serialize;
use toml::Table;

use crate::evaluate::evaluate;
use crate::facts::Facts;
use crate::form::{Expect, RulingWord, TestForm};
use crate::outcome::{Outcome, Payer, Ruling};
use crate::pack::Pack;
use crate::parameters::Parameter;
use crate::plain::plainly;
use crate::rule::RuleId;
use crate::wording::FactsForm;

/// A test, read.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    file: String,
    line: u32,
    rule: RuleId,
    source: String,
    case: String,
    facts: Facts,
    /// For none of these the row may fire.
    near: Vec<Facts>,
    /// Parameters of its own, over those of the pack.
    parameters: Vec<Parameter>,
    expect: Expect,
}

/// A test that does not come out as it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedTest {
    /// The file it stands in.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// The row it is about.
    pub rule: RuleId,
    /// What the case is, in its own words.
    pub case: String,
    /// What came out otherwise.
    pub reason: String,
}

impl fmt::Display for FailedTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, rule, case, reason } = self;
        write!(f, "{file}, line {line}, test of {rule} ({case}): {reason}")
    }
}

/// Reads a test. The error is one sentence.
pub(crate) fn read(
    pack: &Pack,
    file: &str,
    line: u32,
    suppose: &Table,
    form: TestForm,
) -> Result<Trial, String> {
    let rule: RuleId = form.rule.parse().map_err(|error| format!("{error}"))?;
    if !pack.rules().any(|row| row.id == rule) {
        return Err("there is no such row".to_owned());
    }
    for (key, text) in [("source", &form.source), ("case", &form.case)] {
        if text.trim().is_empty() {
            return Err(format!("`{key}` is empty"));
        }
    }
    let given = laid_over(suppose, &form.facts);
    let near = form.near.tables().iter().map(|near| facts(pack, laid_over(&given, near)));
    let own = form.parameters.iter().map(|(name, value)| Parameter::always(*name, value));
    Ok(Trial {
        parameters: own.collect::<Result<_, _>>()?,
        file: file.to_owned(),
        line,
        rule,
        source: form.source,
        case: form.case,
        facts: facts(pack, given.clone())?,
        near: near.collect::<Result<_, _>>()?,
        expect: form.expect,
    })
}

/// One list of words with another laid over it.
fn laid_over(below: &Table, above: &Table) -> Table {
    let mut words = below.clone();
    words.extend(above.iter().map(|(word, value)| (word.clone(), value.clone())));
    words
}

fn facts(pack: &Pack, words: Table) -> Result<Facts, String> {
    let form: FactsForm = words.try_into().map_err(|error: toml::de::Error| {
        format!("the facts cannot be read: {}", plainly(error.message(), None))
    })?;
    form.facts(pack)
}

impl Pack {
    /// How many tests the pack brings.
    pub fn tests(&self) -> usize {
        self.trials.len()
    }

    /// The tests that do not come out as they say, in the order of the files.
    pub fn failed_tests(&self) -> Vec<FailedTest> {
        let fail = |trial: &Trial| {
            let reason = trial.run(self).err()?;
            Some(FailedTest {
                file: trial.file.clone(),
                line: trial.line,
                rule: trial.rule.clone(),
                case: trial.case.clone(),
                reason,
            })
        };
        self.trials.iter().filter_map(fail).collect()
    }

    /// The rows that no test is about, in the order of the table.
    pub fn untested(&self) -> Vec<RuleId> {
        let is_tested = |id: &RuleId| self.trials.iter().any(|trial| trial.rule == *id);
        let rules = self.rules().map(|rule| &rule.id);
        rules.filter(|id| !is_tested(id)).cloned().collect()
    }
}

impl Trial {
    fn run(&self, pack: &Pack) -> Result<(), String> {
        let row = pack.rules().find(|row| row.id == self.rule);
        if row.is_some_and(|row| row.basis != self.source) {
            return Err(format!("the row's source is not {:?}", self.source));
        }
        let otherwise;
        let pack = if self.parameters.is_empty() {
            pack
        } else {
            otherwise = pack.with_parameters(&self.parameters);
            &otherwise
        };
        let outcome = evaluate(pack, &self.facts);
        let fired = ids(&outcome);
        if !outcome.rests_on(self.rule.as_str()) {
            return Err(format!("the row does not fire, but {}", fired.join(", ")));
        }
        self.expect
            .hold_against(&outcome)
            .map_err(|why| format!("{why} ({})", fired.join(", ")))?;
        let fires = |near: &&Facts| evaluate(pack, near).rests_on(self.rule.as_str());
        match self.near.iter().position(|near| fires(&near)) {
            Some(0) if self.near.len() == 1 => {
                Err("the row fires for the near miss as well".to_owned())
            }
            Some(nth) => Err(format!("the row fires for near miss {} as well", nth + 1)),
            None => Ok(()),
        }
    }
}

fn ids(outcome: &Outcome) -> Vec<&str> {
    outcome.fired.iter().map(|rule| rule.id.as_str()).collect()
}

impl Expect {
    fn hold_against(&self, outcome: &Outcome) -> Result<(), String> {
        let ruling = match outcome.ruling {
            Ruling::Offered(_) => RulingWord::Offered,
            Ruling::Denied(_) => RulingWord::Denied,
            Ruling::Needs(_) => RulingWord::Needs,
        };
        let refund = outcome.offers().iter().find_map(|offer| offer.refund);
        let (denied, needs) = (outcome.denied(), outcome.needs());
        let payer = denied.map_or(needs.and_then(|step| step.payer), |denial| denial.payer);
        same("ruling", Some(&self.ruling), &ruling)?;
        same(
            "fires",
            self.fires.as_ref(),
            &ids(outcome).iter().map(ToString::to_string).collect(),
        )?;
        let remedies = outcome.offers().iter().map(|offer| offer.remedy).collect();
        same("remedies", self.remedies.as_ref(), &remedies)?;
        same("payers", self.payers.as_ref(), &payers(outcome))?;
        let refund_fen = refund.map(|refund| refund.amount_fen);
        same("refund_fen", self.refund_fen.map(Some).as_ref(), &refund_fen)?;
        let deny = denied.map(|denial| denial.reason);
        same("deny", self.deny.map(Some).as_ref(), &deny)?;
        let instead = denied.map(|denial| denial.instead);
        same("instead", self.instead.map(Some).as_ref(), &instead)?;
        same("need", self.need.map(Some).as_ref(), &needs.map(|step| step.need))?;
        same("payer", self.payer.map(Some).as_ref(), &payer)?;
        same("extras", self.extras.as_ref(), &outcome.extras)?;
        same("points", self.points.as_ref(), &outcome.goodwill.points)
    }
}

fn same<T: PartialEq + fmt::Debug>(
    what: &str,
    wanted: Option<&T>,
    found: &T,
) -> Result<(), String> {
    match wanted {
        Some(wanted) if wanted != found => {
            Err(format!("`{what}` is {}, not {}", shown(found), shown(wanted)))
        }
        _ => Ok(()),
    }
}

/// A value as it is written in a test, as nearly as its debug form tells.
fn shown(value: &impl fmt::Debug) -> String {
    let text = format!("{value:?}");
    let inside = text.strip_prefix("Some(").and_then(|rest| rest.strip_suffix(')'));
    match (inside, text.as_str()) {
        (Some(inside), _) => inside.to_owned(),
        (None, "None") => "nothing".to_owned(),
        (None, _) => text,
    }
}

/// Who pays for each offer, and from whom it is recovered: `seller>brand`.
fn payers(outcome: &Outcome) -> Vec<String> {
    let one = |offer: &crate::outcome::Offer| match offer.recourse {
        None => word(offer.payer),
        Some(recourse) => format!("{}>{}", word(offer.payer), word(recourse)),
    };
    outcome.offers().iter().map(one).collect()
}

fn word(payer: Payer) -> String {
    payer.as_str().to_owned()
}
