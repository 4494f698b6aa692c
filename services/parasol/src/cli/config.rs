//! `parasol config`: what the settings are, and whether they fit.

use parasol_runtime::config::{Config, ConfigError, DEFAULTS, Sources};
use serde_json::json;

use super::{Common, Exit};

pub(super) const EXAMPLE: &str = "\
Examples:
  parasol config check --config parasol.toml
  parasol config dump --set log.level=debug
  parasol config default > parasol.toml";

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Say every problem of the configuration at once; exit code 1 when there is one
    #[command(after_help = "Example: parasol config check --config parasol.toml")]
    Check,
    /// Print the settings in force, secrets blacked out
    #[command(after_help = "Example: parasol config dump --set log.level=debug")]
    Dump,
    /// Print the default settings with an explanation of every key
    #[command(after_help = "Example: parasol config default > parasol.toml")]
    Default,
}

pub(super) fn run(args: Args, common: &Common) -> anyhow::Result<Exit> {
    match args.what {
        What::Check => check(common),
        What::Dump => {
            let config = common.settings()?;
            common.answer(&config, || config.dump())?;
            Ok(Exit::Done)
        }
        What::Default => {
            let config = Config::load(&Sources::default())?;
            common.answer(&config, || DEFAULTS.to_owned())?;
            Ok(Exit::Done)
        }
    }
}

fn check(common: &Common) -> anyhow::Result<Exit> {
    let problems = problems(&common.settings());
    let document = json!({
        "ok": problems.is_empty(),
        "problems": problems
            .iter()
            .map(|(key, text)| json!({ "key": key, "text": text }))
            .collect::<Vec<_>>(),
    });
    common.answer(&document, || match problems.as_slice() {
        [] => "The configuration is fit for use.".to_owned(),
        some => listed(some),
    })?;
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Failed })
}

fn listed(problems: &[(String, String)]) -> String {
    let head = format!("The configuration has {} problem(s):", problems.len());
    let lines = problems.iter().map(|(key, text)| match key.as_str() {
        "" => format!("  {text}"),
        key => format!("  {key}: {text}"),
    });
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}

/// Key and text of everything that is wrong; the key is empty where a whole layer cannot be read.
pub(super) fn problems(read: &Result<Config, ConfigError>) -> Vec<(String, String)> {
    match read {
        Ok(_) => Vec::new(),
        Err(ConfigError::Read(text)) => vec![(String::new(), text.clone())],
        Err(ConfigError::Invalid(problems)) => {
            problems.iter().map(|problem| (problem.key.to_owned(), problem.text.clone())).collect()
        }
    }
}
