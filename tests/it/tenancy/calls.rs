//! Calls by the descriptor: a request is written as JSON, and an answer is whatever was said.

use parasol_api::Error;
use parasol_api::descriptor::{Method, methods, pool};
use parasol_runtime::identity::Principal;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;
use std::time::Duration;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Status, Streaming};
use uuid::Uuid;

use crate::house::House;

/// How long a stream may be silent before what it said so far is taken for all it says.
const QUIET: Duration = Duration::from_millis(300);

/// What a caller was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The reason of a refusal; empty when there was none.
    pub reason: String,
    /// Everything that was said: code, message, reason, metadata, violations, size of the details,
    /// names of the headers; or the messages.
    pub text: String,
}

/// A method of the contract.
pub fn method(path: &str) -> &'static Method {
    let known = methods().iter().find(|method| method.path == path);
    known.unwrap_or_else(|| panic!("the contract has no {path}"))
}

/// The fields of a method's request.
pub fn request_of(path: &str) -> MessageDescriptor {
    pool().get_message_by_name(&method(path).input).expect("a method has a request")
}

/// A request as the wire has it, under a request id of its own where the message has one.
fn message(path: &str, body: &Value) -> DynamicMessage {
    let descriptor = request_of(path);
    let mut body = body.clone();
    if descriptor.get_field_by_name("request_id").is_some() {
        let id: Value = request_id().into();
        body.as_object_mut().expect("a request is an object").insert("request_id".to_owned(), id);
    }
    DynamicMessage::deserialize(descriptor, body.clone())
        .unwrap_or_else(|error| panic!("{path} does not take {body}: {error}"))
}

#[expect(clippy::disallowed_methods, reason = "a client makes its own request ids")]
fn request_id() -> String {
    Uuid::new_v4().to_string()
}

impl House {
    /// Calls a method that is answered, and answers with the message.
    pub async fn act(&self, caller: &Principal, path: &str, body: &Value) -> Value {
        match self.unary(caller, path, body).await {
            Ok(message) => json(&message),
            Err(status) => panic!("{caller} was refused {path} with {body}: {status:?}"),
        }
    }

    /// Calls a method and tells what was answered. Of a stream that is what it says until it is quiet.
    pub async fn try_out(&self, caller: &Principal, path: &str, body: &Value) -> Answer {
        if !method(path).server_streaming {
            return match self.unary(caller, path, body).await {
                Ok(message) => told(&[message]),
                Err(status) => refused(&status),
            };
        }
        let mut stream = match self.open_stream(caller, path, body).await {
            Ok(stream) => stream,
            Err(status) => return refused(&status),
        };
        match until_quiet(&mut stream).await {
            Ok(messages) => told(&messages),
            Err(status) => refused(&status),
        }
    }

    async fn unary(
        &self,
        caller: &Principal,
        path: &str,
        body: &Value,
    ) -> Result<DynamicMessage, Status> {
        let request = self.request_of(caller, message(path, body));
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await.expect("the node answers");
        let (codec, path) = (Dynamic::of(path), path.parse().expect("a path is a URI"));
        Ok(client.unary(request, path, codec).await?.into_inner())
    }

    /// Opens a stream.
    pub async fn open_stream(
        &self,
        caller: &Principal,
        path: &str,
        body: &Value,
    ) -> Result<Streaming<DynamicMessage>, Status> {
        let request = self.request_of(caller, message(path, body));
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await.expect("the node answers");
        let (codec, path) = (Dynamic::of(path), path.parse().expect("a path is a URI"));
        Ok(client.server_streaming(request, path, codec).await?.into_inner())
    }
}

/// What a stream says until it is quiet or over.
pub async fn until_quiet(
    stream: &mut Streaming<DynamicMessage>,
) -> Result<Vec<DynamicMessage>, Status> {
    let mut messages = Vec::new();
    while let Ok(message) = tokio::time::timeout(QUIET, stream.message()).await {
        match message? {
            Some(message) => messages.push(message),
            None => break,
        }
    }
    Ok(messages)
}

/// A message as JSON, with the names of the contract.
pub fn json(message: &DynamicMessage) -> Value {
    let options = SerializeOptions::new().use_proto_field_name(true);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .expect("a message is JSON")
}

fn told(messages: &[DynamicMessage]) -> Answer {
    let messages: Vec<_> = messages.iter().map(json).collect();
    Answer { reason: String::new(), text: Value::from(messages).to_string() }
}

fn refused(status: &Status) -> Answer {
    let error = Error::from_status(status);
    let mut headers: Vec<_> = status.metadata().keys().map(|key| format!("{key:?}")).collect();
    headers.sort();
    let text = format!(
        "{:?} {:?} {} {:?} {:?} {:?} {} bytes {headers:?}",
        status.code(),
        status.message(),
        error.reason().code(),
        error.metadata(),
        error.violations(),
        error.retry_delay(),
        status.details().len(),
    );
    Answer { reason: error.reason().code().to_owned(), text }
}

/// Messages of any kind.
struct Dynamic(MessageDescriptor);

impl Dynamic {
    /// For the answers of a method.
    fn of(path: &str) -> Self {
        Self(pool().get_message_by_name(&method(path).output).expect("a method has an answer"))
    }
}

impl Codec for Dynamic {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Writer;
    type Decoder = Self;

    fn encoder(&mut self) -> Writer {
        Writer
    }

    fn decoder(&mut self) -> Self {
        Self(self.0.clone())
    }
}

struct Writer;

impl Encoder for Writer {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: DynamicMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer).map_err(|error| Status::from(Error::internal(error)))
    }
}

impl Decoder for Dynamic {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let message = DynamicMessage::decode(self.0.clone(), buffer);
        message.map(Some).map_err(|error| Status::from(Error::internal(error)))
    }
}
