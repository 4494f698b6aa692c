use parasol_journey::vocab::{CaseKind, Category, Cause, Function};

use super::*;
use crate::evaluate::evaluate;
use crate::facts::{Facts, Finding};
use crate::problems::Problem;
use crate::rule::RuleId;

/// The files of the built-in pack with one text replaced; the replaced text must be there.
pub(crate) fn changed(from: &str, to: &str) -> Vec<PackFile> {
    let mut files = Pack::builtin_files();
    let holds = |file: &&mut PackFile| file.text.contains(from);
    let file = files.iter_mut().find(holds).unwrap_or_else(|| panic!("{from:?} is nowhere"));
    file.text = file.text.replacen(from, to, 1);
    files
}

fn line_with(files: &[PackFile], part: &str) -> (String, u32) {
    let place = |file: &PackFile| {
        let line = file.text.lines().position(|line| line.contains(part))?;
        Some((file.name.clone(), u32::try_from(line).unwrap() + 1))
    };
    files.iter().find_map(place).unwrap()
}

#[test]
fn the_builtin_pack_is_sound() {
    let pack = Pack::builtin();
    assert_eq!(&**pack.version(), "cn-2026.1");
    assert_eq!(pack.problems(), []);
    assert!(pack.is_effective("2026-01-01".parse().unwrap()));
    assert!(!pack.is_effective("2025-12-31".parse().unwrap()));
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
        (r10, "id = \"R10\"\ncolour = 3\n", "colour = 3", None, "no word `colour`"),
        (when, "when = { sunny = true }", "sunny", None, "no word `sunny`"),
        (when, "when = { causes = [\"moon\"] }", "moon", None, "nothing is called `moon`"),
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
        (
            "effective_from = \"2026-01-01\"",
            "effective_from = \"soon\"",
            "soon",
            None,
            "no such day",
        ),
        ("name = \"fan\"", "name = \"vacuum\"", "", None, "given twice"),
        ("when = {}", "when = { danger = true }", "", None, "must hold always"),
        ("main_part_months = 36", "main_part_months = 6", "", None, "whole unit <="),
    ] {
        let files = changed(from, to);
        let error = Pack::read(&files).expect_err(to);
        assert!(error.reason.contains(reason), "{to}: {error}");
        assert!(rule.is_none() || error.rule.as_deref() == rule, "{to}: {error}");
        if !place.is_empty() && rule.is_none() {
            let place = line_with(&files, place);
            assert_eq!((error.file.clone(), error.line), place, "{to}: {error}");
        }
        if let (Some(rule), true) = (rule, !place.is_empty()) {
            let (file, line) = line_with(&files, &format!("id = \"{rule}\""));
            assert_eq!(error.file, file, "{to}: {error}");
            assert!(error.line.abs_diff(line) <= 1, "{to}: {error}, the rule is at {line}");
        }
    }
}

/// What somebody who writes no programs is told: the line, the row it stands in, and the word that was meant.
#[test]
fn a_slip_of_the_pen_is_refused_in_plain_words() {
    let r10 = "function = \"fault\", days_max = 7 }";
    let close = "]， function = \"fault\", days_max = 7 }";
    for (from, to, rule, place, reason) in [
        (r10, "function = \"fault\", day_max = 7 }", Some("R10"), "day_max", "mean `days_max`?"),
        (r10, "function = \"fault\", days_max = \"7\" }", Some("R10"), "= \"7\"", "whole number"),
        (
            "], function = \"fault\", days_max = 7 }",
            close,
            Some("R10"),
            "， fun",
            "`，` stands outside",
        ),
        ("payer = \"carrier\"", "payer = \"courier\"", Some("R04"), "courier", "mean `carrier`?"),
        ("until = \"2024-06-30\"", "until = \"2024-06-31\"", None, "06-31", "no such day"),
        ("[[rule]]\nid = \"R10\"", "id = \"R10\"", Some("R05"), "", "second time"),
        (
            "promises_any = [\"return_30\"]",
            "promises_any = [\"return_31\"]",
            Some("R12"),
            "",
            "no promise `return_31`",
        ),
        ("rules = [\"R12\"]", "rules = [\"R15\"]", None, "", "promise return_30 names rule R15"),
    ] {
        let files = changed(from, to);
        let error = Pack::read(&files).expect_err(to);
        assert!(error.reason.contains(reason), "{to}: {error}");
        if rule != Some("R05") {
            assert_eq!(error.rule.as_deref(), rule, "{to}: {error}");
        }
        if !place.is_empty() {
            assert_eq!((error.file.clone(), error.line), line_with(&files, place), "{to}: {error}");
        }
    }
    let files = changed("rules = [\"R12\"]", "rules = [\"R15\"]");
    let error = Pack::read(&files).unwrap_err();
    let (file, line) = line_with(&files, "id = \"return_30\"");
    assert_eq!((error.file.as_str(), error.line), (file.as_str(), line - 1), "{error}");
}

