//! Running other programs: shown before they run, ended when we are told to end.
//!
//! An interrupt from the terminal reaches the running program by itself, so here it is only kept
//! from ending us before that program and its clean-up are through. A request to terminate reaches
//! us alone and is passed on.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, exit};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// What a shell answers for a program that an interrupt ended.
const INTERRUPTED: i32 = 130;

/// The program that runs now.
static RUNNING: Mutex<Option<Pid>> = Mutex::new(None);

/// Whether we were told to end.
static ENDING: AtomicBool = AtomicBool::new(false);

/// The repository's root folder.
pub fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("this crate lies in a folder of the repository").to_owned()
}

/// From here on signals end the running program instead of us.
pub fn handle_signals() -> Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM]).context("watching for signals")?;
    thread::spawn(move || {
        for signal in signals.forever() {
            ENDING.store(true, Ordering::SeqCst);
            let running = *RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
            match running {
                // Nothing is lost: throwaway servers are cleaned up by their keepers.
                None => exit(INTERRUPTED),
                Some(_) if signal == SIGINT => {}
                Some(program) => {
                    // A program that cannot be signalled has ended, and we go on to end too.
                    let _ = kill_process(program, Signal::TERM);
                }
            }
        }
    });
    Ok(())
}

/// Runs a program in the repository's root to its end.
///
/// # Errors
/// When it cannot be started, or we were told to end.
pub fn run(command: &mut Command) -> Result<ExitStatus> {
    eprintln!("$ {}", shown(command));
    let mut child = spawn(command)?;
    let status = child.wait().with_context(|| format!("waiting for {}", shown(command)));
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = None;
    if ENDING.load(Ordering::SeqCst) {
        bail!("interrupted");
    }
    status
}

/// Runs a program that has to succeed.
///
/// # Errors
/// As [`run`], and when it ends with a failing exit code.
pub fn must_run(command: &mut Command) -> Result<()> {
    let status = run(command)?;
    ensure!(status.success(), "{} failed ({status})", shown(command));
    Ok(())
}

fn spawn(command: &mut Command) -> Result<Child> {
    // Held while starting, so that a signal in between finds the program.
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let name = shown(command);
    let child = command.current_dir(root()).spawn().with_context(|| format!("starting {name}"))?;
    *running = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    Ok(child)
}

/// The command as one would type it, without what was put into its environment.
fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        write!(text, " {}", argument.to_string_lossy()).expect("a string takes any text");
    }
    text
}
