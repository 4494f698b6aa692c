//! Programs that must be there, installed from the distribution's packages where they are not.

use std::process::Command;

use anyhow::{Result, bail, ensure};
use parasol_testkit::program_path;

use crate::programs::must_run;

/// A program and the Debian package that brings it.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// The program.
    pub program: &'static str,
    /// Its package.
    pub package: &'static str,
}

/// What throwaway servers are started from.
pub const FOR_SERVERS: &[Need] = &[
    Need { program: "initdb", package: "postgresql" },
    Need { program: "postgres", package: "postgresql" },
    Need { program: "psql", package: "postgresql" },
    Need { program: "redis-server", package: "redis-server" },
];

/// What the tests need beside the toolchain and the servers. Where a service manager runs it starts some of them as
/// services of the machine, which the tests take no notice of: they start their own, on free ports.
pub const FOR_TESTS: &[Need] = &[
    Need { program: "python3", package: "python3" },
    Need { program: "pip3", package: "python3-pip" },
    Need { program: "chromium", package: "chromium" },
    Need { program: "chromedriver", package: "chromium-driver" },
    Need { program: "pgbouncer", package: "pgbouncer" },
    Need { program: "patroni", package: "patroni" },
    Need { program: "etcd", package: "etcd-server" },
];

/// What fetches the proto linter and the accessibility checker.
pub const FOR_NPM: &[Need] =
    &[Need { program: "node", package: "nodejs" }, Need { program: "npm", package: "npm" }];

/// Installs what is missing of `needs`; does nothing when all is there.
///
/// # Errors
/// When something is missing and we are not root or there is no `apt-get`; the error names the
/// packages.
pub fn ensure_installed(needs: &[Need]) -> Result<()> {
    let missing = missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing)?;
    let still = self::missing(needs);
    ensure!(
        still.is_empty(),
        "installed {}, yet programs of {} are missing",
        missing.join(" "),
        still.join(" ")
    );
    Ok(())
}

/// Installs these packages.
///
/// # Errors
/// When we are not root or there is no `apt-get`; the error names the packages.
pub fn install(missing: &[&str]) -> Result<()> {
    let packages = missing.join(" ");
    let root = rustix::process::geteuid().is_root();
    if !root || program_path("apt-get").is_none() {
        bail!("missing programs; install these packages (Debian names) first: {packages}");
    }
    eprintln!("installing missing packages: {packages}");
    must_run(Command::new("apt-get").args(["update", "--quiet"]))?;
    must_run(
        Command::new("apt-get")
            .args(["install", "--yes", "--quiet", "--no-install-recommends"])
            .args(missing)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

/// The packages of the programs that are not there, each once.
fn missing(needs: &[Need]) -> Vec<&'static str> {
    let mut packages: Vec<_> = needs
        .iter()
        .filter(|need| program_path(need.program).is_none())
        .map(|need| need.package)
        .collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_each_missing_package_once() {
        let needs = [
            Need { program: "sh", package: "dash" },
            Need { program: "parasol-no-such-a", package: "nothing" },
            Need { program: "parasol-no-such-b", package: "nothing" },
        ];
        assert_eq!(missing(&needs), ["nothing"]);
    }
}
