//! Services on a port.
//!
//! Every limit of a connection is set here and none is inherited, because several defaults of the
//! stack are "none". Stopping is bounded: connections get to finish their calls, and what is left
//! after the drain limit is cut, half-open connections included.

mod guarded;
mod secured;

use std::future::ready;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Connected;

use self::guarded::{Guarded, Lifetime};
use self::secured::Secured;
use super::Transport;
use super::tls::Tls;
use crate::config::Limits;
use crate::shutdown::Shutdown;
use crate::supervisor::{Drained, pause};

/// Streams a peer may open and reset before they are accepted (rapid reset, CVE-2023-44487).
const PENDING_RESETS_MAX: usize = 20;
/// Streams of one connection that we may reset for a peer's errors.
const ERROR_RESETS_MAX: usize = 1024;
/// Wait after an accept that failed, for example for want of file descriptors.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Serves gRPC on `listener` until stopping begins, then for at most `limits.drain_s` until the
/// calls in flight have ended. The listener is closed as soon as stopping begins.
///
/// # Errors
/// When the server cannot be run; a connection that fails harms only itself.
pub async fn serve(
    listener: TcpListener,
    service: Transport,
    limits: &Limits,
    shutdown: &Shutdown,
) -> Result<Drained, tonic::transport::Error> {
    let cut = CancellationToken::new();
    // Connections that are still open when this future is dropped must not outlive it.
    let _cut_on_drop = cut.clone().drop_guard();
    let lifetime = lifetime(limits, cut);
    let guarded = move |(stream, place)| Ok(Guarded::new(stream, &lifetime, place));
    let connections = accepted(listener, limits).map(guarded);
    run(connections, service, limits, shutdown).await
}

/// The same under TLS. A handshake holds up no other and has the time that an opening has; who is at the other end
/// is in the extensions of each request, as a [`Peer`](super::tls::name::Peer).
///
/// # Errors
/// As [`serve`].
pub async fn serve_tls(
    listener: TcpListener,
    tls: &Tls,
    service: Transport,
    limits: &Limits,
    shutdown: &Shutdown,
) -> Result<Drained, tonic::transport::Error> {
    let cut = CancellationToken::new();
    let _cut_on_drop = cut.clone().drop_guard();
    let lifetime = lifetime(limits, cut);
    let shaken = |(stream, place)| {
        let (tls, lifetime) = (tls.clone(), lifetime.clone());
        async move {
            let stream = Secured::accept(&tls, stream, lifetime.opening).await?;
            Some(Ok(Guarded::new(stream, &lifetime, place)))
        }
    };
    let connections = accepted(listener, limits).map(shaken);
    let connections = connections.buffer_unordered(limits.connections);
    run(connections.filter_map(ready), service, limits, shutdown).await
}

async fn run<T>(
    connections: impl Stream<Item = io::Result<Guarded<T>>>,
    service: Transport,
    limits: &Limits,
    shutdown: &Shutdown,
) -> Result<Drained, tonic::transport::Error>
where
    T: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
{
    let server = tonic::transport::Server::builder()
        .max_concurrent_streams(limits.streams_per_connection)
        .http2_max_header_list_size(limits.header_bytes)
        .http2_keepalive_interval(Some(Duration::from_secs(limits.keepalive_s)))
        .http2_keepalive_timeout(Some(Duration::from_secs(limits.keepalive_timeout_s)))
        .http2_max_pending_accept_reset_streams(Some(PENDING_RESETS_MAX))
        .http2_max_local_error_reset_streams(Some(ERROR_RESETS_MAX))
        // tonic would skip the polite request to close if it were told the grace as well, so the
        // grace is kept by the connection itself.
        .max_connection_age(Duration::from_secs(limits.connection_age_s))
        .serve_with_incoming_shutdown(service, connections, shutdown.stopping());
    let drained_out = async {
        shutdown.stopping().await;
        tokio::select! {
            () = pause(limits.drain()) => {}
            () = shutdown.forced() => {}
        }
    };
    tokio::select! {
        served = server => served.map(|()| Drained::InTime),
        () = drained_out => {
            tracing::warn!("cutting connections that did not end in time");
            Ok(Drained::Forced)
        }
    }
}

