//! One request to one endpoint: resolved once, checked, and sent to the checked address.
//!
//! Every call has a connection of its own; there is no pool, no proxy and no redirect. The answer's head
//! may have so many bytes, its body is not read: nothing in it matters to us, so nothing in it can harm.
//! What a call came to is told as a value; what follows from it is decided elsewhere.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, Method, Request};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use parasol_runtime::clock::Stopwatch;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::endpoint::{Endpoint, Reach};

/// The longest a call may take, from the look-up of the name to the head of the answer.
const CALL_MAX: Duration = Duration::from_secs(10);
/// Bytes of an answer's head.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Addresses of a name that are tried.
const ADDRESSES_MAX: usize = 4;
/// The longest wait an answer may ask for, in seconds.
const RETRY_AFTER_MAX: i64 = 86_400;
/// Who we say we are.
const AGENT: &str = concat!("parasol/", env!("CARGO_PKG_VERSION"));

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The address is not one that may be sent to.
    Address,
    /// The name was not found.
    Name,
    /// Nobody took the connection.
    Connection,
    /// No TLS was agreed on, or the certificate is not the host's.
    Tls,
    /// What came back was no HTTP, or nothing.
    Protocol,
    /// It took too long.
    Timeout,
}

impl Failure {
    /// In a word, as the log keeps it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Name => "name",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
        }
    }
}

/// What a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Called {
    /// The status answered, or why there was none.
    pub answer: Result<u16, Failure>,
    /// How many seconds the answer asks to wait before the next call, if it does.
    pub retry_after: Option<i64>,
    /// How long it took.
    pub latency: Duration,
}

/// An event on its way.
#[derive(Clone, Debug)]
pub struct Message {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, seconds since 1970.
    pub seconds: i64,
    /// `webhook-signature`.
    pub signatures: String,
    /// The JSON.
    pub body: String,
}

/// Sends messages. Cheap to clone.
#[derive(Clone)]
pub struct Sending {
    reach: Reach,
    call_max: Duration,
    tls: TlsConnector,
}

impl Sending {
    /// To addresses within reach.
    pub fn new(reach: Reach) -> Self {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has the versions that are safe")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { reach, call_max: CALL_MAX, tls: TlsConnector::from(Arc::new(config)) }
    }

    /// The same, with less patience.
    #[must_use]
    pub fn waiting(self, call_max: Duration) -> Self {
        Self { call_max, ..self }
    }

    /// Which addresses it sends to.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Sends a message to an address in text.
    pub async fn call(&self, url: &str, message: Message) -> Called {
        let watch = Stopwatch::start();
        let head = match Endpoint::parse(url, self.reach) {
            None => Err(Failure::Address),
            Some(endpoint) => {
                let call = Box::pin(self.exchange(&endpoint, message));
                let in_time = tokio::time::timeout(self.call_max, call).await;
                in_time.unwrap_or(Err(Failure::Timeout))
            }
        };
        let latency = watch.elapsed();
        match head {
            Ok((status, retry_after)) => Called { answer: Ok(status), retry_after, latency },
            Err(failure) => Called { answer: Err(failure), retry_after: None, latency },
        }
    }

    async fn exchange(
        &self,
        endpoint: &Endpoint,
        message: Message,
    ) -> Result<(u16, Option<i64>), Failure> {
        let addresses = self.resolve(endpoint).await?;
        let stream = TcpStream::connect(&*addresses).await.map_err(|_| Failure::Connection)?;
        let request = request(endpoint, message)?;
        if !endpoint.is_secure {
            return speak(stream, request).await;
        }
        let name = ServerName::try_from(endpoint.host.clone()).map_err(|_| Failure::Tls)?;
        let secure = self.tls.connect(name, stream).await.map_err(|error| broken(&error))?;
        speak(secure, request).await
    }

    /// The addresses of the host, if every one of them may be sent to: a name that leads inside as well
    /// as outside is no name of a partner.
    async fn resolve(&self, endpoint: &Endpoint) -> Result<Vec<SocketAddr>, Failure> {
        let found = lookup_host((&*endpoint.host, endpoint.port)).await;
        let found: Vec<_> = found.map_err(|_| Failure::Name)?.collect();
        if found.is_empty() {
            return Err(Failure::Name);
        }
        if !found.iter().all(|address| self.reach.allows(address.ip())) {
            return Err(Failure::Address);
        }
        // By http only this machine itself is reached, in tests.
        let is_here = found.iter().all(|address| address.ip().to_canonical().is_loopback());
        if !endpoint.is_secure && !is_here {
            return Err(Failure::Address);
        }
        Ok(found.into_iter().take(ADDRESSES_MAX).collect())
    }
}

/// An error of a handshake: the peer's TLS, or a connection that went away.
fn broken(error: &io::Error) -> Failure {
    let is_tls = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
    if is_tls { Failure::Tls } else { Failure::Connection }
}

fn request(endpoint: &Endpoint, message: Message) -> Result<Request<String>, Failure> {
    let Message { id, seconds, signatures, body } = message;
    Request::builder()
        .method(Method::POST)
        .uri(&endpoint.target)
        .header(HOST, &endpoint.authority)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, AGENT)
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", signatures)
        .body(body)
        .map_err(|_| Failure::Protocol)
}

/// One request over a connection that is dropped afterwards.
async fn speak<S>(stream: S, request: Request<String>) -> Result<(u16, Option<i64>), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut settings = http1::Builder::new();
    settings.max_buf_size(ANSWER_BYTES_MAX);
    let handshake = settings.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| Failure::Protocol)?;
    let mut answer = std::pin::pin!(sender.send_request(request));
    let head = tokio::select! {
        biased;
        head = &mut answer => head,
        // The connection ended by itself; whatever it brought is in the answer.
        _ = connection => answer.await,
    };
    let head = head.map_err(|_| Failure::Protocol)?;
    Ok((head.status().as_u16(), retry_after(head.headers())))
}

/// Only the form in seconds is read.
fn retry_after(headers: &HeaderMap) -> Option<i64> {
    let seconds: i64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    (seconds > 0).then_some(seconds.min(RETRY_AFTER_MAX))
}
