//! `parasol bench load` at a size that says nothing: it starts its cell, calls it at its rate, and reports.

use std::process::{Command, Stdio};

use parasol_testkit::{Postgres, Redis};
use serde_json::Value;

use crate::program::program;

#[test]
fn proc_a_cell_is_called_at_a_rate_and_measured_part_by_part() {
    let database = Postgres::shared().unwrap().fresh_database("bench_load").unwrap();
    let redis = Redis::shared().unwrap().url().to_owned();
    let mut bench = Command::new(program());
    bench.args(["bench", "load", "--json", "--database", &database, "--redis", &redis]);
    bench.args(["--rate", "20", "--seconds", "2", "--warm", "2", "--replicas", "1"]);
    bench.args(["--units", "300", "--traced", "--held", "60", "--timers", "20", "--overdue", "30"]);
    let folder = tempfile::tempdir().unwrap();
    bench.arg("--data").arg(folder.path()).stdin(Stdio::null());
    let ran = bench.output().expect("the program runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let told: Value = serde_json::from_slice(&ran.stdout).expect("one document");
    let round = &told["rounds"][0];
    for cell in ["plain", "traced"] {
        // Whatever it took: every call that was meant to begin in two seconds was made and answered.
        let best = &round[cell]["best"];
        assert_eq!(best["commands"]["count"], 40, "{best}");
        for lost in ["failed", "shed", "unanswered"] {
            assert_eq!(best[lost], 0, "{best}");
        }
        for part in ["gateway 1", "customers 1", "partners 1", "driver", "postgresql"] {
            let (cpu, memory) = (&best["cpu_us"][part], &best["memory_mib"][part]);
            assert!(cpu.as_f64().is_some_and(|cpu| cpu > 0.0), "{part}: {best}");
            assert!(memory.as_f64().is_some_and(|memory| memory > 0.0), "{part}: {best}");
        }
    }
    let sent = |cell: &str| round[cell]["traced_bytes"].as_u64().unwrap();
    assert!(sent("traced") > 1_000 && sent("plain") == 0, "{round}");
    for ratio in ["load.cpu_over_yardstick", "load.traced_over_plain.cpu"] {
        assert!(told["ratio"][ratio].as_f64().is_some_and(|ratio| ratio > 0.0), "{told}");
    }
    let held = &round["held"];
    assert_eq!((&held["cases"], &held["timers"]["due"]), (&60.into(), &20.into()), "{held}");
    assert!(held["deadlines"].as_u64().is_some_and(|deadlines| deadlines >= 180), "{held}");
    assert_eq!((&held["timers"]["passed"], &held["timers"]["early"]), (&20.into(), &0.into()));
    assert_eq!(held["overdue"]["deadlines"], 30, "{held}");
}

#[test]
fn one_process_cannot_be_measured_as_several() {
    let ran =
        Command::new(program()).args(["bench", "load"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(said.contains("--database and --redis"), "{said}");
}
