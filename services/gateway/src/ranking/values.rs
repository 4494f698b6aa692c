//! Figures in words: a value by its unit, and what it was counted from.

use parasol_api::Language;
use parasol_api::tracking::v1::{Indicator, ScoreFigure, ScoreUnit};
use parasol_journey::time::Span;

use crate::web::times;
use crate::web::words::Pick as _;

const MILLION: i64 = 1_000_000;
/// The one indicator of points that runs from −100 to 100.
const NPS: &str = "nps";

/// A value in its unit.
pub(super) fn value(indicator: &Indicator, value: i64, language: Language) -> String {
    match indicator.unit() {
        ScoreUnit::Share => format!("{}%", tenths(value, 100)),
        ScoreUnit::Time => length(value, language),
        ScoreUnit::Points if indicator.indicator == NPS => {
            format!("{:+}", (value * 100 + value.signum() * MILLION / 2) / MILLION)
        }
        ScoreUnit::Points => hundredths(value),
        ScoreUnit::Count => hundredths(value),
        ScoreUnit::Money => money(value),
        ScoreUnit::Unspecified => value.to_string(),
    }
}

/// What was counted, in its unit.
pub(super) fn counted(indicator: &Indicator, numerator: i64, language: Language) -> String {
    match indicator.unit() {
        ScoreUnit::Time => length(numerator, language),
        ScoreUnit::Points => hundredths(numerator),
        ScoreUnit::Money => money(numerator),
        ScoreUnit::Share | ScoreUnit::Count | ScoreUnit::Unspecified => grouped(numerator),
    }
}

/// The value as it would be with what changed since; `None` where nothing did, or a median cannot be told from sums.
pub(super) fn now(
    indicator: &Indicator,
    figure: &ScoreFigure,
    language: Language,
) -> Option<String> {
    if figure.restatements.is_empty() || figure.denominator_now <= 0 {
        return None;
    }
    let scale = match indicator.unit() {
        ScoreUnit::Share | ScoreUnit::Count => MILLION,
        ScoreUnit::Points | ScoreUnit::Money => 1,
        ScoreUnit::Time | ScoreUnit::Unspecified => return None,
    };
    let whole = i128::from(figure.numerator_now) * i128::from(scale);
    let mean = i64::try_from(whole / i128::from(figure.denominator_now)).ok()?;
    Some(value(indicator, mean, language))
}

/// A number with its thousands set apart.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// Millionths as a number with one digit behind the point, times a factor.
fn tenths(millionths: i64, factor: i64) -> String {
    let scaled = i128::from(millionths) * i128::from(factor) * 10;
    let rounded = (scaled + i128::from(MILLION) / 2).div_euclid(i128::from(MILLION));
    let (whole, rest) = (rounded / 10, rounded % 10);
    format!("{whole}.{}", rest.abs())
}

/// Millionths as a number with two digits behind the point.
fn hundredths(millionths: i64) -> String {
    let rounded = (i128::from(millionths.unsigned_abs()) + 5_000) / 10_000;
    let sign = if millionths < 0 && rounded > 0 { "-" } else { "" };
    let whole = i64::try_from(rounded / 100).unwrap_or(i64::MAX);
    format!("{sign}{}.{:02}", grouped(whole), rounded % 100)
}

fn length(micros: i64, language: Language) -> String {
    times::length(Span::from_micros(micros), language)
}

fn money(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let whole = i64::try_from(fen.unsigned_abs() / 100).unwrap_or(i64::MAX);
    format!("{sign}¥{}.{:02}", grouped(whole), fen.unsigned_abs() % 100)
}

/// Why a figure was changed after it was published, by the kind of entry that changed it.
pub(super) fn cause(word: &str, language: Language) -> &'static str {
    let t = |zh, en| language.pick(zh, en);
    match word {
        "dispute_decided" => t("争议裁决", "a dispute was decided"),
        "dispute_opened" => t("发生争议", "a dispute was opened"),
        "reopened" => t("服务单重新打开", "a case was opened again"),
        "closed" => t("服务单再次结案", "a case closed again"),
        "survey_answered" => t("评价被修改", "an answer was changed"),
        "certificate_contested" => t("检测结论被质疑", "a certificate was contested"),
        "outcome_rejected" => t("客户对结果不满意", "a customer was not satisfied"),
        "repair_failed" => t("维修未能解决", "a repair did not help"),
        _ => t("服务单的后续进展", "a later entry of a case"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(unit: ScoreUnit, id: &str) -> Indicator {
        Indicator { indicator: id.to_owned(), unit: unit.into(), ..Indicator::default() }
    }

    #[test]
    fn values_are_told_in_their_unit_and_rounded_once() {
        let en = Language::En;
        for (unit, id, number, said) in [
            (ScoreUnit::Share, "on_time", 975_000, "97.5%"),
            (ScoreUnit::Share, "on_time", 999_999, "100.0%"),
            (ScoreUnit::Share, "no_show", 0, "0.0%"),
            (ScoreUnit::Points, "csat", 4_516_129, "4.52"),
            (ScoreUnit::Points, "nps", -125_000, "-13"),
            (ScoreUnit::Points, "nps", 420_000, "+42"),
            (ScoreUnit::Count, "breaches", 350_000, "0.35"),
            (ScoreUnit::Money, "goodwill", 1_234_567, "¥12,345.67"),
            (ScoreUnit::Time, "accept_time", 5_400 * MILLION, "1 h 30 min"),
        ] {
            assert_eq!(value(&of(unit, id), number, en), said, "{id} {number}");
        }
        assert_eq!(counted(&of(ScoreUnit::Share, "on_time"), 1_234_567, en), "1,234,567");
        assert_eq!(counted(&of(ScoreUnit::Points, "csat"), 140 * MILLION, en), "140.00");
        assert_eq!(grouped(-1_000), "-1,000");
    }

    #[test]
    fn what_changed_since_is_told_where_sums_tell_it() {
        let restated = parasol_api::tracking::v1::Restatement::default();
        let figure = ScoreFigure {
            numerator_now: 39,
            denominator_now: 40,
            restatements: vec![restated],
            ..ScoreFigure::default()
        };
        let share = of(ScoreUnit::Share, "on_time");
        assert_eq!(now(&share, &figure, Language::Zh).as_deref(), Some("97.5%"));
        assert_eq!(now(&of(ScoreUnit::Time, "accept_time"), &figure, Language::Zh), None);
        let unchanged = ScoreFigure { restatements: Vec::new(), ..figure };
        assert_eq!(now(&share, &unchanged, Language::Zh), None);
    }
}
