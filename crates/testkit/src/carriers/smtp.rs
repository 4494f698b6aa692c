//! A mail server: enough of SMTP for a client that takes the standard at its word.
//!
//! It keeps what it was handed, rejects whom it is told to, and can hang up after a message came and before it
//! says that it has it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

use crate::serving::Listener;

/// Lines of a message that are read.
const LINES_MAX: usize = 2_000;

/// A message as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// From whom, on the envelope.
    pub from: String,
    /// To whom, on the envelope.
    pub to: String,
    /// Head and body.
    pub content: String,
}

#[derive(Debug, Default)]
struct Inner {
    mails: Mutex<Vec<Mail>>,
    rejected: Mutex<Vec<String>>,
    hangs_up: AtomicBool,
}

/// A mail server on a free port of 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct SmtpServer {
    listener: Listener,
    inner: Arc<Inner>,
}

impl SmtpServer {
    /// Starts it.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start() -> Result<Self> {
        let inner = Arc::new(Inner::default());
        let shared = Arc::clone(&inner);
        let listener = Listener::start(move |stream| converse(stream, &shared))?;
        Ok(Self { listener, inner })
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.listener.address())
    }

    /// Rejects whatever goes to this address.
    pub fn reject(&self, to: &str) {
        self.inner.rejected.lock().unwrap_or_else(PoisonError::into_inner).push(to.to_owned());
    }

    /// Whether it hangs up after a message came, without a word.
    pub fn hang_up(&self, hangs_up: bool) {
        self.inner.hangs_up.store(hangs_up, Ordering::SeqCst);
    }

    /// Everything that came, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.inner.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn converse(mut stream: &TcpStream, inner: &Inner) -> Result<()> {
    let mut lines = BufReader::new(stream).lines();
    stream.write_all(b"220 test ESMTP\r\n")?;
    let mut mail = Mail::default();
    while let Some(line) = lines.next() {
        let line = line?;
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let address = || {
            let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
            inside.map_or_else(String::new, |(address, _)| address.to_owned())
        };
        let answer = match verb.as_str() {
            "EHLO" => "250-test\r\n250-8BITMIME\r\n250 SMTPUTF8",
            "HELO" | "NOOP" | "RSET" => "250 fine",
            "MAIL" => {
                mail = Mail { from: address(), ..Mail::default() };
                "250 fine"
            }
            "RCPT" => {
                let to = address();
                let rejected = inner.rejected.lock().unwrap_or_else(PoisonError::into_inner);
                if rejected.contains(&to) {
                    "550 nobody of that name"
                } else {
                    mail.to = to;
                    "250 fine"
                }
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n")?;
                for line in lines.by_ref().take(LINES_MAX) {
                    let line = line?;
                    if line == "." {
                        break;
                    }
                    mail.content.push_str(&line);
                    mail.content.push('\n');
                }
                let taken = std::mem::take(&mut mail);
                inner.mails.lock().unwrap_or_else(PoisonError::into_inner).push(taken);
                if inner.hangs_up.load(Ordering::SeqCst) {
                    return Ok(());
                }
                "250 taken"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n")?;
                return Ok(());
            }
            _ => "502 not here",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes())?;
    }
    Ok(())
}
