//! What a caller sees of an answer: messages pass here on their way out, and personal fields are masked or left out
//! as the contract says for the caller's class.
//!
//! The one place where that is done. Whatever speaks to callers (gRPC, REST, pages) goes through these layers, so
//! nothing else masks what the contract's options cover. Messages are not decoded for it, and answers in which
//! nothing is to be masked for a class are not looked at. What cannot be read is not passed on.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame};
use parasol_api::visibility::{Class, View};
use parasol_api::{Error, Reason, descriptor};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use crate::identity::Principal;

/// What stands before each message: whether it is compressed, and its length.
const HEAD: usize = 5;

/// Masks answers.
#[derive(Clone, Copy)]
pub struct VisibilityLayer;

impl<S> Layer<S> for VisibilityLayer {
    type Service = Seen<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Seen { inner }
    }
}

/// A service whose answers are masked.
#[derive(Clone)]
pub struct Seen<S> {
    inner: S,
}

impl<S> Service<Request<Body>> for Seen<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let role = request.extensions().get::<Principal>().map(|principal| principal.role);
        let class = Class::of(role);
        let view = class.and_then(|class| view(request.uri().path(), class));
        let response = self.inner.call(request);
        match view {
            None => Box::pin(response),
            Some(view) => Box::pin(async move {
                Ok(response
                    .await?
                    .map(|body| Body::new(Sifted { body, view, rest: BytesMut::new() })))
            }),
        }
    }
}

/// How a class sees the answers of a method; `None` where it sees all of them.
fn view(path: &str, class: Class) -> Option<View> {
    static ANSWERS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
        let methods = descriptor::methods().iter();
        methods.map(|method| (method.path.as_str(), method.output.as_str())).collect()
    });
    View::of(ANSWERS.get(path)?, class)
}

/// A body whose messages are masked.
struct Sifted {
    body: Body,
    view: View,
    /// The beginning of a message of which the rest has not come yet.
    rest: BytesMut,
}

impl HttpBody for Sifted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        loop {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            };
            let data = match frame.into_data() {
                Ok(data) => data,
                Err(trailers) if self.rest.is_empty() => return Poll::Ready(Some(Ok(trailers))),
                Err(_) => return Poll::Ready(Some(Err(unreadable()))),
            };
            let (view, whole) = (self.view, self.rest.is_empty());
            let sifted = if whole {
                sift(view, data, &mut self.rest)
            } else {
                self.rest.extend_from_slice(&data);
                let joined = std::mem::take(&mut self.rest).freeze();
                sift(view, joined, &mut self.rest)
            };
            match sifted {
                // A part of a message only.
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Err(status) => return Poll::Ready(Some(Err(status))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }
}

/// The whole messages of `data` as they may be seen; `rest` gets what follows them.
fn sift(view: View, data: Bytes, rest: &mut BytesMut) -> Result<Bytes, Status> {
    let mut changed: Option<BytesMut> = None;
    let (mut at, mut taken) = (0, 0);
    while let Some(head) = data.get(at..at + HEAD) {
        let length = (&head[1..]).get_u32() as usize;
        let Some(message) = data.get(at + HEAD..at + HEAD + length) else { break };
        if head[0] != 0 {
            // Compressed: it cannot be seen what is in it.
            return Err(unreadable());
        }
        let seen = view.shown(message).map_err(|_| unreadable())?;
        if let std::borrow::Cow::Owned(seen) = seen {
            let out = changed.get_or_insert_with(|| BytesMut::with_capacity(data.len()));
            out.extend_from_slice(&data[taken..at]);
            out.put_u8(0);
            out.put_u32(u32::try_from(seen.len()).map_err(|_| unreadable())?);
            out.extend_from_slice(&seen);
            taken = at + HEAD + length;
        }
        at += HEAD + length;
    }
    rest.extend_from_slice(&data[at..]);
    Ok(match changed {
        None => data.slice(..at),
        Some(mut out) => {
            out.extend_from_slice(&data[taken..at]);
            out.freeze()
        }
    })
}

fn unreadable() -> Status {
    tracing::error!("an answer cannot be read and is not passed on");
    Error::new(Reason::Internal).into()
}

#[cfg(test)]
mod tests {
    use parasol_api::tracking::v1::TimelineEntry;
    use prost::Message as _;

    use super::*;

    const ENTRY: &str = "parasol.tracking.v1.TimelineEntry";

    fn framed(messages: &[TimelineEntry]) -> Bytes {
        let mut bytes = BytesMut::new();
        for message in messages {
            bytes.put_u8(0);
            bytes.put_u32(u32::try_from(message.encoded_len()).unwrap());
            message.encode(&mut bytes).unwrap();
        }
        bytes.freeze()
    }

    fn entries() -> [TimelineEntry; 3] {
        let entry = |seq, phone: &str| TimelineEntry {
            seq,
            actor_phone: phone.to_owned(),
            ..TimelineEntry::default()
        };
        [entry(1, "13800138000"), entry(2, ""), entry(3, "13900139000")]
    }

    /// Everything that comes out when the bytes come in pieces of a length.
    fn passed(bytes: &Bytes, piece: usize) -> Bytes {
        let view = View::of(ENTRY, Class::Customer).unwrap();
        let (mut rest, mut out) = (BytesMut::new(), BytesMut::new());
        for chunk in bytes.chunks(piece) {
            let mut joined = std::mem::take(&mut rest);
            joined.extend_from_slice(chunk);
            out.extend_from_slice(&sift(view, joined.freeze(), &mut rest).unwrap());
        }
        assert!(rest.is_empty());
        out.freeze()
    }

    #[test]
    fn messages_are_masked_however_they_are_cut() {
        let mut masked = entries();
        masked[0].actor_phone = "138****8000".to_owned();
        masked[2].actor_phone = "139****9000".to_owned();
        let (sent, expected) = (framed(&entries()), framed(&masked));
        for piece in 1..=sent.len() {
            assert_eq!(passed(&sent, piece), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_as_it_should_be_is_passed_on_as_it_came() {
        let plain = framed(&[entries()[1].clone(), TimelineEntry::default()]);
        let view = View::of(ENTRY, Class::Customer).unwrap();
        let out = sift(view, plain.clone(), &mut BytesMut::new()).unwrap();
        assert_eq!(out.as_ptr(), plain.as_ptr(), "the very same bytes");
    }

    #[test]
    fn nothing_is_passed_on_that_cannot_be_read() {
        let view = View::of(ENTRY, Class::Customer).unwrap();
        for bytes in [&[1, 0, 0, 0, 1, 0][..], &[0, 0, 0, 0, 2, 0x3a, 0x05]] {
            let refused = sift(view, Bytes::copy_from_slice(bytes), &mut BytesMut::new());
            let reason = Error::from_status(&refused.unwrap_err()).reason();
            assert_eq!(reason, Reason::Internal);
        }
    }

    #[test]
    fn methods_are_known_by_what_they_answer() {
        let path = "/parasol.tracking.v1.TrackingService/WatchCase";
        assert!(view(path, Class::Customer).is_some());
        assert!(view("/parasol.admin.v1.NetworkService/GetBrand", Class::Brand).is_none());
        assert!(view("/grpc.health.v1.Health/Check", Class::Audit).is_none());
    }
}
