//! The house rules that a compiler does not check, each as a test that names every violation.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The longest Rust file, in lines. Most should be half of it.
const FILE_LINES_MAX: usize = 700;

/// The longest function, in lines. A screen is about 70.
const FUNCTION_LINES_MAX: usize = 90;

/// Which crates of ours a crate may build on; development and build dependencies count too. The test
/// kit is beside all layers: anybody may use it in tests, and only `xtask` otherwise.
const LAYERS: &[(&str, &[&str])] = &[
    ("parasol-journey", &[]),
    ("parasol-policy", &["parasol-journey"]),
    ("parasol-routing", &[]),
    ("parasol-bell", &["parasol-journey"]),
    ("parasol-casebook", &["parasol-journey", "parasol-bell"]),
    ("parasol-api", &["parasol-journey"]),
    ("parasol-evidence", &["parasol-api"]),
    ("parasol-runtime", &["parasol-journey", "parasol-api", "parasol-bell"]),
    ("parasol-desk", &["parasol-journey", "parasol-casebook", "parasol-api", "parasol-runtime"]),
    ("parasol-testkit", &[]),
    ("parasol-intake", FOR_SERVICES),
    ("parasol-dispatch", FOR_SERVICES),
    ("parasol-scheduling", FOR_SERVICES),
    ("parasol-verification", FOR_SERVICES),
    ("parasol-tracking", FOR_SERVICES),
    ("parasol-keeping", FOR_SERVICES),
    ("parasol-gateway", FOR_SERVICES),
    ("parasol-router", &["parasol-api", "parasol-runtime"]),
    ("parasol", FOR_THE_BINARY),
    ("parasol-tests", FOR_TESTS),
    ("parasol-xtask", &["parasol-testkit", "parasol-journey"]),
];

/// Services meet in the log and never depend on each other.
const FOR_SERVICES: &[&str] = &[
    "parasol-desk",
    "parasol-journey",
    "parasol-policy",
    "parasol-routing",
    "parasol-bell",
    "parasol-casebook",
    "parasol-api",
    "parasol-evidence",
    "parasol-runtime",
];

const FOR_THE_BINARY: &[&str] = &[
    "parasol-journey",
    "parasol-policy",
    "parasol-routing",
    "parasol-bell",
    "parasol-casebook",
    "parasol-api",
    "parasol-evidence",
    "parasol-runtime",
    "parasol-desk",
    "parasol-intake",
    "parasol-dispatch",
    "parasol-scheduling",
    "parasol-verification",
    "parasol-tracking",
    "parasol-keeping",
    "parasol-gateway",
    "parasol-router",
];

/// The integration tests see what a client sees, the binary, and the layers that they drive.
const FOR_TESTS: &[&str] = &[
    "parasol",
    "parasol-journey",
    "parasol-policy",
    "parasol-bell",
    "parasol-casebook",
    "parasol-api",
    "parasol-evidence",
    "parasol-runtime",
];

#[test]
fn dependencies_point_downwards() {
    let used = own_dependencies(&workspace_metadata());
    let listed: BTreeMap<_, _> = LAYERS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (package, dependencies) in &used {
        let Some(allowed) = listed.get(package.as_str()) else {
            wrong.push(format!("{package} has no place in LAYERS"));
            continue;
        };
        for (dependency, kind) in dependencies {
            let for_tests = dependency == "parasol-testkit" && kind == "dev";
            if !for_tests && !allowed.contains(&dependency.as_str()) {
                wrong.push(format!("{package} must not depend on {dependency} ({kind})"));
            }
        }
    }
    let gone = listed.keys().filter(|package| !used.contains_key(**package));
    wrong.extend(gone.map(|package| format!("{package} is in LAYERS and not in the workspace")));
    none(&wrong);
}

/// Dependencies are declared once, for all: a crate inherits version and features.
#[test]
fn dependencies_come_from_the_workspace() {
    let mut wrong = Vec::new();
    for file in files(&["toml"]).iter().filter(|file| file.path.ends_with("Cargo.toml")) {
        if file.path == Path::new("Cargo.toml") {
            continue;
        }
        let mut in_dependencies = false;
        for (number, line) in file.lines() {
            if let Some(table) = line.strip_prefix('[') {
                in_dependencies = table.trim_end_matches(']').ends_with("dependencies");
            } else if in_dependencies && line.contains('=') && !inherits(line) {
                wrong.push(file.at(number, line));
            }
        }
    }
    none(&wrong);
}

