//! `cargo xtask ci`: the stages a change must pass, cheapest first, each with its time.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::programs::must_run;
use crate::{examples, proto, test};

/// Runs all stages and stops at the first that fails.
///
/// Compiler flags are the same in all stages, so that nothing is built twice: warnings are denied by
/// arguments to the linter, not by `RUSTFLAGS`.
///
/// # Errors
/// Names the stage that failed; a failure of the tests is the exit code instead, and the runner has
/// said why.
pub fn run() -> Result<ExitCode> {
    let mut times = Times::default();
    let result = stages(&mut times);
    times.print();
    result
}

/// The stages of [`run`] that need no servers and no network.
///
/// # Errors
/// When one finds something.
pub fn lint() -> Result<()> {
    format_check()?;
    lints()?;
    documentation()
}

fn stages(times: &mut Times) -> Result<ExitCode> {
    times.take("format check", format_check)?;
    times.take("proto lint", || proto::run(&proto::Options::default()))?;
    times.take("examples", examples::check)?;
    times.take("clippy", lints)?;
    times.take("documentation", documentation)?;
    times.take("tests", || test::run(&test::Options::default()))
}

fn format_check() -> Result<()> {
    must_run(Command::new("cargo").args(["fmt", "--all", "--check"]))
}

fn lints() -> Result<()> {
    must_run(
        Command::new("cargo")
            .args(["clippy", "--workspace", "--all-targets"])
            .args(["--", "-D", "warnings"]),
    )
}

/// Broken links are denied in the workspace's lints.
fn documentation() -> Result<()> {
    must_run(Command::new("cargo").args(["doc", "--workspace", "--no-deps", "--quiet"]))
}

/// How long each stage took.
#[derive(Default)]
struct Times {
    stages: Vec<(&'static str, Duration)>,
}

impl Times {
    #[expect(clippy::disallowed_methods, reason = "a chore's own time; nothing is decided by it")]
    fn take<T>(&mut self, stage: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        eprintln!("== {stage}");
        let start = Instant::now();
        let result = work();
        self.stages.push((stage, start.elapsed()));
        result.context(stage)
    }

    fn print(&self) {
        for (stage, time) in &self.stages {
            eprintln!("{stage:<16} {:>7.1} s", time.as_secs_f64());
        }
    }
}
