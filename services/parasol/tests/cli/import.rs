//! Importing the examples, and the rows that must be refused.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::{Data, Ended, example, run};

fn import(data: &Data, paths: &[&str]) -> Ended {
    run(&[&["import", "--json", "--data", &data.name()], paths].concat())
}

/// Added, unchanged and refused rows of all files.
fn figures(report: &Value) -> (u64, u64, u64) {
    let files = report["files"].as_array().unwrap();
    let sum = |name: &str| files.iter().map(|file| file[name].as_u64().unwrap()).sum();
    (sum("added"), sum("unchanged"), sum("refused"))
}

/// Line and reason of every refused row of a file.
fn refusals(report: &Value, file: &str) -> Vec<(u64, String)> {
    let rows = report["refused_rows"].as_array().unwrap();
    let of_file = rows.iter().filter(|row| row["file"].as_str().unwrap().ends_with(file));
    of_file
        .map(|row| (row["line"].as_u64().unwrap(), row["reason"].as_str().unwrap().to_owned()))
        .collect()
}

/// What the table of `examples/bad/README.md` promises for a file.
fn promised(file: &str) -> Vec<(u64, String)> {
    let page = fs::read_to_string(example("bad/README.md")).unwrap();
    let (_, table) = page.split_once(&format!("## {file}\n")).unwrap();
    let table = table.split("\n## ").next().unwrap();
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let number = cells.get(1)?.parse().ok()?;
        let reason = cells.get(2)?.strip_prefix('`')?.strip_suffix('`')?;
        Some((number, reason.to_owned()))
    });
    rows.collect()
}

#[test]
fn the_examples_load_once_and_stay_as_they_are_when_loaded_again() {
    let data = Data::new();
    let first = import(&data, &[&example("")]);
    assert_eq!(first.code, 0, "{}", first.out);
    let report = first.document();
    assert_eq!(figures(&report), (2_673, 0, 0));
    let passed: Vec<_> = report["passed_over"].as_array().unwrap().iter().collect();
    let has = |name: &str| passed.iter().any(|one| one["file"].as_str().unwrap().ends_with(name));
    assert!(has("filings.jsonl") && has("bad") && has("checklists"), "{passed:?}");
    assert_eq!(passed.len(), 3);

    let again = import(&data, &[&example("orders"), &example("network")]);
    assert_eq!((again.code, figures(&again.document())), (0, (0, 2_673, 0)));
}

#[test]
fn checklists_are_published_once_and_a_changed_one_is_refused() {
    let data = Data::new();
    let first = import(&data, &[&example("checklists")]);
    assert_eq!((first.code, figures(&first.document())), (0, (9, 0, 0)), "{}", first.out);
    let again = import(&data, &[&example("checklists")]);
    assert_eq!((again.code, figures(&again.document())), (0, (0, 9, 0)), "{}", again.out);

    let lines = fs::read_to_string(example("checklists/checklists.jsonl")).unwrap();
    let changed = tempfile::tempdir().unwrap();
    let path = changed.path().join("checklists.jsonl");
    fs::write(&path, lines.replacen("\"signature\":true", "\"signature\":false", 1)).unwrap();
    let ended = import(&data, &[path.to_str().unwrap()]);
    assert_eq!((ended.code, figures(&ended.document())), (1, (0, 8, 1)), "{}", ended.out);
    let refused = refusals(&ended.document(), "checklists.jsonl");
    assert_eq!(refused, [(1, "CHECKLIST_INVALID".to_owned())]);
}

#[test]
fn bad_rows_are_refused_each_for_its_reason_and_the_rest_is_loaded() {
    let data = Data::new();
    assert_eq!(import(&data, &[&example("network"), &example("orders")]).code, 0);
    let ended = import(&data, &[&example("bad")]);
    assert_eq!(ended.code, 1);
    let report = ended.document();
    for file in ["orders.jsonl", "orders-not-utf8.jsonl"] {
        let promised = promised(file);
        assert!(!promised.is_empty());
        assert_eq!(refusals(&report, &format!("/{file}")), promised, "{file}");
    }
    assert_eq!(figures(&report), (4, 0, 13));
    let rows = report["refused_rows"].as_array().unwrap();
    let county = rows.iter().find(|row| row["line"] == 13).unwrap();
    assert_eq!(county["field"], "customer.county");

    let text = run(&["import", "--data", &data.name(), &example("bad")]);
    assert!(text.out.contains("bad/orders.jsonl:2 SKU_UNKNOWN "), "{}", text.out);
    assert!(text.out.contains("17 rows, 13 refused"), "{}", text.out);
    let chinese = run(&["import", "--lang", "zh", "--data", &data.name(), &example("bad")]);
    assert!(chinese.out.contains("SKU_UNKNOWN 商品编号不存在。"), "{}", chinese.out);
}

