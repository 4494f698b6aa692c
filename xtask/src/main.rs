//! The project's chores, one subcommand each: `cargo xtask --help`.
//!
//! Owns running other programs in the right order with the right surroundings. It builds no product
//! code into itself, so that it starts fast, and what it installs goes under `target/` or comes from
//! the distribution's packages.

mod axe;
mod ci;
mod cluster;
mod collector;
mod docs;
mod examples;
mod packages;
mod programs;
mod proto;
mod test;
mod upgrade;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's chores.", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run every test against throwaway PostgreSQL and Redis servers, installing them where missing
    #[command(after_help = "Example: cargo xtask test -p parasol-bell -- kill_9")]
    Test(test::Options),
    /// Everything a change must pass: format, lints, documentation, proto, tests
    Ci,
    /// Check the format, the lints and the documentation's links
    Lint,
    /// Lint the contract and compare it with the landed one
    Proto(proto::Options),
    /// Make the files under `examples/`, the same bytes every time
    Examples(examples::Args),
    /// Write the pages that are made from code; tests hold them against it
    Docs,
    /// Start a cell of many processes on this machine and print its addresses
    #[command(after_help = "Example: cargo xtask cluster --replicas 2 --set test_clock=true")]
    Cluster(cluster::Options),
    /// Upgrade a cell from an earlier program to the present one, beneath cases that move
    #[command(after_help = "Example: cargo xtask upgrade --from ../parasol-0.1.0/parasol")]
    Upgrade(upgrade::Options),
}

fn main() -> ExitCode {
    match run(Cli::parse().chore) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> Result<ExitCode> {
    programs::handle_signals()?;
    let done = |()| ExitCode::SUCCESS;
    match chore {
        Chore::Test(options) => test::run(&options),
        Chore::Ci => ci::run(),
        Chore::Lint => ci::lint().map(done),
        Chore::Proto(options) => proto::run(&options).map(done),
        Chore::Examples(args) => examples::run(args).map(done),
        Chore::Docs => docs::run().map(done),
        Chore::Cluster(options) => cluster::run(&options).map(|never| match never {}),
        Chore::Upgrade(options) => upgrade::run(&options).map(done),
    }
}
