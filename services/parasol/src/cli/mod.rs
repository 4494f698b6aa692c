//! The command line: which commands there are, and what surrounds each of them.
//!
//! Owns the reading of arguments, logging and its orderly end, and how answers and failures reach
//! whoever asked. What a command does is in its own file; the node, the import and the demonstration
//! know nothing of a command line.

mod answer;
mod audit;
mod backup;
mod bench;
mod config;
mod conformance;
mod demo;
mod doctor;
mod import;
mod migrate;
mod options;
mod policy;
mod report;
mod token;
mod up;
mod vault;
mod version;

use std::ffi::OsString;
use std::time::Duration;

use clap::{Parser, Subcommand};
use parasol_runtime::clock::Stopwatch;
use parasol_runtime::config::{Config, Log};
use parasol_runtime::telemetry::{self, Guard, Process};

pub(crate) use answer::refused;
pub use answer::{Exit, WrongUsage};
pub use options::{Common, Lang};
pub use version::COMMIT;

/// How long the last traces and metrics may take to leave.
const TELEMETRY_END: Duration = Duration::from_secs(5);

/// Parasol (京伞): a case of an appliance that failed, filed once, seen through to its end.
#[derive(Parser)]
#[command(name = "parasol", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage.\n\n\
    Example: parasol up, and in another terminal: parasol doctor")]
struct Line {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything in one process, with the embedded store in a data folder
    #[command(after_help = up::UP_EXAMPLE)]
    Up,
    /// Run for production: as `up`, with what the configuration says and no hints
    #[command(after_help = up::SERVE_EXAMPLE)]
    Serve(up::ServeArgs),
    /// Play one real case through the whole house and show it as its customer sees it
    #[command(after_help = demo::EXAMPLE)]
    Demo(crate::demo::Args),
    /// Measure this build beside a yardstick, in the same run
    #[command(after_help = bench::EXAMPLE)]
    Bench(bench::Args),
    /// Load brands, centres, technicians, models and orders from JSONL files
    #[command(after_help = import::EXAMPLE)]
    Import(import::Args),
    /// Check that a platform and a partner keep the contract between them
    #[command(after_help = conformance::EXAMPLE)]
    Conformance(conformance::Args),
    /// Check, explain and compare rule packs
    #[command(after_help = policy::EXAMPLE)]
    Policy(policy::Args),
    /// Check that what is kept is still what came in
    #[command(after_help = audit::EXAMPLE)]
    Audit(audit::Args),
    /// Write what was said and done in a month into a file
    #[command(after_help = report::EXAMPLE)]
    Report(report::Args),
    /// Copy the embedded store, the key and the photos into a folder, while the node runs
    #[command(after_help = backup::EXAMPLE)]
    Backup(backup::Args),
    /// Bring the database up to date
    #[command(after_help = migrate::EXAMPLE)]
    Migrate(migrate::Args),
    /// Look after the keys of personal data; export or erase what is kept about somebody
    #[command(after_help = vault::EXAMPLE)]
    Vault(vault::Args),
    /// Check or show the configuration
    #[command(after_help = config::EXAMPLE)]
    Config(config::Args),
    /// Say what is wrong with this set-up and how to mend it
    #[command(after_help = doctor::EXAMPLE)]
    Doctor,
    /// Print a bearer token signed with the key of the data folder
    #[command(after_help = token::EXAMPLE)]
    Token(token::Args),
    /// Print the version
    #[command(after_help = version::EXAMPLE)]
    Version,
}

/// Whether a command line, the program's name first, is one that would be carried out; what is wrong with it
/// otherwise. For whoever checks command lines that stand in files.
///
/// # Errors
/// What the program would say to it.
pub fn understands<'a>(line: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
    Line::try_parse_from(line).map(drop).map_err(|error| error.to_string())
}

/// Reads the arguments and does what they ask. `since` measures from the start of the process.
pub async fn run(arguments: impl IntoIterator<Item = OsString>, since: Stopwatch) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let Line { common, command } = match Line::try_parse_from(&arguments) {
        Ok(line) => line,
        Err(error) => {
            let json = arguments.iter().any(|argument| argument == "--json");
            return answer::not_a_command(&error, json);
        }
    };
    match Box::pin(dispatch(&common, command, since)).await {
        Ok(exit) => exit,
        Err(error) => common.fail(&error),
    }
}

