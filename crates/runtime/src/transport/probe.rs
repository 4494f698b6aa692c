//! A service made for tests, reached in process and over TCP through the real layers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame};
use parasol_journey::time::{Span, Timestamp};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::{Code, Status};
use tower::{Service, ServiceExt};

use super::admission::Admission;
use super::deadline::Deadline;
use super::{Layers, Transport, local, server};
use crate::clock::Clock;
use crate::config::{Config, Limits, Sources};
use crate::identity::api_keys::ApiKeys;
use crate::identity::issuers::Issuers;
use crate::identity::{Principal, Role, Staff, TokenKey};
use crate::ids::IdSource;
use crate::metrics::Metrics;
use crate::shutdown::Shutdown;
use crate::supervisor::Drained;

/// What a handler tells its caller, as a header.
const TOLD: &str = "told";

/// Holds calls of `/test.Probe/Gate` until it is opened.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    /// Notified when a call has arrived.
    pub(crate) arrived: Arc<Notify>,
    /// Lets one call go on.
    pub(crate) open: Arc<Notify>,
}

/// The service. What it does depends on the method.
#[derive(Clone)]
struct Probe(Gate);

impl NamedService for Probe {
    const NAME: &'static str = "test.Probe";
}

type Handled = BoxFuture<'static, Result<Response<Body>, Infallible>>;

impl Service<Request<Body>> for Probe {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Handled;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Handled {
        let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
        assert_ne!(method, "PanicAtOnce", "a secret");
        let gate = self.0.clone();
        Box::pin(async move {
            Ok(match method.as_str() {
                "Stuck" => std::future::pending().await,
                "PanicLater" => panic!("another secret"),
                "Refuse" => plain(Status::from(std::io::Error::from(std::io::ErrorKind::NotFound))),
                "Streamed" => streamed(Then::Ends),
                "PanicInStream" => streamed(Then::Panics),
                "Endless" => streamed(Then::Waits),
                "Patience" => told(left(&request)),
                "Gate" => {
                    gate.arrived.notify_one();
                    gate.open.notified().await;
                    told("through".to_owned())
                }
                _ => told(caller(&request)),
            })
        })
    }
}

fn plain(status: Status) -> Response<Body> {
    status.into_http()
}

fn told(text: String) -> Response<Body> {
    let mut response = plain(Status::ok(""));
    response.headers_mut().insert(TOLD, text.parse().unwrap());
    response
}

fn left(request: &Request<Body>) -> String {
    let deadline = request.extensions().get::<Deadline>();
    deadline.map_or("none".to_owned(), |deadline| deadline.left().as_millis().to_string())
}

fn caller(request: &Request<Body>) -> String {
    assert!(!request.headers().contains_key("authorization"), "the credential stays outside");
    match request.extensions().get::<Principal>() {
        Some(principal @ Principal { brand: Some(brand), .. }) => format!("{principal}@{brand}"),
        Some(principal) => principal.to_string(),
        None => "nobody".to_owned(),
    }
}

fn streamed(then: Then) -> Response<Body> {
    let body = Body::new(TwoFrames { frame: 0, then });
    let mut response = Response::new(body);
    response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    response
}

/// What follows the first message of a stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Ends,
    Panics,
    Waits,
}

/// A message, then trailers, a panic, or nothing for ever.
struct TwoFrames {
    frame: u8,
    then: Then,
}

impl HttpBody for TwoFrames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.frame += 1;
        Poll::Ready(match self.frame {
            1 => Some(Ok(Frame::data(Bytes::from_static(&[0; 5])))),
            2 if self.then == Then::Panics => panic!("a secret in a stream"),
            _ if self.then == Then::Waits => return Poll::Pending,
            2 => {
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", "0".parse().unwrap());
                Some(Ok(Frame::trailers(trailers)))
            }
            _ => None,
        })
    }
}

fn access(path: &str, role: Option<Role>) -> bool {
    match path.strip_prefix("/test.Probe/") {
        None | Some("Unlisted") => false,
        Some("OperatorsOnly") => role == Some(Role::Operator),
        Some(_) => true,
    }
}

