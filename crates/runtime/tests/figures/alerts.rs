//! The alert rules: few, each about something that somebody waits for, each with a page of what to do.

use std::fmt::Write as _;

use parasol_runtime::metrics::{Counter, Gauge, Histogram};

use super::{counter, gauge, histogram, streams};

/// A rule.
pub(crate) struct Alert {
    pub(crate) name: &'static str,
    /// In PromQL.
    expr: String,
    /// How long it must be so.
    lasting: &'static str,
    /// `page` wakes somebody, `ticket` waits for the morning.
    pub(crate) severity: &'static str,
    /// What is so, for whoever reads it on a telephone.
    summary: &'static str,
}

const fn alert(
    name: &'static str,
    expr: String,
    lasting: &'static str,
    severity: &'static str,
    summary: &'static str,
) -> Alert {
    Alert { name, expr, lasting, severity, summary }
}

/// Every rule. Figures of the whole store are told by every process alike, so that the largest counts.
pub(crate) fn all() -> Vec<Alert> {
    felt().into_iter().chain(behind()).collect()
}

/// What callers and customers feel.
fn felt() -> Vec<Alert> {
    let calls = histogram(Histogram::CallDuration);
    let ours =
        "rpc_response_status_code=~\"INTERNAL|UNAVAILABLE|DEADLINE_EXCEEDED|UNKNOWN|DATA_LOSS\"";
    let unary = format!("rpc_method!~\"{}\"", streams());
    let refusals = counter(Counter::Refusals);
    vec![
        alert(
            "ParasolSilent",
            format!("absent({})", gauge(Gauge::TaskOverdue)),
            "3m",
            "page",
            "No process of the cell reports figures",
        ),
        alert(
            "ParasolWorkOverdue",
            format!("max({}) > 60", gauge(Gauge::TaskOverdue)),
            "2m",
            "page",
            "Deadlines and work of cases are late by {{ $value | humanizeDuration }}",
        ),
        alert(
            "ParasolStoreFails",
            format!("sum(rate({refusals}{{reason=\"STORE_UNAVAILABLE\"}}[2m])) > 0"),
            "2m",
            "page",
            "Commands fail because the database does not answer",
        ),
        alert(
            "ParasolCallsFail",
            format!("sum(rate({calls}_count{{{ours}}}[5m])) / sum(rate({calls}_count[5m])) > 0.01"),
            "5m",
            "page",
            "{{ $value | humanizePercentage }} of calls fail by our fault",
        ),
        alert(
            "ParasolCallsSlow",
            format!(
                "histogram_quantile(0.99, sum by (le) (rate({calls}_bucket{{{unary}}}[5m]))) > 1"
            ),
            "10m",
            "ticket",
            "One call in a hundred takes longer than {{ $value | humanizeDuration }}",
        ),
        alert(
            "ParasolOverloaded",
            format!("sum(rate({refusals}{{reason=\"OVERLOADED\"}}[2m])) > 0"),
            "2m",
            "page",
            "Commands are turned away because too many wait",
        ),
        alert(
            "ParasolCallsShed",
            format!("sum by (priority) (rate({}[5m])) > 0", counter(Counter::CallsShed)),
            "5m",
            "ticket",
            "Calls of {{ $labels.priority }} callers are turned away: somebody holds more than their share",
        ),
    ]
}

/// What goes on behind the calls, and will be felt.
fn behind() -> Vec<Alert> {
    let runs = counter(Counter::TaskRuns);
    vec![
        alert(
            "ParasolCommitsSlow",
            format!(
                "histogram_quantile(0.99, sum by (le) (rate({}_bucket[5m]))) > 0.25",
                histogram(Histogram::CommitDuration)
            ),
            "10m",
            "ticket",
            "One commit in a hundred takes longer than {{ $value | humanizeDuration }}",
        ),
        alert(
            "ParasolFeedBehind",
            format!("max({}) > 30", gauge(Gauge::FeedBehind)),
            "2m",
            "page",
            "Partners and watchers hear of changes {{ $value | humanizeDuration }} late",
        ),
        alert(
            "ParasolAuditBehind",
            format!("max({}) > 60", gauge(Gauge::AuditLag)),
            "5m",
            "ticket",
            "The audit trail has had no link for {{ $value | humanizeDuration }}",
        ),
        alert(
            "ParasolTasksParked",
            format!("max({}) > 0", gauge(Gauge::TasksParked)),
            "5m",
            "ticket",
            "{{ $value }} tasks were given up and wait for a person",
        ),
        alert(
            "ParasolTasksFail",
            format!(
                "sum by (task) (rate({runs}{{outcome=\"failed\"}}[10m])) / sum by (task) (rate({runs}[10m])) > 0.2"
            ),
            "10m",
            "ticket",
            "{{ $value | humanizePercentage }} of tries of {{ $labels.task }} fail",
        ),
        alert(
            "ParasolPanics",
            format!("sum(increase({}[15m])) > 0", counter(Counter::Panics)),
            "0m",
            "ticket",
            "A call panicked",
        ),
        alert(
            "ParasolCalendarEnds",
            format!("min({}) < 60", gauge(Gauge::CalendarLeft)),
            "1h",
            "ticket",
            "Working days can be counted for {{ $value }} more days",
        ),
    ]
}

/// The file of rules. Every text is quoted as JSON is, which YAML takes.
pub(crate) fn file() -> String {
    let quoted = |text: &str| serde_json::to_string(text).expect("text");
    let mut file = "# Alert rules for Prometheus, made from the registry of metrics: UPDATE_DOCS=1 cargo test -p parasol-runtime\n\
                    groups:\n  - name: parasol\n    rules:\n"
        .to_owned();
    for Alert { name, expr, lasting, severity, summary } in all() {
        let (expr, summary) = (quoted(&expr), quoted(summary));
        write!(
            file,
            "      - alert: {name}\n        expr: {expr}\n        for: {lasting}\n        \
             labels: {{ severity: {severity} }}\n        annotations:\n          \
             summary: {summary}\n          runbook: docs/runbooks/{name}.md\n",
        )
        .expect("a String takes all");
    }
    file
}
