//! The options every command takes, and the configuration that follows from them.
//!
//! The only place that reads the environment. Order, later wins: defaults, the configuration file,
//! the environment, what a command sets for itself, the command line.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use clap::ValueEnum;
use parasol_api::Language;
use parasol_runtime::config::{Config, ConfigError, Sources};
use parasol_runtime::metrics::Metrics;

/// What every command takes.
#[derive(Default, clap::Args)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Folder of everything that must survive a restart: embedded store, signing key [default:
    /// parasol-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// PostgreSQL instead of the embedded store: postgres://user:password@host/name. Prefer
    /// PARASOL__DATABASE_URL, or database_url_file in the configuration, for what holds a password
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
    /// Redis that carries wake-ups between processes: redis://host:6379
    #[arg(long, global = true, value_name = "URL")]
    pub redis: Option<String>,
    /// Address of the gRPC services: where to listen, or for `import` whom to call [default:
    /// 127.0.0.1:7443]
    #[arg(long, global = true, value_name = "ADDR")]
    pub grpc: Option<String>,
    /// Address of pages and probes to listen on [default: 127.0.0.1:7480]
    #[arg(long, global = true, value_name = "ADDR")]
    pub http: Option<String>,
    /// Language of what is shown to people [default: that of LC_ALL or LANG, else zh]
    #[arg(long, global = true, value_enum)]
    pub lang: Option<Lang>,
    /// Configuration file in TOML; `parasol config default` prints one with every key explained
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One setting of the configuration, for example log.level=debug; may be given several times
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// Print exactly one JSON document on standard output, everything else on standard error
    #[arg(long, global = true)]
    pub json: bool,
    /// Whether the document was printed already; a later failure then goes to standard error alone.
    #[arg(skip)]
    pub(super) answered: AtomicBool,
    #[arg(skip)]
    pub(super) metrics: OnceLock<Metrics>,
}

/// A language by its short name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// 简体中文
    Zh,
    /// English
    En,
}

impl Common {
    /// The configuration.
    ///
    /// # Errors
    /// Every problem it has.
    pub fn settings(&self) -> Result<Config, ConfigError> {
        self.settings_with(&[])
    }

    /// The configuration, with settings the command needs unless the command line says otherwise.
    ///
    /// # Errors
    /// As [`Common::settings`].
    pub fn settings_with(&self, own: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let named = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let mut overrides: Vec<_> = own.iter().map(|(key, value)| named(key, value)).collect();
        overrides.extend(self.set.iter().cloned());
        let data = self.data.as_ref().map(|data| data.to_string_lossy().into_owned());
        let flags = [
            ("data_dir", data.as_ref()),
            ("database_url", self.database.as_ref()),
            ("redis_url", self.redis.as_ref()),
            ("grpc_addr", self.grpc.as_ref()),
            ("http_addr", self.http.as_ref()),
        ];
        overrides.extend(flags.iter().filter_map(|(key, value)| Some(named(key, value.as_ref()?))));
        Config::load(&Sources { file: self.config.as_deref(), env: environment(), overrides })
    }

    /// The settings of this command line, for processes that a command starts: what is in the environment they have
    /// anyway.
    pub fn arguments(&self) -> Vec<String> {
        let file = self.config.iter().map(|file| ("--config", file.to_string_lossy().into_owned()));
        let set = self.set.iter().map(|(key, value)| ("--set", format!("{key}={value}")));
        file.chain(set).flat_map(|(flag, value)| [flag.to_owned(), value]).collect()
    }

    /// Settings of a node that a command runs for itself: the defaults and the command's own, nothing of the
    /// environment and no file.
    ///
    /// # Errors
    /// As [`Common::settings`].
    pub fn settings_of_its_own(&self, own: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let named = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let mut overrides: Vec<_> = own.iter().map(|(key, value)| named(key, value)).collect();
        let data = self.data.as_ref().map(|data| data.to_string_lossy().into_owned());
        overrides.extend(data.map(|data| named("data_dir", &data)));
        Config::load(&Sources { overrides, ..Sources::default() })
    }

    /// The language to show: the one asked for, else that of the environment.
    pub fn language(&self) -> Language {
        match self.lang {
            Some(Lang::Zh) => Language::Zh,
            Some(Lang::En) => Language::En,
            None => locale(&environment()),
        }
    }

    /// Where measurements go.
    pub fn metrics(&self) -> Metrics {
        self.metrics.get().cloned().unwrap_or_else(Metrics::silent)
    }
}

/// The environment as the configuration reads it; what is not text cannot be a setting.
fn environment() -> HashMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// POSIX: the first of the two that is set and not empty decides.
fn locale(environment: &HashMap<String, String>) -> Language {
    let set = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    let name = set("LC_ALL").or_else(|| set("LANG"));
    name.and_then(|name| Language::of_tag(name)).unwrap_or_default()
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("must be KEY=VALUE, for example cell=1")?;
    if key.is_empty() {
        return Err("the key in front of = is missing".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_settings_and_settings_over_what_a_command_wants() {
        let common = Common {
            grpc: Some("127.0.0.1:9001".to_owned()),
            set: vec![setting("grpc_addr=127.0.0.1:9002").unwrap(), setting("cell=7").unwrap()],
            ..Common::default()
        };
        let own = [("grpc_addr", "127.0.0.1:9003"), ("cell", "8"), ("tasks.batch", "9")];
        let config = common.settings_with(&own).unwrap();
        assert_eq!(config.grpc_addr, "127.0.0.1:9001");
        assert_eq!((config.cell, config.tasks.batch), (7, 9));
    }

    #[test]
    fn a_setting_has_a_key() {
        assert_eq!(setting("a.b=c=d"), Ok(("a.b".to_owned(), "c=d".to_owned())));
        assert!(setting("a.b").is_err() && setting("=c").is_err());
    }

    #[test]
    fn the_environment_names_the_language_and_chinese_is_the_rest() {
        let of = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            locale(&pairs.collect())
        };
        assert_eq!(of(&[("LANG", "en_US.UTF-8")]), Language::En);
        assert_eq!(of(&[("LC_ALL", "zh_CN.UTF-8"), ("LANG", "en_US.UTF-8")]), Language::Zh);
        assert_eq!(of(&[("LC_ALL", ""), ("LANG", "en_GB")]), Language::En);
        assert_eq!(of(&[("LANG", "C.UTF-8")]), Language::Zh);
        assert_eq!(of(&[]), Language::Zh);
    }
}
