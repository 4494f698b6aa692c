//! A way to a gRPC port on which answers get lost: the call arrives and is carried out, and the connection
//! breaks when its answer comes.
//!
//! It passes bytes on in both directions and reads of the server's only the heads of HTTP/2 frames (RFC 9113,
//! section 4.1), to see where an answer begins.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Bytes of the head of a frame.
const HEAD: usize = 9;
/// The type of a frame that an answer begins with.
const HEADERS: u8 = 1;
/// Connections at a time.
const CONNECTIONS_MAX: usize = 64;

/// Says of each answer whether it is lost.
type Rule = dyn Fn() -> bool + Send + Sync;

/// The way. It ends when it is dropped.
pub struct Cutter {
    /// Where to call.
    pub address: SocketAddr,
    _serving: JoinSet<()>,
}

impl Cutter {
    /// A way to `target` on a free port of this machine; `loses` is asked once for each answer.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn open(
        target: String,
        loses: impl Fn() -> bool + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let rule: Arc<Rule> = Arc::new(loses);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                if connections.len() >= CONNECTIONS_MAX {
                    connections.join_next().await;
                }
                let (target, rule) = (target.clone(), Arc::clone(&rule));
                connections.spawn(async move {
                    // A connection that breaks is what this is for.
                    let _ = pass(stream, &target, &*rule).await;
                });
            }
        });
        Ok(Self { address, _serving: serving })
    }
}

/// One connection, until either side ends it or an answer is lost.
async fn pass(client: TcpStream, target: &str, rule: &Rule) -> std::io::Result<()> {
    let server = TcpStream::connect(target).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let asking = async { tokio::io::copy(&mut from_client, &mut to_server).await.map(|_| ()) };
    tokio::select! {
        ended = asking => ended,
        ended = answers(from_server, to_client, rule) => ended,
    }
}

/// Passes frames on until an answer is to be lost. The last frame of an answer, its trailers, is a frame of
/// the same type; an answer whose beginning was passed on is passed on whole.
async fn answers(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    rule: &Rule,
) -> std::io::Result<()> {
    let mut begun = std::collections::HashSet::new();
    loop {
        let mut head = [0; HEAD];
        from.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
        if head[3] == HEADERS && !begun.remove(&stream) {
            if rule() {
                return Ok(());
            }
            let ends_here = head[4] & 1 == 1;
            if !ends_here {
                begun.insert(stream);
            }
        }
        let mut body = vec![0; usize::try_from(length).unwrap_or_default()];
        from.read_exact(&mut body).await?;
        to.write_all(&head).await?;
        to.write_all(&body).await?;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn frame(kind: u8, flags: u8, stream: u8, body: &[u8]) -> Vec<u8> {
        let length = u8::try_from(body.len()).unwrap();
        [&[0, 0, length, kind, flags, 0, 0, 0, stream], body].concat()
    }

    #[tokio::test]
    async fn the_second_answer_is_lost_and_the_first_is_whole() {
        let asked = AtomicUsize::new(0);
        let rule = move || asked.fetch_add(1, Ordering::SeqCst) == 1;
        let first = [
            frame(4, 0, 0, b"settings"),
            frame(HEADERS, 4, 1, b"head"),
            frame(0, 0, 1, b"data"),
            frame(HEADERS, 5, 1, b"trailers"),
        ]
        .concat();
        let sent = [first.clone(), frame(HEADERS, 4, 3, b"head")].concat();
        let mut passed = Vec::new();
        answers(sent.as_slice(), &mut passed, &rule).await.unwrap();
        assert_eq!(passed, first);
    }
}
