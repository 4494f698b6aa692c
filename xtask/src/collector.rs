//! The collector of the tests of tracing, brought once and kept below `target`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use parasol_testkit::{COLLECTOR_VERSION, collector_folder, collector_program};

use crate::packages::{FOR_TESTS, ensure_installed, install};
use crate::programs::{must_run, root};

/// What the program is linked with beside the C library.
const LIBRARY: &str = "libpython3.11";

/// Brings it where it is missing.
///
/// # Errors
/// When pip does not bring it, or it does not run on this machine.
pub fn bring() -> Result<()> {
    let program = collector_program(&root());
    if !program.exists() {
        ensure_installed(FOR_TESTS)?;
        // The package is the program and some Python around it that is not used: whatever Python asks for it, it is
        // the one for 3.11 that is wanted.
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]);
        pip.args(["--python-version", "3.11", "--platform", "manylinux_2_34_x86_64"]);
        pip.arg("--target").arg(collector_folder(&root()));
        must_run(pip.arg(format!("rotel=={COLLECTOR_VERSION}")))?;
        ensure!(program.exists(), "the package brought no {}", program.display());
        let permissions = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&program, permissions).context("making the collector a program")?;
    }
    if !runs() {
        install(&[LIBRARY])?;
        ensure!(runs(), "{} does not run; it needs {LIBRARY}", program.display());
    }
    Ok(())
}

fn runs() -> bool {
    let mut command = Command::new(collector_program(&root()));
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
