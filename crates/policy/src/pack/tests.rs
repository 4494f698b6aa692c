use parasol_journey::vocab::Category;

use super::*;
use crate::problems::Problem;
use crate::rule::RuleId;

/// The built-in pack with one text replaced; the replaced text must be there.
fn changed(from: &str, to: &str) -> String {
    let text = Pack::builtin_text();
    assert!(text.contains(from), "{from:?} is not in the pack");
    text.replacen(from, to, 1)
}

fn line_with(text: &str, part: &str) -> u32 {
    let index = text.lines().position(|line| line.contains(part)).unwrap();
    u32::try_from(index).unwrap() + 1
}

#[test]
fn the_builtin_pack_is_sound() {
    let pack = Pack::builtin();
    assert_eq!(&**pack.version(), "cn-2026.1");
    assert_eq!(pack.problems(), []);
    assert!(pack.is_effective("2026-01-01".parse().unwrap()));
    assert!(!pack.is_effective("2025-12-31".parse().unwrap()));
    for row in [
        "R00", "R01", "R02", "R03", "R04", "R05", "R10", "R11", "R12", "R13", "R14", "R20", "R21",
        "R22", "R23", "R24", "R25", "R26", "R27", "R28", "R30", "R31", "R40", "R41", "R50", "R51",
        "R52", "R53", "R54", "R55", "R56", "R57", "R58", "R59", "R60", "R61", "R70", "R99",
    ] {
        assert!(pack.rules().any(|rule| rule.id.row() == row), "{row} is missing");
    }
}

/// Source: 三包 first catalogue; 国家质检总局公告 2011 no. 20.
#[test]
fn warranty_and_depreciation_are_by_category() {
    let pack = Pack::builtin();
    for (category, whole, parts, rate) in [
        (Category::Refrigerator, 12, 36, 5),
        (Category::Television, 12, 36, 10),
        (Category::AirConditioner, 12, 36, 10),
        (Category::Microwave, 12, 24, 5),
        (Category::WaterHeater, 12, 12, 5),
    ] {
        let cover = pack.cover(category);
        let found = (cover.whole_unit_months, cover.main_part_months, cover.depreciation_per_day);
        assert_eq!((cover.category, found), (category, (whole, parts, rate)));
    }
}

#[test]
fn a_wrong_pack_is_refused_with_line_rule_and_reason() {
    let r10 = "id = \"R10\"\n";
    let when = "when = { function = \"normal\", customer_disputes = true }";
    for (from, to, place, rule, reason) in [
        (r10, "id = \"R01\"\n", "", Some("R01"), "used twice"),
        (r10, "id = \"Rule10\"\n", "Rule10", Some("Rule10"), "no rule id"),
        (r10, "id = \"R10\"\ncolour = 3\n", "colour = 3", None, "unknown field `colour`"),
        (when, "when = { sunny = true }", "sunny", None, "unknown field `sunny`"),
        (when, "when = { causes = [\"moon\"] }", "moon", None, "unknown variant `moon`"),
        (when, "when = { causes = [] }", "causes = []", Some("R41"), "empty list"),
        (when, "when = { province = [] }", "province = []", Some("R41"), "empty list"),
        (when, "when = { province = [\"99\"] }", "\"99\"", None, "no province code"),
        (when, "when = { promises_any = [] }", "promises_any = []", Some("R41"), "empty list"),
        (when, "when = {}", "", Some("R41"), "`when` is empty"),
        (when, "when = { level_min = 3, level_max = 2 }", "level_min = 3, l", Some("R41"), "above"),
        (when, "when = { refund_offered = true }", "", Some("R41"), "known only in"),
        (when, "when = { counted_from = \"invoice\", danger = true }", "", Some("R41"), "nothing"),
        ("then = { need = \"guided_test\" }", "then = {}", "then = {}", Some("R41"), "exactly one"),
        (
            "then = { need = \"guided_test\" }",
            "then = { need = \"tea\" }",
            "\"tea\"",
            None,
            "`tea`",
        ),
        (
            "then = { charge_all = true }",
            "then = { need = \"lab\" }",
            "",
            Some("R70-cost"),
            "stage",
        ),
        ("then = { remedies = [\"repair\"] }", "then = { remedies = [] }", "", None, "empty"),
        ("version = \"cn-2026.1\"", "version = \"\"", "version = ", None, "`version` must"),
        ("effective_from = \"2026-01-01\"", "effective_from = \"soon\"", "soon", None, "invalid"),
        ("name = \"fan\"", "name = \"vacuum\"", "", None, "given twice"),
        ("when = {}", "when = { danger = true }", "", None, "must hold always"),
        ("main_part_months = 36", "main_part_months = 6", "", None, "whole unit <="),
    ] {
        let text = changed(from, to);
        let error = Pack::parse(&text).expect_err(to);
        assert!(error.reason.contains(reason), "{to}: {error}");
        assert!(rule.is_none() || error.rule.as_deref() == rule, "{to}: {error}");
        if !place.is_empty() && rule.is_none() {
            assert_eq!(error.line, line_with(&text, place), "{to}: {error}");
        }
        if let (Some(rule), true) = (rule, !place.is_empty()) {
            let line = line_with(&text, &format!("id = \"{rule}\""));
            assert!(error.line.abs_diff(line) <= 1, "{to}: {error}, the rule is at {line}");
        }
    }
}

