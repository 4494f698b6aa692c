//! The program as whoever runs it meets it: arguments in, one answer and an exit code out.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

mod answers;
mod benches;
mod doctor;
mod import;
mod running;
mod vault;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The program with a test clock that starts when the examples are young, in English, on free ports,
/// and with nothing of the environment but where programs are.
pub(crate) fn parasol(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parasol"));
    command
        .args(arguments)
        .args(["--set", "test_clock=true", "--set", "test_clock_start=2026-06-08T09:30:00+08:00"])
        .env_clear()
        .env("LANG", "en_US.UTF-8")
        .stdin(Stdio::null());
    command
}

/// How a run ended.
pub(crate) struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// Standard output as the one document it must be.
    pub fn document(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error} in: {}\nerrors: {}", self.out, self.err))
    }
}

pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended {
        code: output.status.code().expect("it ended by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

pub(crate) fn run(arguments: &[&str]) -> Ended {
    ended(&mut parasol(arguments))
}

/// A path under `examples/`.
pub(crate) fn example(name: &str) -> String {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    examples.join(name).display().to_string()
}

/// A folder that goes with the test.
pub(crate) struct Data(tempfile::TempDir);

impl Data {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The data folder in it, made by whatever needs it.
    pub fn path(&self) -> PathBuf {
        self.0.path().join("data")
    }

    pub fn name(&self) -> String {
        self.path().display().to_string()
    }

    /// A place beside the data folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}
