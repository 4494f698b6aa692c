//! A receiver over plain sockets: it reads requests by itself, so that nothing of ours is checked with
//! itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// What the receiver does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answers with this status and these further lines of the head.
    Status(u16, &'static str),
    /// Takes it and closes the connection without an answer.
    Close,
    /// Takes it and never answers.
    Hang,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub line: String,
    pub headers: HashMap<String, String>,
    pub raw: String,
    pub body: Value,
}

impl Seen {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap()
    }

    /// The case it is about.
    pub fn case(&self) -> String {
        let data = &self.body["data"];
        let case = data["caseId"].as_str().or(data["case"]["caseId"].as_str());
        case.unwrap().to_owned()
    }

    /// The version of the case that it shows.
    pub fn version(&self) -> u64 {
        let data = &self.body["data"];
        let etag = data["etag"].as_str().or(data["case"]["etag"].as_str()).unwrap();
        parasol_api::convert::version_of(etag).unwrap()
    }

    pub fn signatures(&self) -> Vec<String> {
        self.headers["webhook-signature"].split(' ').map(str::to_owned).collect()
    }

    /// The signature by the formula of Standard Webhooks: base64(HMAC-SHA256(key, id.timestamp.body)).
    pub fn expected(&self, secret: &str) -> String {
        let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        let text = format!("{}.{}.{}", self.id(), self.headers["webhook-timestamp"], self.raw);
        mac.update(text.as_bytes());
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

type Rule = Box<dyn Fn(&Seen) -> Reply + Send>;

struct Inner {
    seen: Mutex<Vec<Seen>>,
    rule: Mutex<Rule>,
    came: Notify,
}

/// A server on this machine. It ends with the test.
pub struct Receiver {
    pub url: String,
    inner: Arc<Inner>,
    _serving: JoinSet<()>,
}

impl Receiver {
    /// One that takes everything.
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks?of=aurora", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            seen: Mutex::default(),
            rule: Mutex::new(Box::new(|_| Reply::Status(204, ""))),
            came: Notify::new(),
        });
        let mut serving = JoinSet::new();
        let shared = Arc::clone(&inner);
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { url, inner, _serving: serving }
    }

    /// From now on, requests are answered so.
    pub fn answer(&self, rule: impl Fn(&Seen) -> Reply + Send + 'static) {
        *self.inner.rule.lock().unwrap() = Box::new(rule);
    }

    /// From now on, every request is answered with this status.
    pub fn answer_all(&self, status: u16) {
        self.answer(move |_| Reply::Status(status, ""));
    }

    pub fn count(&self) -> usize {
        self.inner.seen.lock().unwrap().len()
    }

    /// What came since the last call.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.inner.seen.lock().unwrap())
    }

    /// Returns once so many requests have come.
    pub async fn has(&self, requests: usize) {
        loop {
            let came = self.inner.came.notified();
            if self.count() >= requests {
                return;
            }
            came.await;
        }
    }
}

async fn serve(mut stream: TcpStream, inner: Arc<Inner>) {
    let Some(seen) = read(&mut stream).await else { return };
    let reply = (inner.rule.lock().unwrap())(&seen);
    inner.seen.lock().unwrap().push(seen);
    inner.came.notify_one();
    match reply {
        Reply::Status(status, more) => {
            let head = format!("HTTP/1.1 {status} Word\r\ncontent-length: 2\r\n{more}\r\nok");
            let _ = stream.write_all(head.as_bytes()).await;
        }
        Reply::Close => {}
        Reply::Hang => std::future::pending().await,
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, raw)) = text.split_once("\r\n\r\n") {
            let (line, headers) = head.split_once("\r\n")?;
            let headers: HashMap<_, _> = headers
                .lines()
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            if raw.len() >= headers["content-length"].parse().ok()? {
                let body = serde_json::from_str(raw).ok()?;
                let (line, raw) = (line.to_owned(), raw.to_owned());
                return Some(Seen { line, headers, raw, body });
            }
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend(&buffer[..count]),
        }
    }
}
