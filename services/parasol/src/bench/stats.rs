//! Figures of one measurement.

use std::time::Duration;

use serde::Serialize;

/// What one cell of a round measured.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Operations per second.
    pub per_second: f64,
    /// Median latency of one operation, milliseconds.
    pub p50_ms: f64,
    /// 99th percentile, milliseconds.
    pub p99_ms: f64,
    /// Operations counted.
    pub count: usize,
}

impl Figures {
    /// From the latencies of all operations and the time they took together.
    pub fn of(mut latencies: Vec<Duration>, elapsed: Duration) -> Self {
        latencies.sort_unstable();
        let at = |share: f64| {
            let last = latencies.len().saturating_sub(1);
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "an index into a list that fits memory"
            )]
            let place = (last as f64 * share).round() as usize;
            latencies.get(place).copied().unwrap_or_default().as_secs_f64() * 1_000.0
        };
        #[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
        let per_second = latencies.len() as f64 / elapsed.as_secs_f64().max(1e-9);
        Self { per_second, p50_ms: at(0.5), p99_ms: at(0.99), count: latencies.len() }
    }
}

/// The document of a benchmark.
#[derive(Clone, Debug, Serialize)]
pub struct Report<R> {
    /// The benchmark.
    pub name: &'static str,
    /// What was measured, if the build knew.
    pub commit: &'static str,
    /// How.
    pub settings: serde_json::Value,
    /// Every round with its own figures.
    pub rounds: Vec<R>,
    /// Medians over the rounds.
    pub median: serde_json::Map<String, serde_json::Value>,
    /// What counts: one figure of a run over another of the same run.
    pub ratio: serde_json::Map<String, serde_json::Value>,
}

/// The commit this was built from, if the build knew.
pub const COMMIT: &str = match option_env!("PARASOL_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// The middle of some figures; the mean of the two middle ones of an even number.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

/// Resident memory of this process, MiB; `None` where the kernel does not tell.
pub fn resident_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1_024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_known_set() {
        let latencies = (1..=100).map(Duration::from_millis).collect();
        let figures = Figures::of(latencies, Duration::from_secs(2));
        assert!((figures.per_second - 50.0).abs() < 1e-9);
        assert!((figures.p50_ms - 51.0).abs() < 1e-9);
        assert!((figures.p99_ms - 99.0).abs() < 1e-9);
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }
}
