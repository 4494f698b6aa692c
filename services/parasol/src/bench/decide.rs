//! `parasol bench decide`: decisions a second on one core, with the built-in packs loaded.
//!
//! The facts are made up from a seed before the clock starts; a tenth of them is decided once to warm
//! up. The yardstick of the same run is the rate the house asks for, so that the ratio says by how
//! much it is met. One thread decides; nothing is stored.

use std::hint::black_box;

use parasol_policy::{Facts, Pack, Ruling, Sampler, evaluate};
use parasol_runtime::clock::Stopwatch;
use serde::Serialize;

use super::stats::{COMMIT, Figures, Report, median};

/// Decisions a second that are asked for.
const ASKED_FOR: f64 = 200_000.0;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Decisions in each round
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    pub decisions: u32,
    /// The seed of the facts
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Rounds, each over the same facts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub rounds: u16,
}

/// One round.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// All decisions, each timed by itself.
    pub decisions: Figures,
    /// The 99th percentile, microseconds.
    pub p99_us: f64,
    /// The same without looking at the clock in between, decisions a second.
    pub untimed_per_second: f64,
    /// Decisions that offered something.
    pub offered: usize,
    /// Decisions that refused.
    pub denied: usize,
    /// Decisions that asked for a step first.
    pub needs: usize,
    /// Rules that fired, on average.
    pub fired: f64,
}

/// Runs it.
///
/// # Errors
/// None; it takes the shape of the others.
pub fn run(args: &Args, mut progress: impl FnMut(&str)) -> anyhow::Result<Report<Round>> {
    let pack = Pack::builtin();
    progress(&format!("making up {} fact sets", args.decisions));
    let sampler = Sampler::new(args.seed).with_promises_of(&pack);
    let facts: Vec<Facts> = sampler.take(args.decisions as usize).collect();
    let warm = facts.len() / 10;
    facts[..warm].iter().for_each(|facts| {
        black_box(evaluate(&pack, facts));
    });
    let mut rounds = Vec::new();
    for nth in 1..=args.rounds {
        progress(&format!("round {nth}"));
        rounds.push(round(&pack, &facts));
    }
    Ok(report(args, &pack, rounds))
}

fn round(pack: &Pack, facts: &[Facts]) -> Round {
    let watch = Stopwatch::start();
    for facts in facts {
        black_box(evaluate(pack, black_box(facts)));
    }
    let untimed = watch.elapsed();
    let (mut offered, mut denied, mut needs, mut fired) = (0, 0, 0, 0);
    let mut latencies = Vec::with_capacity(facts.len());
    for facts in facts {
        let watch = Stopwatch::start();
        let outcome = evaluate(pack, black_box(facts));
        latencies.push(watch.elapsed());
        fired += outcome.fired.len();
        match outcome.ruling {
            Ruling::Offered(_) => offered += 1,
            Ruling::Denied(_) => denied += 1,
            Ruling::Needs(_) => needs += 1,
        }
    }
    let elapsed = latencies.iter().sum();
    let decisions = Figures::of(latencies, elapsed);
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let (count, fired) = (facts.len() as f64, fired as f64);
    Round {
        p99_us: decisions.p99_ms * 1_000.0,
        decisions,
        untimed_per_second: count / untimed.as_secs_f64().max(1e-9),
        offered,
        denied,
        needs,
        fired: fired / count.max(1.0),
    }
}

fn report(args: &Args, pack: &Pack, rounds: Vec<Round>) -> Report<Round> {
    let of = |pick: fn(&Round) -> f64| median(rounds.iter().map(pick).collect());
    let per_second = of(|round| round.untimed_per_second);
    let median = serde_json::json!({
        "per_second": per_second,
        "timed_per_second": of(|round| round.decisions.per_second),
        "p99_us": of(|round| round.p99_us),
        "fired": of(|round| round.fired),
    });
    let ratio = serde_json::json!({ "over_asked_for": per_second / ASKED_FOR });
    let map = |value: serde_json::Value| value.as_object().cloned().unwrap_or_default();
    Report {
        name: "decide",
        commit: COMMIT,
        settings: serde_json::json!({
            "pack": pack.version(),
            "layers": pack.layers().len(),
            "rules": pack.rules().count(),
            "decisions": args.decisions,
            "seed": args.seed,
            "rounds": args.rounds,
            "threads": 1,
            "asked_for_per_second": ASKED_FOR,
        }),
        rounds,
        median: map(median),
        ratio: map(ratio),
    }
}
