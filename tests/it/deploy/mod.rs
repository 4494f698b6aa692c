//! What stands in `deploy/` and in the pages for operators fits the program: every command line is one that it
//! carries out, every set of settings one that it takes, every path and port one that it serves.
//!
//! Nothing is started from these files here: that a container engine or a cluster takes them is shown as far as their
//! form goes, by the published schema for Kubernetes and by closed sets of keys for the rest.

mod compose;
mod kubernetes;
mod schema;
mod systemd;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use parasol_runtime::config::{Config, NodeRole, Sources};
use serde_json::Value;

use crate::http::ask;
use crate::tidy::{files, none};
use crate::up::{Up, root};

/// Settings as the environment gives them.
type Env = BTreeMap<String, String>;

/// The folder of everything here.
fn deploy() -> PathBuf {
    root().join("deploy")
}

/// The documents of a YAML file.
fn documents(path: &Path) -> Vec<Value> {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text at a path of keys; empty where there is none.
fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// The list at a path of keys; empty where there is none.
fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    value.pointer(path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The words of a list.
fn words(values: &[Value]) -> Vec<&str> {
    values.iter().map(|value| value.as_str().expect("a word is text")).collect()
}

/// The settings that the program takes from an environment and a file, with whatever secrets they keep in files of
/// their own; what is wrong with them otherwise. Roles stand among them, and not on a command line, so that `doctor`
/// and `config check` see the same process.
fn settings(env: &Env, file: Option<&Path>) -> Result<Config, String> {
    let folder = tempfile::tempdir().expect("a temp folder");
    let mut variables = HashMap::new();
    for (name, value) in env {
        let mut value = value.clone();
        let content = match name.as_str() {
            "PARASOL__DATABASE_URL_FILE" => Some("postgres://parasol@db/parasol"),
            "PARASOL__REDIS_URL_FILE" => Some("redis://redis:6379"),
            "PARASOL__EVIDENCE__S3_SECRET_ACCESS_KEY_FILE" => Some("secret"),
            name if name.ends_with("_FILE") => panic!("nobody has said what {name} holds"),
            _ => None,
        };
        if let Some(content) = content {
            let there = folder.path().join(name);
            fs::write(&there, content).expect("a file can be written");
            there.to_str().expect("a path is text").clone_into(&mut value);
        }
        variables.insert(name.clone(), value);
    }
    let sources = Sources { file, env: variables, ..Sources::default() };
    Config::load(&sources).map_err(|error| error.to_string())
}

/// A process of a cell, as a file describes it.
struct Process {
    name: String,
    config: Config,
    /// Where others reach it by gRPC.
    address: String,
}

/// What is wrong with a cell of these processes: a role that nobody plays, or a peer that is not where it is said.
fn wrong_in_cell(processes: &[Process]) -> Vec<String> {
    let mut wrong = Vec::new();
    for role in NodeRole::ALL {
        if !processes.iter().any(|process| process.config.plays(role)) {
            wrong.push(format!("nobody plays {}", role.as_str()));
        }
        for process in processes {
            for peer in process.config.peers.of(role) {
                let there = processes.iter().find(|other| other.address == *peer);
                if !there.is_some_and(|other| other.config.plays(role)) {
                    let (name, role) = (&process.name, role.as_str());
                    wrong.push(format!("{name} looks for {role} at {peer}, where nobody plays it"));
                }
            }
        }
    }
    wrong
}

#[test]
fn a_cell_with_a_role_that_nobody_plays_or_a_peer_that_is_elsewhere_is_found_wrong() {
    let env = |pairs: &[(&str, &str)]| -> Env {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        pairs.chain([("PARASOL__DATABASE_URL".to_owned(), "postgres://x/y".to_owned())]).collect()
    };
    let peers = [
        ("PARASOL__ROLES", "gateway,dispatch"),
        ("PARASOL__PEERS__TRACKING", "http://a:1"),
        ("PARASOL__PEERS__INTAKE", "http://b:1"),
        ("PARASOL__PEERS__SCHEDULING", "http://b:1"),
        ("PARASOL__PEERS__VERIFICATION", "http://b:1"),
    ];
    let config = settings(&env(&peers), None).expect("they are settings");
    let process = Process { name: "a".to_owned(), config, address: "http://a:1".to_owned() };
    let wrong = wrong_in_cell(&[process]);
    assert!(wrong.contains(&"nobody plays tracking".to_owned()), "{wrong:?}");
    assert!(wrong.iter().any(|one| one.starts_with("a looks for tracking at http://a:1")));
    assert!(settings(&env(&[("PARASOL__NO_SUCH_KEY", "1")]), None).is_err());
}

/// The command lines of the program in a text: from its name to the end of the command.
fn lines_of_the_program(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ");
    let mut found = Vec::new();
    for line in joined.lines() {
        let line = line.split(" #").next().unwrap_or_default();
        let line = line.replace(['"', '\'', '(', ')', '`'], " ");
        let words: Vec<&str> = line.split_whitespace().collect();
        for (place, word) in words.iter().enumerate() {
            // After an option it is the name of a user, a namespace or a database.
            let before = if place == 0 { "" } else { words[place - 1] };
            let named = before.starts_with('-') && before != "--";
            if named || *word != "parasol" && !word.ends_with("/parasol") {
                continue;
            }
            let ends = |word: &&&str| !matches!(**word, "|" | "&&" | "||" | ";" | ">" | "2>" | "<");
            let line = words[place..].iter().take_while(ends).map(|word| (*word).to_owned());
            found.push(line.collect());
        }
    }
    found
}

/// The fenced blocks of a page.
fn fenced(page: &str) -> String {
    let mut inside = false;
    let mut blocks = String::new();
    for line in page.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            blocks.push_str(line);
            blocks.push('\n');
        }
    }
    blocks
}

