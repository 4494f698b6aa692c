//! The tree of settings as types. Meaning, unit and range of each key stand in `default.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::de::IntoDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CellRoute, Issuer, Tls};

/// All settings of a process.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of everything that must survive a restart.
    pub data_dir: PathBuf,
    /// Folder of keys and records that must outlive the machine; empty = `data_dir`. Ask [`Config::kept`].
    pub keep_dir: PathBuf,
    /// PostgreSQL of this cell; empty = the embedded store.
    #[serde(serialize_with = "redacted")]
    pub database_url: SecretString,
    /// File that holds `database_url` instead.
    pub database_url_file: String,
    /// Redis that carries wake-ups; empty = none.
    #[serde(serialize_with = "redacted")]
    pub redis_url: SecretString,
    /// File that holds `redis_url` instead.
    pub redis_url_file: String,
    /// Address of the gRPC services.
    pub grpc_addr: String,
    /// Address of pages, REST and probes.
    pub http_addr: String,
    /// Origins of programs in browsers that may call the API; empty = none but our own.
    #[serde(deserialize_with = "listed")]
    pub browser_origins: Vec<String>,
    /// Whose tokens are taken beside the cell's own.
    pub issuers: Vec<Issuer>,
    /// The roles this process plays.
    #[serde(deserialize_with = "roles")]
    pub roles: Vec<NodeRole>,
    /// Where the roles are played that this process leaves out.
    pub peers: Peers,
    /// The port with TLS.
    pub tls: Tls,
    /// Number of this cell.
    pub cell: u16,
    /// The cells that a router hands calls to.
    pub cells: Vec<CellRoute>,
    /// Whether the clock may be advanced.
    pub test_clock: bool,
    /// What the test clock shows at the first start; empty = the present.
    pub test_clock_start: String,
    /// Logging.
    pub log: Log,
    /// Export of traces and metrics.
    pub otlp: Otlp,
    /// Limits at the edge.
    pub limits: Limits,
    /// The one write path.
    pub committer: Committer,
    /// Database connections.
    pub pools: Pools,
    /// Claiming of tasks.
    pub tasks: Tasks,
    /// What is sent to partners.
    pub webhooks: Webhooks,
    /// The payment provider.
    pub payments: Payments,
    /// What customers are told.
    pub notices: Notices,
    /// Where photos and films are kept.
    pub evidence: Evidence,
    /// What certificates are sealed with.
    pub certificates: Certificates,
    /// The choice of a centre.
    pub choosing: Choosing,
    /// Day plans.
    pub scheduling: Scheduling,
    /// The retailer's people.
    pub staff: Staff,
    /// How long what is kept about people stays.
    pub retention: Retention,
    /// Other lengths for the clocks of a case, in seconds, by the clock's name.
    #[serde(deserialize_with = "flattened")]
    pub deadlines: BTreeMap<String, u64>,
}

/// Addresses of the processes that play each role, as `http://host:port`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Peers {
    /// Filing and orders.
    #[serde(deserialize_with = "listed")]
    pub intake: Vec<String>,
    /// Offers and the network.
    #[serde(deserialize_with = "listed")]
    pub dispatch: Vec<String>,
    /// Slots, appointments and visits.
    #[serde(deserialize_with = "listed")]
    pub scheduling: Vec<String>,
    /// Certificates, decisions and settlement.
    #[serde(deserialize_with = "listed")]
    pub verification: Vec<String>,
    /// Timelines and watching.
    #[serde(deserialize_with = "listed")]
    pub tracking: Vec<String>,
}

impl Peers {
    /// Where a role is played. Nobody calls the gateway.
    pub fn of(&self, role: NodeRole) -> &[String] {
        match role {
            NodeRole::Intake => &self.intake,
            NodeRole::Dispatch => &self.dispatch,
            NodeRole::Scheduling => &self.scheduling,
            NodeRole::Verification => &self.verification,
            NodeRole::Tracking => &self.tracking,
            NodeRole::Gateway | NodeRole::Router => &[],
        }
    }
}

/// How long what is kept about people stays, in days of 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// What was filed, decided, certified and handed over, after a case.
    pub records_days: u32,
    /// What people wrote beside that, after a case.
    pub words_days: u32,
    /// Photos and films, after a case.
    pub photos_days: u32,
    /// What customers were told, after a case.
    pub notices_days: u32,
    /// Who a customer is, after the last that was bought or asked for.
    pub customers_days: u32,
    /// Answers that a repeated request gets again, after the request.
    pub answers_days: u32,
    /// Who was shown what of whom in full, after that.
    pub reveals_days: u32,
}

