//! The provider over HTTP, for programs that are tested as whole processes.
//!
//! One thread a connection, one request a connection; what the provider leaves unanswered is an error of the
//! server or a connection that ends without a word, by turns.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{FakeProvider, Said};

/// Bytes of a body that is read.
const BODY_MAX: u64 = 64 * 1024;

/// A provider that listens on a free port of 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct PaymentServer {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
}

impl PaymentServer {
    /// Serves a provider.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(provider: Arc<FakeProvider>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
        let address = listener.local_addr()?;
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let unanswered = Arc::new(AtomicU64::new(0));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(std::result::Result::ok) {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (provider, unanswered) = (Arc::clone(&provider), Arc::clone(&unanswered));
                // Whoever hangs up early has its answer already, or wants none.
                thread::spawn(move || drop(serve(&stream, &provider, &unanswered)));
            }
        });
        Ok(Self { address, is_over })
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for PaymentServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // The listener wakes by a last connection.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(stream: &TcpStream, provider: &FakeProvider, unanswered: &AtomicU64) -> Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0_u64).min(BODY_MAX);
        }
    }
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body)?;
    let (status, answer) = answer(provider, &method, &target, &body);
    if status == 500 && unanswered.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
        return Ok(());
    }
    let body = answer.to_string();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    )?;
    Ok(())
}

fn answer(provider: &FakeProvider, method: &str, target: &str, body: &str) -> (u16, Value) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    match (method, path) {
        ("POST", "/payments") => {
            let order: Value = serde_json::from_str(body).unwrap_or_default();
            let number = order["operation"].as_str().unwrap_or_default();
            provider.tick();
            match order["amount_fen"].as_i64() {
                Some(fen) if fen > 0 && !number.is_empty() => said(&provider.pay(number, fen)),
                _ => (400, json!({})),
            }
        }
        ("GET", "/statement") => {
            let value = |name: &str| {
                let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
            };
            let day = value("day").unwrap_or_default();
            let (paid, next) = provider.statement(day, value("cursor").unwrap_or_default());
            let line = |one: &super::Paid| json!({"operation": one.number, "amount_fen": one.fen});
            (200, json!({"lines": paid.iter().map(line).collect::<Vec<_>>(), "next": next}))
        }
        ("GET", path) => match path.strip_prefix("/payments/") {
            Some(number) => {
                provider.tick();
                said(&provider.query(number))
            }
            None => (404, json!({})),
        },
        _ => (405, json!({})),
    }
}

fn said(said: &Said) -> (u16, Value) {
    match said {
        Said::Unsent => (404, json!({})),
        Said::Accepted => (200, json!({"state": "accepted"})),
        Said::Succeeded => (200, json!({"state": "succeeded"})),
        Said::Failed => (200, json!({"state": "failed", "reason": "refused"})),
        Said::NoAnswer => (500, json!({})),
    }
}
