//! `docs/limits.md` lists every limit of the code, with the value that the code has.
//!
//! A limit is a constant named `…_MAX` or `…_MIN`, a numeric setting of the configuration, or a row that
//! names a field's default. The page is written by people, because what happens beyond a limit is not in
//! its constant; this test only holds name, value and place against the code, both ways.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use crate::tidy::{TextFile, files, none};

const PAGE: &str = "docs/limits.md";
const SETTINGS: &str = "crates/runtime/src/config/default.toml";

/// Settings that are numbers but bound nothing.
const NOT_LIMITS: &[&str] = &[
    "cell",
    "otlp.sample_ratio",
    "choosing.distance",
    "choosing.load",
    "choosing.score",
    "choosing.history",
];

/// What a limit amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Amount {
    Count(i128),
    Micros(i128),
}

/// A row of the page.
struct Row {
    line: usize,
    name: String,
    value: String,
    unit: String,
    path: String,
}

/// A constant of the code.
struct Constant {
    name: String,
    path: String,
    line: usize,
    expression: String,
}

#[test]
fn every_limit_is_listed_with_its_value() {
    let rows = rows();
    let mut wrong = Vec::new();
    for constant in constants() {
        let row = rows.iter().find(|row| row.name == constant.name && row.path == constant.path);
        let Some(row) = row else {
            wrong.push(format!("{constant} is not in {PAGE}"));
            continue;
        };
        if let Some(amount) = amount(&constant.expression)
            && !row.says(amount)
        {
            wrong
                .push(format!("{PAGE}:{}: {} {} is not {constant}", row.line, row.value, row.unit));
        }
    }
    for (key, value) in settings() {
        match rows.iter().find(|row| row.name == key && row.path == SETTINGS) {
            None => wrong.push(format!("{key} = {value} is not in {PAGE}")),
            Some(row) if row.says(Amount::Count(value)) => {}
            Some(row) => wrong.push(format!("{PAGE}:{}: {key} is {value} in the code", row.line)),
        }
    }
    none(&wrong);
}

#[test]
fn every_row_names_something_that_is_there() {
    let constants = constants();
    let settings = settings();
    let code: BTreeMap<_, _> = code().into_iter().map(|file| (name_of(&file), file.text)).collect();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for Row { line, name, value, path, .. } in rows() {
        let there = if path == SETTINGS {
            settings.contains_key(&name)
        } else if let Some((_, field)) = name.split_once("::") {
            let default = format!("{field}: {}", value.replace(',', "_"));
            code.get(&path).is_some_and(|text| text.contains(&default))
        } else {
            constants.iter().any(|constant| constant.name == name && constant.path == path)
        };
        if !there {
            wrong.push(format!("{PAGE}:{line}: there is no {name} = {value} in {path}"));
        }
        if !seen.insert((name.clone(), path)) {
            wrong.push(format!("{PAGE}:{line}: {name} is listed twice"));
        }
    }
    none(&wrong);
}

impl Row {
    /// Reads `| [`NAME`](../path) | value | unit | beyond |`.
    fn read(line: usize, text: &str) -> Option<Self> {
        let cells: Vec<_> = text.strip_prefix("| [`")?.split('|').map(str::trim).collect();
        let [link, value, unit, beyond, ..] = cells.as_slice() else { return None };
        let (name, path) = link.strip_suffix(')')?.split_once("`](../")?;
        assert!(!beyond.is_empty(), "{PAGE}:{line} does not say what happens beyond the limit");
        Some(Self {
            line,
            name: name.to_owned(),
            value: (*value).to_owned(),
            unit: (*unit).to_owned(),
            path: path.to_owned(),
        })
    }

    fn says(&self, amount: Amount) -> bool {
        let Ok(number) = self.value.replace(',', "").parse::<i128>() else { return false };
        let unit = self.unit.split_whitespace().next().unwrap_or_default();
        match amount {
            Amount::Micros(micros) => micros_in(unit).is_some_and(|one| number * one == micros),
            Amount::Count(count) => {
                let one = match unit {
                    "KiB" => 1 << 10,
                    "MiB" => 1 << 20,
                    _ => 1,
                };
                number * one == count
            }
        }
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, path, line, expression } = self;
        write!(f, "{path}:{line}: {name} = {expression}")
    }
}

fn rows() -> Vec<Row> {
    let page = files(&["md"]).into_iter().find(|file| file.path == Path::new(PAGE));
    let page = page.expect("the page of limits is there");
    let rows: Vec<_> = page.lines().filter_map(|(line, text)| Row::read(line, text)).collect();
    assert!(rows.len() > 50, "only {} rows were understood", rows.len());
    rows
}

/// The sources of the product: no tests, no test kit, no demonstration and no benchmark.
fn code() -> Vec<TextFile> {
    let is_product = |path: &Path| {
        let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy());
        let (top, member, folder) = (parts.next(), parts.next(), parts.next());
        matches!(top.as_deref(), Some("crates" | "services"))
            && member.as_deref() != Some("testkit")
            && folder.as_deref() == Some("src")
            && !(path.starts_with("services/parasol/src/demo")
                || path.starts_with("services/parasol/src/bench"))
    };
    files(&["rs"]).into_iter().filter(|file| is_product(&file.path)).collect()
}

fn name_of(file: &TextFile) -> String {
    file.path.to_string_lossy().into_owned()
}

