//! One document of an issuer: fetched whole, or not at all.
//!
//! Every call has a connection of its own; there is no proxy, no redirect and no second try. The address is an
//! operator's or comes from the issuer's own document over TLS, so it may lie in a private network; without TLS only
//! this machine itself is reached.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, HOST, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

/// Bytes of a document.
const DOCUMENT_BYTES_MAX: usize = 256 * 1024;
/// Bytes of an answer's head.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Addresses of a name that are tried.
const ADDRESSES_MAX: usize = 4;
/// Who we say we are.
const AGENT: &str = concat!("parasol/", env!("CARGO_PKG_VERSION"));

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address is none that is called.
    #[error("the address is neither https nor one of this machine")]
    Address,
    /// The name leads nowhere, nobody answers, or TLS fails.
    #[error("cannot be reached: {0}")]
    Connection(#[from] std::io::Error),
    /// What came back is no HTTP, or too much.
    #[error("does not answer as it should: {0}")]
    Protocol(String),
    /// Another answer than 200.
    #[error("answered {0}")]
    Answer(StatusCode),
    /// The answer took too long.
    #[error("did not answer in time")]
    Timeout,
    /// The document does not say what it should.
    #[error("the document is not good: {0}")]
    Document(String),
}

/// Fetches documents. Cheap to clone.
#[derive(Clone)]
pub(super) struct Fetcher {
    tls: TlsConnector,
}

impl Fetcher {
    /// Trusts the authorities of a file, or the public ones where it is empty.
    ///
    /// # Errors
    /// When the file cannot be read or holds no certificate.
    pub(super) fn trusting(ca_file: &str) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        if ca_file.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        } else {
            let read = CertificateDer::pem_file_iter(Path::new(ca_file));
            let read = read.and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let read = read.map_err(|error| format!("ca_file {ca_file}: {error}"))?;
            roots.add_parsable_certificates(read);
            if roots.is_empty() {
                return Err(format!("ca_file {ca_file}: holds no certificate"));
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has the versions that are safe")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)) })
    }

    /// The document at `url`, as it was sent.
    ///
    /// # Errors
    /// [`FetchError`]. How long it may take is for the caller to say.
    pub(super) async fn get(&self, url: &str) -> Result<Bytes, FetchError> {
        let uri = url.parse::<Uri>().ok().filter(|_| !url.contains(['#', '@']));
        let uri = uri.ok_or(FetchError::Address)?;
        let is_secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(FetchError::Address),
        };
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let found = lookup_host((host.as_str(), port)).await?;
        let found: Vec<SocketAddr> = found.take(ADDRESSES_MAX).collect();
        let is_here = |address: &SocketAddr| address.ip().to_canonical().is_loopback();
        if found.is_empty() || !(is_secure || found.iter().all(is_here)) {
            return Err(FetchError::Address);
        }
        let stream = TcpStream::connect(&*found).await?;
        let request = request(&uri)?;
        if !is_secure {
            return speak(stream, request).await;
        }
        let name = ServerName::try_from(host).map_err(|_| FetchError::Address)?;
        let stream = self.tls.connect(name, stream).await?;
        speak(stream, request).await
    }
}

fn request(uri: &Uri) -> Result<Request<Empty<Bytes>>, FetchError> {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    Request::get(target)
        .header(HOST, uri.authority().map_or("", |authority| authority.as_str()))
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, AGENT)
        .body(Empty::new())
        .map_err(|_| FetchError::Address)
}

/// One request over a connection that is dropped afterwards.
async fn speak<S>(stream: S, request: Request<Empty<Bytes>>) -> Result<Bytes, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |error: &dyn std::fmt::Display| FetchError::Protocol(error.to_string());
    let mut settings = http1::Builder::new();
    settings.max_buf_size(HEAD_BYTES_MAX);
    let handshake = settings.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| failed(&error))?;
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(|error| failed(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Answer(answer.status()));
        }
        let body = Limited::new(answer.into_body(), DOCUMENT_BYTES_MAX).collect().await;
        body.map(http_body_util::Collected::to_bytes).map_err(|error| failed(&error))
    };
    let mut exchange = std::pin::pin!(exchange);
    tokio::select! {
        biased;
        told = &mut exchange => told,
        // The connection ended by itself; whatever it brought is in the answer.
        _ = connection => exchange.await,
    }
}
