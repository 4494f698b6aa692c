//! How the players call: the public gRPC API over TCP, each with a credential of its own.
//!
//! Every call that changes something goes through the journal: written down before it is sent and again
//! when it is answered. After a crash the unanswered ones are sent once more, byte for byte.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;

use parasol_runtime::identity::{Principal, Role};
use prost::Message;
use prost::bytes::{Buf, BufMut as _};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use uuid::Uuid;

use super::journal::{Entry, Journal};
use crate::node::Tokens;

/// Names the space the players' request ids are made in.
const REQUESTS: Uuid = Uuid::from_u128(0x4b0f_5c7a_26d1_5f0e_9c55_0f6e_8d1a_7b32);

/// The way to the node for everybody who plays.
#[derive(Clone)]
pub struct Wire {
    channel: Channel,
    tokens: Tokens,
    journal: Option<Arc<Journal>>,
    kept: Arc<Mutex<HashMap<Principal, String>>>,
}

/// How often a call is sent before whoever makes it gives up: half a minute, in which a database finds its new primary.
const TRIES_MAX: usize = 150;
/// How long between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// How many credentials are kept.
const TOKENS_KEPT: usize = 10_000;

/// A request id that follows from what is done, so that whoever plays on after a crash makes the same.
pub fn request_id(case: &str, version: u64, action: &str) -> String {
    Uuid::new_v5(&REQUESTS, format!("{case}/{version}/{action}").as_bytes()).to_string()
}

impl Wire {
    pub fn new(channel: Channel, tokens: Tokens, journal: Option<Arc<Journal>>) -> Self {
        Self { channel, tokens, journal, kept: Arc::default() }
    }

    /// The same way, with every call written down.
    pub fn with_journal(mut self, journal: &Arc<Journal>) -> Self {
        self.journal = Some(Arc::clone(journal));
        self
    }

    /// The same callers over another connection.
    pub fn through(&self, channel: Channel) -> Self {
        Self { channel, journal: None, ..self.clone() }
    }

    /// A player's credential; made once and kept, as a client keeps it.
    pub fn token(&self, player: &Principal) -> String {
        let mut kept = self.kept.lock().expect("no holder of this lock panics");
        if let Some(token) = kept.get(player) {
            return token.clone();
        }
        if kept.len() >= TOKENS_KEPT {
            kept.clear();
        }
        let token = self.tokens.token(player);
        kept.insert(player.clone(), token.clone());
        token
    }

    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A request that carries a player's credential, for streams.
    pub fn request<T>(&self, player: &Principal, message: T) -> anyhow::Result<Request<T>> {
        let mut request = Request::new(message);
        let token = self.token(player);
        let header =
            MetadataValue::try_from(format!("Bearer {token}")).context("a token is ASCII")?;
        request.metadata_mut().insert("authorization", header);
        Ok(request)
    }

    /// Asks; changes nothing.
    pub async fn ask<Q: Message, R: Message + Default>(
        &self,
        player: &Principal,
        path: &'static str,
        message: &Q,
    ) -> Result<R, Status> {
        let body = self.raw(player, path, message.encode_to_vec()).await?;
        R::decode(body.as_slice())
            .map_err(|error| Status::from(parasol_api::Error::internal(error)))
    }

    /// Does something, under a request id that the message carries.
    pub async fn act<Q: Message, R: Message + Default>(
        &self,
        player: &Principal,
        path: &'static str,
        id: &str,
        message: &Q,
    ) -> Result<R, Status> {
        let bytes = message.encode_to_vec();
        if let Some(journal) = &self.journal {
            journal.sent(id, path, player, &bytes);
        }
        let answer = self.raw(player, path, bytes).await;
        if let Some(journal) = &self.journal {
            journal.answered(id, &answer);
        }
        let body = answer?;
        R::decode(body.as_slice())
            .map_err(|error| Status::from(parasol_api::Error::internal(error)))
    }

    /// Sends what a former run left unanswered, exactly as it was; answers with how many there were.
    pub async fn repeat_unanswered(&self) -> anyhow::Result<usize> {
        let Some(journal) = &self.journal else { return Ok(0) };
        let unanswered = journal.unanswered()?;
        for Entry { id, path, player, body } in &unanswered {
            let answer = self.raw(player, path, body.clone()).await;
            journal.answered(id, &answer);
        }
        Ok(unanswered.len())
    }

    /// Sends the bytes of a message and answers with those of the answer.
    pub async fn raw(
        &self,
        player: &Principal,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, Status> {
        self.raw_as(&format!("Bearer {}", self.token(player)), path, body).await
    }

    /// The same with whatever the header of the credential is to say; empty for none.
    pub async fn raw_as(
        &self,
        credential: &str,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, Status> {
        let invalid = |_| Status::from(parasol_api::Error::internal("a path is a URI"));
        let path: PathAndQuery = path.parse().map_err(invalid)?;
        let header = match credential {
            "" => None,
            text => Some(
                MetadataValue::try_from(text)
                    .map_err(|error| Status::from(parasol_api::Error::internal(error)))?,
            ),
        };
        let mut tries = Tries::default();
        loop {
            let mut request = Request::new(body.clone());
            if let Some(header) = &header {
                request.metadata_mut().insert("authorization", header.clone());
            }
            let mut grpc = tonic::client::Grpc::new(self.channel.clone());
            let answer = match grpc.ready().await {
                Ok(()) => grpc.unary(request, path.clone(), Raw).await,
                Err(error) => Err(Status::from_error(error.into())),
            };
            match answer {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => {
                    tracing::debug!(path = %path, %status, "a call failed");
                    tries.again(status).await?;
                }
            }
        }
    }
}

/// Calls again where nobody answers, as every client of an interface with request ids may: what took effect is
/// only answered once more.
#[derive(Default)]
pub struct Tries(usize);

impl Tries {
    /// Returns when the call may be sent again.
    ///
    /// # Errors
    /// What was answered, where another try would change nothing.
    pub async fn again(&mut self, status: Status) -> Result<(), Status> {
        self.0 += 1;
        if status.code() != Code::Unavailable || self.0 >= TRIES_MAX {
            return Err(status);
        }
        tracing::debug!(tries = self.0, %status, "nobody answers; the call is sent again");
        pause(BETWEEN_TRIES).await;
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "a client waits between tries")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// A player as the journal writes it.
pub fn name_of(player: &Principal) -> String {
    format!("{}|{}|{}", player.role, player.subject, player.brand.as_deref().unwrap_or(""))
}

/// The player of such a name.
pub fn player_of(name: &str) -> Option<Principal> {
    let mut parts = name.split('|');
    let role = Role::parse(parts.next()?)?;
    let player = Principal::new(role, parts.next()?);
    match parts.next()? {
        "" => Some(player),
        brand => Some(player.of_brand(brand)),
    }
}

/// Messages as the bytes they are.
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}
