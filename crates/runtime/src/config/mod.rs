//! The settings of a process: one typed tree, four layers, checked as a whole.
//!
//! Owns the keys, their defaults (`default.toml`, which documents each), the order of the layers
//! and the rules between keys. It reads the files it is pointed to and nothing else: the
//! environment is handed in. It opens no connection and binds no address; that a setting is
//! well-formed does not say that it works.

mod cells;
mod check;
mod issuers;
mod tls;
mod tree;

use std::collections::HashMap;
use std::path::Path;

use config::{Environment, File, FileFormat};
use secrecy::{ExposeSecret, SecretString};

pub use self::cells::CellRoute;
pub use self::issuers::Issuer;
pub(crate) use self::issuers::has_brand;
pub use self::tls::{ClientCertificates, Tls};
pub use self::tree::{
    Committer, Config, DaySolver, Limits, Log, LogFormat, NodeRole, Otlp, Pools, Retention, Tasks,
};

/// The default settings with the documentation of every key, as printed by `parasol config`.
pub const DEFAULTS: &str = include_str!("default.toml");

/// The prefix of environment variables that hold settings.
const ENV_PREFIX: &str = "PARASOL";

/// Where settings come from. Later fields win over earlier ones, and all over the defaults.
#[derive(Clone, Debug, Default)]
pub struct Sources<'a> {
    /// A configuration file in TOML.
    pub file: Option<&'a Path>,
    /// The environment; variables without our prefix are passed over.
    pub env: HashMap<String, String>,
    /// Settings from the command line: dotted key (`log.level`) and value in text.
    pub overrides: Vec<(String, String)>,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A layer cannot be read, holds an unknown key or a value of the wrong type.
    #[error("cannot read the configuration: {0}")]
    Read(String),
    /// The values do not fit; every problem is listed.
    #[error("the configuration has {} problem(s):{}", .0.len(), listed(.0))]
    Invalid(Vec<Problem>),
}

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The dotted key, or the keys that contradict each other.
    pub key: &'static str,
    /// What is wrong and what would be right.
    pub text: String,
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {}: {}", problem.key, problem.text)).collect()
}

impl Config {
    /// Reads all layers, resolves secrets kept in files, and checks the result.
    ///
    /// # Errors
    /// [`ConfigError::Read`] at the first layer or value that cannot be read;
    /// [`ConfigError::Invalid`] with all problems of a tree that could.
    pub fn load(sources: &Sources<'_>) -> Result<Self, ConfigError> {
        let config = Self::read(sources)?;
        let problems = config.validate();
        if problems.is_empty() {
            config.with_secrets()
        } else {
            Err(ConfigError::Invalid(problems))
        }
    }

    /// The folder of the keys of the vault, the journal of erasures and the kept heads of the audit chain: `keep_dir`, or
    /// the data folder where that names none.
    pub fn kept(&self) -> &Path {
        if self.keep_dir.as_os_str().is_empty() { &self.data_dir } else { &self.keep_dir }
    }

    fn read(sources: &Sources<'_>) -> Result<Self, ConfigError> {
        let mut layers =
            config::Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(path) = sources.file {
            layers = layers.add_source(File::from(path).format(FileFormat::Toml));
        }
        layers = layers.add_source(environment(sources.env.clone()));
        let overrides = sources.overrides.iter().map(|(key, value)| {
            let variable = format!("{ENV_PREFIX}__{}", key.replace('.', "__"));
            (variable, value.clone())
        });
        layers
            .add_source(environment(overrides.collect()))
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(|error| ConfigError::Read(error.to_string()))
    }

    /// Puts the content of `*_file` settings into the settings they stand for.
    fn with_secrets(mut self) -> Result<Self, ConfigError> {
        for (name, secret, file) in [
            ("database_url_file", &mut self.database_url, &self.database_url_file),
            ("redis_url_file", &mut self.redis_url, &self.redis_url_file),
            (
                "evidence.s3_secret_access_key_file",
                &mut self.evidence.s3_secret_access_key,
                &self.evidence.s3_secret_access_key_file,
            ),
            ("notices.smtp_url_file", &mut self.notices.smtp_url, &self.notices.smtp_url_file),
            (
                "notices.receipt_secret_file",
                &mut self.notices.receipt_secret,
                &self.notices.receipt_secret_file,
            ),
        ] {
            if file.is_empty() {
                continue;
            }
            let text = std::fs::read_to_string(file)
                .map_err(|error| ConfigError::Read(format!("{name} {file}: {error}")))?;
            *secret = SecretString::from(text.trim());
        }
        Ok(self)
    }

    /// The settings as TOML, secrets blacked out. What it prints can be read back.
    pub fn dump(&self) -> String {
        toml::to_string(self).expect("the tree holds only what TOML can express")
    }

    /// Whether the embedded SQLite store is used.
    pub fn is_embedded(&self) -> bool {
        self.database_url.expose_secret().is_empty() && self.database_url_file.is_empty()
    }
}

