//! As much HTTP/1.1 as the kit needs to stand between a platform and a partner: a port that hands requests to a
//! function, and a call. Bodies are taken whole and have a limit.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Bytes of a body.
const BODY_MAX: usize = 4 << 20;
/// Connections of a port at a time.
const CONNECTIONS_MAX: usize = 64;

/// A request, whole.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    /// Path and query.
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answered {
    /// A status and nothing else.
    pub fn status(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }
}

/// An open port; it is closed when it is dropped.
pub struct Port {
    pub address: SocketAddr,
    _serving: JoinSet<()>,
}

impl Port {
    /// Opens a free port of this machine. Where `answer` has none, the connection is closed without one.
    pub async fn open<F, A>(answer: F) -> std::io::Result<Self>
    where
        F: Fn(Asked) -> A + Send + Sync + 'static,
        A: Future<Output = Option<Answered>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let answer = Arc::new(answer);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                if connections.len() >= CONNECTIONS_MAX {
                    connections.join_next().await;
                }
                let answer = Arc::clone(&answer);
                connections.spawn(async move {
                    let each = service_fn(move |request| {
                        let answer = Arc::clone(&answer);
                        async move { to_wire(answer(whole(request).await?).await) }
                    });
                    let http = hyper::server::conn::http1::Builder::new();
                    // A connection that breaks, or is broken here, is what this is for.
                    let _ = http.serve_connection(TokioIo::new(stream), each).await;
                });
            }
        });
        Ok(Self { address, _serving: serving })
    }
}

async fn whole(request: Request<Incoming>) -> anyhow::Result<Asked> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_MAX).collect().await;
    let body = body.map_err(|error| anyhow::anyhow!("{error}"))?.to_bytes();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    Ok(Asked { method: head.method, path, headers: head.headers, body })
}

fn to_wire(answered: Option<Answered>) -> anyhow::Result<Response<Full<Bytes>>> {
    let answered = answered.context("no answer is given")?;
    let mut response = Response::new(Full::new(answered.body));
    *response.status_mut() = StatusCode::from_u16(answered.status)?;
    *response.headers_mut() = answered.headers;
    own_framing(response.headers_mut());
    Ok(response)
}

/// What a connection says about itself is not passed on to another.
fn own_framing(headers: &mut HeaderMap) {
    for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
}

/// One call over a connection of its own, to `host:port`.
pub async fn call(authority: &str, asked: Asked, limit: Duration) -> anyhow::Result<Answered> {
    let called = tokio::time::timeout(limit, call_unlimited(authority, asked));
    called.await.map_err(|_| anyhow::anyhow!("{authority} did not answer within {limit:?}"))?
}

async fn call_unlimited(authority: &str, asked: Asked) -> anyhow::Result<Answered> {
    let stream = TcpStream::connect(authority).await.with_context(|| authority.to_owned())?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let mut driving = JoinSet::new();
    driving.spawn(async move {
        // What breaks shows in the answer.
        let _ = connection.await;
    });
    let mut request = Request::new(Full::new(asked.body));
    *request.method_mut() = asked.method;
    *request.uri_mut() = asked.path.parse()?;
    *request.headers_mut() = asked.headers;
    own_framing(request.headers_mut());
    request.headers_mut().insert(HOST, authority.parse()?);
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, BODY_MAX).collect().await;
    let body = body.map_err(|error| anyhow::anyhow!("{error}"))?.to_bytes();
    Ok(Answered { status: head.status.as_u16(), headers: head.headers, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str) -> Asked {
        let (method, headers) = (Method::POST, HeaderMap::new());
        Asked { method, path: path.to_owned(), headers, body: Bytes::from_static(b"body") }
    }

    #[tokio::test]
    async fn a_request_arrives_whole_and_may_stay_without_an_answer() {
        let port = Port::open(|asked: Asked| async move {
            let body = Bytes::from(format!("{} {}", asked.path, asked.body.len()));
            (asked.path != "/lost").then(|| Answered { body, ..Answered::status(201) })
        });
        let port = port.await.unwrap();
        let authority = port.address.to_string();
        let limit = Duration::from_secs(5);
        let answer = call(&authority, asked("/there?x=1"), limit).await.unwrap();
        assert_eq!((answer.status, &*answer.body), (201, &b"/there?x=1 4"[..]));
        assert!(call(&authority, asked("/lost"), limit).await.is_err());
    }
}
