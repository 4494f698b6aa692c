//! The pages on a port, with every limit of a connection set here.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use parasol_runtime::shutdown::Shutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::edge::PLACES;

/// Connections open at a time; further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 640;
/// However many calls are under way, whoever has none yet finds a connection.
const _: () = assert!(PLACES + 128 <= CONNECTIONS_MAX);
/// Time for the head of a request, and between two requests of a connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Fields in a request's head.
const HEADERS_MAX: usize = 64;
/// How long a connection takes further requests.
const CONNECTION_MAX: Duration = Duration::from_secs(60);
/// How long the answer under way may take after that; longer than any call that is no stream.
const FINISH_MAX: Duration = Duration::from_secs(40);
/// How long answers under way may take once stopping has begun.
const DRAIN_MAX: Duration = Duration::from_secs(5);
/// The wait after an accept that failed, for example for want of file descriptors.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// A connection that is served.
type Served = http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>>;

/// Serves the routes on `listener` until stopping begins, then until the answers under way are given,
/// at most five seconds. HTTP/1.1 only: what needs HTTP/2 is on the other port.
///
/// # Errors
/// None today; a connection that fails harms only itself.
pub async fn serve(listener: TcpListener, router: Router, shutdown: &Shutdown) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    // Dropped with this future, and its connections with it.
    let mut connections = JoinSet::new();
    loop {
        let place = Arc::clone(&places).acquire_owned();
        let accepted = async { (place.await, accept(&listener).await) };
        let (place, stream) = tokio::select! {
            (place, stream) = accepted => (place, stream),
            _ = connections.join_next(), if !connections.is_empty() => continue,
            () = shutdown.stopping() => break,
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .serve_connection(TokioIo::new(stream), service);
        connections.spawn(keep(connection, shutdown.clone(), place));
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if timeout(DRAIN_MAX, ended).await.is_err() {
        tracing::warn!("cutting connections that did not end in time");
    }
    Ok(())
}

/// Keeps a connection until it ends, has lived long enough or stopping begins; then it may finish the answer
/// that is under way.
async fn keep<P>(connection: Served, shutdown: Shutdown, place: P) {
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = timeout(CONNECTION_MAX, connection.as_mut()) => ended.ok(),
        () = shutdown.stopping() => None,
    };
    let ended = match ended {
        Some(ended) => Some(ended),
        None => {
            connection.as_mut().graceful_shutdown();
            timeout(FINISH_MAX, connection).await.ok()
        }
    };
    if let Some(Err(error)) = ended {
        tracing::debug!(%error, "a connection failed");
    }
    drop(place);
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
                // Nothing else can be done but to wait; the future never ends by itself.
                let _ = timeout(ACCEPT_RETRY, std::future::pending::<()>()).await;
            }
        }
    }
}
