//! Files over HTTP: the body of a call, or of its answer, is one field of the contract's messages, piece by
//! piece. Nothing is gathered: what comes is passed on, so a file takes no memory here.
//!
//! What a file of somebody else's is shown as follows from the first message of the answer, and a browser is
//! told to trust nothing in it.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::request::Parts;
use parasol_api::{Error, Reason};
use parasol_runtime::transport::raw::Raw;
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, Value};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tonic::Request;
use tonic::client::Grpc;
use tonic::metadata::MetadataMap;

use super::answer::Form;
use super::route::Route;
use super::{Rest, passed_on};

/// How long a file may take to come over HTTP and be answered; a connection lives no longer.
const FILE_COMING_MAX: Duration = Duration::from_secs(90);
/// Bytes of a file in one message.
const PIECE_BYTES_MAX: usize = 256 * 1024;

/// Calls a method whose body is `field`.
///
/// # Errors
/// `FIELD_INVALID` for a body that breaks off, `DEADLINE_EXCEEDED`, and what the method says.
pub(super) async fn send(
    rest: &Rest,
    route: &Route,
    field: &FieldDescriptor,
    (parts, head, body): (&Parts, Bytes, Body),
) -> Result<Response, Error> {
    let (broke, broken) = oneshot::channel::<Error>();
    let pieces = pieces(route.method.input(), field.clone(), body, broke);
    let messages = stream::once(async move { head }).chain(pieces);
    let path = route.grpc_path().parse().map_err(Error::internal)?;
    let mut client = Grpc::new(rest.transport.clone());
    client.ready().await.map_err(|status| Error::from_status(&status))?;
    let mut request = Request::new(messages);
    *request.metadata_mut() = MetadataMap::from_headers(passed_on(&parts.headers));
    let call = timeout(FILE_COMING_MAX, client.client_streaming(request, path, Raw));
    let answer = tokio::select! {
        answer = call => answer.map_err(|_| Error::new(Reason::DeadlineExceeded))?,
        // The call is dropped, and with it what had come: a file that broke off is never taken for whole.
        Ok(error) = broken => return Err(error),
    };
    let answer: tonic::Response<Bytes> = answer.map_err(|status| Error::from_status(&status))?;
    Form::of(route, &parts.headers).whole(&route.method.output(), &answer.into_inner())
}

/// The messages of a body; where it breaks off there is no end to them, and `broke` is told.
fn pieces(
    kind: MessageDescriptor,
    field: FieldDescriptor,
    body: Body,
    broke: oneshot::Sender<Error>,
) -> impl futures::Stream<Item = Bytes> {
    let frames = body.into_data_stream();
    stream::unfold((frames, Bytes::new(), Some(broke)), move |(mut frames, rest, mut broke)| {
        let (kind, field) = (kind.clone(), field.clone());
        async move {
            let mut rest = rest;
            while rest.is_empty() {
                match frames.next().await? {
                    Ok(frame) => rest = frame,
                    Err(error) => {
                        let why = Error::new(Reason::FieldInvalid).because(error);
                        let why = why.message("the body broke off before its end");
                        let _ = broke.take().map(|broke| broke.send(why));
                        std::future::pending::<()>().await;
                    }
                }
            }
            let piece = rest.split_to(rest.len().min(PIECE_BYTES_MAX));
            let mut message = DynamicMessage::new(kind);
            message.set_field(&field, Value::Bytes(piece));
            Some((message.encode_to_vec().into(), (frames, rest, broke)))
        }
    })
}

/// Calls a method and answers with `field`.
///
/// # Errors
/// What the method says before its first message; a failure after it breaks the answer off.
pub(super) async fn fetch(
    rest: &Rest,
    route: &Route,
    field: &FieldDescriptor,
    messages: Vec<Bytes>,
    metadata: HeaderMap,
) -> Result<Response, Error> {
    let path = route.grpc_path().parse().map_err(Error::internal)?;
    let mut client = Grpc::new(rest.transport.clone());
    client.ready().await.map_err(|status| Error::from_status(&status))?;
    let mut request = Request::new(stream::iter(messages));
    *request.metadata_mut() = MetadataMap::from_headers(metadata);
    let answer = client.streaming(request, path, Raw).await;
    let mut answer = answer.map_err(|status| Error::from_status(&status))?.into_inner();
    let kind = route.method.output();
    let first: Option<Bytes> =
        answer.message().await.map_err(|status| Error::from_status(&status))?;
    let first = first.ok_or_else(|| Error::internal("a file begins with a message about it"))?;
    let first = DynamicMessage::decode(kind.clone(), first).map_err(Error::internal)?;
    let headers = headers(&first)?;
    let begin = bytes_of(&first, field);
    let field = field.clone();
    let rest = stream::unfold(Some(answer), move |state| {
        let (kind, field) = (kind.clone(), field.clone());
        async move {
            let mut answer = state?;
            let piece = match answer.message().await {
                Ok(None) => return None,
                Ok(Some(message)) => DynamicMessage::decode(kind, message as Bytes)
                    .map(|message| bytes_of(&message, &field))
                    .map_err(std::io::Error::other),
                Err(status) => Err(std::io::Error::other(status.message().to_owned())),
            };
            let state = piece.is_ok().then_some(answer);
            Some((piece, state))
        }
    });
    let content = stream::once(async move { Ok(begin) }).chain(rest);
    Ok((StatusCode::OK, headers, Body::from_stream(content)).into_response())
}

fn bytes_of(message: &DynamicMessage, field: &FieldDescriptor) -> Bytes {
    message.get_field(field).as_bytes().cloned().unwrap_or_default()
}

/// What a browser is told about a file: its type and length, that it is nobody else's to keep, and that
/// nothing in it may run.
fn headers(first: &DynamicMessage) -> Result<HeaderMap, Error> {
    let field = |name: &str| first.get_field_by_name(name);
    let media_type = field("media_type").and_then(|value| value.as_str().map(str::to_owned));
    let length = field("bytes").and_then(|value| value.as_i64());
    let sha256 = field("sha256").and_then(|value| value.as_str().map(str::to_owned));
    let said = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_LENGTH, length.map(|length| length.to_string())),
        (header::ETAG, sha256.map(|sha256| format!("\"{sha256}\""))),
        (header::CACHE_CONTROL, Some("private, no-store".to_owned())),
        (header::X_CONTENT_TYPE_OPTIONS, Some("nosniff".to_owned())),
        (header::CONTENT_SECURITY_POLICY, Some("default-src 'none'; sandbox".to_owned())),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in said.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        headers.insert(name, HeaderValue::try_from(value).map_err(Error::internal)?);
    }
    Ok(headers)
}
