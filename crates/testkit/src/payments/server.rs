//! The provider over HTTP, for programs that are tested as whole processes.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};

use super::{FakeProvider, Said};
use crate::serving::{Listener, json_over_http};

/// A provider that listens on a free port of 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct PaymentServer(Listener);

impl PaymentServer {
    /// Serves a provider.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(provider: Arc<FakeProvider>) -> Result<Self> {
        let answer =
            move |method: &str, target: &str, body: &str| answer(&provider, method, target, body);
        json_over_http(answer).map(Self)
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address())
    }
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
