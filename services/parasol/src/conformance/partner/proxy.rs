//! Stands between the partner and the platform's REST port: passes calls on, remembers them, and loses an answer or
//! refuses for a moment when told to.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use hyper::Method;
use hyper::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use serde_json::Value;
use tokio::sync::Notify;

use crate::conformance::port::{Answered, Asked, Port, call};

/// How long a call may take.
const CALL_MAX: Duration = Duration::from_secs(30);
/// Calls that are remembered.
const KEPT_MAX: usize = 10_000;

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is carried out and its answer is lost.
    LoseAnswer,
    /// It is not carried out: 503, and to be tried again after a second.
    Unavailable,
}

/// A change that the partner asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Path without query.
    pub path: String,
    pub body: Bytes,
    pub request_id: String,
    /// What was answered; 0 for an answer that was lost.
    pub status: u16,
    /// The reason of a refusal, or empty.
    pub reason: String,
}

impl Call {
    /// What is asked, without the id it is asked under.
    pub fn body_but_id(&self) -> Value {
        let mut body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        if let Some(fields) = body.as_object_mut() {
            fields.remove("requestId");
        }
        body
    }
}

struct Inner {
    target: String,
    calls: Mutex<Vec<Call>>,
    fault: Mutex<Option<Fault>>,
    came: Notify,
}

/// The proxy.
pub struct Proxy {
    /// Where the partner calls.
    pub url: String,
    inner: Arc<Inner>,
    _port: Port,
}

impl Proxy {
    /// A proxy to the REST port at `host:port`.
    pub async fn open(target: String) -> anyhow::Result<Self> {
        let inner = Arc::new(Inner {
            target,
            calls: Mutex::default(),
            fault: Mutex::default(),
            came: Notify::new(),
        });
        let shared = Arc::clone(&inner);
        let port = Port::open(move |asked| {
            let inner = Arc::clone(&shared);
            async move { inner.pass(asked).await }
        });
        let port = port.await.context("no port is free")?;
        Ok(Self { url: format!("http://{}", port.address), inner, _port: port })
    }

    /// The next change that is asked for fails so.
    pub fn fail_next(&self, fault: Fault) {
        *lock(&self.inner.fault) = Some(fault);
    }

    /// A fault that no call has met is forgotten.
    pub fn forget_fault(&self) {
        *lock(&self.inner.fault) = None;
    }

    /// Every change asked for so far.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.inner.calls).clone()
    }

    /// Those that name a case.
    pub fn of(&self, case: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.path.contains(case)).collect()
    }

    /// Whether a change to a case is asked for before so much time has gone by.
    pub async fn is_asked(&self, case: &str, within: Duration) -> bool {
        let asked = async {
            loop {
                let notified = self.inner.came.notified();
                if !self.of(case).is_empty() {
                    return;
                }
                notified.await;
            }
        };
        tokio::time::timeout(within, asked).await.is_ok()
    }
}

impl Inner {
    async fn pass(&self, asked: Asked) -> Option<Answered> {
        if asked.method != Method::POST {
            return Some(self.forward(asked).await);
        }
        let fault = lock(&self.fault).take();
        let path = asked.path.split('?').next().unwrap_or_default().to_owned();
        let body = asked.body.clone();
        let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
        let answer = match fault {
            Some(Fault::Unavailable) => unavailable(),
            _ => self.forward(asked).await,
        };
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let is_lost = fault == Some(Fault::LoseAnswer);
        let call = Call {
            path,
            body,
            request_id: text(&sent["requestId"]),
            status: if is_lost { 0 } else { answer.status },
            reason: text(&said["reason"]),
        };
        {
            let mut calls = lock(&self.calls);
            if calls.len() < KEPT_MAX {
                calls.push(call);
            }
        }
        self.came.notify_waiters();
        (!is_lost).then_some(answer)
    }

    async fn forward(&self, asked: Asked) -> Answered {
        call(&self.target, asked, CALL_MAX).await.unwrap_or_else(|_| unavailable())
    }
}

fn unavailable() -> Answered {
    let mut headers = HeaderMap::new();
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    Answered { headers, ..Answered::status(503) }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder of this lock panics")
}
