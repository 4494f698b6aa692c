//! The `parasol` command. Everything it does is in the library.

use std::process::ExitCode;
use std::time::Duration;

use parasol::cli;
use parasol_runtime::clock::Stopwatch;

/// For many small messages on many threads. What it gains here has not been measured by itself; the
/// figures of `docs/performance.md` were taken with it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long threads may go on after the command has ended, before the process ends without them.
const LINGER_MAX: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    // A child process that reads one file: no thread, no runtime, no command for people.
    let mut arguments = std::env::args_os().skip(1).map(|text| text.to_string_lossy().into_owned());
    if arguments.next().as_deref() == Some(parasol_evidence::COMMAND) {
        return parasol_evidence::run_worker(&arguments.collect::<Vec<_>>());
    }
    let since = Stopwatch::start();
    // Whichever library speaks TLS first finds the provider chosen. It can only be chosen twice by
    // somebody who came before this line.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: threads cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let exit = runtime.block_on(cli::run(std::env::args_os(), since));
    runtime.shutdown_timeout(LINGER_MAX);
    exit.into()
}
