//! The link to the other processes over one Redis channel.
//!
//! Owns two connections: one that is subscribed, one that publishes. A message to the own channel
//! every third of the patience shows that the whole way there and back is alive; a server that
//! accepts and never answers, or a cut that nobody reports, ends the session like an error does.
//! Of a cluster each session has one node; the next session has the next.

use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, AsyncConnectionConfig, Msg, RedisError};
use tokio::time::{error::Elapsed, timeout};
use uuid::Uuid;

use crate::exchange::Exchange;
use crate::message::Batch;
use crate::outbox::Outbox;
use crate::positions::Positions;
use crate::servers::Servers;

/// Which Redis, and who we are there.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// The server, as `redis://host:port/`, or nodes of a cluster, as `redis+cluster://host:port,host:port`, at most
    /// [`crate::NODES_MAX`].
    pub url: String,
    /// Keeps the cells that share a server apart: the channel is `<namespace>:bell`.
    pub namespace: String,
    /// Tells this process from all others; made anew at each start.
    pub origin: Uuid,
    /// How long the server may be silent before the link counts as lost; 5 seconds serves.
    pub patience: Duration,
}

/// The URL is not one of a Redis server. The message does not repeat it: it may hold a password.
#[derive(Debug, thiserror::Error)]
#[error("not the URL of a Redis server")]
pub struct BadRedisUrl(#[source] RedisError);

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub enum LinkLost {
    /// The server refused, failed or could not be reached.
    #[error("Redis failed")]
    Failed(#[from] RedisError),
    /// The server did not answer, or our own messages did not come back.
    #[error("Redis was silent for too long")]
    Silent,
    /// The server closed the subscription.
    #[error("Redis closed the connection")]
    Closed,
}

impl From<Elapsed> for LinkLost {
    fn from(_: Elapsed) -> Self {
        Self::Silent
    }
}

/// Carries rings between this process and the others while a [`RedisLink::session`] runs. A clone
/// is the same link; one session at a time is enough and a second one only repeats rings.
#[derive(Clone, Debug)]
pub struct RedisLink {
    servers: Servers,
    namespace: String,
    channel: String,
    origin: Uuid,
    patience: Duration,
    exchange: Arc<Exchange>,
    outbox: Arc<Outbox>,
}

impl RedisLink {
    pub(crate) fn new(
        settings: RedisSettings,
        exchange: Arc<Exchange>,
        outbox: Arc<Outbox>,
    ) -> Result<Self, BadRedisUrl> {
        let RedisSettings { url, namespace, origin, patience } = settings;
        // The last bits of an origin are as good as random.
        let first = usize::from(u16::from_le_bytes([origin.as_bytes()[15], origin.as_bytes()[14]]));
        let servers = Servers::named(&url, first, patience).map_err(BadRedisUrl)?;
        let channel = format!("{namespace}:bell");
        Ok(Self { servers, namespace, channel, origin, patience, exchange, outbox })
    }

    /// Positions in the same server and namespace.
    pub(crate) fn positions(&self) -> Positions {
        Positions::in_redis(self.servers.clone(), &self.namespace, self.patience)
    }

    /// Connects and carries rings until the link is lost: it returns with an error or not at all,
    /// and whoever runs it runs it again after a pause. Every listener here hears
    /// [`crate::Heard::Lagged`] as soon as it is connected. May be dropped at any moment; what was
    /// on its way then is confessed as lost by the next session.
    ///
    /// # Errors
    /// Always one of [`LinkLost`].
    pub async fn session(&self) -> Result<(), LinkLost> {
        let ended = self.session_with_node().await;
        self.servers.pass_on();
        ended
    }

    async fn session_with_node(&self) -> Result<(), LinkLost> {
        let client = self.servers.node();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.patience))
            .set_response_timeout(Some(self.patience));
        let publisher = client.get_multiplexed_async_connection_with_config(&config).await?;
        // This connection gets no response timeout: it is meant to be quiet. `hear` watches it.
        let mut subscriber = timeout(self.patience, client.get_async_pubsub()).await??;
        timeout(self.patience, subscriber.subscribe(&self.channel)).await??;
        self.exchange.linked();
        tracing::debug!(channel = self.channel, "the bell is linked");
        tokio::select! {
            lost = self.hear(subscriber.into_on_message()) => Err(lost),
            lost = self.speak(publisher) => Err(lost),
        }
    }

    async fn hear(&self, messages: impl Stream<Item = Msg>) -> LinkLost {
        let mut messages = std::pin::pin!(messages);
        loop {
            match timeout(self.patience, messages.next()).await {
                Ok(Some(message)) => self.pass_on(message.get_payload_bytes()),
                Ok(None) => return LinkLost::Closed,
                Err(_) => return LinkLost::Silent,
            }
        }
    }

    fn pass_on(&self, payload: &[u8]) {
        let decoded = str::from_utf8(payload).ok().and_then(Batch::decode);
        // Own rings were heard here when they were made.
        let Some((_, batch)) = decoded.filter(|(origin, _)| *origin != self.origin) else {
            return;
        };
        for ring in batch.rings() {
            self.exchange.tell_from_afar(ring);
        }
        if batch.lost {
            self.exchange.tell_lagged();
        }
    }

    async fn speak(&self, mut publisher: MultiplexedConnection) -> LinkLost {
        loop {
            let message = self.outbox.take().encode(self.origin);
            match publisher.publish::<_, _, ()>(&self.channel, message).await {
                Ok(()) => self.outbox.sent(),
                Err(error) => return error.into(),
            }
            // Elapsed is as welcome as filled: then the next message is the sign of life.
            let _ = timeout(self.patience / 3, self.outbox.filled()).await;
        }
    }
}
