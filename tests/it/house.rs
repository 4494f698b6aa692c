//! A whole node inside the test, on a folder of its own, with the examples loaded.

use std::collections::BTreeMap;

use parasol::import;
use parasol::node::{Node, Options};
use parasol_casebook::Store;
use parasol_evidence::Limits as EvidenceLimits;
use parasol_runtime::config::{Config, Limits, Sources};
use parasol_runtime::identity::{KEY_FILE, Principal, Role};
use parasol_runtime::transport::local;
use sea_orm::{ConnectionTrait as _, Statement};
use tempfile::TempDir;
use tonic::Request;
use tonic::transport::Channel;

/// A node with the examples loaded.
pub struct House {
    pub node: Node,
    pub channel: Channel,
    /// Limits of connections to it.
    pub limits: Limits,
    folder: TempDir,
}

impl House {
    pub async fn open() -> Self {
        let house = Self::empty().await;
        house.load_examples().await;
        house
    }

    /// Loads the network and the orders of the examples.
    pub async fn load_examples(&self) {
        let examples = parasol::demo::EXAMPLES.iter();
        self.load(examples.map(|(name, text)| import::Source::text(name, text)).collect()).await;
    }

    /// A node without a network and without orders.
    pub async fn empty() -> Self {
        Self::set(&[]).await
    }

    /// The same with further settings.
    pub async fn set(further: &[(&str, &str)]) -> Self {
        Self::start(further, EvidenceLimits::default(), |_| {}).await
    }

    /// The same, with settings that the environment cannot write.
    pub async fn changed(further: &[(&str, &str)], change: impl FnOnce(&mut Config)) -> Self {
        Self::start(further, EvidenceLimits::default(), change).await
    }

    /// One with the examples, whose files of evidence have these limits.
    pub async fn with_files(limits: EvidenceLimits) -> Self {
        let house = Self::start(&[], limits, |_| {}).await;
        house.load_examples().await;
        house
    }

    /// Another process of the same cell, with the same settings beside its own folder.
    pub async fn beside(&self, further: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        let (from, to) = (self.folder().join(KEY_FILE), folder.path().join(KEY_FILE));
        std::fs::copy(from, to).expect("the cell's secret");
        Self::start_in(folder, further, EvidenceLimits::default(), |_| {}).await
    }

    async fn start(
        further: &[(&str, &str)],
        evidence_limits: EvidenceLimits,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        Self::start_in(folder, further, evidence_limits, change).await
    }

    async fn start_in(
        folder: TempDir,
        further: &[(&str, &str)],
        evidence_limits: EvidenceLimits,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let set = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let data = folder.path().to_str().expect("a temp path is text");
        let mut overrides = vec![
            set("data_dir", data),
            set("grpc_addr", "127.0.0.1:0"),
            set("http_addr", "127.0.0.1:0"),
            set("test_clock", "true"),
            // Days pass in a minute here, and the survey would wait for the morning.
            set("notices.per_day", "1000"),
            set("test_clock_start", parasol::demo::START),
        ];
        overrides.extend(further.iter().map(|(key, value)| set(key, value)));
        let sources = Sources { overrides, ..Sources::default() };
        let mut config = Config::load(&sources).expect("the settings fit");
        change(&mut config);
        assert!(config.validate().is_empty(), "{:?}", config.validate());
        let evidence_program = Some(crate::program::program());
        let options = Options { evidence_program, evidence_limits, ..Options::default() };
        let node = Node::start(&config, options).await.expect("the node starts");
        let address = format!("http://{}", node.grpc);
        let channel = local::dial(&address, &config.limits).expect("an address is one");
        Self { node, channel, limits: config.limits, folder }
    }

    /// Stops the node and starts one on its files.
    pub async fn again(self) -> Self {
        let folder = moved(self.leave().await);
        Self::start_in(folder, &[], EvidenceLimits::default(), |_| {}).await
    }

    /// Stops the node and leaves its folder to whoever goes on with it.
    pub async fn leave(self) -> TempDir {
        self.node.stop().await.expect("the node stops");
        self.folder
    }

    /// Its data folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Imports files; every row of them is good.
    pub async fn load(&self, sources: Vec<import::Source>) {
        let token = |role| self.node.tokens().token(&Principal::new(role, "tests"));
        let target = import::Target {
            channel: self.channel.clone(),
            operator_token: token(Role::Operator),
            retailer_token: token(Role::Retailer),
        };
        let report = import::load(&target, sources, &import::Silent).await.expect("they load");
        assert_eq!(report.refused(), 0, "rows were refused");
    }

