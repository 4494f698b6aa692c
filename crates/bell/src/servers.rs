//! Which Redis: one server, or the nodes of a cluster.
//!
//! A ring goes to every node of a cluster whichever it was handed to, and no key is involved, so that the bell is
//! linked to a single node, of which any will do. A position has a key, and the key a node: whoever asks for it knows
//! the whole cluster.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, Value,
};

/// What the URL of a cluster begins with.
const CLUSTER: &str = "redis+cluster://";
/// Nodes that the URL of a cluster may name; of more any few will do, since they know each other.
pub const NODES_MAX: usize = 64;
/// How often a command for a node that is gone is sent again: the second time it is known who has taken its place.
const RETRIES: u32 = 1;

/// The servers that a URL names. A clone takes turns with the others.
#[derive(Clone)]
pub(crate) struct Servers {
    /// Never empty.
    nodes: Vec<Client>,
    /// Knows which node has which key; nothing of a server that is none of a cluster.
    cluster: Option<ClusterClient>,
    /// Which node is next.
    turn: Arc<AtomicUsize>,
}

impl Servers {
    /// The servers of `redis://…`, or of `redis+cluster://user:password@host:port,host:port`. Who begins with which
    /// turn spreads processes over the nodes.
    pub(crate) fn named(url: &str, first: usize, patience: Duration) -> Result<Self, RedisError> {
        let turn = Arc::new(AtomicUsize::new(first));
        let Some(rest) = url.strip_prefix(CLUSTER) else {
            return Ok(Self { nodes: vec![Client::open(url)?], cluster: None, turn });
        };
        let (user, hosts) = rest.rfind('@').map_or(("", rest), |at| rest.split_at(at + 1));
        let hosts = hosts.trim_end_matches('/');
        let urls: Vec<_> = hosts.split(',').map(|host| format!("redis://{user}{host}/")).collect();
        if urls.len() > NODES_MAX {
            return Err((ErrorKind::InvalidClientConfig, "too many nodes of a cluster").into());
        }
        let nodes = urls.iter().map(|url| Client::open(url.as_str())).collect::<Result<_, _>>()?;
        let cluster = ClusterClient::builder(urls)
            .connection_timeout(patience)
            .response_timeout(patience)
            .overall_response_timeout(Some(patience))
            .retries(RETRIES)
            .build()?;
        Ok(Self { nodes, cluster: Some(cluster), turn })
    }

    /// The node whose turn it is.
    pub(crate) fn node(&self) -> &Client {
        &self.nodes[self.turn.load(Ordering::Relaxed) % self.nodes.len()]
    }

    /// Passes the turn to the next node: this one did not serve.
    pub(crate) fn pass_on(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection for what has a key.
    pub(crate) async fn keyed(&self, patience: Duration) -> Result<Keyed, RedisError> {
        if let Some(cluster) = &self.cluster {
            // Looking for the whole cluster may take as long as each of its nodes does not answer.
            let connecting = tokio::time::timeout(patience, cluster.get_async_connection());
            let silent = || RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
            return Ok(Keyed::Cluster(connecting.await.map_err(|_| silent())??));
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(patience))
            .set_response_timeout(Some(patience));
        let made = self.node().get_multiplexed_async_connection_with_config(&config).await?;
        Ok(Keyed::One(made))
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers").field("nodes", &self.nodes.len()).finish_non_exhaustive()
    }
}

/// A connection for what has a key. A clone is the same.
#[derive(Clone)]
pub(crate) enum Keyed {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl ConnectionLike for Keyed {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(connection) => connection.req_packed_command(cmd),
            Self::Cluster(connection) => connection.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

impl fmt::Debug for Keyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    #[test]
    fn the_nodes_of_a_cluster_take_turns_and_share_a_password() {
        let url = "redis+cluster://parasol:secret@10.0.0.1:7000,10.0.0.2:7001/";
        let servers = Servers::named(url, 0, PATIENCE).unwrap();
        let mut seen = Vec::new();
        for _ in 0..3 {
            let info = servers.node().get_connection_info();
            assert_eq!(info.redis_settings().password(), Some("secret"));
            seen.push(info.addr().to_string());
            servers.clone().pass_on();
        }
        assert_eq!(seen, ["10.0.0.1:7000", "10.0.0.2:7001", "10.0.0.1:7000"]);
        assert!(!format!("{servers:?}").contains("secret"));
    }

    #[test]
    fn one_server_has_every_turn() {
        let servers = Servers::named("redis://localhost:7000/", 5, PATIENCE).unwrap();
        servers.pass_on();
        assert_eq!(servers.node().get_connection_info().addr().to_string(), "localhost:7000");
        assert!(servers.cluster.is_none());
    }

    #[test]
    fn too_many_nodes_are_refused() {
        let url = format!("{CLUSTER}{}", vec!["localhost:7000"; NODES_MAX + 1].join(","));
        assert!(Servers::named(&url, 0, PATIENCE).is_err());
    }
}
