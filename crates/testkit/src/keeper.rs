//! A temporary folder, and a small process that stops the server and removes the folder.
//!
//! A test can end by panic, abort, timeout or SIGKILL, and then no destructor runs. The keeper reads
//! from a pipe whose other end only this process holds: when the pipe closes, for whatever reason,
//! it stops the server last named on it and removes the folder. An orderly end takes the same way.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result};

use crate::account::Account;

/// `$1` is the folder, `$2` the signal that stops the server. Each line read is the server's process
/// id, or empty when none runs. Five seconds of patience, then SIGKILL.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
server=
while read -r line; do server=$line; done
if [ -n "$server" ]; then
    kill -s "$2" "$server"
    kill -s CONT "$server"
    tries=0
    while kill -s 0 "$server" && [ "$tries" -lt 100 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    kill -s KILL "$server"
fi
rm -rf "$1"
"#;

/// Holds the folder; dropping it removes the folder with all that is in it.
#[derive(Debug)]
pub(crate) struct Keeper {
    folder: PathBuf,
    process: Child,
    /// `None` only while dropping.
    pipe: Option<ChildStdin>,
}

impl Keeper {
    /// Makes a folder owned by `account`; `stop_signal` is what stops the server in an orderly way.
    pub(crate) fn new(prefix: &str, account: Account, stop_signal: &str) -> Result<Self> {
        let folder =
            tempfile::Builder::new().prefix(prefix).tempdir().context("making a folder")?;
        account.own(folder.path())?;
        let mut process = Command::new("sh")
            .args(["-c", SCRIPT, "keeper"])
            .arg(folder.path())
            .arg(stop_signal)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("starting the keeper")?;
        let pipe = process.stdin.take();
        Ok(Self { folder: folder.keep(), process, pipe })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Says which process is to be stopped with the folder; `None` when it is gone already, so that
    /// a reused process id is never signalled.
    pub(crate) fn watch(&mut self, server: Option<u32>) -> Result<()> {
        let pipe = self.pipe.as_mut().expect("the pipe is closed only while dropping");
        let line = server.map_or_else(|| "\n".to_owned(), |id| format!("{id}\n"));
        pipe.write_all(line.as_bytes()).context("talking to the keeper")
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // A keeper that cannot be waited for has ended, which is all that is wanted.
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn a_closed_pipe_stops_the_server_and_removes_the_folder() {
        let account = Account::choose(&["nobody"]).unwrap();
        let mut keeper = Keeper::new("parasol-keeper-", account, "TERM").unwrap();
        let mut server = Command::new("sleep").arg("1000").spawn().unwrap();
        keeper.watch(Some(server.id())).unwrap();
        std::fs::write(keeper.folder().join("file"), "data").unwrap();

        // What the kernel does when this process dies, by whatever cause.
        drop(keeper.pipe.take());
        assert_eq!(server.wait().unwrap().signal(), Some(15));
        keeper.process.wait().unwrap();
        assert!(!keeper.folder().exists());
    }
}
