//! The accessibility checker of the browser tests, brought once and kept below `target`.

use std::process::Command;

use anyhow::{Result, ensure};
use parasol_testkit::{AXE_VERSION, axe_folder, axe_script};

use crate::packages::{FOR_NPM, ensure_installed};
use crate::programs::{must_run, root};

/// Brings it where it is missing.
///
/// # Errors
/// When npm is missing and cannot be installed, or does not bring it.
pub fn install() -> Result<()> {
    let script = axe_script(&root());
    if script.exists() {
        return Ok(());
    }
    ensure_installed(FOR_NPM)?;
    must_run(
        Command::new("npm")
            .args([
                "install",
                "--silent",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--prefix",
            ])
            .arg(axe_folder(&root()))
            .arg(format!("axe-core@{AXE_VERSION}")),
    )?;
    ensure!(script.exists(), "the package brought no {}", script.display());
    Ok(())
}
