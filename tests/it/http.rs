//! The simplest HTTP client: one call over a connection of its own.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Status, head and body of an answer.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

/// One call, `line` being its verb and path.
pub async fn ask(at: SocketAddr, token: Option<&str>, line: &str, body: &str) -> Answer {
    tell(at, &request(token, line, body)).await
}

/// The same without a credential and with these headers.
pub async fn ask_with(at: SocketAddr, headers: &[(&str, &str)], line: &str, body: &str) -> Answer {
    let headers: String = headers
        .iter()
        .map(|(name, value)| {
            format!(
                "{name}: {value}
"
            )
        })
        .collect();
    tell(at, &written(&headers, line, body)).await
}

async fn tell(at: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(at).await.expect("the port is open");
    stream.write_all(request.as_bytes()).await.expect("it takes the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: unchunked(head, body) }
}

fn request(token: Option<&str>, line: &str, body: &str) -> String {
    let credential = token.map(|token| format!("authorization: Bearer {token}\r\n"));
    written(&credential.unwrap_or_default(), line, body)
}

fn written(headers: &str, line: &str, body: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nhost: parasol\r\naccept-language: en\r\nconnection: close\r\n{headers}\
         content-length: {}\r\n\r\n{body}",
        body.len(),
    )
}

fn unchunked(head: &str, body: &str) -> String {
    if !head.contains("chunked") {
        return body.to_owned();
    }
    let (mut rest, mut whole) = (body, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a size");
        whole.push_str(&after[..size]);
        rest = after.get(size + 2..).unwrap_or_default();
    }
    whole
}

/// The same call, whose answer is never read: once its first byte is there the connection is dropped, so that
/// whatever was asked has been done.
pub async fn lose(at: SocketAddr, token: Option<&str>, line: &str, body: &str) {
    let mut stream = TcpStream::connect(at).await.expect("the port is open");
    stream.write_all(request(token, line, body).as_bytes()).await.expect("it takes the request");
    let mut first = [0; 1];
    stream.read_exact(&mut first).await.expect("an answer begins");
}
