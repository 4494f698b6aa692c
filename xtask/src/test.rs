//! `cargo xtask test`: every test, against one PostgreSQL and one Redis server of its own.

use std::process::{Command, ExitCode, ExitStatus, Stdio};

use anyhow::{Context, Result};
use clap::Args;
use parasol_testkit::{POSTGRES_VAR, Postgres, REDIS_VAR, Redis};

use crate::packages::{FOR_SERVERS, FOR_TESTS, ensure_installed};
use crate::programs::run as run_program;

/// What to test; without options everything.
#[derive(Args, Debug, Default)]
pub struct Options {
    /// Only this package; may be given more than once
    #[arg(short, long = "package", value_name = "PACKAGE")]
    packages: Vec<String>,
    /// Passed to the test runner, such as a part of a test's name; leaves out documentation tests
    #[arg(last = true, value_name = "RUNNER ARGUMENTS")]
    runner: Vec<String>,
}

/// Installs what is missing, starts the servers, runs the tests and stops the servers again. The
/// exit code is the runner's.
///
/// # Errors
/// When the tests could not be run at all.
pub fn run(options: &Options) -> Result<ExitCode> {
    ensure_installed(FOR_SERVERS)?;
    ensure_installed(FOR_TESTS)?;
    crate::axe::install()?;
    crate::collector::bring()?;
    let postgres = Postgres::start().context("starting PostgreSQL")?;
    let redis = Redis::start().context("starting Redis")?;
    let test = |command: &mut Command| {
        run_program(command.env(POSTGRES_VAR, postgres.url()).env(REDIS_VAR, redis.url()))
    };
    if has_nextest() {
        // Documentation tests come first, so that the output ends in the runner's summary.
        let documentation = match options.runner.is_empty() {
            true => Some(test(&mut documentation_tests(options))?),
            false => None,
        };
        let tests = test(&mut nextest(options))?;
        let failed = documentation.filter(|status| tests.success() && !status.success());
        Ok(exit_code(failed.unwrap_or(tests)))
    } else {
        // Runs the documentation tests itself.
        Ok(exit_code(test(&mut cargo_test(options))?))
    }
}

/// Whether `cargo nextest` is installed. It is not worth compiling: `cargo test` does as well, only
/// slower and with one summary per binary.
fn has_nextest() -> bool {
    Command::new("cargo")
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn nextest(options: &Options) -> Command {
    let mut command = Command::new("cargo");
    command.args(["nextest", "run"]).args(scope(options)).args(&options.runner);
    command
}

fn documentation_tests(options: &Options) -> Command {
    let mut command = Command::new("cargo");
    command.args(["test", "--doc", "--no-fail-fast"]).args(scope(options));
    command
}

fn cargo_test(options: &Options) -> Command {
    let mut command = Command::new("cargo");
    command.args(["test", "--no-fail-fast"]).args(scope(options)).arg("--").args(&options.runner);
    command
}

fn scope(options: &Options) -> Vec<String> {
    if options.packages.is_empty() {
        return vec!["--workspace".to_owned()];
    }
    options.packages.iter().map(|package| format!("--package={package}")).collect()
}

/// The runner's exit code; one that a signal ended has none, and failed.
fn exit_code(status: ExitStatus) -> ExitCode {
    match status.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        _ => ExitCode::FAILURE,
    }
}