impl Retention {
    /// Each length by its key, with the least it may be set to. Where the law says the least, its article
    /// stands in docs/retention.md.
    pub const fn lengths(&self) -> [(&'static str, u32, u32); 7] {
        [
            ("retention.records_days", self.records_days, 1_096),
            ("retention.words_days", self.words_days, 30),
            ("retention.photos_days", self.photos_days, 90),
            ("retention.notices_days", self.notices_days, 30),
            ("retention.customers_days", self.customers_days, 1_096),
            ("retention.answers_days", self.answers_days, 2),
            ("retention.reveals_days", self.reveals_days, 1_096),
        ]
    }
}

/// Logging.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Level or filter.
    pub level: String,
    /// Form of each line.
    pub format: LogFormat,
}

/// Form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
    /// Text on a terminal, otherwise JSON.
    Auto,
}

/// Export of traces and metrics.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Otlp {
    /// OTLP over gRPC; empty = no export.
    pub endpoint: String,
    /// Share of traces kept, 0 to 1.
    pub sample_ratio: f64,
    /// Seconds between two reports of metrics.
    pub metrics_period_s: u64,
}

/// Limits at the edge.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Longest unary call, milliseconds.
    pub request_timeout_ms: u64,
    /// Largest decoded message, bytes. Services set it on their generated servers.
    pub message_bytes: usize,
    /// Largest header list, bytes.
    pub header_bytes: u32,
    /// Connections open at a time.
    pub connections: usize,
    /// Calls in flight on one connection.
    pub streams_per_connection: u32,
    /// Calls in flight in the process.
    pub calls: usize,
    /// Time until a connection has said what it is, milliseconds.
    pub opening_ms: u64,
    /// Silence before a probe, seconds.
    pub keepalive_s: u64,
    /// Time for the answer to a probe, seconds.
    pub keepalive_timeout_s: u64,
    /// Age at which a connection is asked to close, seconds.
    pub connection_age_s: u64,
    /// Time an aged connection has to finish, seconds.
    pub connection_age_grace_s: u64,
    /// Time calls and tasks have to finish at the end, seconds.
    pub drain_s: u64,
}

impl Limits {
    /// Longest unary call.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// Time calls and tasks have to finish at the end.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_s)
    }
}

/// The one write path.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Committer {
    /// Most commands in one commit.
    pub batch_max: usize,
    /// Most commands waiting.
    pub queue_max: usize,
}

/// Database connections.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pools {
    /// Connections that write.
    pub write: u32,
    /// Connections that only read.
    pub read: u32,
}

/// What is sent to partners.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Whether this machine's own addresses may be sent to, also without TLS.
    pub loopback: bool,
}

/// The payment provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Payments {
    /// Where its adapter listens; empty = a provider inside the process.
    pub url: String,
}

/// What customers are told.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Notices {
    /// Where the adapter for text messages listens; empty = none.
    pub sms_url: String,
    /// Where the adapter of the app listens; empty = none.
    pub push_url: String,
    /// Where the adapter to the retailer's systems listens; empty = none.
    pub webhook_url: String,
    /// The mail server; empty = none.
    #[serde(serialize_with = "redacted")]
    pub smtp_url: SecretString,
    /// File that holds `smtp_url` instead.
    pub smtp_url_file: String,
    /// Sender of e-mails.
    pub mail_from: String,
    /// Where customers reach the pages; empty = nowhere.
    pub pages_url: String,
    /// What receipts are signed with; empty = none are taken.
    #[serde(serialize_with = "redacted")]
    pub receipt_secret: SecretString,
    /// File that holds `receipt_secret` instead.
    pub receipt_secret_file: String,
    /// When the quiet hours begin, HH:MM.
    pub quiet_from: String,
    /// When they end.
    pub quiet_until: String,
    /// When digests are sent.
    pub digest_at: String,
    /// Notices of a customer in a day.
    pub per_day: u32,
}

/// Where photos and films are kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// A bucket, `s3://bucket/prefix`; empty = a folder in `data_dir`.
    pub store: String,
    /// Address of the service the bucket is at; empty = Amazon's own.
    pub s3_endpoint: String,
    /// Region of the bucket.
    pub s3_region: String,
    /// Id of the key; empty = what the machine itself is given.
    pub s3_access_key_id: String,
    /// The key.
    #[serde(serialize_with = "redacted")]
    pub s3_secret_access_key: SecretString,
    /// File that holds the key instead.
    pub s3_secret_access_key_file: String,
}

