//! A connection that cannot outstay its welcome.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;

use crate::supervisor::pause;

/// The length of the HTTP/2 connection preface (RFC 9113 section 3.4). A client that has sent as
/// much has said what it speaks.
const OPENING_BYTES: usize = 24;

/// How long connections live.
#[derive(Clone)]
pub(super) struct Lifetime {
    /// Time for the opening.
    pub opening: Duration,
    /// Time for everything.
    pub whole: Duration,
    /// Ends all connections now.
    pub cut: CancellationToken,
}

/// A connection that ends itself when it does not open in time, when it is too old, or when it is
/// cut, whether or not the other side or the protocol above is still doing anything.
pub(super) struct Guarded<T> {
    stream: T,
    opening: Option<Pin<Box<Sleep>>>,
    opening_left: usize,
    whole: Pin<Box<Sleep>>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    _place: OwnedSemaphorePermit,
}

impl<T> Guarded<T> {
    pub(super) fn new(stream: T, lifetime: &Lifetime, place: OwnedSemaphorePermit) -> Self {
        Self {
            stream,
            opening: Some(Box::pin(pause(lifetime.opening))),
            opening_left: OPENING_BYTES,
            whole: Box::pin(pause(lifetime.whole)),
            cut: Box::pin(lifetime.cut.clone().cancelled_owned()),
            _place: place,
        }
    }

    /// Fails once the connection's time is over, and arranges to be woken then.
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.cut.as_mut().poll(cx).is_ready() {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the server stops"));
        }
        if self.whole.as_mut().poll(cx).is_ready() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the connection is too old"));
        }
        let opening = self.opening.as_mut().map(|timer| timer.as_mut().poll(cx));
        if opening.is_some_and(|timer| timer.is_ready()) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the client said nothing in time"));
        }
        Ok(())
    }

    fn received(&mut self, bytes: usize) {
        self.opening_left = self.opening_left.saturating_sub(bytes);
        if self.opening_left == 0 {
            self.opening = None;
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Guarded<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        // Reading comes first: what arrived in time counts, even if it is only looked at later.
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.received(buffer.filled().len() - before);
        match self.check(cx) {
            Ok(()) => read,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Guarded<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<T: Connected> Connected for Guarded<T> {
    type ConnectInfo = T::ConnectInfo;

    fn connect_info(&self) -> T::ConnectInfo {
        self.stream.connect_info()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
    use tokio::sync::Semaphore;

    use super::*;
    use crate::clock::Stopwatch;

    const SECOND: Duration = Duration::from_secs(1);

    fn connection(cut: &CancellationToken) -> (DuplexStream, Guarded<DuplexStream>) {
        let (client, server) = tokio::io::duplex(64);
        let lifetime = Lifetime { opening: SECOND, whole: 60 * SECOND, cut: cut.clone() };
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        (client, Guarded::new(server, &lifetime, place))
    }

    async fn read_fails_after(server: &mut Guarded<DuplexStream>) -> (io::ErrorKind, u64) {
        let since = Stopwatch::start();
        let error = loop {
            match server.read(&mut [0; 8]).await {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        (error.kind(), since.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_open_is_cut_however_slowly_it_drips() {
        let cut = CancellationToken::new();
        let (mut client, mut server) = connection(&cut);
        client.write_all(b"PRI * HTTP/2.0").await.unwrap();
        assert_eq!(read_fails_after(&mut server).await, (io::ErrorKind::TimedOut, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_opened_may_be_silent_until_it_is_too_old() {
        let cut = CancellationToken::new();
        let (mut client, mut server) = connection(&cut);
        client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        assert_eq!(read_fails_after(&mut server).await, (io::ErrorKind::TimedOut, 60));
        assert!(server.write_all(b"late").await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn cutting_wakes_a_reader_that_waits() {
        let cut = CancellationToken::new();
        let (_client, mut server) = connection(&cut);
        let (failed, ()) = tokio::join!(read_fails_after(&mut server), async { cut.cancel() });
        assert_eq!(failed, (io::ErrorKind::ConnectionAborted, 0));
    }
}