async fn dispatch(common: &Common, command: Command, since: Stopwatch) -> anyhow::Result<Exit> {
    match command {
        Command::Config(args) => config::run(args, common),
        Command::Version => version::run(common),
        Command::Policy(args) => policy::run(args, common).await,
        Command::Token(args) => token::run(args, common).await,
        // Its own logs would only repeat what it reports.
        Command::Doctor => doctor::run(common).await,
        Command::Up => {
            let config = common.settings()?;
            let log = config.log.clone();
            logged(common, &config, log, Box::pin(up::up(common, &config, since))).await
        }
        Command::Serve(args) => {
            let config = args.settings(common)?;
            let log = config.log.clone();
            logged(common, &config, log, Box::pin(up::serve(common, &config, since))).await
        }
        Command::Demo(args) => {
            let config = demo::settings(common)?;
            let command = demo::run(args, common, config.clone());
            logged(common, &config, quieter(&config), Box::pin(command)).await
        }
        Command::Bench(args) => {
            let config = bench::settings(common)?;
            let command = bench::run(args, common, config.clone());
            logged(common, &config, quieter(&config), Box::pin(command)).await
        }
        Command::Import(args) => {
            let config = import::settings(common)?;
            let command = import::run(args, common, &config);
            logged(common, &config, quieter(&config), Box::pin(command)).await
        }
        Command::Conformance(args) => {
            let config = common.settings()?;
            let command = conformance::run(args, common);
            logged(common, &config, quieter(&config), Box::pin(command)).await
        }
        Command::Audit(args) => {
            let config = common.settings()?;
            let command = audit::run(args, common, &config);
            logged(common, &config, quieter(&config), Box::pin(command)).await
        }
        Command::Report(args) => {
            let config = common.settings()?;
            let command = report::run(args, common, &config);
            logged(common, &config, quieter(&config), Box::pin(command)).await
        }
        Command::Backup(args) => {
            let config = common.settings()?;
            let command = backup::run(args, common, &config);
            logged(common, &config, quieter(&config), Box::pin(command)).await
        }
        Command::Vault(args) => {
            let config = common.settings()?;
            let command = vault::run(args, common, &config);
            logged(common, &config, quieter(&config), Box::pin(command)).await
        }
        Command::Migrate(args) => {
            let config = common.settings()?;
            let command = migrate::run(args, common, &config);
            logged(common, &config, quieter(&config), Box::pin(command)).await
        }
    }
}

/// Runs a command with logs and telemetry, which end last and within a limit.
async fn logged(
    common: &Common,
    config: &Config,
    log: Log,
    command: impl Future<Output = anyhow::Result<Exit>> + Unpin,
) -> anyhow::Result<Exit> {
    let guard = begin_telemetry(common, config, &log)?;
    let ended = command.await;
    if !guard.shutdown(TELEMETRY_END).await {
        tracing::warn!("the last traces and metrics did not reach otlp.endpoint");
    }
    ended
}

fn begin_telemetry(common: &Common, config: &Config, log: &Log) -> anyhow::Result<Guard> {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy();
    let process = Process {
        version: env!("CARGO_PKG_VERSION"),
        instance: format!("{host}/{}", std::process::id()),
    };
    let (guard, metrics) = telemetry::init(&process, log, &config.otlp)?;
    // Set once: a process runs one command.
    let _ = common.metrics.set(metrics);
    Ok(guard)
}

/// The log settings of a command that reports for itself: only warnings, unless the level was
/// changed from what it is by default.
fn quieter(config: &Config) -> Log {
    let mut log = config.log.clone();
    if log.level == "info" {
        "warn".clone_into(&mut log.level);
    }
    log
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Line::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        let without = without_example(&Line::command(), "parasol");
        assert!(without.is_empty(), "{without:?}");
    }

    /// The commands below one, at any depth, whose help shows no line to copy.
    fn without_example(command: &clap::Command, path: &str) -> Vec<String> {
        let below = command.get_subcommands().flat_map(|below| {
            let path = format!("{path} {}", below.get_name());
            let help = below.get_after_help().map(ToString::to_string).unwrap_or_default();
            let example = help.split_once("Example").map(|(_, example)| example.contains(&path));
            let missing = (example != Some(true)).then(|| path.clone());
            missing.into_iter().chain(without_example(below, &path)).collect::<Vec<_>>()
        });
        below.collect()
    }
}