    /// A request with a caller's credential.
    pub fn request<T>(&self, role: Role, subject: &str, message: T) -> Request<T> {
        self.request_of(&Principal::new(role, subject), message)
    }

    /// The same, of a caller that may belong to a brand.
    pub fn request_of<T>(&self, caller: &Principal, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let token = self.node.tokens().token(caller);
        let header = format!("Bearer {token}").parse().expect("a token is ASCII");
        request.metadata_mut().insert("authorization", header);
        request
    }

    /// How many rows each table holds; commands left out, since a refused import is answered and recorded
    /// too.
    pub async fn rows(&self) -> BTreeMap<String, i64> {
        let store = &self.node.store;
        let mut counts = BTreeMap::new();
        for table in texts(store, TABLES).await {
            if table == "commands" || IN_ITS_OWN_TIME.contains(&table.as_str()) {
                continue;
            }
            let which = written_by_callers(&table);
            let query = format!("SELECT CAST(count(*) AS TEXT) FROM {table} {which}");
            let count = texts(store, &query).await;
            counts.insert(table, count[0].parse().expect("a count is a number"));
        }
        counts
    }

    /// Every row of every table as text, saved answers included.
    pub async fn contents(&self) -> BTreeMap<String, Vec<String>> {
        let store = &self.node.store;
        let mut contents = BTreeMap::new();
        for table in texts(store, TABLES).await {
            if IN_ITS_OWN_TIME.contains(&table.as_str()) {
                continue;
            }
            let columns = format!("SELECT name FROM pragma_table_info('{table}')");
            let columns = texts(store, &columns).await;
            let columns: Vec<_> = columns.iter().map(|name| format!("quote({name})")).collect();
            let columns = columns.join(" || ',' || ");
            let which = written_by_callers(&table);
            let query = format!("SELECT {columns} FROM {table} {which} ORDER BY 1");
            let rows = texts(store, &query).await;
            contents.insert(table, rows);
        }
        contents
    }
}

/// The tables of the store.
const TABLES: &str =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";

/// The messages of partners have refusals too; the sequencer numbers and chains commits, uses of keys are noted, the relay binds numbers, notices leave, what is over goes, the vault is walked, it is
/// noted who was shown what, and scores and the flow are counted, when it comes to it.
const IN_ITS_OWN_TIME: [&str; 22] = [
    "api_key_uses",
    "audit_backlog",
    "audit_chain",
    "commits",
    "feed",
    "flow_cases",
    "flow_places",
    "leases",
    "meta",
    "notices",
    "partner_messages",
    "relay_notes",
    "relay_numbers",
    "retention_later",
    "retention_places",
    "reveals",
    "score_cards",
    "score_passes",
    "score_places",
    "score_restatements",
    "score_sheets",
    "voice_reports",
];

/// Which rows of a table a caller may have written.
fn written_by_callers(table: &str) -> &'static str {
    match table {
        // Those that were answered: the house does its own when it comes to it.
        "commands" => "WHERE fingerprint <> zeroblob(16)",
        // What a notice says is kept when the notice leaves.
        "vault" => "WHERE kind <> 'notice'",
        _ => "",
    }
}

/// The answers of a query with one column of text.
pub async fn texts(store: &Store, sql: &str) -> Vec<String> {
    let reader = store.reader();
    let statement = Statement::from_string(reader.get_database_backend(), sql);
    let rows = reader.query_all_raw(statement).await.expect("the store answers");
    rows.iter().map(|row| row.try_get_by_index(0).expect("the column is text")).collect()
}

/// The files in another folder: this process keeps the lock of the first until it ends.
pub fn moved(from: TempDir) -> TempDir {
    let to = tempfile::tempdir().expect("a temp folder");
    for entry in std::fs::read_dir(from.path()).expect("it can be listed") {
        let entry = entry.expect("it can be listed");
        let is_file = entry.file_type().expect("it has a type").is_file();
        if is_file && entry.file_name() != "parasol.lock" {
            std::fs::rename(entry.path(), to.path().join(entry.file_name())).expect("it moves");
        }
    }
    to
}
