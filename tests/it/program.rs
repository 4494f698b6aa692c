//! The built program, run as its user would run it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The program, beside the test binary; built first if a partial run has not built it.
pub fn program() -> PathBuf {
    let own = std::env::current_exe().expect("a test knows its own path");
    let folder = own.parent().and_then(|deps| deps.parent()).expect("tests live in target/*/deps");
    let program = folder.join("parasol");
    if !program.exists() {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--package", "parasol", "--bin", "parasol"])
            .status()
            .expect("cargo runs");
        assert!(built.success(), "the program does not build");
    }
    program
}

/// The program with free ports and a data folder of its own.
pub fn command(verb: &str, data: &std::path::Path) -> Command {
    let mut command = Command::new(program());
    command
        .arg(verb)
        .arg("--data")
        .arg(data)
        .args(["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"])
        .stdin(Stdio::null());
    command
}
