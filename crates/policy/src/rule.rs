//! One row of the decision table: its text, its stage, its condition and what it brings about.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use parasol_journey::vocab::Remedy;
use serde::{Deserialize, Serialize};

use crate::amount::{PRICE_FEN_MAX, RefundRule};
use crate::condition::Condition;
use crate::form::{RuleForm, Then};
use crate::outcome::{DenialReason, Extra, Goodwill, Instead, Need, Payer};
use crate::promises::PromiseNumbers;

/// The longest sentence to a customer, and the longest source, in characters.
const SENTENCE_CHARS_MAX: usize = 300;

/// When a row is consulted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Tried in order before anything else; the first that rules ends the evaluation.
    Guard,
    /// Every row that holds adds to what is offered.
    Entitlement,
    /// Sets what a refund amounts to, once the offers are known.
    Amount,
    /// Adds what a missed deadline is worth.
    Breach,
    /// Tried in order when nothing is on offer; the last one holds always.
    Fallback,
}

/// Whether a row needs somebody to have inspected the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inspection {
    /// It counts only on a finding.
    Required,
    /// The customer's word is enough.
    None,
}

/// What is told of a row: its id, where it comes from, its sentence to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleText {
    /// The row's id.
    pub id: RuleId,
    /// When it is consulted.
    pub stage: Stage,
    /// The source: a law's article, a promise's terms, or the house.
    pub basis: String,
    /// One sentence to the customer, in Chinese.
    pub say_zh: String,
    /// The same in English.
    pub say_en: String,
}

/// A row's id: its row in the decision table and, for one of several readings of that row, a
/// suffix: `R25`, `R23-33-days`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuleId(Arc<str>);

/// The text is no row id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no rule id: `R`, two digits, and perhaps `-` with small letters and digits")]
pub struct BadRuleId(String);

impl RuleId {
    /// The longest id, in bytes.
    pub const LEN_MAX: usize = 32;

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The row of the decision table it belongs to, such as `R23`.
    pub fn row(&self) -> &str {
        self.0.get(..3).unwrap_or_default()
    }
}

impl FromStr for RuleId {
    type Err = BadRuleId;
    fn from_str(text: &str) -> Result<Self, BadRuleId> {
        let fits = match text.as_bytes() {
            [b'R', tens, ones, suffix @ ..] => {
                let suffix_fits = match suffix {
                    [] => true,
                    [b'-', rest @ ..] => {
                        let small = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
                        !rest.is_empty() && rest.iter().all(|b| small(b) || *b == b'-')
                    }
                    _ => false,
                };
                tens.is_ascii_digit() && ones.is_ascii_digit() && suffix_fits
            }
            _ => false,
        };
        if fits && text.len() <= Self::LEN_MAX {
            Ok(Self(text.into()))
        } else {
            Err(BadRuleId(text.to_owned()))
        }
    }
}

impl TryFrom<String> for RuleId {
    type Error = BadRuleId;
    fn try_from(text: String) -> Result<Self, BadRuleId> {
        text.parse()
    }
}

impl From<RuleId> for String {
    fn from(id: RuleId) -> Self {
        id.0.to_string()
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One compiled row.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) text: Arc<RuleText>,
    pub(crate) when: Condition,
    pub(crate) inspection: Inspection,
    pub(crate) effect: Effect,
    pub(crate) extras: Box<[Extra]>,
    pub(crate) goodwill: Goodwill,
}

/// The main effect of a row.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    Offer {
        remedies: Box<[Remedy]>,
        refund: RefundRule,
        exchange_due: bool,
        payer: Payer,
        recourse: Option<Payer>,
    },
    TreatAsProductFault,
    CarryOn,
    Deny {
        reason: DenialReason,
        instead: Instead,
        payer: Option<Payer>,
    },
    Need {
        need: Need,
        payer: Option<Payer>,
    },
    ChargeAll {
        payer: Payer,
    },
}