fn inherits(line: &str) -> bool {
    line.contains(".workspace = true") || line.contains("workspace = true")
}

#[test]
fn files_and_functions_stay_short() {
    let mut wrong = Vec::new();
    for file in files(&["rs"]) {
        let length = file.text.lines().count();
        if length > FILE_LINES_MAX {
            wrong.push(format!("{} has {length} lines", file.path.display()));
        }
        for function in functions(&file.text) {
            if function.lines > FUNCTION_LINES_MAX {
                let Function { name, first, lines } = function;
                wrong.push(format!("{}:{first}: {name} has {lines} lines", file.path.display()));
            }
        }
    }
    none(&wrong);
}

/// What differs between the databases is said once, in the casebook's dialect and in migrations; the
/// casebook's own tests look below it.
#[test]
fn no_code_asks_which_database_it_is_on() {
    let names = [concat!("Db", "Backend"), concat!("Database", "Backend")];
    let mut wrong = Vec::new();
    for file in files(&["rs"]).iter().filter(|file| !may_know_the_database(&file.path)) {
        wrong.extend(file.lines_with(|line| names.iter().any(|name| has_word(line, name))));
    }
    none(&wrong);
}

fn may_know_the_database(path: &Path) -> bool {
    let has_part = |start: &str| {
        let part = |part: Component<'_>| part.as_os_str().to_string_lossy().starts_with(start);
        path.components().any(part)
    };
    has_part("migration")
        || path.starts_with("crates/casebook/src") && has_part("dialect")
        || path.starts_with("crates/casebook/tests")
}

/// What is not done is an issue, not a remark.
#[test]
fn no_remarks_about_unfinished_work() {
    let remarks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
    let mut wrong = Vec::new();
    for file in files(TEXT) {
        wrong.extend(file.lines_with(|line| remarks.iter().any(|remark| has_word(line, remark))));
    }
    none(&wrong);
}

/// A path into somebody's machine means nothing on another.
#[test]
fn no_paths_of_one_machine() {
    let homes = ["work", "root", "home", "Users"];
    let mut wrong = Vec::new();
    for file in files(TEXT) {
        wrong.extend(file.lines_with(|line| homes.iter().any(|home| has_path_into(line, home))));
    }
    none(&wrong);
}

#[test]
fn relative_links_in_documents_resolve() {
    let mut wrong = Vec::new();
    for file in files(&["md"]) {
        let folder = file.path.parent().unwrap_or(Path::new(""));
        for (number, target) in links(&file.text) {
            let path = target.split(['#', '?']).next().unwrap_or_default();
            let outside = target.contains("://") || target.starts_with("mailto:");
            if !outside && !path.is_empty() && !root().join(folder).join(path).exists() {
                wrong.push(file.at(number, &target));
            }
        }
    }
    none(&wrong);
}

/// Every kind of file that people write here.
const TEXT: &[&str] =
    &["rs", "md", "toml", "proto", "yaml", "yml", "sql", "sh", "service", "run", "Containerfile"];

/// Folders that are made and not written.
const MADE: &[&str] = &["target", "node_modules"];

/// Folders with a leading dot that are part of the project.
const DOT_FOLDERS: &[&str] = &[".cargo", ".ci", ".config"];

pub(crate) struct TextFile {
    /// Below the root.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl TextFile {
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }

    fn lines_with(&self, found: impl Fn(&str) -> bool) -> Vec<String> {
        self.lines()
            .filter(|(_, line)| found(line))
            .map(|(number, line)| self.at(number, line))
            .collect()
    }

    fn at(&self, number: usize, what: &str) -> String {
        format!("{}:{number}: {}", self.path.display(), what.trim())
    }
}

pub(crate) fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} violations:\n{}", wrong.len(), wrong.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lie below the root").to_owned()
}

