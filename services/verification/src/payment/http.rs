//! A provider behind an adapter on this machine: the adapter speaks the provider's language, we speak this one.
//!
//! * `POST /payments` with `{"operation", "amount_fen", "customer"}` pays; the same number pays once.
//! * `GET /payments/{operation}` tells what became of it; 404 for a number it has never heard of.
//! * `GET /statement?day=YYYY-MM-DD&cursor=…` gives `{"lines": [{"operation", "amount_fen"}], "next"}`.
//!
//! The first two answer `{"state": "accepted" | "succeeded" | "failed", "reason"}`. Any other status, and silence,
//! means that nobody knows. Only this machine's own addresses are called, without TLS: an adapter runs beside us,
//! and what leaves the machine is its business.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use chrono::NaiveDate;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpStream;

use super::{
    NoStatement, Operation, PaymentOrder, PaymentProvider, PaymentState, StatementLine,
    StatementPage,
};

/// The longest a call may take.
const CALL_MAX: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Why an address is none that can be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an http:// address of this machine with a port and without a path")]
pub struct NotHere;

/// A provider behind an adapter.
#[derive(Clone, Debug)]
pub struct HttpPayments {
    address: String,
}

/// What the adapter says about a payment.
#[derive(Deserialize)]
struct Told {
    state: String,
    #[serde(default)]
    reason: String,
}

/// A page of the adapter's statement.
#[derive(Deserialize)]
struct Page {
    lines: Vec<PageLine>,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct PageLine {
    operation: String,
    amount_fen: i64,
}

impl HttpPayments {
    /// The adapter at a URL such as `http://127.0.0.1:9300`.
    ///
    /// # Errors
    /// [`NotHere`] for any address that is not this machine's own.
    pub fn at(url: &str) -> Result<Self, NotHere> {
        let url: Uri = url.parse().map_err(|_| NotHere)?;
        let host = url.host().map(|host| host.trim_matches(['[', ']']));
        let is_here = host.is_some_and(|host| {
            host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        });
        let is_plain = url.scheme_str() == Some("http") && url.path() == "/";
        let address = url.authority().filter(|one| one.port().is_some());
        match address.filter(|_| is_here && is_plain && url.query().is_none()) {
            Some(address) => Ok(Self { address: address.to_string() }),
            None => Err(NotHere),
        }
    }

    /// One request over a connection of its own; `None` when nothing came back in time.
    async fn call(
        &self,
        method: Method,
        target: &str,
        body: String,
    ) -> Option<(StatusCode, Vec<u8>)> {
        let called = tokio::time::timeout(CALL_MAX, self.exchange(method, target, body)).await;
        called.ok()?
    }

    async fn exchange(
        &self,
        method: Method,
        target: &str,
        body: String,
    ) -> Option<(StatusCode, Vec<u8>)> {
        let stream = TcpStream::connect(&self.address).await.ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(HOST, &self.address)
            .header(CONTENT_TYPE, "application/json")
            .body(body)
            .ok()?;
        let answer = async {
            let answer = sender.send_request(request).await.ok()?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await.ok()?;
            Some((status, body.to_bytes().to_vec()))
        };
        let mut answer = std::pin::pin!(answer);
        tokio::select! {
            biased;
            told = &mut answer => told,
            // The connection ended by itself; whatever it brought is in the answer.
            _ = connection => answer.await,
        }
    }

    async fn told(&self, method: Method, target: &str, body: String) -> PaymentState {
        let is_question = method == Method::GET;
        let Some((status, body)) = self.call(method, target, body).await else {
            return PaymentState::Unknown;
        };
        if status == StatusCode::NOT_FOUND && is_question {
            return PaymentState::Unsent;
        }
        let told = serde_json::from_slice::<Told>(&body).ok().filter(|_| status.is_success());
        match told {
            Some(Told { state, .. }) if state == "accepted" => PaymentState::Accepted,
            Some(Told { state, .. }) if state == "succeeded" => PaymentState::Succeeded,
            Some(Told { state, reason }) if state == "failed" => PaymentState::Failed { reason },
            _ => PaymentState::Unknown,
        }
    }
}

#[async_trait]
impl PaymentProvider for HttpPayments {
    fn name(&self) -> &'static str {
        "http"
    }

    async fn pay(&self, order: &PaymentOrder) -> PaymentState {
        let body = json!({
            "operation": order.operation.as_str(),
            "amount_fen": order.amount_fen,
            "customer": order.customer.to_string(),
        });
        self.told(Method::POST, "/payments", body.to_string()).await
    }

    async fn query(&self, operation: &Operation) -> PaymentState {
        // Our numbers are letters, digits and `_`.
        let target = format!("/payments/{}", operation.as_str());
        self.told(Method::GET, &target, String::new()).await
    }

    async fn statement(&self, day: NaiveDate, cursor: &str) -> Result<StatementPage, NoStatement> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
        if !cursor.chars().all(is_plain) {
            return Err(NoStatement::NoAnswer("its cursor is not a plain word".to_owned()));
        }
        let target = format!("/statement?day={day}&cursor={cursor}");
        let answer = self.call(Method::GET, &target, String::new()).await;
        let Some((status, body)) = answer else {
            return Err(NoStatement::NoAnswer("no answer".to_owned()));
        };
        if status == StatusCode::NOT_IMPLEMENTED {
            return Err(NoStatement::NotKept);
        }
        let page = serde_json::from_slice::<Page>(&body).ok().filter(|_| status.is_success());
        let page = page.ok_or_else(|| NoStatement::NoAnswer(format!("status {status}")))?;
        let line =
            |one: PageLine| StatementLine { operation: one.operation, amount_fen: one.amount_fen };
        Ok(StatementPage { lines: page.lines.into_iter().map(line).collect(), next: page.next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_called() {
        for url in ["http://127.0.0.1:9300", "http://localhost:1/", "http://[::1]:80"] {
            assert!(HttpPayments::at(url).is_ok(), "{url}");
        }
        for url in [
            "",
            "127.0.0.1:9300",
            "https://127.0.0.1:1",
            "http://127.0.0.1",
            "http://10.0.0.1:80",
            "http://pay.example.com:80",
            "http://127.0.0.1:80/pay",
            "http://127.0.0.1.example.com:80",
        ] {
            assert_eq!(HttpPayments::at(url).err(), Some(NotHere), "{url}");
        }
    }
}
