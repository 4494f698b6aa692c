//! One server process: started until it answers, stopped, killed hard, started again.

use std::fs::{self, File, OpenOptions};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::account::Account;
use crate::keeper::Keeper;

/// How long between two looks at a process.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How many looks a start or a stop may take: 60 seconds, for a machine that is busy.
const LOOKS_MAX: usize = 6_000;

/// How often a start is tried, each time on another port: between finding a free port and the
/// server taking it, somebody else may take it.
const STARTS_MAX: usize = 5;

/// A server process with its folder and its keeper.
#[derive(Debug)]
pub(crate) struct Server {
    keeper: Keeper,
    account: Account,
    stop_signal: Signal,
    child: Option<Child>,
}

impl Server {
    /// A folder for a server of this kind; nothing runs yet.
    pub(crate) fn prepare(kind: &str, account: Account, stop_signal: Signal) -> Result<Self> {
        let name = match stop_signal {
            Signal::QUIT => "QUIT",
            _ => "TERM",
        };
        let keeper = Keeper::new(&format!("parasol-{kind}-"), account, name)?;
        Ok(Self { keeper, account, stop_signal, child: None })
    }

    /// The server's folder.
    pub(crate) fn folder(&self) -> &Path {
        self.keeper.folder()
    }

    /// Runs a helper program to its end as the server's account, in its folder.
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        self.account.run_as(command);
        let output = command.current_dir(self.folder()).output().context("running a helper")?;
        if !output.status.success() {
            bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Starts the server on a free port of 127.0.0.1 and answers the port.
    pub(crate) fn start_on_free_port(
        &mut self,
        command: impl Fn(u16) -> Command,
        answers: impl Fn(u16, u32) -> bool,
    ) -> Result<u16> {
        let mut tries = 1;
        loop {
            let port = free_port()?;
            match self.start(command(port), |process| answers(port, process)) {
                Ok(()) => return Ok(port),
                Err(error) if tries == STARTS_MAX => return Err(error),
                Err(_) => tries += 1,
            }
        }
    }

    /// Starts the server and waits until `answers` says so; `answers` is given the process id.
    ///
    /// # Errors
    /// When the process ends or does not answer within 60 seconds; the error carries its log's end.
    pub(crate) fn start(
        &mut self,
        mut command: Command,
        answers: impl Fn(u32) -> bool,
    ) -> Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(self.log_path())?;
        self.account.run_as(&mut command);
        command
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        let child = command.spawn().with_context(|| format!("starting {command:?}"))?;
        let process = child.id();
        self.keeper.watch(Some(process))?;
        let child = self.child.insert(child);
        let ended = |child: &mut Child| child.try_wait().ok().flatten().is_some();
        let came_up = wait_until(|| ended(child) || answers(process));
        if came_up && !ended(child) {
            return Ok(());
        }
        let log = last_lines(&self.log_path());
        self.kill();
        bail!("the server did not start; the end of its log:\n{log}")
    }

    /// Sends a signal to the server's first process.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let child = self.child.as_ref().context("the server is not running")?;
        let process = pid(child.id()).context("a running child has a process id")?;
        kill_process(process, signal).with_context(|| format!("sending {signal:?}"))
    }

    /// SIGKILL to every process of the server at once, as when the machine loses its memory.
    ///
    /// Returns when all of them are gone. Does nothing when no server runs.
    pub(crate) fn kill(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        // Stopped first, so that it cannot replace the children that are killed before it.
        let first = pid(child.id());
        let send = |process: Option<Pid>, signal| {
            // Whoever cannot be signalled has ended already.
            process.map(|process| kill_process(process, signal))
        };
        send(first, Signal::STOP);
        let children = children_of(child.id());
        for process in &children {
            send(pid(*process), Signal::KILL);
        }
        send(first, Signal::KILL);
        // Neither wait can fail for a child of ours that was just killed.
        let _ = child.wait();
        wait_until(|| children.iter().all(|process| parent_of(*process).is_none()));
        let _ = self.keeper.watch(None);
    }

    fn log_path(&self) -> PathBuf {
        self.folder().join("log")
    }

    /// Stops the server in its own orderly way; what does not stop is killed.
    pub(crate) fn stop(&mut self) {
        let _ = self.signal(self.stop_signal);
        if let Some(child) = self.child.as_mut()
            && wait_until(|| child.try_wait().ok().flatten().is_some())
        {
            self.child = None;
            let _ = self.keeper.watch(None);
        }
        self.kill();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Looks until `done` says so; false when 60 seconds were not enough.
fn wait_until(mut done: impl FnMut() -> bool) -> bool {
    (0..LOOKS_MAX).any(|look| {
        if look > 0 {
            thread::sleep(LOOK_EVERY);
        }
        done()
    })
}

fn pid(process: u32) -> Option<Pid> {
    Pid::from_raw(process.try_into().ok()?)
}

fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port")?;
    Ok(listener.local_addr()?.port())
}

fn children_of(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|process| parent_of(*process) == Some(parent))
        .collect()
}

/// The parent of a living process; `None` when it has ended, reaped or not.
fn parent_of(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may itself hold spaces and parentheses.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    match fields.next()? {
        "Z" | "X" => None,
        _ => fields.next()?.parse().ok(),
    }
}

fn last_lines(log: &Path) -> String {
    let text = File::open(log).and_then(std::io::read_to_string).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