/// All files of the project whose name, or what follows its last dot, is one of `endings`.
pub(crate) fn files(endings: &[&str]) -> Vec<TextFile> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project can be read") {
            let path = entry.expect("a folder of the project can be read").path();
            let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            let known = DOT_FOLDERS.contains(&&*name) || !name.starts_with('.');
            if path.is_dir() {
                if known && !MADE.contains(&&*name) {
                    folders.push(path);
                }
            } else if endings.contains(&name.rsplit('.').next().unwrap_or_default()) {
                let text = fs::read_to_string(&path).expect("a text file holds UTF-8");
                let path = path.strip_prefix(&root).expect("found below the root").to_owned();
                found.push(TextFile { path, text });
            }
        }
    }
    assert!(!found.is_empty(), "no file of {endings:?} was found: looked in the wrong place");
    found
}

fn workspace_metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

/// Per package of the workspace, its dependencies within the workspace, each with its kind.
fn own_dependencies(metadata: &Value) -> BTreeMap<String, Vec<(String, String)>> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let packages = list(&metadata["packages"]);
    let used = packages.iter().filter_map(|package| {
        let own = list(&package["dependencies"]).into_iter().filter_map(|dependency| {
            dependency["path"].as_str()?;
            let kind = text(&dependency["kind"]).unwrap_or_else(|| "normal".to_owned());
            Some((text(&dependency["name"])?, kind))
        });
        Some((text(&package["name"])?, own.collect()))
    });
    used.collect()
}

#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    first: usize,
    lines: usize,
}

/// The functions of formatted code: the closing brace stands as far in as the first line.
fn functions(text: &str) -> Vec<Function> {
    let lines: Vec<_> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else {
            continue;
        };
        let signature = lines[start..].iter().find(|line| line.ends_with(['{', '}', ';']));
        if !signature.is_some_and(|last| last.ends_with('{')) {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let closing = format!("{}}}", " ".repeat(indent));
        let length = lines[start..].iter().position(|line| *line == closing);
        let lines = length.map_or(usize::MAX, |length| length + 1);
        found.push(Function { name: name.to_owned(), first: start + 1, lines });
    }
    found
}

fn function_name(line: &str) -> Option<&str> {
    const BEFORE: &[&str] = &["pub", "pub(crate)", "pub(super)", "const", "async", "extern"];
    let mut words = line.split_whitespace().skip_while(|word| BEFORE.contains(word));
    (words.next()? == "fn").then_some(())?;
    words.next()?.split(['(', '<']).next()
}

/// Whether `word` stands in `line` with no letter, digit or underscore beside it.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !part(before.chars().next_back()) && !part(after.chars().next())
    })
}

/// Whether `line` holds an absolute path into the top folder `home`.
fn has_path_into(line: &str, home: &str) -> bool {
    let path = format!("/{home}/");
    line.match_indices(&path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "_-.}*".contains(c))
    })
}

/// The targets of links like `[text](target)`, with their lines; code blocks are left out.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            let targets = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
            found.extend(targets.map(|target| (number, target.to_owned())));
        }
    }
    found
}

#[test]
fn functions_are_measured_from_signature_to_closing_brace() {
    let text = "\
pub(crate) async fn long<T>(
    a: T,
) -> T {
    if a { \"}\" }
    a
}
trait Short {
    fn declared(&self) -> bool;
    fn inline(&self) {}
    const fn given(&self) -> bool {
        true
    }
}
";
    let function = |name: &str, first, lines| Function { name: name.to_owned(), first, lines };
    assert_eq!(functions(text), [function("long", 1, 6), function("given", 10, 3)]);
}

#[test]
fn words_paths_and_links_are_told_from_what_looks_like_them() {
    assert!(has_word("a word.", "word") && !has_word("a wordy sword_", "word"));
    let home = |line: &str| has_path_into(line, "work");
    assert!(home(concat!("see `/wo", "rk/x`")) && home(concat!("/wo", "rk/x")));
    assert!(!home("src/work/offer.rs") && !home("https://example.org/work/list"));
    let text = "[a](b.md#c) and [d](https://e.f)\n```\n[g](h)\n```\n[i](j \"title\")";
    let found: Vec<_> = links(text).into_iter().map(|(_, target)| target).collect();
    assert_eq!(found, ["b.md#c", "https://e.f", "j"]);
}
