//! A browser without scripts in front of the pages, and services that answer from a table; for tests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures::stream;
use http_body_util::{BodyExt as _, StreamBody};
use parasol_api::{Error, Reason};
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::clock::Clock;
use parasol_runtime::health::Health;
use parasol_runtime::identity::issuers::Issuers;
use parasol_runtime::identity::{Bearers, Principal, Role, TokenKey};
use parasol_runtime::ids::IdSource;
use parasol_runtime::metrics::Metrics;
use parasol_runtime::transport::Transport;
use prost::Message;
use tower::ServiceExt as _;

use super::Web;

pub(crate) fn noon() -> Timestamp {
    Timestamp::parse("2026-06-08T12:00:00+08:00").unwrap()
}

/// An encoded message, or why there is none.
pub(crate) type Answer = Result<Vec<u8>, Error>;

/// What the services answer, by path, and what they were asked.
#[derive(Clone, Default)]
pub(crate) struct Services {
    pub(crate) answers: Arc<Mutex<HashMap<String, Answer>>>,
    pub(crate) asked: Arc<Mutex<Vec<(String, Bytes, HeaderMap)>>>,
}

impl Services {
    pub(crate) fn answer(&self, path: &str, answer: impl Message) {
        self.answers.lock().unwrap().insert(path.to_owned(), Ok(answer.encode_to_vec()));
    }

    pub(crate) fn refuse(&self, path: &str, error: Error) {
        self.answers.lock().unwrap().insert(path.to_owned(), Err(error));
    }

    pub(crate) fn asked<M: Message + Default>(&self, path: &str) -> Vec<M> {
        let asked = self.asked.lock().unwrap();
        let bodies = asked.iter().filter(|(known, ..)| known == path);
        bodies.map(|(_, body, _)| M::decode(body.slice(5..)).unwrap()).collect()
    }

    /// The messages of every stream that a path was asked with.
    pub(crate) fn streamed<M: Message + Default>(&self, path: &str) -> Vec<Vec<M>> {
        let asked = self.asked.lock().unwrap();
        let bodies = asked.iter().filter(|(known, ..)| known == path);
        bodies
            .map(|(_, body, _)| {
                frames(body).into_iter().map(|one| M::decode(one).unwrap()).collect()
            })
            .collect()
    }

    pub(crate) fn transport(&self) -> Transport {
        let services = self.clone();
        Transport::new(tower::service_fn(move |request: Request<tonic::body::Body>| {
            let services = services.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await?.to_bytes();
                let path = parts.uri.path().to_owned();
                services.asked.lock().unwrap().push((path.clone(), body, parts.headers));
                let unknown = || Err(Error::new(Reason::NotFound));
                let answer = services.answers.lock().unwrap().get(&path).cloned();
                Ok(answered(answer.unwrap_or_else(unknown)))
            }
        }))
    }
}

/// What lies in gRPC's frames.
pub(crate) fn frames(mut body: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while let Some((head, rest)) = body.split_at_checked(5) {
        let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize;
        let (frame, rest) = rest.split_at(length);
        frames.push(frame);
        body = rest;
    }
    frames
}

/// An answer as gRPC frames it.
pub(crate) fn answered(answer: Answer) -> http::Response<tonic::body::Body> {
    let message = match answer {
        Ok(message) => message,
        Err(error) => return tonic::Status::from(error).into_http(),
    };
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap());
    frame.extend_from_slice(&message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    let frames = [http_body::Frame::data(frame.freeze()), http_body::Frame::trailers(trailers)];
    let body = StreamBody::new(stream::iter(frames.map(Ok::<_, tonic::Status>)));
    let mut response = http::Response::new(tonic::body::Body::new(body));
    response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    response
}

/// Pages over these services, with the clock at noon.
pub(crate) fn web(transport: Transport) -> Web {
    let clock = Clock::manual(noon());
    let ids = IdSource::seeded(clock.clone(), 7);
    let key = Arc::new(TokenKey::from_secret(&[7; 32]));
    let bearers = Bearers::new(Arc::clone(&key), Issuers::default(), clock.clone());
    Web { transport, key, bearers, clock, ids, metrics: Metrics::silent() }
}

/// Pages that reach nobody, for tests of the other routes.
pub(crate) fn alone() -> Web {
    web(Services::default().transport())
}

/// A browser in front of the pages: it keeps cookies and nothing else.
pub(crate) struct Browser {
    pub(crate) services: Services,
    pub(crate) web: Web,
    pub(crate) routes: Router,
    pub(crate) cookies: HashMap<String, String>,
    pub(crate) language: &'static str,
}

/// A page as it came.
pub(crate) struct Shown {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) fn open() -> Self {
        let services = Services::default();
        let web = web(services.transport());
        let grpc = "127.0.0.1:7443".parse().unwrap();
        let rest = crate::rest::for_tests();
        let routes = crate::router(Health::new(), grpc, rest, web.clone());
        let cookies = HashMap::new();
        Self { services, web, routes, cookies, language: "en" }
    }

    pub(crate) fn credential(&self, role: Role) -> String {
        let principal = Principal::new(role, "aurora-hz-01").of_brand("aurora");
        self.web.key.issue(&principal, noon(), Span::days(300))
    }

    /// Signed in at the pages that lie at `home`.
    pub(crate) async fn signed_in_at(home: &str, role: Role) -> Self {
        let mut browser = Self::open();
        let door = format!("{home}/sign-in");
        let page = browser.get(&door).await;
        let credential = browser.credential(role);
        let token = page.hidden("form_token");
        let fields = [("form_token", token.as_str()), ("credential", &credential)];
        let signed = browser.post(&door, &fields).await;
        assert_eq!(signed.status, StatusCode::SEE_OTHER, "{}", signed.text);
        browser
    }

    pub(crate) async fn send(&mut self, request: http::request::Builder, body: Body) -> Shown {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header(header::COOKIE, cookies.join("; "))
            .header(header::ACCEPT_LANGUAGE, self.language)
            .body(body)
            .unwrap();
        let answer = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let text = to_bytes(body, 1 << 22).await.unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        Shown { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Shown {
        self.send(Request::get(path), Body::empty()).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let kind = "application/x-www-form-urlencoded";
        let request = Request::post(path).header(header::CONTENT_TYPE, kind);
        self.send(request, Body::from(body.finish())).await
    }

    /// A form with files: name, file name (empty for a field), content.
    pub(crate) async fn upload(&mut self, path: &str, parts: &[(&str, &str, &[u8])]) -> Shown {
        let mut body = Vec::new();
        for (name, file, content) in parts {
            let file = match *file {
                "" => String::new(),
                file => format!("; filename=\"{file}\"\r\ncontent-type: image/jpeg"),
            };
            let head = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"{file}");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(b"\r\n\r\n");
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--edge--\r\n");
        let kind = "multipart/form-data; boundary=edge";
        let request = Request::post(path).header(header::CONTENT_TYPE, kind);
        self.send(request, Body::from(body)).await
    }
}

impl Shown {
    /// The value of the first hidden field of this name.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.text.split(&start).nth(1);
        let rest = rest.unwrap_or_else(|| panic!("no {name} in {}", self.text));
        rest.split('"').next().unwrap().to_owned()
    }

    pub(crate) fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }
}
