//! `cargo xtask proto`: the contract's lint and its promise not to break.
//!
//! What has landed is `proto/landed.binpb`, a descriptor image written by `--land` with each release.
//! A committed image needs no history, no branch and no network to compare with. Before the first
//! release there is none, and then nothing can be broken.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::packages::{FOR_NPM, ensure_installed};
use crate::programs::{must_run, root};

/// The linter's version, one for everybody.
const BUF_VERSION: &str = "1.75.0";

/// The image of the landed contract, below the repository's root.
const LANDED: &str = "proto/landed.binpb";

/// What to do beside linting.
#[derive(Args, Debug, Default)]
pub struct Options {
    /// Afterwards take the contract as it is now for landed; part of a release
    #[arg(long)]
    land: bool,
}

/// Lints the contract and compares it with the landed one.
///
/// # Errors
/// When the linter finds something, or cannot be installed.
pub fn run(options: &Options) -> Result<()> {
    let buf = installed_buf()?;
    must_run(Command::new(&buf).args(["lint", "proto"]))?;
    if root().join(LANDED).exists() {
        must_run(Command::new(&buf).args(["breaking", "proto", "--against", LANDED]))?;
    } else {
        eprintln!("no contract has landed yet ({LANDED}): there is nothing to break");
    }
    if options.land {
        let image = ["build", "proto", "--exclude-source-info", "--output", LANDED];
        must_run(Command::new(&buf).args(image))?;
    }
    Ok(())
}

/// The linter's path under `target/tools`, where it is put on first use. Its package carries the
/// program, so no install script has to run.
fn installed_buf() -> Result<PathBuf> {
    let folder = root().join("target/tools").join(format!("buf-{BUF_VERSION}"));
    let buf = folder.join("node_modules/.bin/buf");
    ensure_installed(FOR_NPM)?;
    if buf.exists() {
        return Ok(buf);
    }
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    must_run(
        Command::new("npm")
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .arg("--prefix")
            .arg(&folder)
            .arg(format!("@bufbuild/buf@{BUF_VERSION}")),
    )?;
    ensure!(buf.exists(), "the package brought no {}", buf.display());
    Ok(buf)
}
