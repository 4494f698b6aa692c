//! Answers that are made here: a message or many with what they say of cells that are missing, and refusals.

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, Response, header};
use http_body::Frame;
use http_body_util::StreamBody;
use parasol_api::Error;
use parasol_api::common::v1::Partial;
use prost::Message as _;
use tonic::Status;
use tonic::body::Body;
use tonic::metadata::{MetadataMap, MetadataValue};

use crate::frames::framed;

/// The header that says which cells are missing in an answer.
pub const PARTIAL_HEADER: &str = "parasol-partial-bin";

/// The answer to a call, in full.
pub fn refused(error: Error) -> Response<Body> {
    Status::from(error).into_http()
}

/// One message.
///
/// # Errors
/// `MESSAGE_TOO_LARGE` beyond 4 GiB.
pub fn whole(message: &[u8], partial: Option<&Partial>) -> Result<Response<Body>, Error> {
    let message = framed(message)?;
    Ok(many(stream::iter([Ok(message)]), partial))
}

/// Messages with their heads, until the first that is a failure.
pub fn many(
    messages: impl Stream<Item = Result<Bytes, Error>> + Send + 'static,
    partial: Option<&Partial>,
) -> Response<Body> {
    let end = stream::once(async { Err(Status::ok("")) });
    let all = messages.map(|message| message.map_err(Status::from)).chain(end);
    let frames = all.scan(false, |over, message| {
        let frame = match message {
            _ if *over => None,
            Ok(message) => Some(Ok::<_, Status>(Frame::data(message))),
            Err(status) => {
                *over = true;
                Some(Ok(Frame::trailers(trailers(&status))))
            }
        };
        std::future::ready(frame)
    });
    let mut response = Response::new(Body::new(StreamBody::new(frames)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    if let Some(partial) = partial {
        let mut metadata = MetadataMap::new();
        let value = MetadataValue::from_bytes(&partial.encode_to_vec());
        metadata.insert_bin(PARTIAL_HEADER, value);
        headers.extend(metadata.into_headers());
    }
    response
}

fn trailers(status: &Status) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if status.add_header(&mut headers).is_err() {
        // What does not fit into a header is left out rather than the status with it.
        headers.insert(Status::GRPC_STATUS, HeaderValue::from(status.code() as i32));
    }
    headers
}
