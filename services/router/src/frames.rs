//! Messages of a call as they come over the wire (gRPC over HTTP/2: a flag, a length, the message), read as far as is
//! needed to say where the call goes.
//!
//! What was read can be put back in front of the rest, so that a call that goes to one cell goes there as it came.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame};
use parasol_api::{Error, Reason};
use tonic::Status;
use tonic::body::Body;

/// Bytes in front of a message: whether it is compressed, and its length.
const HEAD: usize = 5;

/// Reads the messages of a request.
pub struct Reader {
    body: Body,
    /// All that came and was not handed out.
    held: BytesMut,
    /// The largest message, bytes.
    message_bytes: usize,
}

impl Reader {
    /// Over a request's body, for messages of at most `message_bytes`.
    pub fn new(body: Body, message_bytes: usize) -> Self {
        Self { body, held: BytesMut::new(), message_bytes }
    }

    /// The first message, if one comes at all; it stays in front of the rest.
    ///
    /// # Errors
    /// `MESSAGE_TOO_LARGE`, `UNIMPLEMENTED` for one that is compressed, and what the caller's connection says.
    pub async fn peek(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            if let Some(length) = self.length()? {
                let end = HEAD + length;
                if self.held.len() >= end {
                    return Ok(Some(Bytes::copy_from_slice(&self.held[HEAD..end])));
                }
            }
            if !self.more().await? {
                let whole = self.held.is_empty();
                return if whole { Ok(None) } else { Err(broken_off()) };
            }
        }
    }

    /// The next message; `None` at the end.
    ///
    /// # Errors
    /// As [`Reader::peek`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let message = self.peek().await?;
        if let Some(message) = &message {
            self.held.advance(HEAD + message.len());
        }
        Ok(message)
    }

    /// The body with everything that was not handed out.
    pub fn into_body(self) -> Body {
        if self.held.is_empty() {
            return self.body;
        }
        Body::new(Again { held: Some(self.held.freeze()), body: self.body })
    }

    /// How long the message in front is, once its head has come.
    fn length(&self) -> Result<Option<usize>, Error> {
        let Some(head) = self.held.get(..HEAD) else { return Ok(None) };
        if head[0] != 0 {
            let text = "a router reads requests that are not compressed";
            return Err(Error::new(Reason::Unimplemented).message(text));
        }
        let length = (&head[1..]).get_u32() as usize;
        if length > self.message_bytes {
            return Err(Error::new(Reason::MessageTooLarge));
        }
        Ok(Some(length))
    }

    async fn more(&mut self) -> Result<bool, Error> {
        let frame = poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)).await;
        match frame {
            None => Ok(false),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    self.held.extend_from_slice(&data);
                }
                Ok(true)
            }
            Some(Err(status)) => Err(Error::from_status(&status)),
        }
    }
}

fn broken_off() -> Error {
    Error::new(Reason::FieldInvalid).message("the request broke off within a message")
}

/// A message with its head.
///
/// # Errors
/// `MESSAGE_TOO_LARGE` beyond what the head can say.
pub fn framed(message: &[u8]) -> Result<Bytes, Error> {
    let length = u32::try_from(message.len()).map_err(|_| Error::new(Reason::MessageTooLarge))?;
    let mut out = BytesMut::with_capacity(HEAD + message.len());
    out.put_u8(0);
    out.put_u32(length);
    out.extend_from_slice(message);
    Ok(out.freeze())
}

/// A body whose beginning was read.
struct Again {
    held: Option<Bytes>,
    body: Body,
}

impl HttpBody for Again {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self.held.take() {
            Some(held) => Poll::Ready(Some(Ok(Frame::data(held)))),
            None => Pin::new(&mut self.body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_none() && self.body.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;

    fn body(pieces: &[&[u8]]) -> Body {
        let frames: Vec<_> = pieces
            .iter()
            .map(|piece| Ok::<_, Status>(Frame::data(Bytes::copy_from_slice(piece))))
            .collect();
        Body::new(StreamBody::new(stream::iter(frames)))
    }

    #[tokio::test]
    async fn a_message_in_pieces_is_read_and_put_back() {
        let all = [framed(b"first").unwrap(), framed(b"second").unwrap()].concat();
        let pieces: Vec<_> = all.chunks(3).collect();
        let mut reader = Reader::new(body(&pieces), 100);
        assert_eq!(reader.peek().await.unwrap().unwrap(), "first");
        let again = reader.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(again, all);
        let mut reader = Reader::new(body(&pieces), 100);
        assert_eq!(reader.next().await.unwrap().unwrap(), "first");
        assert_eq!(reader.next().await.unwrap().unwrap(), "second");
        assert!(reader.next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_refused() {
        let refused = async |pieces: &[&[u8]]| {
            Reader::new(body(pieces), 4).next().await.unwrap_err().reason()
        };
        assert_eq!(refused(&[&framed(b"12345").unwrap()]).await, Reason::MessageTooLarge);
        assert_eq!(refused(&[&[1, 0, 0, 0, 1, 9]]).await, Reason::Unimplemented);
        assert_eq!(refused(&[&framed(b"1234").unwrap()[..7]]).await, Reason::FieldInvalid);
    }
}
