//! A carrier behind an adapter on this machine: the adapter speaks the provider's language, we speak this one.
//!
//! * `POST /messages` with `{"operation", "channel", "to", "subject", "text", "language", "unsubscribe"}` sends;
//!   the same number is passed on once.
//! * `GET /messages/{operation}` tells what became of it; 404 for a number it has never heard of.
//!
//! Both answer `{"state": "accepted" | "delivered" | "failed", "reason"}`, and 429 with `Retry-After` while the
//! provider takes no more. Any other status, and silence, means that nobody knows. Receipts come back by a signed
//! callback. Only this machine's own addresses are called, without TLS: an adapter runs beside us, and what leaves
//! the machine is its business.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use parasol_journey::time::SECOND;
use parasol_journey::vocab::Channel;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpStream;

use super::{Carrier, Message, Told};
use crate::notices::Operation;

/// The longest a call may take.
const CALL_MAX: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Why an address is none that can be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an http:// address of this machine with a port and without a path")]
pub struct NotHere;

/// A carrier behind an adapter.
#[derive(Clone, Debug)]
pub struct HttpCarrier {
    channel: Channel,
    address: String,
}

/// What the adapter says about a message.
#[derive(Deserialize)]
struct Said {
    state: String,
    #[serde(default)]
    reason: String,
}

impl HttpCarrier {
    /// The adapter of a channel at a URL such as `http://127.0.0.1:9400`.
    ///
    /// # Errors
    /// [`NotHere`] for any address that is not this machine's own.
    pub fn at(channel: Channel, url: &str) -> Result<Self, NotHere> {
        let url: Uri = url.parse().map_err(|_| NotHere)?;
        let host = url.host().map(|host| host.trim_matches(['[', ']']));
        let is_here = host.is_some_and(|host| {
            host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        });
        let is_plain = url.scheme_str() == Some("http") && url.path() == "/";
        let address = url.authority().filter(|one| one.port().is_some());
        match address.filter(|_| is_here && is_plain && url.query().is_none()) {
            Some(address) => Ok(Self { channel, address: address.to_string() }),
            None => Err(NotHere),
        }
    }

    async fn call(&self, method: Method, target: &str, body: String) -> Told {
        let is_question = method == Method::GET;
        // Who does not take the connection has taken no message.
        let connecting = tokio::time::timeout(CALL_MAX, TcpStream::connect(&self.address)).await;
        let Ok(Ok(stream)) = connecting else {
            return if is_question { Told::Lost } else { Told::Busy { wait: None } };
        };
        let exchange = self.exchange(stream, method, target, body);
        let answer = tokio::time::timeout(CALL_MAX, exchange).await.ok().flatten();
        let Some((status, headers, body)) = answer else { return Told::Lost };
        match status {
            StatusCode::NOT_FOUND if is_question => return Told::NeverHeard,
            StatusCode::TOO_MANY_REQUESTS if !is_question => {
                return Told::Busy { wait: retry_after(&headers) };
            }
            _ => {}
        }
        let said = serde_json::from_slice::<Said>(&body).ok().filter(|_| status.is_success());
        match said {
            Some(Said { state, .. }) if state == "accepted" => Told::Accepted,
            Some(Said { state, .. }) if state == "delivered" => Told::Delivered,
            Some(Said { state, reason }) if state == "failed" => Told::Refused { reason },
            _ => Told::Lost,
        }
    }

    async fn exchange(
        &self,
        stream: TcpStream,
        method: Method,
        target: &str,
        body: String,
    ) -> Option<(StatusCode, HeaderMap, Vec<u8>)> {
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
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.ok()?;
            Some((head.status, head.headers, body.to_bytes().to_vec()))
        };
        let mut answer = std::pin::pin!(answer);
        tokio::select! {
            biased;
            told = &mut answer => told,
            // The connection ended by itself; whatever it brought is in the answer.
            _ = connection => answer.await,
        }
    }
}

/// Only the form in seconds is read.
fn retry_after(headers: &HeaderMap) -> Option<i64> {
    let seconds: i64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    (seconds > 0).then(|| seconds.saturating_mul(SECOND))
}

#[async_trait]
impl Carrier for HttpCarrier {
    fn channel(&self) -> Channel {
        self.channel
    }

    fn can_be_asked(&self) -> bool {
        true
    }

    async fn send(&self, message: &Message) -> Told {
        let body = json!({
            "operation": message.operation.to_string(),
            "channel": self.channel.as_str(),
            "to": message.to,
            "subject": message.subject,
            "text": message.text,
            "language": message.language,
            "unsubscribe": message.unsubscribe,
        });
        self.call(Method::POST, "/messages", body.to_string()).await
    }

    async fn query(&self, operation: Operation) -> Told {
        // Our numbers are letters, digits and `_`.
        self.call(Method::GET, &format!("/messages/{operation}"), String::new()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_called() {
        for url in ["http://127.0.0.1:9400", "http://localhost:1/", "http://[::1]:80"] {
            assert!(HttpCarrier::at(Channel::Sms, url).is_ok(), "{url}");
        }
        for url in [
            "",
            "127.0.0.1:9400",
            "https://127.0.0.1:1",
            "http://127.0.0.1",
            "http://10.0.0.1:80",
            "http://127.0.0.1:80/sms",
            "http://127.0.0.1.example.com:80",
        ] {
            assert_eq!(HttpCarrier::at(Channel::Sms, url).err(), Some(NotHere), "{url}");
        }
    }
}