fn constants() -> Vec<Constant> {
    let mut found = Vec::new();
    for file in code() {
        for (line, text) in file.lines() {
            if let Some((name, expression)) = constant(text) {
                let (name, expression) = (name.to_owned(), expression.to_owned());
                found.push(Constant { name, path: name_of(&file), line, expression });
            }
        }
    }
    assert!(found.len() > 40, "only {} limits were found", found.len());
    found
}

/// Name and value of `const NAME_MAX: type = value;`, whatever its visibility.
fn constant(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let line = match line.strip_prefix("pub") {
        None => line,
        Some(rest) => rest
            .strip_prefix('(')
            .map_or(rest, |rest| rest.split_once(')').map_or(rest, |(_, rest)| rest)),
    };
    let (name, rest) = line.trim_start().strip_prefix("const ")?.split_once(": ")?;
    let is_limit = name.ends_with("_MAX") || name.ends_with("_MIN");
    let expression = rest.split_once(" = ")?.1.trim_end_matches(';');
    is_limit.then_some((name, expression))
}

/// The numeric settings with their defaults, as `section.key`.
fn settings() -> BTreeMap<String, i128> {
    let file = files(&["toml"]).into_iter().find(|file| file.path == Path::new(SETTINGS));
    let mut section = String::new();
    let mut found = BTreeMap::new();
    for line in file.expect("the default settings are there").text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = format!("{name}.");
        } else if !line.starts_with('#')
            && let Some((key, value)) = line.split_once(" = ")
            && let Ok(number) = value.parse()
        {
            found.insert(format!("{section}{key}"), number);
        }
    }
    found.retain(|key, _| !NOT_LIMITS.contains(&key.as_str()));
    assert!(found.len() > 10, "only {} settings were found", found.len());
    found
}

/// What an expression amounts to, if it is one of the plain forms that limits are written in.
fn amount(expression: &str) -> Option<Amount> {
    let expression = expression.trim();
    if let Some((call, inner)) = expression.strip_suffix(')').and_then(|call| call.split_once('('))
    {
        let one = match call {
            "Span::days" => 24 * 3_600_000_000,
            "Span::hours" => 3_600_000_000,
            "Span::minutes" => 60_000_000,
            "Duration::from_secs" => 1_000_000,
            "Duration::from_millis" => 1_000,
            "Span::from_micros" | "Duration::from_micros" => 1,
            _ => return None,
        };
        return match amount(inner)? {
            Amount::Count(number) => Some(Amount::Micros(number * one)),
            Amount::Micros(micros) => (one == 1).then_some(Amount::Micros(micros)),
        };
    }
    if let Some((left, right)) = expression.split_once("<<") {
        let (left, right): (i128, u32) = (left.trim().parse().ok()?, right.trim().parse().ok()?);
        return Some(Amount::Count(left << right));
    }
    let mut product = Amount::Count(1);
    for factor in expression.split('*').map(str::trim) {
        let (number, is_time) = match factor {
            "SECOND" => (1_000_000, true),
            "MINUTE" => (60_000_000, true),
            "HOUR" => (3_600_000_000, true),
            "DAY" => (24 * 3_600_000_000, true),
            plain => (plain.replace('_', "").parse().ok()?, false),
        };
        product = match product {
            Amount::Count(count) if !is_time => Amount::Count(count * number),
            Amount::Count(other) | Amount::Micros(other) => Amount::Micros(other * number),
        };
    }
    Some(product)
}

fn micros_in(unit: &str) -> Option<i128> {
    Some(match unit {
        "ms" => 1_000,
        "s" => 1_000_000,
        "min" => 60_000_000,
        "h" => 3_600_000_000,
        "day" | "days" => 24 * 3_600_000_000,
        _ => return None,
    })
}

#[test]
fn constants_and_their_amounts_are_read() {
    let line = "    pub(crate) const TEXT_MAX: usize = 4 * 1_024;";
    assert_eq!(constant(line), Some(("TEXT_MAX", "4 * 1_024")));
    assert_eq!(
        constant("const WAIT_MIN: Span = Span::days(7);"),
        Some(("WAIT_MIN", "Span::days(7)"))
    );
    assert_eq!(constant("pub const SECOND: i64 = 1;"), None);
    let day = 24 * 3_600_000_000;
    for (expression, wanted) in [
        ("20_000", Some(Amount::Count(20_000))),
        ("64 * 1024", Some(Amount::Count(65_536))),
        ("1 << 20", Some(Amount::Count(1_048_576))),
        ("5 * MINUTE", Some(Amount::Micros(300_000_000))),
        ("MINUTE", Some(Amount::Micros(60_000_000))),
        ("Span::days(30)", Some(Amount::Micros(30 * day))),
        ("Span::from_micros(400 * DAY)", Some(Amount::Micros(400 * day))),
        ("Duration::from_millis(20)", Some(Amount::Micros(20_000))),
        ("(1 << BITS) - 1", None),
    ] {
        assert_eq!(amount(expression), wanted, "{expression}");
    }
}

#[test]
fn a_row_says_an_amount_in_its_unit() {
    let says = |text: &str, amount| Row::read(1, text).expect("a row").says(amount);
    let row = "| [`A_MAX`](../a.rs) | 4 | MiB | refused |";
    assert!(says(row, Amount::Count(4 << 20)) && !says(row, Amount::Count(4)));
    let row = "| [`B_MAX`](../b.rs) | 1,500 | ms | cut |";
    assert!(says(row, Amount::Micros(1_500_000)) && !says(row, Amount::Count(1)));
    assert!(Row::read(1, "| Name | Value | Unit | Beyond it |").is_none());
}
