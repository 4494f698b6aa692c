//! Where a demonstration is played: in a node of its own, or in a cell that is running.

use anyhow::Context as _;
use parasol_api::admin::v1::advance_clock_request::Target;
use parasol_api::admin::v1::{AdvanceClockRequest, AdvanceClockResponse};
use parasol_api::convert::timestamp;
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_runtime::identity::{Principal, Role, TokenKey};
use parasol_runtime::ids::IdSource;
use parasol_runtime::shutdown::Shutdown;
use parasol_runtime::supervisor::Supervisor;
use parasol_runtime::transport::local;

use super::conductor::ADVANCE;
use super::wire::Wire;
use crate::node::{Node, Options, Tokens};

/// What the players need to know of it.
pub struct House {
    /// Where gRPC is served, `host:port`.
    pub grpc: String,
    /// Makes the players' credentials.
    pub tokens: Tokens,
    /// The time the players go by.
    pub clock: Clock,
    /// Runs whoever listens.
    pub supervisor: Supervisor,
    /// The node, if it is the demonstration's own.
    pub node: Option<Node>,
}

impl House {
    /// A node of its own.
    pub async fn own(config: &Config) -> anyhow::Result<Self> {
        let node = Node::start(config, Options::default()).await?;
        Ok(Self {
            grpc: node.grpc.to_string(),
            tokens: node.tokens(),
            clock: node.clock.clone(),
            supervisor: node.supervisor().clone(),
            node: Some(node),
        })
    }

    /// The cell behind `grpc_addr`, whose signing key is in the data folder and whose test clock is on.
    pub async fn running(config: &Config) -> anyhow::Result<Self> {
        let folder = &config.data_dir;
        let key = TokenKey::load(folder)?;
        let key = key.with_context(|| {
            format!("{} holds no signing key; --data names the cell's folder", folder.display())
        })?;
        // The cell's clock may show any time; these are good for ten years, and half of them are over.
        let tokens = Tokens::of(key, Clock::system().now() - Span::days(5 * 365));
        let grpc = config.grpc_addr.clone();
        let channel = local::dial(&format!("http://{grpc}"), &config.limits)?;
        let now = time_of(&Wire::new(channel, tokens.clone(), None)).await?;
        let clock = Clock::test_from(now);
        let seed = IdSource::new(clock.clone()).next().as_u64_pair().1;
        let supervisor = Supervisor::new(Shutdown::new(), clock.clone(), seed);
        Ok(Self { grpc, tokens, clock, supervisor, node: None })
    }

    /// Ends what is its own.
    pub async fn leave(self) -> anyhow::Result<()> {
        match self.node {
            Some(node) => node.stop().await.map(|_| ()),
            None => {
                self.supervisor.shutdown().stop();
                self.supervisor.shutdown().force();
                Ok(())
            }
        }
    }
}

/// What the test clock of a cell shows: an advance by nothing says so.
async fn time_of(wire: &Wire) -> anyhow::Result<Timestamp> {
    let operator = Principal::new(Role::Operator, "demo-operator");
    let id = IdSource::new(Clock::system()).next();
    let message = AdvanceClockRequest {
        request_id: id.to_string(),
        target: Some(Target::By(Default::default())),
    };
    let answer: AdvanceClockResponse = wire
        .ask(&operator, ADVANCE, &message)
        .await
        .context("the cell does not tell its time; is test_clock on, and the key its own?")?;
    answer.now.as_ref().and_then(timestamp).context("the answer names no instant")
}
