//! The units of systemd: one process by itself, and a cell of several on one machine.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::{Env, Process, deploy, settings, wrong_in_cell};
use crate::program::program;
use crate::tidy::none;

/// The groups of the cell, each with its file of settings.
const GROUPS: [&str; 3] = ["gateway", "customers", "partners"];

fn read(name: &str) -> String {
    fs::read_to_string(deploy().join("systemd").join(name))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What a unit says to a key, in the order of its lines.
fn said<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    let lines = unit.lines().filter_map(|line| line.split_once('='));
    lines.filter(|(name, _)| *name == key).map(|(_, value)| value).collect()
}

/// The settings in lines of KEY=value.
fn env<'a>(lines: impl IntoIterator<Item = &'a str>) -> Env {
    let lines = lines.into_iter().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pairs = lines.map(|line| line.split_once('=').expect("a pair"));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The words of what a unit starts.
fn started(unit: &str) -> Vec<&str> {
    let line = said(unit, "ExecStart");
    assert_eq!(line.len(), 1);
    line[0].split_whitespace().collect()
}

#[test]
fn the_processes_of_the_template_make_a_cell_on_one_machine() {
    let unit = read("parasol@.service");
    let line = started(&unit);
    parasol::cli::understands(line.iter().copied()).expect("it starts a command");
    assert_eq!(line.last(), Some(&"/etc/parasol/cell.toml"));
    let of_unit = env(said(&unit, "Environment"));
    let file = deploy().join("systemd/cell.toml");
    let mut processes = Vec::new();
    let mut ports = BTreeSet::new();
    for group in GROUPS {
        let text = read(&format!("{group}.env"));
        let own = env(text.lines());
        let config = settings(&of_unit.clone().into_iter().chain(own).collect(), Some(&file));
        let config = config.unwrap_or_else(|error| panic!("{group}: {error}"));
        assert!(config.staff.registered_only, "{group}");
        for address in [&config.grpc_addr, &config.http_addr] {
            assert!(address.starts_with("127.0.0.1:"), "{group}: a proxy faces the world");
            assert!(ports.insert(address.clone()), "{group}: {address} is taken");
        }
        let address = format!("http://{}", config.grpc_addr);
        processes.push(Process { name: group.to_owned(), config, address });
    }
    none(&wrong_in_cell(&processes));
}

#[test]
fn a_unit_is_given_more_time_than_the_program_takes_to_drain() {
    for name in ["parasol.service", "parasol@.service"] {
        let unit = read(name);
        parasol::cli::understands(started(&unit)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let config = settings(&env(said(&unit, "Environment")), None);
        let config = config.unwrap_or_else(|error| panic!("{name}: {error}"));
        let limit = said(&unit, "TimeoutStopSec")[0].trim_end_matches('s');
        assert!(limit.parse::<u64>().expect("seconds") > config.limits.drain_s, "{name}");
        for hardening in ["NoNewPrivileges", "PrivateTmp", "ProtectHome", "MemoryDenyWriteExecute"]
        {
            assert_eq!(said(&unit, hardening), ["yes"], "{name}: {hardening}");
        }
        assert_eq!(said(&unit, "ProtectSystem"), ["strict"], "{name}");
    }
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        // The checks above hold wherever this one cannot be made.
        eprintln!("systemd-analyze is not installed: the units were not shown to systemd");
        return;
    }
    let folder = tempfile::tempdir().expect("a temp folder");
    for (name, as_name) in
        [("parasol.service", "parasol.service"), ("parasol@.service", "parasol@gateway.service")]
    {
        let program = program();
        let program = program.to_str().expect("a path is text");
        // Where the program is installed nothing may lie on this machine.
        let unit = read(name).replace("/usr/local/bin/parasol", program);
        let path = folder.path().join(as_name);
        fs::write(&path, unit).expect("a file can be written");
        let told =
            Command::new("systemd-analyze").arg("verify").arg("--man=no").arg(&path).output();
        let told = told.expect("it runs");
        let said = String::from_utf8_lossy(&told.stderr);
        assert!(told.status.success() && !said.contains(as_name), "{name}: {said}");
    }
}
