//! Exit codes, and the one document on standard output.

use crate::{Data, ended, parasol, run};

#[test]
fn every_command_answers_with_one_document_and_its_exit_code() {
    let data = Data::new();
    let folder = data.name();
    let cases: [(&[&str], i32, &str); 13] = [
        (&["version"], 0, "version"),
        (&["config", "check"], 0, "ok"),
        (&["config", "check", "--set", "grpc_addr=nowhere"], 1, "problems"),
        (&["config", "dump"], 0, "data_dir"),
        (&["config", "default"], 0, "data_dir"),
        (&["migrate", "--check", "--data", &folder], 1, "pending"),
        (&["token", "--data", &folder, "--role", "agent", "--subject", "a"], 1, "error"),
        (&["import", "--data", &folder, "not-there"], 1, "error"),
        (&["migrate", "--data", &folder], 0, "applied"),
        (&["migrate", "--check", "--data", &folder], 0, "pending"),
        (&["up", "--set", "roles=intake", "--database", "postgres://x/y"], 1, "error"),
        (&["conjure"], 2, "error"),
        (&["import", "--help"], 0, "help"),
    ];
    for (arguments, code, key) in cases {
        let arguments = [arguments, &["--json"]].concat();
        let ended = run(&arguments);
        assert_eq!(ended.code, code, "{arguments:?}: {}{}", ended.out, ended.err);
        let document = ended.document();
        assert!(document.get(key).is_some(), "{arguments:?}: {document}");
        assert_eq!(ended.err.contains("error:"), key == "error", "{arguments:?}: {}", ended.err);
    }
}

#[test]
fn the_complaints_of_a_month_are_a_file_of_either_kind() {
    let data = Data::new();
    let folder = data.name();
    assert_eq!(run(&["migrate", "--data", &folder]).code, 0);
    let report = ["report", "voc", "--data", &folder, "--month", "2026-05"];
    let csv = run(&report);
    assert_eq!(csv.code, 0, "{}", csv.err);
    assert!(csv.out.starts_with("month,category,brand,figure,value"), "{}", csv.out);
    assert!(csv.out.contains("2026-05,television,,complaints_open,0"), "{}", csv.out);
    let page = data.beside("may.html");
    let (page_name, one) = (page.display().to_string(), ["--category", "television"]);
    let out = ["--format", "html", "--out", &page_name, "--json"];
    let html = run(&[report.as_slice(), &one, &out].concat());
    assert_eq!(html.code, 0, "{}", html.err);
    assert_eq!(html.document()["units"].as_array().unwrap().len(), 1);
    assert!(std::fs::read_to_string(page).unwrap().contains("Television"));
    assert_eq!(run(&["report", "voc", "--data", &folder, "--month", "May"]).code, 2);
}

#[test]
fn wrong_usage_is_told_apart_from_failure() {
    let wrong: [&[&str]; 8] = [
        &[],
        &["conjure"],
        &["version", "--set", "no-equals-sign"],
        &["version", "--lang", "fr"],
        &["token", "--role", "god", "--subject", "x"],
        &["token", "--role", "agent", "--subject", "x", "--days", "0"],
        &["import"],
        &["import", ".", "--token", "t"],
    ];
    for arguments in wrong {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_parasol"));
        let ended = ended(command.args(arguments).env_clear());
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{arguments:?}: {}", ended.err);
        assert!(!ended.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_names_every_common_option_and_an_example() {
    let commands = [
        "up",
        "serve",
        "demo",
        "import",
        "migrate",
        "config",
        "doctor",
        "token",
        "bench",
        "conformance",
        "report",
        "version",
    ];
    for name in commands {
        let help = ended(parasol(&[name]).arg("--help"));
        assert_eq!(help.code, 0, "{}", help.err);
        for option in [
            "--data",
            "--database",
            "--redis",
            "--grpc",
            "--http",
            "--lang",
            "--config",
            "--set",
            "--json",
            "Example",
        ] {
            assert!(help.out.contains(option), "{name} {option}");
        }
    }
}

#[test]
fn settings_come_from_file_environment_and_options_and_secrets_stay_hidden() {
    let data = Data::new();
    let file = data.beside("parasol.toml");
    std::fs::write(&file, "cell = 1\n[tasks]\nbatch = 7\n[committer]\nbatch_max = 8\n").unwrap();
    let mut command = parasol(&["config", "dump", "--json", "--set", "tasks.batch=9"]);
    command
        .arg("--config")
        .arg(&file)
        .args(["--database", "postgres://parasol:hunter2@db/cell"])
        .env("PARASOL__COMMITTER__BATCH_MAX", "16");
    let ended = ended(&mut command);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(!ended.out.contains("hunter2"));
    let document = ended.document();
    assert_eq!(document["cell"], 1);
    assert_eq!(document["tasks"]["batch"], 9);
    assert_eq!(document["committer"]["batch_max"], 16);
    assert_eq!(document["database_url"], "[redacted]");
}

#[test]
fn a_deadline_nobody_knows_is_a_problem_of_the_configuration() {
    let ended = run(&["config", "check", "--json", "--set", "deadlines.tea_time=60"]);
    assert_eq!(ended.code, 1);
    let problem = &ended.document()["problems"][0];
    assert!(problem.to_string().contains("tea_time"), "{problem}");
}

#[test]
fn an_invalid_configuration_tells_all_its_problems_and_nothing_starts() {
    let data = Data::new();
    let settings = ["--set", "grpc_addr=x", "--set", "cell=70000"];
    let unreadable = run(&[&["up", "--data", &data.name()], settings.as_slice()].concat());
    assert_eq!(unreadable.code, 1);
    assert!(unreadable.err.contains("cell"), "{}", unreadable.err);
    let settings = ["--set", "grpc_addr=x", "--set", "pools.read=0"];
    let both = run(&[&["up", "--data", &data.name()], settings.as_slice()].concat());
    assert!(both.err.contains("grpc_addr") && both.err.contains("pools.read"), "{}", both.err);
    assert!(!data.path().exists());
}
