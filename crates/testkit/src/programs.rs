//! Finding server programs without installing anything.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Where Debian and its descendants keep one folder per PostgreSQL version, off the `PATH`.
const POSTGRES_HOME: &str = "/usr/lib/postgresql";
/// Where they keep servers, off the `PATH` of whoever is not root.
const SERVERS: &str = "/usr/sbin";

/// The path of a program: on the `PATH`, else in the newest PostgreSQL's own folder, else among the servers.
///
/// `None` when it is not installed.
pub fn program_path(name: &str) -> Option<PathBuf> {
    search_path()
        .into_iter()
        .chain(postgres_folders(Path::new(POSTGRES_HOME)))
        .chain([PathBuf::from(SERVERS)])
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// Like [`program_path`], with an error that says how to get the program.
pub(crate) fn need(name: &str, package: &str) -> Result<PathBuf> {
    program_path(name).with_context(|| {
        format!(
            "`{name}` is not installed; install the package `{package}` or run `cargo xtask test`"
        )
    })
}

#[expect(clippy::disallowed_methods, reason = "the search path is the environment's by nature")]
fn search_path() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

/// The `bin` folder of each version, newest first.
fn postgres_folders(home: &Path) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(home)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first_by_number() {
        let home = tempfile::tempdir().unwrap();
        for version in ["9", "15", "17", "notes"] {
            fs::create_dir_all(home.path().join(version).join("bin")).unwrap();
        }
        let order: Vec<_> = postgres_folders(home.path())
            .into_iter()
            .map(|folder| folder.strip_prefix(home.path()).unwrap().to_path_buf())
            .collect();
        assert_eq!(order, [Path::new("17/bin"), Path::new("15/bin"), Path::new("9/bin")]);
    }

    #[test]
    fn a_program_nobody_has_is_not_found() {
        assert_eq!(program_path("parasol-no-such-program"), None);
        assert!(program_path("sh").is_some());
    }
}
