//! Keeps `deploy/dashboards` and `deploy/alerts` in step with the registry of metrics.
//!
//! A panel or a rule names a metric by its entry in the registry and not by its text, so that none can speak of a
//! metric that is not there. With `UPDATE_DOCS=1` in the environment the files are written; without it one that differs
//! fails the test.

mod alerts;
mod dashboard;

use std::fs;
use std::path::{Path, PathBuf};

use parasol_runtime::metrics::{Counter, Gauge, Histogram};

/// A metric of the registry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Metric {
    Counter(Counter),
    Histogram(Histogram),
    Gauge(Gauge),
}

impl Metric {
    /// Every one.
    fn all() -> Vec<Self> {
        let counters = Counter::ALL.iter().copied().map(Self::Counter);
        let histograms = Histogram::ALL.iter().copied().map(Self::Histogram);
        let gauges = Gauge::ALL.iter().copied().map(Self::Gauge);
        gauges.chain(histograms).chain(counters).collect()
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Counter(counter) => counter.unit(),
            Self::Histogram(histogram) => histogram.unit(),
            Self::Gauge(gauge) => gauge.unit(),
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Counter(counter) => counter.description(),
            Self::Histogram(histogram) => histogram.description(),
            Self::Gauge(gauge) => gauge.description(),
        }
    }

    /// Its name in Prometheus, as the collector makes it: dots become underscores, units in words are added, what
    /// stands in braces is none, and counters end with `_total`. A histogram is its `_bucket`, `_sum` and `_count`.
    pub(crate) fn series(self) -> String {
        let (name, unit) = match self {
            Self::Counter(counter) => (counter.name(), counter.unit()),
            Self::Histogram(histogram) => (histogram.name(), histogram.unit()),
            Self::Gauge(gauge) => (gauge.name(), gauge.unit()),
        };
        let unit = match unit {
            "s" => "_seconds",
            "d" => "_days",
            annotation if annotation.starts_with('{') => "",
            other => panic!("nobody has said how the unit {other} is written"),
        };
        let total = if matches!(self, Self::Counter(_)) { "_total" } else { "" };
        format!("{}{unit}{total}", name.replace('.', "_"))
    }
}

/// Shorthands, since rules are mostly names.
pub(crate) fn counter(counter: Counter) -> String {
    Metric::Counter(counter).series()
}

/// As [`counter`].
pub(crate) fn gauge(gauge: Gauge) -> String {
    Metric::Gauge(gauge).series()
}

/// As [`counter`]; without its `_bucket`.
pub(crate) fn histogram(histogram: Histogram) -> String {
    Metric::Histogram(histogram).series()
}

/// The methods whose calls last as long as somebody listens, as a regular expression; their durations say nothing.
pub(crate) fn streams() -> String {
    let pool = parasol_api::descriptor::pool();
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let streaming = methods.filter(|method| method.is_server_streaming());
    let names: Vec<_> = streaming.map(|method| method.name().to_owned()).collect();
    assert!(names.iter().any(|name| name == "WatchCase"), "{names:?}");
    format!(".*/({})", names.join("|"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Writes the file, where a person asks for it, or holds it against what it should be.
#[expect(clippy::disallowed_methods, reason = "a person asks for the update in the environment")]
fn hold(path: &str, wanted: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, wanted).expect("the file is written");
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == wanted, "{path} is out of date; run with UPDATE_DOCS=1");
}

#[test]
fn the_alert_rules_are_those_of_the_registry() {
    hold("deploy/alerts/parasol.yaml", &alerts::file());
}

#[test]
fn the_dashboard_shows_every_metric_of_the_registry() {
    let made = dashboard::file();
    for metric in Metric::all() {
        assert!(made.contains(&metric.series()), "{} is not shown", metric.series());
    }
    hold("deploy/dashboards/parasol.json", &made);
}

#[test]
fn every_alert_has_a_page_that_says_what_to_do_and_every_page_its_alert() {
    let folder = root().join("docs/runbooks");
    let mut wrong = Vec::new();
    for alert in alerts::all() {
        let page = fs::read_to_string(folder.join(format!("{}.md", alert.name)));
        let page = page.unwrap_or_default();
        let parts = [
            format!("# {}\n", alert.name),
            format!("`{}`", alert.severity),
            "\n## What it means\n".to_owned(),
            "\n## Look\n".to_owned(),
            "\n## Do\n".to_owned(),
        ];
        wrong.extend(
            parts.iter().filter(|part| !page.contains(*part)).map(|part| {
                format!("docs/runbooks/{}.md does not say {:?}", alert.name, part.trim())
            }),
        );
    }
    let index = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let alert = name.trim_end_matches(".md");
        if name != "README.md" && alerts::all().iter().all(|one| one.name != alert) {
            wrong.push(format!("docs/runbooks/{name} belongs to no alert"));
        }
        if name != "README.md" && !index.contains(&format!("({name})")) {
            wrong.push(format!("docs/runbooks/README.md does not lead to {name}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn names_are_written_as_the_collector_writes_them() {
    assert_eq!(gauge(Gauge::TaskOverdue), "parasol_task_overdue_seconds");
    assert_eq!(gauge(Gauge::TasksParked), "parasol_task_parked");
    assert_eq!(counter(Counter::Panics), "parasol_panics_total");
    assert_eq!(histogram(Histogram::CallDuration), "rpc_server_call_duration_seconds");
}
