//! A connection under TLS, with whoever is at its other end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use crate::transport::tls::Tls;
use crate::transport::tls::name::Peer;

/// A connection whose handshake is done.
pub(super) struct Secured {
    stream: TlsStream<TcpStream>,
    peer: Peer,
}

impl Secured {
    /// Shakes hands, for so long at most; `None` where that comes to nothing.
    pub(super) async fn accept(tls: &Tls, stream: TcpStream, opening: Duration) -> Option<Self> {
        let accepting = TlsAcceptor::from(tls.current()).accept(stream);
        match tokio::time::timeout(opening, accepting).await {
            Ok(Ok(stream)) => {
                let peer = Peer::of(stream.get_ref().1.peer_certificates());
                Some(Self { stream, peer })
            }
            Ok(Err(error)) => {
                tracing::info!(%error, "a handshake came to nothing");
                None
            }
            Err(_) => None,
        }
    }
}

impl Connected for Secured {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
