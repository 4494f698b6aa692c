//! `cargo xtask docs`: pages that are made from code, so that they cannot say something else.

use std::fs;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::programs::root;

/// A page and what makes it.
struct Page {
    /// The file below the repository's root.
    path: &'static str,
    /// Makes its whole text. Heavy product code is not linked here but asked as a program.
    make: fn() -> Result<String>,
}

/// Every generated page.
const PAGES: &[Page] = &[];

/// Whether to write or to compare.
#[derive(Args, Debug, Default)]
pub struct Options {
    /// Write nothing; fail when a page is not what its code makes of it
    #[arg(long)]
    pub check: bool,
}

/// Writes every page, or checks that each is as it would be written.
///
/// # Errors
/// When a page cannot be made or, with `check`, differs; the error names all that differ.
pub fn run(options: &Options) -> Result<()> {
    let mut stale = Vec::new();
    for page in PAGES {
        let made = (page.make)().with_context(|| format!("making {}", page.path))?;
        let path = root().join(page.path);
        if fs::read_to_string(&path).is_ok_and(|text| text == made) {
            continue;
        }
        stale.push(page.path);
        if !options.check {
            fs::write(&path, made).with_context(|| format!("writing {}", page.path))?;
        }
    }
    ensure!(
        stale.is_empty() || !options.check,
        "out of date, run `cargo xtask docs`: {}",
        stale.join(", ")
    );
    eprintln!("{} generated pages, {} were out of date", PAGES.len(), stale.len());
    Ok(())
}
