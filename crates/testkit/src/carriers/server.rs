//! The carrier over HTTP, for programs that are tested as whole processes.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};

use super::{Answer, FakeCarrier};
use crate::serving::{Listener, json_over_http};

/// A carrier that listens on a free port of 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct CarrierServer(Listener);

impl CarrierServer {
    /// Serves a carrier.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(carrier: Arc<FakeCarrier>) -> Result<Self> {
        let answer =
            move |method: &str, target: &str, body: &str| answer(&carrier, method, target, body);
        json_over_http(answer).map(Self)
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address())
    }
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
