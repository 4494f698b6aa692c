//! A throwaway Redis Cluster of three masters with a replica each.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use crate::account::Account;
use crate::process::{Server, free_port, wait_until};
use crate::programs::need;
use crate::redis::{PACKAGE, say, server_command};

/// Nodes that have slots from the start; each has one replica.
pub const MASTERS: usize = 3;
/// Parts of the keys that masters share among them.
const SLOTS: usize = 16_384;

/// A cluster of Redis servers. The node `n + MASTERS` follows the node `n`. A master that does not answer for a second
/// is given up by the others, and its replica takes its place.
///
/// The servers are stopped when this value is dropped or the process ends.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    server: Server,
    port: u16,
    /// Where the nodes talk to each other.
    bus: u16,
    program: PathBuf,
}

impl RedisCluster {
    /// Starts the servers, makes them a cluster, and returns when all of them say that it is well; takes about two
    /// seconds.
    ///
    /// # Errors
    /// When the program is not installed, a server does not come up, or they do not become a cluster.
    pub fn start() -> Result<Self> {
        let nodes = (0..2 * MASTERS).map(|_| Node::start()).collect::<Result<Vec<_>>>()?;
        let cluster = Self { nodes };
        for (nth, node) in cluster.nodes.iter().enumerate() {
            // Different from the start, so that nothing has to be agreed on.
            node.say(&format!("CLUSTER SET-CONFIG-EPOCH {}", nth + 1))?;
            if nth < MASTERS {
                let (from, to) = (SLOTS * nth / MASTERS, SLOTS * (nth + 1) / MASTERS - 1);
                node.say(&format!("CLUSTER ADDSLOTSRANGE {from} {to}"))?;
            }
            if nth > 0 {
                let first = &cluster.nodes[0];
                node.say(&format!("CLUSTER MEET 127.0.0.1 {} {}", first.port, first.bus))?;
            }
        }
        let all = format!("cluster_known_nodes:{}", cluster.nodes.len());
        ensure!(cluster.say_soon("CLUSTER INFO", &all), "the nodes do not find each other");
        for nth in 0..MASTERS {
            let master = cluster.nodes[nth].say("CLUSTER MYID")?;
            cluster.nodes[nth + MASTERS].say(&format!("CLUSTER REPLICATE {master}"))?;
        }
        for replica in &cluster.nodes[MASTERS..] {
            let follows = || replica.says("INFO replication", "master_link_status:up");
            ensure!(wait_until(follows), "a replica does not follow its master");
        }
        ensure!(cluster.say_soon("CLUSTER INFO", "cluster_state:ok"), "the cluster is not well");
        Ok(cluster)
    }

    /// The URL that names every node.
    pub fn url(&self) -> String {
        let nodes: Vec<_> =
            self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        format!("redis+cluster://{}", nodes.join(","))
    }

    /// Empties every master (`FLUSHALL`).
    ///
    /// # Errors
    /// When one does not answer.
    pub fn empty(&self) -> Result<()> {
        for node in self.nodes.iter().filter(|node| node.says("INFO replication", "role:master")) {
            node.say("FLUSHALL")?;
        }
        Ok(())
    }

    /// Kills the `nth` node with SIGKILL.
    pub fn kill_9(&mut self, nth: usize) {
        self.nodes[nth].server.kill();
    }

    /// Waits until the replica of the `nth` master has taken its place, and everybody who lives says that the
    /// cluster is well.
    ///
    /// # Errors
    /// When it does not come to that within a minute.
    pub fn wait_for_promotion(&self, nth: usize) -> Result<()> {
        let replica = self.nodes.get(nth + MASTERS).context("there is no such master")?;
        let promoted = || replica.says("INFO replication", "role:master");
        ensure!(wait_until(promoted), "the replica was not promoted");
        let others = self.nodes.iter().enumerate().filter(|(place, _)| *place != nth);
        for (_, node) in others {
            let well = || node.says("CLUSTER INFO", "cluster_state:ok");
            ensure!(wait_until(well), "the cluster did not get well");
        }
        Ok(())
    }

    fn say_soon(&self, command: &str, words: &str) -> bool {
        self.nodes.iter().all(|node| wait_until(|| node.says(command, words)))
    }
}

impl Node {
    fn start() -> Result<Self> {
        let account = Account::choose(&["redis", "nobody"])?;
        let mut server = Server::prepare("redis-node", account, Signal::TERM)?;
        let program = need("redis-server", PACKAGE)?;
        let bus = free_port()?;
        let port = server.start_on_free_port(
            |port| node_command(&program, port, bus),
            |port, _| say(port, "PING").is_ok(),
        )?;
        Ok(Self { server, port, bus, program })
    }

    fn say(&self, command: &str) -> Result<String> {
        say(self.port, command).with_context(|| format!("{} {}", self.program.display(), self.port))
    }

    fn says(&self, command: &str, words: &str) -> bool {
        self.say(command).is_ok_and(|said| said.contains(words))
    }
}

fn node_command(program: &std::path::Path, port: u16, bus: u16) -> Command {
    let mut command = server_command(program, port);
    command
        .args(["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"])
        .args(["--cluster-port", &bus.to_string(), "--cluster-node-timeout", "1000"])
        .args(["--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0"]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_replica_of_a_master_that_dies_takes_its_place() {
        let mut cluster = RedisCluster::start().unwrap();
        cluster.kill_9(0);
        cluster.wait_for_promotion(0).unwrap();
        cluster.empty().unwrap();
        assert_eq!(cluster.url().split(',').count(), 2 * MASTERS);
    }
}
