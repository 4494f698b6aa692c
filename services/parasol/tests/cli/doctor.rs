//! The doctor on a healthy set-up and on broken ones.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::{Data, Ended, ended, example, parasol, run};

/// Any free ports, so that neither the machine nor other tests decide.
const PORTS: [&str; 4] = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"];

fn doctor(data: &Data, more: &[&str]) -> Ended {
    run(&[&["doctor", "--json", "--data", &data.name()], PORTS.as_slice(), more].concat())
}

/// The finding of a check.
fn finding(ended: &Ended, check: &str) -> Value {
    let document = ended.document();
    let findings = document["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["check"] == check);
    found.unwrap_or_else(|| panic!("{check} is not among {document}")).clone()
}

fn status(ended: &Ended, check: &str) -> String {
    finding(ended, check)["status"].as_str().unwrap().to_owned()
}

/// A folder in which a node has run.
fn lived_in() -> Data {
    let data = Data::new();
    let import = run(&["import", "--data", &data.name(), &example("network/brands.jsonl")]);
    assert_eq!(import.code, 0, "{}", import.err);
    data
}

#[test]
fn a_healthy_set_up_is_well() {
    let data = lived_in();
    let ended = doctor(&data, &[]);
    assert_eq!(ended.code, 0, "{}", ended.out);
    assert_eq!(ended.document()["status"], "ok", "{}", ended.out);
    let text = run(&["doctor", "--data", &data.name(), PORTS[0], PORTS[1], PORTS[2], PORTS[3]]);
    assert!(text.out.ends_with("All is well.\n"), "{}", text.out);
}

#[test]
fn a_set_up_that_is_still_to_be_made_is_looked_at_and_not_made() {
    let data = Data::new();
    let ended = doctor(&data, &[]);
    for check in ["data folder", "signing key", "store"] {
        assert_eq!(status(&ended, check), "ok");
    }
    assert!(!data.path().exists());
}

#[test]
fn every_way_a_set_up_can_be_broken_is_found_and_says_what_to_do() {
    type Break = fn(&Data);
    let cases: [(&str, &str, Break); 5] = [
        ("signing key", "chmod 600", |data| {
            let key = data.path().join("secret.key");
            fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap();
        }),
        ("signing key", "backup", |data| {
            fs::write(data.path().join("secret.key"), "short").unwrap();
        }),
        ("store", "backup", |data| {
            fs::write(data.path().join("parasol.db"), "this is no database".repeat(500)).unwrap();
        }),
        ("data folder", "--data", |data| {
            fs::remove_dir_all(data.path()).unwrap();
            fs::write(data.path(), "a file").unwrap();
        }),
        ("data folder", "--data", |data| {
            fs::remove_dir_all(data.path()).unwrap();
            std::os::unix::fs::symlink("/proc/version", data.path()).unwrap();
        }),
    ];
    for (check, next, break_it) in cases {
        let data = lived_in();
        break_it(&data);
        let ended = doctor(&data, &[]);
        assert_eq!(ended.code, 1, "{check}: {}", ended.out);
        let finding = finding(&ended, check);
        assert_eq!(finding["status"], "fail");
        assert!(finding["next"].as_str().unwrap().contains(next), "{finding}");
    }
}

#[test]
fn settings_that_do_not_fit_are_all_told() {
    let data = Data::new();
    let ended = doctor(&data, &["--set", "pools.read=0", "--set", "tasks.batch=0"]);
    assert_eq!(ended.code, 1);
    let document = ended.document();
    let found: Vec<_> = document["findings"].as_array().unwrap().iter().collect();
    assert_eq!(found.len(), 2, "{document}");
    assert!(found.iter().all(|finding| finding["check"] == "configuration"));
}

#[test]
fn a_port_that_is_taken_is_found() {
    let data = lived_in();
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = stranger.local_addr().unwrap().to_string();
    let ended =
        run(&["doctor", "--json", "--data", &data.name(), "--grpc", PORTS[1], "--http", &address]);
    assert_eq!(ended.code, 1);
    assert_eq!(
        (status(&ended, "gRPC port"), status(&ended, "HTTP port")),
        ("ok".into(), "fail".into())
    );
}

#[test]
fn a_database_that_does_not_answer_is_found_and_its_password_not_told() {
    let data = Data::new();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("postgres://parasol:hunter2@{nobody}/cell");
    let ended = doctor(&data, &["--database", &url]);
    assert_eq!((ended.code, status(&ended, "store")), (1, "fail".into()), "{}", ended.out);
    assert!(!ended.out.contains("hunter2") && !ended.err.contains("hunter2"));
}

#[test]
fn migrations_that_wait_are_a_warning() {
    let data = Data::new();
    fs::create_dir(data.path()).unwrap();
    fs::write(data.path().join("parasol.db"), "").unwrap();
    let ended = doctor(&data, &[]);
    assert_eq!(status(&ended, "migrations"), "warn", "{}", ended.out);
}

#[test]
fn a_store_of_the_test_clock_is_told_apart_from_a_real_one() {
    let data = lived_in();
    let mut command = parasol(&["doctor", "--json", "--data", &data.name()]);
    // Later settings win; the start belongs to the test clock.
    command.args(PORTS).args(["--set", "test_clock=false", "--set", "test_clock_start="]);
    let ended = ended(&mut command);
    assert_eq!(status(&ended, "test clock"), "warn");
    assert_eq!(status(&ended, "clock"), "ok");
}
