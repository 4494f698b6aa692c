//! Benchmarks run and report; what they measure here says nothing.

use serde_json::Value;

use crate::{ended, parasol};

#[test]
fn webhooks_are_measured_quiet_and_disturbed_in_one_run() {
    let small = ["--partners", "4", "--cases", "3", "--in-flight", "2", "--rounds", "1"];
    let ran = ended(parasol(&["bench", "webhooks", "--json"]).args(small));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&report["name"], &report["settings"]["partners"]), (&"webhooks".into(), &4.into()));
    for cell in ["quiet", "disturbed"] {
        let delivered = &report["rounds"][0][cell]["delivered"];
        assert_eq!(delivered["count"], 6, "two partners with three cases each: {report}");
        assert!(delivered["p99_ms"].as_f64().is_some_and(|p99| p99 > 0.0), "{report}");
    }
    let ratio = &report["ratio"]["webhooks.disturbed_over_quiet.p99_ms"];
    assert!(ratio.as_f64().is_some_and(|ratio| ratio > 0.0), "{report}");
}

#[test]
fn every_watcher_is_told_of_every_event_with_stalled_ones_beside_them() {
    let small = [
        "--watchers",
        "200",
        "--cases",
        "20",
        "--rate",
        "50",
        "--seconds",
        "2",
        "--stalled",
        "20",
        "--rounds",
        "1",
    ];
    let ran = ended(parasol(&["bench", "watch", "--json"]).args(small));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(told["name"], "watch", "{told}");
    for pass in ["bare", "ours", "stalled"] {
        let round = &told["rounds"][0][pass];
        assert_eq!((&round["events"], &round["lost"]), (&100.into(), &0.into()), "{pass}: {round}");
        assert_eq!(round["screen"]["count"], 1_000, "{pass}: {round}");
    }
    for ratio in ["watch.ours_over_bare.p99_ms", "watch.stalled_over_none.p99_ms"] {
        assert!(told["ratio"][ratio].as_f64().is_some_and(|ratio| ratio > 0.0), "{told}");
    }
}

#[test]
fn masking_is_compared_with_writing_and_with_reflection() {
    let few = ["--messages", "100", "--rounds", "1"];
    let ran = ended(parasol(&["bench", "visibility", "--json"]).args(few));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    for message in ["entry", "timeline", "work_order"] {
        let ratio = &told["ratio"][format!("visibility.{message}.mask_over_reflect")];
        assert!(ratio.as_f64().is_some_and(|ratio| ratio > 0.0), "{told}");
    }
}
