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

/// What the benchmarks drive moves with the product: a course that no longer ends is seen here and not on
/// the day somebody wants a figure.
#[test]
fn whole_cases_run_to_their_end_beside_the_yardstick() {
    let small = ["--in-flight", "2", "--rounds", "1", "--seconds", "1", "--units", "2000"];
    let ran = ended(parasol(&["bench", "steps", "--json"]).args(small));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let cell = &told["rounds"][0]["cells"][0];
    assert!(cell["steps_per_second"].as_f64().is_some_and(|rate| rate > 0.0), "{told}");
    let methods = cell["by_method"].as_object().map(serde_json::Map::len);
    assert_eq!(methods, Some(8), "{told}");
}

#[test]
fn each_other_benchmark_reports_at_a_small_size() {
    for few in [
        "decide --decisions 5000 --rounds 1",
        "dispatch --centres 100 --cases 20 --in-flight 4 --rounds 1",
        "slots --technicians 10 --searches 20 --rounds 1",
        "urgent --technicians 5 --visits 20 --urgent 5 --seconds 1 --rounds 1",
        "plan --city 5x20 --seconds 1",
    ] {
        let ran = ended(parasol(&["bench", "--json"]).args(few.split(' ')));
        assert_eq!(ran.code, 0, "{few}: {}", ran.err);
        let told: Value = serde_json::from_str(&ran.out).unwrap();
        let figures = told["median"].as_object().map_or(0, serde_json::Map::len);
        assert!(figures > 0, "{few}: {told}");
    }
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
