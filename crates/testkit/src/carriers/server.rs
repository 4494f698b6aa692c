//! The carrier over HTTP, for programs that are tested as whole processes.
//!
//! One thread a connection, one request a connection; what the carrier leaves unanswered is an error of the
//! server or a connection that ends without a word, by turns.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{Answer, FakeCarrier};

/// Bytes of a body that is read.
const BODY_MAX: u64 = 64 * 1024;

/// A carrier that listens on a free port of 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct CarrierServer {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
}

impl CarrierServer {
    /// Serves a carrier.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(carrier: Arc<FakeCarrier>) -> Result<Self> {
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
                let (carrier, unanswered) = (Arc::clone(&carrier), Arc::clone(&unanswered));
                // Whoever hangs up early has its answer already, or wants none.
                thread::spawn(move || drop(serve(&stream, &carrier, &unanswered)));
            }
        });
        Ok(Self { address, is_over })
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for CarrierServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // The listener wakes by a last connection.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(mut stream: &TcpStream, carrier: &FakeCarrier, unanswered: &AtomicU64) -> Result<()> {
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
    let (status, answer) = answer(carrier, &method, &target, &body);
    if status == 500 && unanswered.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
        return Ok(());
    }
    let (body, wait) = (answer.to_string(), if status == 429 { "retry-after: 1\r\n" } else { "" });
    write!(
        stream,
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{wait}\
         connection: close\r\n\r\n{body}",
        body.len()
    )?;
    Ok(())
}

fn answer(carrier: &FakeCarrier, method: &str, target: &str, body: &str) -> (u16, Value) {
    carrier.tick();
    match (method, target.strip_prefix("/messages")) {
        ("POST", Some("")) => {
            let message: Value = serde_json::from_str(body).unwrap_or_default();
            let text = |name: &str| message[name].as_str().unwrap_or_default();
            match (text("operation"), text("to"), text("text")) {
                ("", _, _) | (_, "", _) | (_, _, "") => (400, json!({})),
                (number, to, text) => said(&carrier.send(number, to, text)),
            }
        }
        ("GET", Some(rest)) => said(&carrier.query(rest.trim_start_matches('/'))),
        _ => (405, json!({})),
    }
}

fn said(answer: &Answer) -> (u16, Value) {
    match answer {
        Answer::NeverHeard => (404, json!({})),
        Answer::Accepted => (200, json!({"state": "accepted"})),
        Answer::Delivered => (200, json!({"state": "delivered"})),
        Answer::Failed(reason) => (200, json!({"state": "failed", "reason": reason})),
        Answer::Busy => (429, json!({})),
        Answer::NoAnswer => (500, json!({})),
    }
}
