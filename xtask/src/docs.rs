//! `cargo xtask docs`: writes the pages that are made from code. Each is held against its code by a test, and written by the
//! same test where it is told to; this tells them all.

use std::process::Command;

use anyhow::Result;

use crate::programs::must_run;

/// Which tests make pages: the package, and how they are named to cargo.
const MADE_BY: &[(&str, &[&str])] = &[
    ("parasol-api", &["--test", "error_pages"]),
    ("parasol-journey", &["--test", "journey", "drawing"]),
    ("parasol-keeping", &["--test", "it", "page"]),
    ("parasol-router", &["--lib", "plan"]),
    ("parasol-runtime", &["--test", "figures"]),
];

/// Writes every page.
///
/// # Errors
/// When one of the tests fails for another reason than its page.
pub fn run() -> Result<()> {
    for (package, tests) in MADE_BY {
        let mut test = Command::new("cargo");
        test.args(["test", "--quiet", "--package", package]).args(*tests);
        must_run(test.env("UPDATE_DOCS", "1"))?;
    }
    Ok(())
}