fn environment(variables: HashMap<String, String>) -> Environment {
    Environment::with_prefix(ENV_PREFIX)
        .prefix_separator("__")
        .separator("__")
        .source(Some(variables))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn with_env(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::load(&Sources { env: env(pairs), ..Sources::default() })
    }

    fn problems(result: Result<Config, ConfigError>) -> Vec<&'static str> {
        let Err(ConfigError::Invalid(problems)) = result else { panic!("expected problems") };
        problems.iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn the_defaults_are_valid_and_documented() {
        let config = Config::load(&Sources::default()).unwrap();
        assert!(config.is_embedded());
        assert_eq!(config.roles, NodeRole::ALL);
        assert_eq!(config.committer.batch_max, 64);
        let mut explained = false;
        for line in DEFAULTS.lines().map(str::trim) {
            if line.contains(" = ") && !line.starts_with('#') {
                assert!(explained, "no comment above {line}");
            }
            explained = line.starts_with('#');
        }
    }

    #[test]
    fn later_layers_win() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("parasol.toml");
        std::fs::write(
            &file,
            "cell = 1\n[log]\nlevel = \"warn\"\n[deadlines]\n\"brand.accept\" = 900\n",
        )
        .unwrap();
        let sources = Sources {
            file: Some(&file),
            env: env(&[("PARASOL__CELL", "2"), ("PARASOL__TASKS__BATCH", "5"), ("PATH", "/bin")]),
            overrides: vec![("tasks.batch".to_owned(), "6".to_owned())],
        };
        let config = Config::load(&sources).unwrap();
        assert_eq!((config.cell, config.tasks.batch), (2, 6));
        assert_eq!(config.log.level, "warn");
        assert_eq!(config.deadlines["brand.accept"], 900);
    }

    #[test]
    fn text_that_looks_like_a_number_stays_text() {
        let config = with_env(&[("PARASOL__DATA_DIR", "007"), ("PARASOL__TEST_CLOCK", "true")]);
        let config = config.unwrap();
        assert_eq!(config.data_dir, Path::new("007"));
        assert!(config.test_clock);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        for (key, name) in [("PARASOL__COLOUR", "colour"), ("PARASOL__TASKS__BACTH", "bacth")] {
            let error = with_env(&[(key, "1")]).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let found = problems(with_env(&[
            ("PARASOL__OTLP__SAMPLE_RATIO", "1.5"),
            ("PARASOL__OTLP__ENDPOINT", "collector:4317"),
            ("PARASOL__GRPC_ADDR", "localhost"),
            ("PARASOL__TASKS__LEASE_MS", "2000"),
            ("PARASOL__COMMITTER__QUEUE_MAX", "8"),
            ("PARASOL__LIMITS__STREAMS_PER_CONNECTION", "0"),
            ("PARASOL__TEST_CLOCK_START", "2026-06-08T09:00:00+08:00"),
            ("PARASOL__LOG__LEVEL", "a=b=c"),
            ("PARASOL__ROLES", "intake,dispatch,intake"),
        ]));
        let expected = [
            "limits.streams_per_connection",
            "otlp.sample_ratio",
            "otlp.endpoint",
            "grpc_addr",
            "log.level",
            "roles",
            "peers.scheduling",
            "peers.verification",
            "peers.tracking",
            "roles, database_url",
            "test_clock_start, test_clock",
            "committer.queue_max, committer.batch_max",
            "tasks.lease_ms, tasks.poll_ms",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn rules_between_keys() {
        let cases: [(&[(&str, &str)], &str); 14] = [
            (&[("PARASOL__BROWSER_ORIGINS", "shop.example")], "browser_origins"),
            (&[("PARASOL__BROWSER_ORIGINS", "https://shop.example/app")], "browser_origins"),
            (&[("PARASOL__BROWSER_ORIGINS", "https://*.shop.example")], "browser_origins"),
            (&[("PARASOL__BROWSER_ORIGINS", "https://shop.example:443")], "browser_origins"),
            (&[("PARASOL__HTTP_ADDR", "127.0.0.1:7443")], "grpc_addr, http_addr"),
            (
                &[("PARASOL__LIMITS__KEEPALIVE_TIMEOUT_S", "20")],
                "limits.keepalive_timeout_s, limits.keepalive_s",
            ),
            (&[("PARASOL__DATABASE_URL", "mysql://x/y")], "database_url"),
            (&[("PARASOL__REDIS_URL", "localhost")], "redis_url"),
            (&[("PARASOL__EVIDENCE__STORE", "/var/photos")], "evidence.store"),
            (
                &[("PARASOL__EVIDENCE__S3_ACCESS_KEY_ID", "id")],
                "evidence.s3_access_key_id, evidence.s3_secret_access_key",
            ),
            (&[("PARASOL__NOTICES__QUIET_FROM", "9:30")], "notices.quiet_from"),
            (
                &[("PARASOL__NOTICES__SMTP_URL", "smtp://127.0.0.1:25")],
                "notices.smtp_url, notices.mail_from",
            ),
            (
                &[("PARASOL__TEST_CLOCK", "true"), ("PARASOL__TEST_CLOCK_START", "noon")],
                "test_clock_start",
            ),
            (
                &[
                    ("PARASOL__DATABASE_URL", "postgres://x/y"),
                    ("PARASOL__DATABASE_URL_FILE", "/run/secrets/db"),
                ],
                "database_url, database_url_file",
            ),
        ];
        for (pairs, key) in cases {
            assert_eq!(problems(with_env(pairs)), [key]);
        }
    }

    #[test]
    fn what_a_process_leaves_out_is_played_somewhere() {
        let database = ("PARASOL__DATABASE_URL", "postgres://x/y");
        let roles = ("PARASOL__ROLES", "intake,dispatch,scheduling,gateway");
        let verification = ("PARASOL__PEERS__VERIFICATION", "http://10.0.0.7:7443,http://h:1");
        let tracking = ("PARASOL__PEERS__TRACKING", "http://10.0.0.8:7443");
        let config = with_env(&[database, roles, verification, tracking]).unwrap();
        assert_eq!(config.peers.of(NodeRole::Verification), ["http://10.0.0.7:7443", "http://h:1"]);
        assert!(config.plays(NodeRole::Gateway) && !config.plays(NodeRole::Tracking));
        assert!(config.works_on_cases());
        assert_eq!(problems(with_env(&[database, roles, tracking])), ["peers.verification"]);
        assert_eq!(
            problems(with_env(&[roles, verification, tracking])),
            ["roles, database_url"],
            "an embedded store has one process"
        );
        for wrong in ["10.0.0.8:7443", "https://h:1", "http://h", "http://h:1/path"] {
            let wrong = ("PARASOL__PEERS__TRACKING", wrong);
            assert_eq!(
                problems(with_env(&[database, roles, verification, wrong])),
                ["peers.tracking"]
            );
        }
        let own = ("PARASOL__PEERS__INTAKE", "http://h:1");
        let found = problems(with_env(&[database, roles, verification, tracking, own]));
        assert_eq!(found, ["peers.intake"], "it plays that itself");
    }

    #[test]
    fn deadlines_are_set_by_the_names_of_clocks() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("parasol.toml");
        let read = |text: &str, variables: &[(&str, &str)]| {
            std::fs::write(&file, text).unwrap();
            Config::load(&Sources { file: Some(&file), env: env(variables), ..Sources::default() })
        };
        let quoted = "[deadlines]\n\"verdict\" = 5\n\"verdict.validate\" = 7\n";
        let config = read(quoted, &[("PARASOL__DEADLINES__PLAT__CHOOSE", "60")]).unwrap();
        let set = |config: &Config| config.deadlines.clone().into_iter().collect::<Vec<_>>();
        let wanted = [("plat.choose", 60), ("verdict", 5), ("verdict.validate", 7)];
        assert_eq!(set(&config), wanted.map(|(name, seconds)| (name.to_owned(), seconds)));
        let bare = read("[deadlines]\nbrand.accept_alarm = 9\n", &[]).unwrap();
        assert_eq!(set(&bare), [("brand.accept_alarm".to_owned(), 9)]);
        // What is printed reads back.
        assert_eq!(set(&read(&config.dump(), &[]).unwrap()), set(&config));

        let wrong = "[deadlines]\noffer_answer = 9\nvisit = 0\n\"contact.next\" = 9\n";
        assert_eq!(problems(read(wrong, &[])), ["deadlines"; 3]);
        let text = read("", &[("PARASOL__DEADLINES__VISIT", "soon")]).unwrap_err().to_string();
        assert!(text.contains("visit"), "{text}");
        let examples = DEFAULTS.lines().filter_map(|line| line.strip_prefix("#   \""));
        let names: Vec<_> = examples.filter_map(|line| line.split('"').next()).collect();
        assert!(names.iter().all(|name| parasol_journey::deadline::Clock::parse(name).is_some()));
        assert_eq!(names.len(), 2);
    }

    #[test]
    fn secrets_come_from_files_and_are_never_printed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("database");
        std::fs::write(&file, "postgres://parasol:hunter2@db/cell\n").unwrap();
        let file = file.to_str().unwrap();
        let config = with_env(&[("PARASOL__DATABASE_URL_FILE", file)]).unwrap();
        assert_eq!(config.database_url.expose_secret(), "postgres://parasol:hunter2@db/cell");
        assert!(!config.is_embedded());
        let (dump, debug) = (config.dump(), format!("{config:?}"));
        assert!(dump.contains("database_url = \"[redacted]\""), "{dump}");
        for text in [dump, debug] {
            assert!(!text.contains("hunter2"), "{text}");
        }
        let missing = with_env(&[("PARASOL__REDIS_URL_FILE", "/nowhere/redis")]).unwrap_err();
        assert!(missing.to_string().contains("redis_url_file /nowhere/redis"));
    }

    #[test]
    fn a_dump_reads_back_as_the_same_settings() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dump.toml");
        let config = with_env(&[("PARASOL__CELL", "9"), ("PARASOL__LOG__FORMAT", "json")]).unwrap();
        std::fs::write(&file, config.dump()).unwrap();
        let again = Config::load(&Sources { file: Some(&file), ..Sources::default() }).unwrap();
        assert_eq!(again.dump(), config.dump());
    }
}
