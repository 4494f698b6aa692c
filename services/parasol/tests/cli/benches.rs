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
