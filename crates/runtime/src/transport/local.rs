//! The calling side: a [`Transport`] to services here or elsewhere, and who it calls as.

use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use parasol_journey::time::Span;
use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tower::{Layer, Service, ServiceExt};

use super::deadline::DeadlineLayer;
use super::{Layers, Transport};
use crate::clock::Clock;
use crate::config::Limits;
use crate::identity::{Principal, Role, TokenKey};
use crate::trace_context;

/// How long connecting may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long a token between services is valid. Each call gets a fresh one.
const SERVICE_TOKEN: Span = Span::minutes(2);

/// Calls services of this process directly, through the same layers as over TCP.
pub fn in_process(routes: Routes, layers: &Layers) -> Transport {
    outbound(layers.around(routes), |_| {})
}

/// Calls services over a connection. The caller's deadline is kept on this side too, so that a
/// server that does not answer at all is a `DEADLINE_EXCEEDED`.
pub fn remote(channel: Channel) -> Transport {
    dialled(channel.map_err(|error| Status::from_error(error.into())))
}

/// What every way out of this process has: the caller's deadline, and a status for whatever fails.
pub(super) fn dialled<S>(service: S) -> Transport
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Status>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
{
    let answered =
        service.map_result(|outcome| outcome.or_else(|status| Ok::<_, Status>(status.into_http())));
    outbound(Transport::new(DeadlineLayer::as_asked().layer(answered)), |_| {})
}

/// A channel to `address` (`http://host:port`) with our limits, connected at the first call and
/// again whenever it breaks.
///
/// # Errors
/// When the address is none.
pub fn dial(address: &str, limits: &Limits) -> Result<Channel, tonic::transport::Error> {
    Ok(endpoint(address, limits)?.connect_lazy())
}

/// Where a channel leads to, with our limits.
pub(super) fn endpoint(
    address: &str,
    limits: &Limits,
) -> Result<Endpoint, tonic::transport::Error> {
    let endpoint = Endpoint::from_shared(address.to_owned())?
        .connect_timeout(CONNECT_MAX)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(limits.keepalive_s))
        .keep_alive_timeout(Duration::from_secs(limits.keepalive_timeout_s))
        .keep_alive_while_idle(true)
        .http2_max_header_list_size(limits.header_bytes)
        // Calls that we cancel ourselves are no attack; with a limit the 1,025th of a connection's
        // life would break the connection.
        .http2_max_local_error_reset_streams(None);
    Ok(endpoint)
}

/// The same transport, calling with a bearer token. A token with characters that no header may
/// hold sends none, and is refused like a missing one.
pub fn with_token(transport: Transport, token: &str) -> Transport {
    let header = bearer(token);
    outbound(transport, move |headers| put(headers, header.clone()))
}

/// The same transport, calling as a service of this house, by `name`.
pub fn as_service(
    transport: Transport,
    key: Arc<TokenKey>,
    clock: Clock,
    name: &'static str,
) -> Transport {
    let principal = Principal::new(Role::Service, name);
    outbound(transport, move |headers| {
        put(headers, bearer(&key.issue(&principal, clock.now(), SERVICE_TOKEN)));
    })
}

fn bearer(token: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn put(headers: &mut HeaderMap, header: Option<HeaderValue>) {
    headers.remove(AUTHORIZATION);
    if let Some(header) = header {
        headers.insert(AUTHORIZATION, header);
    }
}

/// Adds the current trace and whatever `add` adds to each call.
fn outbound(
    transport: Transport,
    add: impl Fn(&mut HeaderMap) + Clone + Send + Sync + 'static,
) -> Transport {
    Transport::new(transport.map_request(move |mut request: http::Request<Body>| {
        trace_context::inject(request.headers_mut());
        add(request.headers_mut());
        request
    }))
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;
    use crate::transport::probe::{Bench, call};

    #[tokio::test]
    async fn services_call_each_other_as_services() {
        let bench = Bench::start().await;
        for transport in bench.both() {
            let caller = as_service(transport, bench.key.clone(), bench.clock.clone(), "dispatch");
            for _ in 0..2 {
                let answer = call(&caller, "/test.Probe/Whoami", &[]).await;
                assert_eq!((answer.code, answer.told.as_str()), (Code::Ok, "service:dispatch"));
                bench.clock.advance(Span::hours(1)).unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_token_replaces_whatever_was_there() {
        let bench = Bench::start().await;
        let token = bench.token(&Principal::new(Role::Technician, "t-1"));
        let stale = [("authorization", "Bearer stale")];
        for transport in bench.both() {
            let technician = with_token(transport.clone(), &token);
            let answer = call(&technician, "/test.Probe/Whoami", &stale).await;
            assert_eq!(answer.told, "technician:t-1");
            let answer = call(&with_token(transport, "a\nb"), "/test.Probe/Whoami", &stale).await;
            assert_eq!(answer.told, "nobody");
        }
    }

    #[tokio::test]
    async fn an_address_where_nobody_listens_is_unavailable() {
        let bench = Bench::start().await;
        let channel = dial("http://127.0.0.1:1", &bench.limits).unwrap();
        let answer = call(&remote(channel), "/test.Probe/Whoami", &[]).await;
        assert_eq!(answer.code, Code::Unavailable);
        assert!(dial("not an address", &bench.limits).is_err());
    }
}
