//! Servers for outsiders that are tested against as whole processes: a listener, and JSON over HTTP on it.
//!
//! One thread a connection, one request a connection. What an outsider says to a request is its own affair.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// Bytes of a body that is read.
const BODY_MAX: u64 = 64 * 1024;

/// A free port of 127.0.0.1 that is listened on until this is dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
}

impl Listener {
    /// Listens; `converse` has a connection, in a thread of its own.
    ///
    /// # Errors
    /// When no port is free.
    pub(crate) fn start(
        converse: impl Fn(&TcpStream) -> Result<()> + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
        let address = listener.local_addr()?;
        let is_over = Arc::new(AtomicBool::new(false));
        let (over, converse) = (Arc::clone(&is_over), Arc::new(converse));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(std::result::Result::ok) {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let converse = Arc::clone(&converse);
                // Whoever hangs up early has its answer already, or wants none.
                thread::spawn(move || drop(converse(&stream)));
            }
        });
        Ok(Self { address, is_over })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // The listener wakes by a last connection.
        drop(TcpStream::connect(self.address));
    }
}

/// JSON over HTTP. What is answered with status 500 is an error of the server or a connection that ends without a
/// word, by turns; with 429 it says to come again in a second.
///
/// # Errors
/// When no port is free.
pub(crate) fn json_over_http(
    answer: impl Fn(&str, &str, &str) -> (u16, Value) + Send + Sync + 'static,
) -> Result<Listener> {
    let unanswered = AtomicU64::new(0);
    Listener::start(move |stream| {
        let (method, target, body) = read(stream)?;
        let (status, answer) = answer(&method, &target, &body);
        if status == 500 && unanswered.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            return Ok(());
        }
        write(stream, status, &answer.to_string())
    })
}

/// Method, target and body of a request.
fn read(stream: &TcpStream) -> Result<(String, String, String)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
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
    Ok((method.to_owned(), target.to_owned(), body))
}

fn write(mut stream: &TcpStream, status: u16, body: &str) -> Result<()> {
    let wait = if status == 429 { "retry-after: 1\r\n" } else { "" };
    write!(
        stream,
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{wait}\
         connection: close\r\n\r\n{body}",
        body.len()
    )?;
    Ok(())
}