#[test]
fn a_missing_category_or_a_cut_file_is_refused() {
    let files = changed("[[category]]\nname = \"fan\"", "[[category]]\nname = \"kettle\"");
    assert!(Pack::read(&files).is_err());
    let mut files = Pack::builtin_files();
    let text = files[1].text.clone();
    let start = text.find("[[category]]\nname = \"fan\"").unwrap();
    let end = start + text[start..].find("# ----").unwrap();
    files[1].text = format!("{}{}", &text[..start], &text[end..]);
    assert_eq!(Pack::read(&files).unwrap_err().reason, "category fan is missing");
    files[1].text = text[..text.len() / 2].to_owned();
    assert!(Pack::read(&files).is_err());
    assert!(Pack::parse("").is_err());
    assert!(Pack::parse(&"#\n".repeat(1 << 20)).is_err());
    assert!(Pack::read(&[]).is_err());
}

/// A manifest names its layers with their versions; nothing else is read.
#[test]
fn layers_are_those_the_manifest_names() {
    let pack = Pack::builtin();
    let names: Vec<_> = pack.layers().iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["law", "zhejiang", "shandong", "beijing", "shanghai", "brands", "promises"]);
    let refused = |from: &str, to: &str| Pack::read(&changed(from, to)).unwrap_err().to_string();
    let found = refused(
        "file = \"shanghai.toml\"\nversion = \"1\"",
        "file = \"shanghai.toml\"\nversion = \"2\"",
    );
    assert!(found.contains("shanghai.toml is version 1, not 2"), "{found}");
    let found = refused("file = \"shanghai.toml\"", "file = \"nanjing.toml\"");
    assert!(found.contains("nanjing.toml is missing"), "{found}");
    let found = refused("before = \"R60-panel\"", "before = \"R61\"");
    assert!(found.starts_with("beijing.toml, line") && found.contains("rule R60-11"), "{found}");
    let mut files = Pack::builtin_files();
    files.retain(|file| !file.name.ends_with(".tests.toml"));
    assert_eq!(Pack::read(&files).unwrap().tests(), 0, "a pack without tests is a pack");
}

/// An overlay speaks in its province alone, and the law has the rest.
#[test]
fn a_layer_can_be_for_some_days_only() {
    let count = |files: &[PackFile], day: &str| {
        let pack = Pack::read(files).unwrap();
        let province = "37".parse().unwrap();
        let mut facts = Facts::new(CaseKind::Quality, Category::Fan, province, 10_000);
        facts.finding = Some(Finding::first(Cause::Product, Function::Fault));
        facts.age.receipt_days = 100;
        facts.history.repairer_wait_days = 31;
        facts.filed_on = Some(day.parse().unwrap());
        evaluate(&pack, &facts).fired.iter().filter(|rule| rule.id.row() == "R23").count()
    };
    let files = Pack::builtin_files();
    assert_eq!((count(&files, "2026-05-01"), count(&files, "2030-05-01")), (1, 1));
    let header = "provinces = [\"37\"]\nvalid_from = \"2026-01-01\"";
    let ended = format!("{header}\nvalid_until = \"2027-12-31\"");
    let files = changed(header, &ended);
    assert_eq!((count(&files, "2027-12-31"), count(&files, "2028-01-01")), (1, 0));
    let begun = "id = \"R23-37\"\nfrom = \"2026-03-01\"";
    let files = changed("id = \"R23-37\"", begun);
    assert_eq!((count(&files, "2026-02-28"), count(&files, "2026-03-01")), (0, 1));
}

/// Source: 三包 art. 13 and 浙江 art. 26; the readings are data and have days.
#[test]
fn parameters_are_by_day_and_province() {
    let pack = Pack::builtin();
    let on =
        |day: &str, province: &str| pack.settings(day.parse().unwrap(), province.parse().unwrap());
    assert!(on("2026-05-01", "32").depreciation && !on("2026-05-01", "33").depreciation);
    assert_ne!(on("2024-06-30", "32").counted_from, on("2024-07-01", "32").counted_from);
    let law = "name = \"depreciation\"\nvalue = true\n";
    let until = format!("{law}until = \"2026-12-31\"\n");
    let pack = Pack::read(&changed(law, &until)).unwrap();
    let on = |day: &str| pack.settings(day.parse().unwrap(), "32".parse().unwrap());
    assert!(on("2026-12-31").depreciation && !on("2027-01-01").depreciation);
    for (wrong, reason) in [
        ("name = \"depreciation\"\nvalue = \"perhaps\"\n", "true or false"),
        ("name = \"counted_from\"\nvalue = true\n", "service_start"),
        ("name = \"weather\"\nvalue = true\n", "nothing is called `weather`"),
    ] {
        let error = Pack::read(&changed(law, wrong)).unwrap_err();
        assert!(error.reason.contains(reason), "{error}");
    }
}

