//! The account a throwaway server runs as.
//!
//! PostgreSQL refuses to run as root, so root lends it an account that the system already has.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// An unprivileged account, or the caller's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    /// User and group number; `None` stays who the caller is.
    ids: Option<(u32, u32)>,
}

impl Account {
    /// The first of `names` that exists when the caller is root, else the caller.
    ///
    /// # Errors
    /// When the caller is root and none of the accounts exists.
    pub(crate) fn choose(names: &[&str]) -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { ids: None });
        }
        let passwd = fs::read_to_string("/etc/passwd").context("reading /etc/passwd")?;
        let ids = names.iter().find_map(|name| ids_of(&passwd, name)).with_context(|| {
            format!("root runs no server itself; add one of the users {names:?}")
        })?;
        Ok(Self { ids: Some(ids) })
    }

    /// Whoever calls, root too.
    pub(crate) const fn caller() -> Self {
        Self { ids: None }
    }

    /// Hands a folder over to the account.
    pub(crate) fn own(self, folder: &Path) -> Result<()> {
        match self.ids {
            Some((user, group)) => chown(folder, Some(user), Some(group))
                .with_context(|| format!("handing over {}", folder.display())),
            None => Ok(()),
        }
    }

    /// Lets the command run as the account, without the caller's supplementary groups.
    pub(crate) fn run_as(self, command: &mut Command) {
        if let Some((user, group)) = self.ids {
            command.uid(user).gid(group);
        }
    }
}

fn ids_of(passwd: &str, name: &str) -> Option<(u32, u32)> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then_some(())?;
        let user = fields.nth(1)?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        Some((user, group))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_whole_names_only() {
        let passwd = "root:x:0:0::/:/bin/sh\npostgres2:x:7:7::/:\npostgres:x:101:104::/:\n";
        assert_eq!(ids_of(passwd, "postgres"), Some((101, 104)));
        assert_eq!(ids_of(passwd, "nobody"), None);
    }
}