#[test]
fn every_command_line_in_the_pages_for_operators_is_one_that_the_program_carries_out() {
    let mut wrong = Vec::new();
    let mut held = 0;
    for page in files(&["md"]) {
        let path = page.path.to_str().expect("a path is text");
        let for_operators = ["docs/operations.md", "docs/cluster.md", "docs/people.md"];
        let ours = path.starts_with("deploy/") || path.starts_with("docs/runbooks/");
        if !ours && !for_operators.contains(&path) {
            continue;
        }
        for line in lines_of_the_program(&fenced(&page.text)) {
            // What follows is a name, as of a package, a database or a user, and no command.
            let Some(command) = line.get(1) else { continue };
            if !command.chars().all(|letter| letter.is_ascii_lowercase()) && command != "--version"
            {
                continue;
            }
            held += 1;
            let words = line.iter().map(String::as_str);
            if let Err(error) = parasol::cli::understands(words) {
                // What it is called with is told by `--help` and `--version`, as errors.
                if !["--help", "--version"].contains(&line.last().map_or("", String::as_str)) {
                    wrong.push(format!("{path}: {}: {error}", line.join(" ")));
                }
            }
        }
    }
    none(&wrong);
    assert!(held > 15, "only {held} command lines were found");
}

#[test]
fn command_lines_are_found_where_they_stand() {
    let page = "before\n```sh\n$ sudo -u parasol parasol doctor --data x | tee y   # so\nparasol \\\n  migrate && parasol up\n```\nparasol after\n";
    let found = lines_of_the_program(&fenced(page));
    let lines: Vec<_> = found.iter().map(|line| line.join(" ")).collect();
    assert_eq!(lines, ["parasol doctor --data x", "parasol migrate", "parasol up"]);
}

#[test]
fn proc_every_probe_asks_for_a_path_that_a_process_answers() {
    let data = tempfile::tempdir().expect("a temp folder");
    let up = Up::start(data.path(), &[]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut probes = kubernetes::probes();
    probes.extend(compose::probes());
    probes.sort();
    probes.dedup();
    assert_eq!(probes, ["/livez", "/readyz"]);
    for path in probes {
        let answer = runtime.block_on(ask(up.http, None, &format!("GET {path}"), ""));
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
}