/// A running server and both ways to it.
pub(crate) struct Bench {
    pub(crate) local: Transport,
    pub(crate) remote: Transport,
    pub(crate) address: SocketAddr,
    pub(crate) clock: Clock,
    pub(crate) key: Arc<TokenKey>,
    pub(crate) limits: Limits,
    pub(crate) shutdown: Shutdown,
    pub(crate) gate: Gate,
    server: Option<JoinHandle<Drained>>,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::build(|_| {}, |_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Layers)) -> Self {
        Self::build(change, |_| {}).await
    }

    pub(crate) async fn limited(change: impl FnOnce(&mut Limits)) -> Self {
        Self::build(|_| {}, change).await
    }

    #[expect(clippy::disallowed_methods, reason = "a test holds its server's handle itself")]
    async fn build(
        change_layers: impl FnOnce(&mut Layers),
        change_limits: impl FnOnce(&mut Limits),
    ) -> Self {
        let mut limits = Config::load(&Sources::default()).unwrap().limits;
        change_limits(&mut limits);
        let clock = Clock::manual(Timestamp::parse("2026-06-08T12:00:00Z").unwrap());
        let key = Arc::new(TokenKey::from_secret(&[7; 32]));
        let mut layers = Layers {
            ids: IdSource::seeded(clock.clone(), 1),
            clock: clock.clone(),
            key: key.clone(),
            issuers: Issuers::default(),
            api_keys: ApiKeys::default(),
            access,
            staff: Staff::default(),
            metrics: Metrics::silent(),
            request_timeout: Duration::from_secs(30),
            long_lived: |_| false,
            links: None,
            reveals: None,
            admission: Admission::of(limits.calls),
        };
        change_layers(&mut layers);
        let gate = Gate::default();
        let probe = Probe(gate.clone());
        let routes = Routes::new(probe);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new();
        let (served, own_limits, own_shutdown) =
            (layers.around(routes.clone()), limits.clone(), shutdown.clone());
        let server = tokio::spawn(async move {
            server::serve(listener, served, &own_limits, &own_shutdown).await.unwrap()
        });
        let local = local::in_process(routes, &layers);
        let channel = local::dial(&format!("http://{address}"), &limits).unwrap();
        let remote = local::remote(channel);
        let server = Some(server);
        Self { local, remote, address, clock, key, limits, shutdown, gate, server }
    }

    /// The service in process and over TCP.
    pub(crate) fn both(&self) -> [Transport; 2] {
        [self.local.clone(), self.remote.clone()]
    }

    /// A connection of its own to the server.
    pub(crate) fn dial(&self) -> Transport {
        let channel = local::dial(&format!("http://{}", self.address), &self.limits).unwrap();
        local::remote(channel)
    }

    /// Gives up the bench's own connection.
    pub(crate) fn hang_up(self) -> Option<JoinHandle<Drained>> {
        self.server
    }

    /// A token for an hour.
    pub(crate) fn token(&self, principal: &Principal) -> String {
        self.key.issue(principal, self.clock.now(), Span::hours(1))
    }

    /// How serving ended.
    pub(crate) async fn served(&mut self) -> Drained {
        self.server.take().unwrap().await.unwrap()
    }
}

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Code,
    /// The failure as the error model reads it.
    pub(crate) error: parasol_api::Error,
    /// What the handler told, if it got so far.
    pub(crate) told: String,
}

/// Makes a call and reads its answer to the end.
pub(crate) async fn call(transport: &Transport, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::post(path).header("content-type", "application/grpc");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = transport.clone().oneshot(request).await.unwrap();
    let told = response.headers().get(TOLD).map(|told| told.to_str().unwrap().to_owned());
    let in_headers = Status::from_header_map(response.headers());
    let status = match in_headers {
        Some(status) => status,
        // As gRPC clients do with an answer of the HTTP layer.
        None if !response.status().is_success() => Status::unknown(response.status().to_string()),
        None => in_trailers(response.into_body()).await,
    };
    Answer {
        code: status.code(),
        error: parasol_api::Error::from_status(&status),
        told: told.unwrap_or_default(),
    }
}

async fn in_trailers(mut body: Body) -> Status {
    loop {
        match std::future::poll_fn(|cx| std::pin::Pin::new(&mut body).poll_frame(cx)).await {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    return Status::from_header_map(trailers).expect("trailers hold a status");
                }
            }
            Some(Err(status)) => return status,
            None => panic!("the stream ended without a status"),
        }
    }
}