/// The longest of law and brand counts, each part by itself.
#[test]
fn a_brand_can_give_a_longer_warranty() {
    let pack = Pack::builtin();
    let months = |brand: &str, category, day: &str| {
        let months = pack.months(category, brand, day.parse().unwrap());
        (months.whole_unit, months.main_parts)
    };
    let cooler = Category::AirConditioner;
    assert_eq!(months("aurora", cooler, "2026-01-01"), (12, Some(36)));
    assert_eq!(months("haier", cooler, "2026-01-01"), (72, Some(72)));
    assert_eq!(months("haier", Category::Fan, "2026-01-01"), (12, None));
    assert_eq!(months("gree", cooler, "2021-02-28"), (12, Some(36)));
    assert_eq!(months("gree", cooler, "2021-03-01"), (120, Some(120)));
}

#[test]
fn rows_that_can_never_fire_are_reported() {
    let problems = |from: &str, to: &str| Pack::read(&changed(from, to)).unwrap().problems();
    let unreachable = |rule: &str, shadowed_by: &str| Problem::Unreachable {
        rule: rule.parse().unwrap(),
        shadowed_by: Some(shadowed_by.parse().unwrap()),
    };
    // R00 without its condition on danger swallows whatever speaks of quality cases.
    let found = problems("when = { danger = true }", "when = { kind = \"quality\" }");
    for rule in ["R04", "R05", "R70"] {
        assert!(found.contains(&unreachable(rule, "R00")), "{rule}: {found:?}");
    }
    // Together with the rows for returns it leaves nothing to the others.
    let rest = Problem::Unreachable { rule: "R40".parse().unwrap(), shadowed_by: None };
    assert!(found.contains(&rest), "{found:?}");
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

/// What nobody answers is found, with facts that show it.
#[test]
fn gaps_are_found_with_facts_that_show_them() {
    let gaps = |from: &str, to: &str| -> Vec<String> {
        let pack = Pack::read(&changed(from, to)).unwrap();
        let gap = |problem| match problem {
            Problem::Gap { words, facts, .. } => {
                let facts = facts.facts(&pack).unwrap();
                assert!(evaluate(&pack, &facts).rests_on("R99"), "{words}");
                Some(words)
            }
            _ => None,
        };
        pack.problems().into_iter().filter_map(gap).collect()
    };
    // The eighth day of a return is nobody's.
    let found = gaps(
        "days_min = 8 }\nthen = { deny = \"no_reason",
        "days_min = 9 }\nthen = { deny = \"no_reason",
    );
    assert!(
        found.iter().any(|words| words.contains("no_reason") && words.contains("8")),
        "{found:?}"
    );
    // A main part out of warranty, the unit in it: R61 asks for both to be over, R30 for neither.
    let found = gaps(
        "function = \"fault\", in_validity = true }\nthen = { remedies = [\"repair\"] }",
        "function = \"fault\", in_validity = true, part_in_validity = true }\nthen = { remedies = [\"repair\"] }",
    );
    assert!(found.iter().any(|words| words.contains("part_in_validity = false")), "{found:?}");
    // What was left to a person on purpose is a gap once nobody says so.
    let found = gaps(
        "when = { causes = [\"transport\"] }\nwhy",
        "when = { causes = [\"transport\"], danger = true }\nwhy",
    );
    assert!(found.iter().any(|words| words.contains("transport")), "{found:?}");
}

/// A row that gives what an earlier one has given already, whenever it fires, is told of.
#[test]
fn rows_that_never_matter_are_reported() {
    let from = "then = { carry_on = true, extras = [\"lost_time_paid\"] }";
    let to = "then = { remedies = [\"replace\"] }\npayer = \"seller\"";
    let problems = Pack::read(&changed(from, to)).unwrap().problems();
    let overlap =
        Problem::Overlap { rule: "R30-11-time".parse().unwrap(), within: "R20".parse().unwrap() };
    assert_eq!(problems, [overlap]);
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
