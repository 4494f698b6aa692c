//! Where the accessibility checker lies that browser tests run on every page: the npm package `axe-core`, of one
//! version, brought by `cargo xtask test`.

use std::path::{Path, PathBuf};

/// The version of the package.
pub const AXE_VERSION: &str = "4.14.1";

/// The folder that the package is installed into, below the repository's root.
pub fn axe_folder(root: &Path) -> PathBuf {
    root.join("target/tools").join(format!("axe-{AXE_VERSION}"))
}

/// The script, below the repository's root.
pub fn axe_script(root: &Path) -> PathBuf {
    axe_folder(root).join("node_modules/axe-core/axe.min.js")
}
