//! The dashboard for Grafana: a panel for each metric of the registry, what is asked of it following from its kind.

use parasol_runtime::metrics::{Counter, Histogram};
use serde_json::{Value, json};

use super::{Metric, streams};

/// Columns of a row; Grafana's grid has 24.
const WIDE: usize = 12;
const HIGH: usize = 8;

/// What is asked of a metric: expressions with their legends.
fn questions(metric: Metric) -> Vec<(String, String)> {
    let series = metric.series();
    match metric {
        // All processes say the same of the store, and each its own of its queue.
        Metric::Gauge(_) => {
            vec![(format!("max by (instance) ({series})"), "{{instance}}".to_owned())]
        }
        Metric::Counter(counter) => {
            let by = labels(counter);
            let legend: Vec<_> = by.iter().map(|label| format!("{{{{{label}}}}}")).collect();
            let sum = if by.is_empty() {
                "sum".to_owned()
            } else {
                format!("sum by ({})", by.join(", "))
            };
            vec![(format!("{sum} (rate({series}[$__rate_interval]))"), legend.join(" "))]
        }
        Metric::Histogram(histogram) => {
            let only = match histogram {
                Histogram::CallDuration => format!("{{rpc_method!~\"{}\"}}", streams()),
                _ => String::new(),
            };
            let part = |of: &str| {
                format!(
                    "histogram_quantile({of}, sum by (le) (rate({series}_bucket{only}[$__rate_interval])))"
                )
            };
            let rate = format!("sum (rate({series}_count{only}[$__rate_interval]))");
            let mut asked: Vec<_> = [("0.5", "half"), ("0.99", "99 of 100")]
                .map(|(of, legend)| (part(of), legend.to_owned()))
                .into();
            asked.push((rate, "a second".to_owned()));
            asked
        }
    }
}

/// By what a count is split.
fn labels(counter: Counter) -> &'static [&'static str] {
    match counter {
        Counter::Steps | Counter::Replays => &["method"],
        Counter::Refusals => &["reason"],
        Counter::TaskRuns => &["task", "outcome"],
        Counter::CallsShed => &["priority"],
        Counter::Panics | Counter::RevealsLost => &[],
    }
}

fn panel(nth: usize, metric: Metric) -> Value {
    let unit = match (metric, metric.unit()) {
        (Metric::Counter(_), _) => "ops",
        (_, "s") => "s",
        (_, "d") => "d",
        _ => "short",
    };
    let targets: Vec<_> = questions(metric)
        .into_iter()
        .zip('A'..)
        .map(|((expr, legend), id)| {
            json!({ "refId": id.to_string(), "expr": expr, "legendFormat": legend })
        })
        .collect();
    json!({
        "id": nth + 1,
        "type": "timeseries",
        "title": metric.description().trim_end_matches('.'),
        "description": metric.series(),
        "datasource": { "type": "prometheus", "uid": "${source}" },
        "gridPos": { "x": nth % 2 * WIDE, "y": nth / 2 * HIGH, "w": WIDE, "h": HIGH },
        "fieldConfig": { "defaults": { "unit": unit, "min": 0 }, "overrides": [] },
        "targets": targets,
    })
}

/// The file of the dashboard.
pub(crate) fn file() -> String {
    let metrics = Metric::all().into_iter().enumerate();
    let panels: Vec<_> = metrics.map(|(nth, metric)| panel(nth, metric)).collect();
    let dashboard = json!({
        "uid": "parasol",
        "title": "Parasol",
        "description": "Made from the registry of metrics: UPDATE_DOCS=1 cargo test -p parasol-runtime",
        "schemaVersion": 39,
        "version": 1,
        "editable": false,
        "refresh": "30s",
        "time": { "from": "now-6h", "to": "now" },
        "timezone": "Asia/Shanghai",
        "templating": { "list": [{ "name": "source", "type": "datasource", "query": "prometheus" }] },
        "panels": panels,
    });
    serde_json::to_string_pretty(&dashboard).expect("JSON") + "\n"
}
