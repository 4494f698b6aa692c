//! A whole node inside the test, on a folder of its own, with the examples loaded.

use std::collections::BTreeMap;

use parasol::import;
use parasol::node::{Node, Options};
use parasol_casebook::Store;
use parasol_runtime::config::{Config, Sources};
use parasol_runtime::identity::{Principal, Role};
use parasol_runtime::transport::local;
use sea_orm::{ConnectionTrait as _, Statement};
use tempfile::TempDir;
use tonic::Request;
use tonic::transport::Channel;

/// A node with the examples loaded.
pub struct House {
    pub node: Node,
    pub channel: Channel,
    _folder: TempDir,
}

impl House {
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        let set = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let data = folder.path().to_str().expect("a temp path is text");
        let overrides = vec![
            set("data_dir", data),
            set("grpc_addr", "127.0.0.1:0"),
            set("http_addr", "127.0.0.1:0"),
            set("test_clock", "true"),
            set("test_clock_start", parasol::demo::START),
        ];
        let sources = Sources { overrides, ..Sources::default() };
        let config = Config::load(&sources).expect("the settings fit");
        let node = Node::start(&config, Options::default()).await.expect("the node starts");
        let address = format!("http://{}", node.grpc);
        let channel = local::dial(&address, &config.limits).expect("an address is one");
        let house = Self { node, channel, _folder: folder };
        house.load_examples().await;
        house
    }

    async fn load_examples(&self) {
        let token = |role| self.node.tokens().token(&Principal::new(role, "tests"));
        let target = import::Target {
            channel: self.channel.clone(),
            operator_token: token(Role::Operator),
            retailer_token: token(Role::Retailer),
        };
        let sources = parasol::demo::EXAMPLES
            .iter()
            .map(|(name, text)| import::Source::text(name, text))
            .collect();
        let report = import::load(&target, sources, &import::Silent).await.expect("they load");
        assert_eq!(report.refused(), 0, "rows of the examples were refused");
    }

    /// A request with a caller's credential.
    pub fn request<T>(&self, role: Role, subject: &str, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let token = self.node.tokens().token(&Principal::new(role, subject));
        let header = format!("Bearer {token}").parse().expect("a token is ASCII");
        request.metadata_mut().insert("authorization", header);
        request
    }

    /// How many rows each table holds; saved answers and the audit of refusals left out, since a
    /// refused import is answered and recorded too.
    pub async fn rows(&self) -> BTreeMap<String, i64> {
        rows(&self.node.store).await
    }
}

async fn rows(store: &Store) -> BTreeMap<String, i64> {
    let reader = store.reader();
    let backend = reader.get_database_backend();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables = reader.query_all_raw(Statement::from_string(backend, tables)).await;
    let mut counts = BTreeMap::new();
    for table in tables.expect("tables can be listed") {
        let table: String = table.try_get_by_index(0).expect("a name is text");
        // The sequencer numbers commits in its own time.
        if ["answers", "audit", "commits", "feed", "leases"].contains(&table.as_str()) {
            continue;
        }
        let count = Statement::from_string(backend, format!("SELECT count(*) FROM {table}"));
        let row = reader.query_one_raw(count).await.expect("rows can be counted");
        let count = row.and_then(|row| row.try_get_by_index(0).ok()).unwrap_or_default();
        counts.insert(table, count);
    }
    counts
}