#[test]
fn a_missing_category_or_a_cut_file_is_refused() {
    let text = changed("[[category]]\nname = \"fan\"", "[[category]]\nname = \"kettle\"");
    assert!(Pack::parse(&text).is_err());
    let text = Pack::builtin_text();
    let start = text.find("[[category]]\nname = \"fan\"").unwrap();
    let end = start + text[start..].find("# ----").unwrap();
    let error = Pack::parse(&format!("{}{}", &text[..start], &text[end..])).unwrap_err();
    assert_eq!(error.reason, "category fan is missing");
    assert!(Pack::parse(&text[..text.len() / 2]).is_err());
    assert!(Pack::parse("").is_err());
    assert!(Pack::parse(&"#\n".repeat(TEXT_BYTES_MAX)).is_err());
}

#[test]
fn rows_that_can_never_fire_are_reported() {
    let problems = |from: &str, to: &str| Pack::parse(&changed(from, to)).unwrap().problems();
    let unreachable = |rule: &str, shadowed_by: &str| Problem::Unreachable {
        rule: rule.parse().unwrap(),
        shadowed_by: shadowed_by.parse().unwrap(),
    };
    // R00 without its condition on danger swallows whatever speaks of quality cases.
    let found = problems("when = { danger = true }", "when = { kind = \"quality\" }");
    assert_eq!(
        found,
        [unreachable("R04", "R00"), unreachable("R05", "R00"), unreachable("R70", "R00")]
    );
    // A wider range above a narrower one; rows that do not ask for it are still reached.
    let found = problems("result_min = 2, months_max = 5 }", "result_min = 1 }");
    assert_eq!(found, [unreachable("R60-lab", "R60-burden")]);
    // What turns misuse into a product fault hides later rows on misuse, but not those on identity.
    let found = problems("evidence_ok = false, months_max = 5 }", "evidence_ok = false }");
    assert_eq!(
        found,
        [
            unreachable("R51-still", "R50"),
            unreachable("R51-late", "R50"),
            unreachable("R51", "R50")
        ]
    );
    // A fallback that always holds hides those after it.
    let found = problems("when = { inspected = false }\n", "when = {}\n");
    assert_eq!(found, [unreachable("R61", "R60-first"), unreachable("R99", "R60-first")]);
}

#[test]
fn rule_ids_have_one_form() {
    let id: RuleId = "R23-33-days".parse().unwrap();
    assert_eq!((id.as_str(), id.row()), ("R23-33-days", "R23"));
    for wrong in
        ["", "R1", "r10", "R10-", "R10x", "R10-A", "R100", "R10 ", "R１０", &"R10-".repeat(9)]
    {
        assert!(wrong.parse::<RuleId>().is_err(), "{wrong:?} was accepted");
    }
}
