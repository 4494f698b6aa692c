//! Stands between the platform's webhooks and the partner's receiver: passes deliveries on as they are, twice, or
//! not yet, and remembers what the partner answered.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Context as _;
use hyper::Method;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use parasol_runtime::clock::Stopwatch;
use serde_json::Value;
use tokio::sync::Notify;

use crate::conformance::port::{Answered, Asked, Port, call};

/// How long the platform waits for an answer; longer is no answer.
pub const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Deliveries that are remembered.
const KEPT_MAX: usize = 10_000;

/// What becomes of the deliveries of cases that were not known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Passed on.
    Pass,
    /// Passed on twice.
    Twice,
    /// Taken from the platform and kept.
    Hold,
}

/// A delivery.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub id: String,
    pub case: String,
    pub headers: HeaderMap,
    pub body: String,
    /// What the partner answered, each time it was passed on; 0 for nothing within ten seconds.
    pub answers: Vec<(u16, Duration)>,
}

struct Inner {
    authority: String,
    path: String,
    seen: Mutex<Vec<Delivery>>,
    rule: Mutex<(Rule, HashSet<String>)>,
    came: Notify,
}

/// The relay.
pub struct Relay {
    /// Where the platform sends to.
    pub url: String,
    inner: Arc<Inner>,
    _port: Port,
}

impl Relay {
    /// A relay to the partner's receiver at `http://host:port/path`.
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        let (authority, path) = place(url)?;
        let inner = Arc::new(Inner {
            authority,
            path,
            seen: Mutex::default(),
            rule: Mutex::new((Rule::Pass, HashSet::new())),
            came: Notify::new(),
        });
        let shared = Arc::clone(&inner);
        let port = Port::open(move |asked| {
            let inner = Arc::clone(&shared);
            async move { Some(Answered::status(inner.take(asked).await)) }
        });
        let port = port.await.context("no port is free")?;
        Ok(Self { url: format!("http://{}/hooks", port.address), inner, _port: port })
    }

    /// From now on deliveries of cases that were not seen yet are treated so.
    pub fn treat_new(&self, rule: Rule) {
        let known = lock(&self.inner.seen).iter().map(|one| one.case.clone()).collect();
        *lock(&self.inner.rule) = (rule, known);
    }

    /// The deliveries of a case, in the order in which the platform sent them.
    pub fn of(&self, case: &str) -> Vec<Delivery> {
        lock(&self.inner.seen).iter().filter(|one| one.case == case).cloned().collect()
    }

    /// Everything the partner answered so far.
    pub fn answers(&self) -> Vec<(u16, Duration)> {
        lock(&self.inner.seen).iter().flat_map(|one| one.answers.clone()).collect()
    }

    /// The first delivery of a case, once it has come.
    pub async fn first(&self, case: &str, patience: Duration) -> anyhow::Result<Delivery> {
        let came = async {
            loop {
                let notified = self.inner.came.notified();
                if let Some(first) = self.of(case).into_iter().next() {
                    return first;
                }
                notified.await;
            }
        };
        let late = |_| anyhow::anyhow!("{case}: the platform sent nothing");
        tokio::time::timeout(patience, came).await.map_err(late)
    }

    /// Sends something to the partner and says what it answered; 0 for nothing within ten seconds.
    pub async fn send(&self, headers: HeaderMap, body: &str) -> (u16, Duration) {
        self.inner.pass(headers, body).await
    }
}

impl Inner {
    async fn take(&self, asked: Asked) -> u16 {
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        let case = case_of(&body);
        let (rule, is_known) = {
            let rule = lock(&self.rule);
            (rule.0, rule.1.contains(&case))
        };
        let rule = if is_known { Rule::Pass } else { rule };
        let times = match rule {
            Rule::Pass => 1,
            Rule::Twice => 2,
            Rule::Hold => 0,
        };
        let mut answers = Vec::new();
        for _ in 0..times {
            answers.push(self.pass(asked.headers.clone(), &body).await);
        }
        let status = answers.last().map_or(200, |(status, _)| *status);
        let id = header(&asked.headers, "webhook-id");
        {
            let mut seen = lock(&self.seen);
            if seen.len() < KEPT_MAX {
                seen.push(Delivery { id, case, headers: asked.headers, body, answers });
            }
        }
        self.came.notify_waiters();
        if status == 0 { 504 } else { status }
    }

    async fn pass(&self, headers: HeaderMap, body: &str) -> (u16, Duration) {
        let asked = Asked {
            method: Method::POST,
            path: self.path.clone(),
            headers,
            body: body.to_owned().into(),
        };
        let took = Stopwatch::start();
        let answer = call(&self.authority, asked, ANSWER_MAX).await;
        (answer.map_or(0, |answer| answer.status), took.elapsed())
    }
}

/// The headers of a delivery with this id, second and signature; each is left out if it is empty.
pub fn heads(id: &str, second: &str, signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let named =
        [("webhook-id", id), ("webhook-timestamp", second), ("webhook-signature", signature)];
    for (name, value) in named {
        if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_str(value)) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

/// Host and port, and the path.
pub fn place(url: &str) -> anyhow::Result<(String, String)> {
    let rest = url.strip_prefix("http://").with_context(|| {
        format!(
            "{url} is not an address such as http://127.0.0.1:9000/hooks; the kit speaks http only"
        )
    })?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let authority = match authority.contains(':') {
        true => authority.to_owned(),
        false => format!("{authority}:80"),
    };
    Ok((authority, format!("/{path}")))
}

/// The case that a body is about; empty if it is about none.
fn case_of(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let data = &body["data"];
    let case = data["caseId"].as_str().or(data["case"]["caseId"].as_str());
    case.unwrap_or_default().to_owned()
}

pub fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder of this lock panics")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_a_port_and_a_path() {
        let told = |url: &str| place(url).unwrap();
        assert_eq!(
            told("http://127.0.0.1:9/hooks?a=b"),
            ("127.0.0.1:9".into(), "/hooks?a=b".into())
        );
        assert_eq!(told("http://partner"), ("partner:80".into(), "/".into()));
        assert!(place("https://partner/hooks").is_err());
    }

    #[test]
    fn the_case_is_found_in_both_kinds_of_change() {
        assert_eq!(case_of(r#"{"data": {"caseId": "case_1"}}"#), "case_1");
        assert_eq!(case_of(r#"{"data": {"case": {"caseId": "case_2"}}}"#), "case_2");
        assert_eq!(case_of("no JSON"), "");
    }
}
