//! `parasol policy explain`: what a customer is owed on some facts, and why.

use std::path::PathBuf;

use parasol_api::Language;
use parasol_journey::vocab::Remedy;
use parasol_policy::{FactsForm, Heard, Offer, Outcome, Payer, RuleText, Ruling, evaluate};
use serde_json::json;

use super::files;
use crate::cli::{Common, Exit};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The pack: a folder, its pack.toml, or a single file [default: the built-in pack]
    #[arg(long, value_name = "PATH")]
    pack: Option<PathBuf>,
    /// The facts of the case, in TOML or (if the name ends in .json) JSON
    #[arg(long, value_name = "FILE")]
    facts: PathBuf,
}

pub(super) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let pack = files::pack(args.pack.as_deref())?;
    let facts = files::facts(&args.facts, &pack)?;
    let outcome = evaluate(&pack, &facts);
    let heard = outcome.heard(facts.wish);
    let language = common.language();
    let rules: Vec<_> = outcome
        .fired
        .iter()
        .map(|rule| json!({ "rule": rule.id, "basis": rule.basis, "says": says(language, rule) }))
        .collect();
    let document = json!({
        "pack": outcome.pack_version,
        "facts": FactsForm::of(&facts, &pack),
        "ruling": outcome.ruling,
        "rules": rules,
        "extras": outcome.extras,
        "points": outcome.goodwill.points,
        "goodwill_fen": outcome.goodwill.fen,
        "wish": heard,
    });
    common.answer(&document, || text(language, &outcome, &heard))?;
    Ok(Exit::Done)
}

fn says(language: Language, rule: &RuleText) -> &str {
    match language {
        Language::Zh => &rule.say_zh,
        Language::En => &rule.say_en,
    }
}

fn text(language: Language, outcome: &Outcome, heard: &Heard) -> String {
    let say = |zh: &str, en: &str| pick(language, zh, en).to_owned();
    let mut lines = vec![format!("{}{}", say("规则包：", "Pack: "), outcome.pack_version)];
    match &outcome.ruling {
        Ruling::Offered(offers) => {
            lines.push(say("结论：您可以选择", "Ruling: the customer chooses among"));
            lines.extend(offers.iter().map(|offer| format!("  {}", offered(language, offer))));
        }
        Ruling::Denied(denial) => lines.push(format!(
            "{}{} ({}, {})",
            say("结论：不支持 ", "Ruling: denied, "),
            word(&denial.reason),
            word(&denial.instead),
            denial.rule,
        )),
        Ruling::Needs(step) => lines.push(format!(
            "{}{} ({})",
            say("结论：先要 ", "Ruling: first needs "),
            word(&step.need),
            step.rule,
        )),
    }
    lines.extend(told(language, heard));
    if !outcome.extras.is_empty() {
        let extras: Vec<_> = outcome.extras.iter().map(word).collect();
        lines.push(format!("{}{}", say("另有：", "On top: "), extras.join(", ")));
    }
    if outcome.goodwill.points > 0 {
        lines.push(format!("{}{}", say("积分：", "Points: "), outcome.goodwill.points));
    }
    lines.push(say("适用的规则：", "Rules that fired:"));
    let rules = outcome.fired.iter();
    lines.extend(
        rules.map(|rule| format!("  {} [{}] {}", rule.id, rule.basis, says(language, rule))),
    );
    lines.join("\n")
}

fn offered(language: Language, offer: &Offer) -> String {
    let amount = offer
        .refund
        .map_or(String::new(), |refund| format!(" {}", yuan(language, refund.amount_fen)));
    let recourse = offer.recourse.map_or("", Payer::as_str);
    let payer = match recourse {
        "" => offer.payer.as_str().to_owned(),
        recourse => format!("{} > {recourse}", offer.payer.as_str()),
    };
    let paid = pick(language, "费用", "at the cost of");
    format!("{}{amount} ({}; {paid} {payer})", remedy(language, offer.remedy), offer.rule)
}

/// What becomes of the wish, if there is something to say.
fn told(language: Language, heard: &Heard) -> Option<String> {
    let named = |better: &[Remedy]| {
        let names: Vec<_> = better.iter().map(|one| remedy(language, *one)).collect();
        names.join(pick(language, "、", ", "))
    };
    match heard {
        Heard::Granted { better } if !better.is_empty() => Some(format!(
            "{}{}",
            pick(language, "按您的要求处理；您还可以选择：", "As asked for; more could be had: "),
            named(better),
        )),
        Heard::NotOwed => Some(
            pick(
                language,
                "您要求的方式不在可选范围内，请从上述方式中选择；您的要求已记录。",
                "What was asked for is not owed; the customer chooses among the above, and the wish stays on record.",
            )
            .to_owned(),
        ),
        Heard::Granted { .. } | Heard::Open => None,
    }
}

fn pick<'a>(language: Language, zh: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}

fn remedy(language: Language, remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Repair => pick(language, "维修", "repair"),
        Remedy::Replace => pick(language, "换新", "replacement"),
        Remedy::Refund => pick(language, "退款", "refund"),
    }
}

/// Fen as yuan, with no rounding.
pub(super) fn yuan(language: Language, fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let (yuan, rest) = (fen.unsigned_abs() / 100, fen.unsigned_abs() % 100);
    match language {
        Language::Zh => format!("{sign}{yuan}.{rest:02}元"),
        Language::En => format!("{sign}{yuan}.{rest:02} yuan"),
    }
}

/// A word of the pack.
fn word(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_default();
    json.trim_matches('"').to_owned()
}
