//! `parasol policy`, as the people who write packs use it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::program::program;

fn policy(arguments: &[&str]) -> Output {
    Command::new(program()).arg("policy").args(arguments).output().expect("the program runs")
}

/// The one document on standard output, and the exit code.
fn answer(arguments: &[&str]) -> (Value, i32) {
    let output = policy(&[arguments, &["--json"]].concat());
    let text = String::from_utf8(output.stdout).expect("it prints text");
    let document = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text:?}"));
    (document, output.status.code().expect("it ends by itself"))
}

/// The built-in pack in a folder, with one text of a file replaced.
fn exported(folder: &Path, file: &str, from: &str, to: &str) -> String {
    let pack = folder.join("pack");
    let path = pack.to_string_lossy().into_owned();
    let output = policy(&["export", &path]);
    assert!(output.status.success(), "{output:?}");
    let file = pack.join(file);
    let text = fs::read_to_string(&file).expect("the file is there");
    assert!(text.contains(from), "{from:?} is not there");
    fs::write(file, text.replacen(from, to, 1)).expect("the folder takes it");
    path
}

#[test]
fn the_built_in_pack_is_fine_and_so_is_its_export() {
    let folder = tempfile::tempdir().unwrap();
    let path = exported(folder.path(), "law.toml", "# National law", "# National law");
    for arguments in [vec!["validate"], vec!["validate", &path]] {
        let (document, code) = answer(&arguments);
        assert_eq!((code, &document["ok"]), (0, &json!(true)), "{document:#}");
        assert_eq!(document["problems"], json!([]));
        assert_eq!(document["untested"], json!([]));
        assert_eq!(document["layers"].as_array().unwrap().len(), 7);
    }
    let again = policy(&["export", &path]);
    assert_eq!(again.status.code(), Some(1), "nothing is written over");
}

#[test]
fn a_wrong_file_is_refused_with_line_row_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = exported(
        folder.path(),
        "zhejiang.toml",
        "when = { kind = \"quality\", in_validity = true, repairer_wait_days_min = 6 }",
        "when = { kind = \"quality\", sunny = true }",
    );
    let (document, code) = answer(&["validate", &path]);
    assert_eq!(code, 1);
    let refused = &document["refused"];
    assert_eq!(refused["file"], "zhejiang.toml");
    assert!(refused["reason"].as_str().unwrap().contains("sunny"), "{document:#}");
    let text = fs::read_to_string(Path::new(&path).join("zhejiang.toml")).unwrap();
    let line = text.lines().position(|line| line.contains("sunny")).unwrap() + 1;
    assert_eq!(refused["line"], json!(line));
    let output = policy(&["validate", &path]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.starts_with(&format!("Refused: zhejiang.toml, line {line}")), "{told}");
}

#[test]
fn gaps_failed_tests_and_dead_rows_are_told() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody answers for the fifteenth day any more, and the test of R11 notices.
    let path = exported(
        folder.path(),
        "law.toml",
        "days_min = 8, days_max = 15 }",
        "days_min = 8, days_max = 14 }",
    );
    let (document, code) = answer(&["validate", &path]);
    assert_eq!((code, &document["ok"]), (1, &json!(false)));
    assert!(document["failed_tests"].to_string().contains("R11"), "{document:#}");
    let folder = tempfile::tempdir().unwrap();
    let path = exported(
        folder.path(),
        "law.toml",
        "when = { in_validity = false, part_in_validity = false }\nthen = { deny",
        "when = { in_validity = false, part_in_validity = false, days_min = 1000 }\nthen = { deny",
    );
    let (document, code) = answer(&["validate", &path]);
    let problems = document["problems"].as_array().unwrap();
    assert_eq!((code, &problems[0]["kind"]), (1, &json!("gap")), "{document:#}");
    assert!(problems[0]["words"].as_str().unwrap().contains("in_validity = false"));
}

#[test]
fn a_case_is_explained_in_either_language() {
    let folder = tempfile::tempdir().unwrap();
    let facts = folder.path().join("case.toml");
    let words = "category = \"refrigerator\"\nprovince = \"33\"\npaid_fen = 299900\ndays = 5\n\
                 cause = \"product\"\nwish = \"repair\"\n";
    fs::write(&facts, words).unwrap();
    let facts = facts.to_str().unwrap();
    let (document, code) = answer(&["explain", "--facts", facts, "--lang", "en"]);
    assert_eq!((code, &document["rules"][0]["rule"]), (0, &json!("R10")), "{document:#}");
    assert_eq!(document["rules"][0]["basis"], "三包 art. 9");
    assert_eq!(document["wish"]["granted"]["better"], json!(["replace", "refund"]));
    let told = |lang| {
        let output = policy(&["explain", "--facts", facts, "--lang", lang]);
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(told("en").contains("R10 [三包 art. 9] A fault within seven days"), "{}", told("en"));
    assert!(told("zh").contains("退款 2999.00元") && told("zh").contains("七天内出现性能故障"));
    let missing = folder.path().join("case.json");
    fs::write(&missing, "{\"category\": \"fan\"}").unwrap();
    let (document, code) = answer(&["explain", "--facts", missing.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(document["error"]["causes"].to_string().contains("`province` is missing"));
    assert_eq!(policy(&["explain"]).status.code(), Some(2), "no facts are wrong usage");
}

/// What a change of one row would have meant for past cases, in rows and in fen.
#[test]
fn past_cases_are_decided_by_another_pack() {
    let folder = tempfile::tempdir().unwrap();
    let path = exported(
        folder.path(),
        "law.toml",
        "when = { kind = \"quality\", causes = [\"product\"], function = \"fault\", days_max = 7 }",
        "when = { kind = \"quality\", causes = [\"product\"], function = \"fault\", days_max = 30 }",
    );
    let past = folder.path().join("past.jsonl");
    let line = |name: &str, days: u32| {
        json!({ "case": name, "facts": {
            "category": "fan", "province": "32", "paid_fen": 10_000, "days": days,
            "cause": "product",
        }})
    };
    let lines = [line("third day", 3), line("twentieth day", 20), line("hundredth day", 100)];
    fs::write(&past, lines.map(|line| line.to_string()).join("\n")).unwrap();
    let past = past.to_str().unwrap();
    let (document, code) = answer(&["replay", "--pack", &path, "--facts", past]);
    assert_eq!(code, 0, "{document:#}");
    assert_eq!((&document["cases"], &document["changed"]), (&json!(3), &json!(1)));
    assert_eq!(document["cost_fen"], json!(10_000));
    assert_eq!(document["by_rule"]["R10"], json!({ "comes": 1, "goes": 0, "cost_fen": 10_000 }));
    assert_eq!(document["differences"][0]["case"], "twentieth day");
    let output = policy(&["replay", "--pack", &path, "--facts", past, "--lang", "en"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("1 would come out otherwise, costing 100.00 yuan more"), "{told}");
}
