//! Every metric of the house: its name, unit and meaning, in one place.
//!
//! Owns the instruments; where the figures go is telemetry's matter, and without an exporter they
//! go nowhere at no cost worth naming. A label takes its values from a closed set (kinds, reasons,
//! roles, method names): never an id, a name or a text of a user.

use std::sync::Arc;

pub use opentelemetry::KeyValue as Label;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::metrics::{
    Gauge as OtelGauge, Histogram as OtelHistogram, Meter, MeterProvider,
};

macro_rules! instruments {
    ($(#[$doc:meta])* $name:ident { $($(#[doc = $vdoc:literal])+ $variant:ident = $text:literal, $unit:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[doc = $vdoc])+ $variant,)+ }

        impl $name {
            /// Every one, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name it is exported under.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Its unit, in UCUM.
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)+ }
            }

            /// What it counts.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => concat!($($vdoc,)+).trim_ascii(),)+ }
            }
        }
    };
}

instruments! {
    /// Counts that only grow.
    Counter {
        /// Commands that took effect, by `method` or task.
        Steps = "parasol.case.steps", "{step}",
        /// Commands that did not, by `reason`.
        Refusals = "parasol.case.refusals", "{command}",
        /// Commands answered from a saved answer, by `method`.
        Replays = "parasol.case.replays", "{command}",
        /// Tasks tried, by `task` and `outcome` (done, superseded, waits, failed).
        TaskRuns = "parasol.task.runs", "{run}",
        /// Calls refused because their caller's share of the process was full, by `priority`.
        CallsShed = "parasol.call.shed", "{call}",
        /// Panics caught in calls.
        Panics = "parasol.panics", "{panic}",
        /// Answers that showed a customer in full and found no room in the queue of the log of reveals.
        RevealsLost = "parasol.reveals.lost", "{answer}",
    }
}

instruments! {
    /// Distributions.
    Histogram {
        /// Time of a call until its last byte, by `rpc.method` and `rpc.response.status_code`.
        CallDuration = "rpc.server.call.duration", "s",
        /// Time of one commit.
        CommitDuration = "parasol.commit.duration", "s",
        /// Commands in one commit.
        CommitBatch = "parasol.commit.batch", "{command}",
        /// Time between a task's due instant and its effect, by `role`.
        TaskLag = "parasol.task.lag", "s",
    }
}

instruments! {
    /// Present values.
    Gauge {
        /// How long the oldest due task has been waiting; the first figure to look at.
        TaskOverdue = "parasol.task.overdue", "s",
        /// Tasks parked for a person.
        TasksParked = "parasol.task.parked", "{task}",
        /// Commands waiting for a commit.
        CommitQueue = "parasol.commit.queue", "{command}",
        /// How long the oldest commit has waited for its place in the feed.
        FeedBehind = "parasol.feed.behind", "s",
        /// How many more days working days can be counted.
        CalendarLeft = "parasol.calendar.left", "d",
        /// Rows of the audit trail without a link in its chain.
        AuditUnchained = "parasol.audit.unchained", "{row}",
        /// How long the oldest row that waits for its link has been waiting.
        AuditLag = "parasol.audit.lag", "s",
        /// Calls in flight that take a place.
        CallsInFlight = "parasol.call.in_flight", "{call}",
    }
}

/// Bounds of histograms in seconds.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Bounds of histograms of counts.
const COUNTS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// The instruments. A clone feeds the same figures.
#[derive(Clone)]
pub struct Metrics(Arc<Instruments>);

struct Instruments {
    counters: Vec<opentelemetry::metrics::Counter<u64>>,
    histograms: Vec<OtelHistogram<f64>>,
    gauges: Vec<OtelGauge<f64>>,
}

impl Metrics {
    /// Instruments that feed a meter.
    pub fn new(meter: &Meter) -> Self {
        let counters = Counter::ALL.iter().map(|counter| {
            let builder = meter.u64_counter(counter.name()).with_unit(counter.unit());
            builder.with_description(counter.description()).build()
        });
        let histograms = Histogram::ALL.iter().map(|histogram| {
            let bounds = if histogram.unit() == "s" { SECONDS.to_vec() } else { COUNTS.to_vec() };
            let builder = meter.f64_histogram(histogram.name()).with_unit(histogram.unit());
            builder.with_description(histogram.description()).with_boundaries(bounds).build()
        });
        let gauges = Gauge::ALL.iter().map(|gauge| {
            let builder = meter.f64_gauge(gauge.name()).with_unit(gauge.unit());
            builder.with_description(gauge.description()).build()
        });
        Self(Arc::new(Instruments {
            counters: counters.collect(),
            histograms: histograms.collect(),
            gauges: gauges.collect(),
        }))
    }

    /// Instruments that feed nothing.
    pub fn silent() -> Self {
        Self::new(&NoopMeterProvider::new().meter("parasol"))
    }

    /// Adds to a counter.
    pub fn count(&self, counter: Counter, by: u64, labels: &[Label]) {
        self.0.counters[counter as usize].add(by, labels);
    }

    /// Adds one observation to a distribution, in its unit.
    pub fn observe(&self, histogram: Histogram, value: f64, labels: &[Label]) {
        self.0.histograms[histogram as usize].record(value, labels);
    }

    /// Sets a present value, in its unit.
    pub fn set(&self, gauge: Gauge, value: f64, labels: &[Label]) {
        self.0.gauges[gauge as usize].record(value, labels);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::telemetry::recording::Figures;

    #[test]
    fn figures_arrive_under_the_name_they_were_given_for() {
        let figures = Figures::new();
        let metrics = figures.metrics();
        metrics.count(Counter::Refusals, 2, &[Label::new("reason", "CASE_CLOSED")]);
        metrics.count(Counter::Refusals, 1, &[Label::new("reason", "CASE_CLOSED")]);
        metrics.observe(Histogram::CommitBatch, 64.0, &[]);
        metrics.set(Gauge::TasksParked, 3.0, &[]);
        let expected = [
            "parasol.case.refusals{reason=CASE_CLOSED} 3",
            "parasol.commit.batch{} 1 of 64",
            "parasol.task.parked{} 3",
        ];
        assert_eq!(figures.read(), expected);
    }

    #[test]
    fn names_are_unique_and_described() {
        let mut names = BTreeSet::new();
        let counters = Counter::ALL.iter().map(|c| (c.name(), c.description()));
        let histograms = Histogram::ALL.iter().map(|h| (h.name(), h.description()));
        let gauges = Gauge::ALL.iter().map(|g| (g.name(), g.description()));
        for (name, description) in counters.chain(histograms).chain(gauges) {
            assert!(names.insert(name), "{name} is there twice");
            assert!(description.ends_with('.') && !description.starts_with(' '), "{description}");
        }
    }

    #[test]
    fn silent_metrics_swallow_everything() {
        let metrics = Metrics::silent();
        metrics.count(Counter::Steps, 1, &[]);
        metrics.observe(Histogram::TaskLag, 0.5, &[]);
        metrics.set(Gauge::TaskOverdue, 0.0, &[]);
    }
}