impl Evidence {
    /// Bucket and prefix of `store`; `None` where it names none.
    pub fn bucket(&self) -> Option<(&str, &str)> {
        let place = self.store.strip_prefix("s3://")?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        (!bucket.is_empty()).then_some((bucket, prefix.trim_end_matches('/')))
    }
}

/// What certificates are sealed with.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// File with the key; empty = one that follows from the cell's.
    pub seal_key_file: String,
    /// Files with the keys before it, separated by commas.
    pub old_seal_key_files: String,
}

/// The choice of a centre: how much each figure of a candidate counts. Only the ratios matter.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Choosing {
    /// How near the centre is.
    pub distance: u32,
    /// What of its day is free.
    pub load: u32,
    /// How good it is.
    pub score: u32,
    /// What the customer has seen of it.
    pub history: u32,
}

/// Day plans.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scheduling {
    /// Which solver makes them.
    pub solver: DaySolver,
}

/// The retailer's people.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Staff {
    /// Whether only those who are registered are let in.
    pub registered_only: bool,
}

/// A solver of day plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DaySolver {
    /// Our own.
    Induction,
    /// The library's.
    VrpCore,
}

/// Claiming of tasks.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tasks {
    /// Most tasks claimed at a time.
    pub batch: u32,
    /// How long a claim lasts, milliseconds.
    pub lease_ms: u64,
    /// Time between two looks at the database, milliseconds.
    pub poll_ms: u64,
    /// Attempts before a task is parked.
    pub attempts_max: u32,
}

/// A part of the house that a process can play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeRole {
    /// Filing and orders.
    Intake,
    /// Offers and the network.
    Dispatch,
    /// Slots, appointments and visits.
    Scheduling,
    /// Certificates, decisions and settlement.
    Verification,
    /// Timelines and watching.
    Tracking,
    /// Pages, REST and webhooks.
    Gateway,
    /// Hands calls to one of several cells. It belongs to none of them, and its process plays nothing else.
    Router,
}

impl NodeRole {
    /// Every role of a cell.
    pub const ALL: [Self; 6] = [
        Self::Intake,
        Self::Dispatch,
        Self::Scheduling,
        Self::Verification,
        Self::Tracking,
        Self::Gateway,
    ];

    /// As configuration and logs write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Dispatch => "dispatch",
            Self::Scheduling => "scheduling",
            Self::Verification => "verification",
            Self::Tracking => "tracking",
            Self::Gateway => "gateway",
            Self::Router => "router",
        }
    }
}

impl Config {
    /// Whether this process plays a role.
    pub fn plays(&self, role: NodeRole) -> bool {
        self.roles.contains(&role)
    }

    /// Whether it has a hand in cases: whether it plays any role of a cell but the gateway's.
    pub fn works_on_cases(&self) -> bool {
        let idle = [NodeRole::Gateway, NodeRole::Router];
        self.roles.iter().any(|role| !idle.contains(role))
    }
}

/// A list of roles.
fn roles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<NodeRole>, D::Error> {
    let names = listed(deserializer)?.into_iter();
    names.map(|name| NodeRole::deserialize(name.into_deserializer())).collect()
}

/// A list, written as a list or, as in the environment, as text separated by commas.
fn listed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        List(Vec<String>),
        Text(String),
    }
    let names = match Written::deserialize(deserializer)? {
        Written::List(names) => names,
        Written::Text(text) => text.split(',').map(|name| name.trim().to_owned()).collect(),
    };
    Ok(names.into_iter().filter(|name| !name.is_empty()).collect())
}

/// Numbers by name, where dots in a name may have become tables within tables, as they do in the
/// environment and for names without quotes.
fn flattened<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u64),
        Text(String),
        Table(BTreeMap<String, Written>),
    }

    fn collect(
        prefix: &str,
        table: BTreeMap<String, Written>,
        numbers: &mut BTreeMap<String, u64>,
    ) -> Result<(), String> {
        for (name, written) in table {
            let name = format!("{prefix}{name}");
            let number = match written {
                Written::Number(number) => number,
                Written::Text(text) => {
                    text.parse().map_err(|_| format!("{name}: {text:?} is no number of seconds"))?
                }
                Written::Table(table) => {
                    collect(&format!("{name}."), table, numbers)?;
                    continue;
                }
            };
            numbers.insert(name, number);
        }
        Ok(())
    }

    let mut numbers = BTreeMap::new();
    let table = BTreeMap::deserialize(deserializer)?;
    collect("", table, &mut numbers).map_err(serde::de::Error::custom)?;
    Ok(numbers)
}

fn redacted<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if secret.expose_secret().is_empty() { "" } else { "[redacted]" })
}