#[test]
fn a_row_that_was_refused_for_want_of_another_loads_once_that_one_is_there() {
    let data = Data::new();
    let early = import(&data, &[&example("orders/orders.jsonl")]);
    assert_eq!(early.code, 1);
    let report = early.document();
    assert_eq!(figures(&report), (0, 0, 2_000));
    assert_eq!(report["refused_rows"].as_array().unwrap().len(), 1_000, "the report stays short");
    assert_eq!(report["refused_not_shown"], 1_000);
    let whole = import(&data, &[&example("orders")]);
    assert_eq!((whole.code, figures(&whole.document())), (0, (2_030, 0, 0)));
}

#[test]
fn a_line_of_a_megabyte_is_refused_and_the_lines_around_it_load() {
    let data = Data::new();
    let path = data.beside("brands-long.jsonl");
    let brand = |id: &str, name: &str| {
        format!(
            "{{\"brand\":\"{id}\",\"name_zh\":\"{name}\",\"name_en\":\"A\",\"mode\":\"api\",\
             \"hotline\":\"400-000-0000\"}}\n"
        )
    };
    let mut file = fs::File::create(&path).unwrap();
    for row in [brand("a", "甲"), brand("b", &"x".repeat(1 << 20)), brand("c", "丙")] {
        file.write_all(row.as_bytes()).unwrap();
    }
    let ended = import(&data, &[path.to_str().unwrap()]);
    assert_eq!(ended.code, 1);
    let report = ended.document();
    assert_eq!(refusals(&report, "brands-long.jsonl"), [(2, "ROW_TOO_LONG".to_owned())]);
    assert_eq!(figures(&report), (2, 0, 1));
}

#[test]
fn filings_become_cases_only_when_asked_for_and_only_once() {
    let data = Data::new();
    assert_eq!(import(&data, &[&example("network"), &example("orders")]).code, 0);
    for _ in 0..2 {
        let filed = import(&data, &["--file-cases", &example("filings")]);
        assert_eq!((filed.code, figures(&filed.document())), (0, (72, 0, 0)), "{}", filed.err);
    }
    // The same unit in other words is another request, and the unit has its case already.
    let path = data.beside("filings.jsonl");
    let filings = fs::read_to_string(example("filings/filings.jsonl")).unwrap();
    let first = filings.lines().next().unwrap().replace("\"symptom\":\"", "\"symptom\":\"x_");
    let unknown = first.replace("\"order_line\":\"3", "\"order_line\":\"9");
    fs::write(&path, format!("{first}\n{unknown}\n{{}}\n")).unwrap();
    let again = import(&data, &["--file-cases", path.to_str().unwrap()]);
    let report = again.document();
    assert_eq!((again.code, figures(&report)), (1, (0, 1, 2)), "{report}");
    let reasons = refusals(&report, "filings.jsonl");
    let expected = [(2, "ORDER_LINE_UNKNOWN".to_owned()), (3, "FIELD_INVALID".to_owned())];
    assert_eq!(reasons, expected);
}

#[test]
fn nothing_to_import_is_a_failure() {
    let data = Data::new();
    let ended = import(&data, &[&example("README.md")]);
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("no file to import"), "{}", ended.err);
}

/// The rows of a file, and the lists in them, in the order of their texts: an import sorts lists.
fn rows(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let mut rows: Vec<_> =
        text.lines().map(|line| sorted(serde_json::from_str(line).unwrap()).to_string()).collect();
    rows.sort();
    rows
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<_> = items.into_iter().map(sorted).collect();
            items.sort_by_key(Value::to_string);
            items.into()
        }
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, sorted(value))).collect()
        }
        other => other,
    }
}

#[test]
fn the_network_is_exported_as_the_files_it_came_from() {
    let (data, folder) = (Data::new(), tempfile::tempdir().unwrap());
    assert_eq!(import(&data, &[&example("network")]).code, 0);
    let into = folder.path().join("network").display().to_string();
    let arguments = ["import", "--json", "--data", &data.name(), "--export", &into];
    let exported = run(&arguments);
    assert_eq!(exported.code, 0, "{}", exported.out);
    let files = exported.document()["files"].as_array().unwrap().len();
    assert_eq!(files, 4);
    for name in ["counties", "brands", "centres", "technicians"] {
        let came = rows(Path::new(&example(&format!("network/{name}.jsonl"))));
        assert_eq!(rows(&folder.path().join(format!("network/{name}.jsonl"))), came, "{name}");
    }
    let again = run(&arguments);
    assert_eq!(again.code, 1, "nothing is written over: {}", again.out);
    let both = run(&["import", "--data", &data.name(), "--export", &into, &example("network")]);
    assert_eq!(both.code, 2, "{}", both.out);
}
