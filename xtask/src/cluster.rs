//! `cargo xtask cluster`: a cell of many processes on this machine, to try things against.

use std::convert::Infallible;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use parasol_testkit::Cluster;

use crate::packages::{FOR_SERVERS, ensure_installed};
use crate::programs::must_run;

/// What to start.
#[derive(clap::Args)]
pub struct Options {
    /// Processes of each role
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=4))]
    replicas: u8,
    /// The program; without it, the one that `cargo build` makes
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Settings for every process, like `parasol --set`; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Starts the cell, prints its addresses and waits for Ctrl-C.
///
/// # Errors
/// When a process does not come up.
pub fn run(options: &Options) -> Result<Infallible> {
    ensure_installed(FOR_SERVERS)?;
    let program = match &options.program {
        Some(program) => program.clone(),
        None => {
            must_run(Command::new("cargo").args(["build", "--package", "parasol", "--quiet"]))?;
            PathBuf::from("target/debug/parasol")
        }
    };
    let program = program.canonicalize().with_context(|| format!("{}", program.display()))?;
    ensure!(program.is_file(), "{} is no program", program.display());
    let settings: Vec<_> = options.set.iter().map(String::as_str).collect();
    let cluster = Cluster::start(&program, usize::from(options.replicas), &settings)?;
    for member in cluster.members() {
        println!("{:<13} gRPC {:<21} HTTP http://{}", member.role, member.grpc, member.http);
    }
    let data = cluster.data().display();
    let grpc = cluster.member("gateway", 0).grpc;
    println!("postgres      {}", cluster.postgres.url());
    println!("redis         {}", cluster.redis.url());
    println!(
        "token         {} token --data {data} --role operator --subject me",
        program.display()
    );
    println!("call          a gateway: {grpc}");
    println!("stop          Ctrl-C");
    // A signal ends this program, and the keepers of the processes stop them.
    loop {
        std::thread::park();
    }
}