fn lifetime(limits: &Limits, cut: CancellationToken) -> Lifetime {
    Lifetime {
        opening: Duration::from_millis(limits.opening_ms),
        whole: Duration::from_secs(limits.connection_age_s + limits.connection_age_grace_s),
        cut,
    }
}

/// Connections as they come, each with its place, never more than the limit at a time.
fn accepted(
    listener: TcpListener,
    limits: &Limits,
) -> impl Stream<Item = (TcpStream, OwnedSemaphorePermit)> + use<> {
    let places = Arc::new(Semaphore::new(limits.connections));
    futures::stream::unfold((listener, places), |(listener, places)| async {
        let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
        let stream = accept(&listener).await;
        Some(((stream, place), (listener, places)))
    })
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection was gone before it began");
                }
                return stream;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
                pause(ACCEPT_RETRY).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tonic::Code;

    use super::*;
    use crate::transport::probe::{Bench, call};

    #[tokio::test]
    async fn calls_in_flight_finish_and_new_connections_are_refused_while_draining() {
        let mut bench = Bench::start().await;
        let mut call_in_flight = Box::pin(call(&bench.remote, "/test.Probe/Gate", &[]));
        tokio::select! {
            _ = &mut call_in_flight => panic!("the gate is closed"),
            () = bench.gate.arrived.notified() => {}
        }
        bench.shutdown.stop();
        let refused = async {
            while TcpStream::connect(bench.address).await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        refused.await;
        bench.gate.open.notify_one();
        assert_eq!(call_in_flight.await.code, Code::Ok);
        assert_eq!(bench.served().await, Drained::InTime);
    }

    #[tokio::test]
    async fn what_does_not_end_is_cut_after_the_limit_half_open_connections_too() {
        for second_signal in [false, true] {
            let mut bench = Bench::limited(|limits| {
                limits.drain_s = if second_signal { 600 } else { 0 };
            })
            .await;
            let mut half_open = TcpStream::connect(bench.address).await.unwrap();
            let remote = bench.remote.clone();
            let mut stuck = Box::pin(call(&remote, "/test.Probe/Gate", &[]));
            tokio::select! {
                _ = &mut stuck => panic!("the gate is closed"),
                () = bench.gate.arrived.notified() => {}
            }
            bench.shutdown.stop();
            if second_signal {
                bench.shutdown.force();
            }
            assert_eq!(bench.served().await, Drained::Forced);
            assert_ne!(stuck.await.code, Code::Ok);
            // Reads the server's greeting and then the end, or an error; it must not wait for more.
            let _ = half_open.read_to_end(&mut Vec::new()).await;
        }
    }

    #[tokio::test]
    async fn a_header_list_over_the_limit_harms_only_its_own_call() {
        let bench = Bench::limited(|limits| limits.header_bytes = 4096).await;
        let bulk = "x".repeat(8192);
        let answer = call(&bench.remote, "/test.Probe/Whoami", &[("bulk", &bulk)]).await;
        assert_ne!(answer.code, Code::Ok);
        assert_eq!(call(&bench.remote, "/test.Probe/Whoami", &[]).await.code, Code::Ok);
    }

    #[tokio::test]
    async fn connections_over_the_limit_wait_for_a_place() {
        let bench = Bench::limited(|limits| limits.connections = 1).await;
        assert_eq!(call(&bench.remote, "/test.Probe/Whoami", &[]).await.code, Code::Ok);
        let second = bench.dial();
        let mut waiting = Box::pin(call(&second, "/test.Probe/Whoami", &[]));
        assert!(futures::poll!(waiting.as_mut()).is_pending());
        let first = call(&bench.remote, "/test.Probe/Whoami", &[]).await;
        assert_eq!(first.code, Code::Ok, "the first connection goes on meanwhile");
        assert!(futures::poll!(waiting.as_mut()).is_pending());
        drop(bench.hang_up());
        assert_eq!(waiting.await.code, Code::Ok);
    }
}
