//! `cargo xtask upgrade`: from an earlier program to the present one, beneath cases that move.
//!
//! What `docs/operations.md` says of an upgrade, with two real programs: a cell of the earlier one plays its stories, the
//! present one brings the database up to date beneath it, and takes the place of one process after the other. It takes an
//! earlier program that somebody has built; building one is not this chore's.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use parasol_testkit::{Cluster, ROLES};
use serde_json::Value;

use crate::packages::{FOR_SERVERS, ensure_installed};
use crate::programs::must_run;

/// When the stories begin.
const START: &str = "test_clock_start=2026-06-08T09:00:00+08:00";

/// From where to where.
#[derive(clap::Args)]
pub struct Options {
    /// The earlier program
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The present program; without it, the one that `cargo build` makes
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Stories that are played meanwhile
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u8).range(1..=60))]
    cases: u8,
}

/// Upgrades a cell of two processes of each role, and says how the stories ended.
///
/// # Errors
/// When a process does not come up, or a story does not end well.
pub fn run(options: &Options) -> Result<()> {
    ensure_installed(FOR_SERVERS)?;
    let to = match &options.to {
        Some(program) => program.clone(),
        None => {
            must_run(Command::new("cargo").args(["build", "--package", "parasol", "--quiet"]))?;
            PathBuf::from("target/debug/parasol")
        }
    };
    let whole = |path: &Path| path.canonicalize().with_context(|| path.display().to_string());
    let (from, to) = (whole(&options.from)?, whole(&to)?);
    let settings = ["test_clock=true", START, "log.level=warn"];
    let mut cell = Cluster::start(&from, 2, &settings)?;
    println!("a cell of the earlier program is up; {} stories begin", options.cases);
    let mut stories = play(&from, &cell, options.cases);
    let stories = stories.spawn().context("the earlier program")?;
    let mut migrate = Command::new(&to);
    migrate.arg("migrate").arg("--data").arg(cell.data());
    must_run(migrate.args(["--database", cell.postgres.url()]))?;
    for role in ROLES {
        for nth in 0..2 {
            // A client of one address has nowhere else to go: its gateway is the last.
            if (role, nth) != ("gateway", 0) {
                cell.replace(role, nth, &to)?;
                println!("{role} {} is of the present program", nth + 1);
            }
        }
    }
    ended(&stories.wait_with_output()?, options.cases)?;
    cell.replace("gateway", 0, &to)?;
    ended(&play(&to, &cell, 1).output()?, 1)?;
    println!("all stories have ended well, and one of the present program after them");
    Ok(())
}

/// Stories played through the first gateway.
fn play(program: &Path, cell: &Cluster, cases: u8) -> Command {
    let mut demo = Command::new(program);
    demo.args(["demo", "--running", "--once", "--pace", "0", "--json", "--lang", "en"]);
    demo.args(["--cases", &cases.to_string()]);
    demo.args(["--grpc", &cell.member("gateway", 0).grpc.to_string()]);
    demo.arg("--data").arg(cell.data());
    demo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    demo
}

/// Whether all of them were closed.
fn ended(output: &Output, cases: u8) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    let told: Value = serde_json::from_slice(&output.stdout).with_context(|| said.to_string())?;
    ensure!(told["closed"] == cases, "{} of {cases} stories were closed: {said}", told["closed"]);
    Ok(())
}