impl Rule {
    /// Whether its stage holds a row that needs an inspection back until there is one.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.text.stage, Stage::Entitlement | Stage::Breach)
    }

    pub(crate) fn compile(form: RuleForm, names: &PromiseNumbers) -> Result<Self, String> {
        for (key, text) in
            [("basis", &form.basis), ("say_zh", &form.say_zh), ("say_en", &form.say_en)]
        {
            if text.trim().is_empty() || text.chars().count() > SENTENCE_CHARS_MAX {
                return Err(format!("`{key}` must be 1 to {SENTENCE_CHARS_MAX} characters"));
            }
        }
        let when = Condition::compile(&form.when, names)?;
        let late = matches!(form.stage, Stage::Amount | Stage::Breach);
        if when.asks_for_offers() && !late {
            return Err(
                "`replace_offered`, `exchange_due` and `refund_offered` are known only in \
                        the stages `amount` and `breach`"
                    .to_owned(),
            );
        }
        if when.is_empty() && form.stage != Stage::Fallback {
            return Err("`when` is empty; only a `fallback` rule may hold always".to_owned());
        }
        let by_inspection = matches!(form.stage, Stage::Entitlement | Stage::Breach);
        if form.inspection.is_some() && !by_inspection {
            return Err("`inspection` belongs to the stages `entitlement` and `breach`".to_owned());
        }
        if !(0..=PRICE_FEN_MAX).contains(&form.then.goodwill_fen) {
            return Err("`goodwill_fen` is negative or beyond all prices".to_owned());
        }
        let goodwill = Goodwill { fen: form.then.goodwill_fen, points: form.then.points };
        let effect = Effect::compile(&form.then, form.stage, form.payer, form.recourse)?;
        let text = RuleText {
            id: form.id.parse().map_err(|error: BadRuleId| error.to_string())?,
            stage: form.stage,
            basis: form.basis,
            say_zh: form.say_zh,
            say_en: form.say_en,
        };
        Ok(Self {
            text: Arc::new(text),
            when,
            inspection: form.inspection.unwrap_or(Inspection::Required),
            effect,
            extras: form.then.extras.into(),
            goodwill,
        })
    }
}

impl Effect {
    /// The remedies it puts on offer; empty when it offers none.
    pub(crate) fn remedies(&self) -> &[Remedy] {
        match self {
            Self::Offer { remedies, .. } => remedies,
            _ => &[],
        }
    }

    fn compile(
        then: &Then,
        stage: Stage,
        payer: Option<Payer>,
        recourse: Option<Payer>,
    ) -> Result<Self, String> {
        let effects = [
            then.remedies.is_some(),
            then.treat_as_product_fault,
            then.carry_on,
            then.charge_all,
            then.deny.is_some(),
            then.need.is_some(),
        ];
        if effects.into_iter().filter(|given| *given).count() != 1 {
            return Err("`then` must have exactly one of `remedies`, `treat_as_product_fault`, \
                        `carry_on`, `charge_all`, `deny`, `need`"
                .to_owned());
        }
        if then.instead.is_some() && then.deny.is_none() {
            return Err("`instead` goes with `deny`".to_owned());
        }
        if recourse.is_some() && then.remedies.is_none() {
            return Err("`recourse` goes with `remedies`".to_owned());
        }
        let needed = || payer.ok_or_else(|| "`payer` is missing".to_owned());
        let effect = if let Some(remedies) = &then.remedies {
            offer(then, remedies, needed()?, recourse)?
        } else if let Some(reason) = then.deny {
            Self::Deny { reason, instead: then.instead.unwrap_or_default(), payer }
        } else if let Some(need) = then.need {
            Self::Need { need, payer }
        } else if then.charge_all {
            Self::ChargeAll { payer: needed()? }
        } else if then.treat_as_product_fault {
            Self::TreatAsProductFault
        } else {
            Self::CarryOn
        };
        if then.remedies.is_none() && (then.refund.is_some() || then.exchange_due) {
            return Err("`refund` and `exchange_due` go with `remedies`".to_owned());
        }
        effect.check_stage(then, stage)?;
        Ok(effect)
    }

    fn check_stage(&self, then: &Then, stage: Stage) -> Result<(), String> {
        let adds = !then.extras.is_empty() || then.goodwill_fen > 0 || then.points > 0;
        let fits = match (stage, self) {
            (Stage::Guard, effect) => !matches!(effect, Self::ChargeAll { .. }),
            (Stage::Entitlement, Self::CarryOn) => adds,
            (Stage::Entitlement, effect) => matches!(effect, Self::Offer { .. }),
            (Stage::Amount, Self::Offer { remedies, .. }) => **remedies == [Remedy::Refund],
            (Stage::Amount, _) => false,
            (Stage::Breach, Self::CarryOn) => adds,
            (Stage::Breach, effect) => {
                matches!(effect, Self::Offer { .. } | Self::ChargeAll { .. })
            }
            (Stage::Fallback, effect) => {
                matches!(effect, Self::Offer { .. } | Self::Deny { .. } | Self::Need { .. })
            }
        };
        if fits { Ok(()) } else { Err("this `then` does not fit the rule's `stage`".to_owned()) }
    }
}

fn offer(
    then: &Then,
    remedies: &[Remedy],
    payer: Payer,
    recourse: Option<Payer>,
) -> Result<Effect, String> {
    let mut sorted = remedies.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.is_empty() || sorted.len() != remedies.len() {
        return Err("`remedies` is empty or names one twice".to_owned());
    }
    if then.refund.is_some() && !remedies.contains(&Remedy::Refund) {
        return Err("`refund` is given but `remedies` has no refund".to_owned());
    }
    if then.exchange_due && !remedies.contains(&Remedy::Replace) {
        return Err("`exchange_due` is given but `remedies` has no replace".to_owned());
    }
    Ok(Effect::Offer {
        remedies: sorted.into(),
        refund: then.refund.unwrap_or_default(),
        exchange_due: then.exchange_due,
        payer,
        recourse,
    })
}
