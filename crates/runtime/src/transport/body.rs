//! A response body with somebody looking on.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;

type Polled = Poll<Option<Result<Frame<<Body as HttpBody>::Data>, Status>>>;

/// Sees each poll of a response body and may answer in its stead.
pub(super) trait Onlooker: Send + Unpin + 'static {
    /// Polls `body` and passes on what it says, or something else.
    fn poll(&mut self, body: Pin<&mut Body>, cx: &mut Context<'_>) -> Polled;
}

/// Puts an onlooker in front of a body.
pub(super) fn watched(body: Body, onlooker: impl Onlooker) -> Body {
    Body::new(Watched { body, onlooker })
}

struct Watched<O> {
    body: Body,
    onlooker: O,
}

impl<O: Onlooker> HttpBody for Watched<O> {
    type Data = <Body as HttpBody>::Data;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let Self { body, onlooker } = &mut *self;
        onlooker.poll(Pin::new(body), cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
