//! The folder, the key and the disk.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use parasol_runtime::config::Config;
use parasol_runtime::identity::{KEY_FILE, KeyError, TokenKey};
use rustix::fs::Access;

use super::Finding;
use crate::node::LOCK_FILE;

/// Below this the disk is as good as full.
const DISK_FAIL: u64 = 100 << 20;
/// Below this somebody should make room.
const DISK_WARN: u64 = 1 << 30;

/// Whether the data folder can be used, and whether a process uses it now.
pub(super) fn folder(config: &Config) -> (Finding, bool) {
    let folder = config.data_dir.as_path();
    let shown = folder.display();
    let check = "data folder";
    if !folder.exists() {
        return (missing(folder), false);
    }
    if !folder.is_dir() {
        let found = format!("{shown} is not a folder");
        return (Finding::fail(check, found, "name a folder with --data"), false);
    }
    let all = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    if let Err(error) = rustix::fs::access(folder, all) {
        let found = format!("{shown} cannot be used: {error}");
        let next = "give the account that runs parasol read and write access to it";
        return (Finding::fail(check, found, next), false);
    }
    match locked(folder) {
        Ok(true) => (Finding::ok(check, format!("{shown}, in use by a running node")), true),
        Ok(false) => (Finding::ok(check, format!("{shown}, writable and not in use")), false),
        Err(error) => {
            let found = format!("{LOCK_FILE} in {shown} cannot be looked at: {error}");
            let next = "give the account that runs parasol access to the file";
            (Finding::fail(check, found, next), false)
        }
    }
}

/// The nearest folder that is there decides whether this one can be made.
fn missing(folder: &Path) -> Finding {
    let check = "data folder";
    let shown = folder.display();
    let there = nearest(folder);
    match rustix::fs::access(there, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Finding::ok(check, format!("{shown} is not there yet; `parasol up` makes it")),
        Err(error) => Finding::fail(
            check,
            format!("{shown} cannot be made in {}: {error}", there.display()),
            "name a folder that can be made with --data, or make it and give it to this account",
        ),
    }
}

fn nearest(folder: &Path) -> &Path {
    let here = Path::new(".");
    let above = folder.ancestors().find(|path| path.exists());
    above.filter(|path| !path.as_os_str().is_empty()).unwrap_or(here)
}

/// Whether a process holds the folder. The lock is tried and given back at once.
fn locked(folder: &Path) -> io::Result<bool> {
    match File::open(folder.join(LOCK_FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        },
    }
}

/// Whether tokens can be signed.
pub(super) fn key(config: &Config) -> Finding {
    let check = "signing key";
    let next = match TokenKey::load(&config.data_dir) {
        Ok(Some(_)) => {
            return Finding::ok(check, format!("{KEY_FILE} is there, for its owner alone"));
        }
        Ok(None) => return Finding::ok(check, "not there yet; the first start makes it"),
        Err(KeyError::Open(path)) => {
            let next =
                format!("run chmod 600 {}; make a new key if others read it", path.display());
            return Finding::fail(check, format!("{KEY_FILE} can be read by others"), next);
        }
        Err(KeyError::Malformed(_)) => {
            return Finding::fail(
                check,
                format!("{KEY_FILE} does not hold 64 hexadecimal digits"),
                "put it back from a backup; without it all tokens and links given out are void",
            );
        }
        Err(error @ KeyError::File { .. }) => error.to_string(),
    };
    Finding::fail(check, next, "give the account that runs parasol access to the file")
}

/// How much room is left where the data is.
pub(super) fn disk(config: &Config) -> Option<Finding> {
    let there = nearest(&config.data_dir);
    let stat = rustix::fs::statvfs(there).ok()?;
    Some(room(stat.f_bavail.saturating_mul(stat.f_frsize)))
}

fn room(left: u64) -> Finding {
    let found = format!("{} MiB left", left >> 20);
    let next = "make room or move the data folder; a full disk refuses every step";
    match left {
        left if left < DISK_FAIL => Finding::fail("disk", found, next),
        left if left < DISK_WARN => Finding::warn("disk", found, next),
        _ => Finding::ok("disk", found),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn a_disk_that_fills_up_is_told_in_time() {
        assert_eq!(room(2 << 30).status, Status::Ok);
        assert_eq!(room(500 << 20).status, Status::Warn);
        let full = room(10 << 20);
        assert_eq!((full.status, full.found.as_str()), (Status::Fail, "10 MiB left"));
    }

    #[test]
    fn the_nearest_folder_of_a_relative_name_is_the_current_one() {
        assert_eq!(nearest(Path::new("not-there/nor-this")), Path::new("."));
        assert_eq!(nearest(Path::new("/not-there/nor-this")), Path::new("/"));
    }
}
