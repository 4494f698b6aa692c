//! E-mail, over SMTP.
//!
//! A mail server that takes a message says nothing about whether it arrives, and cannot be asked: a notice by
//! e-mail stays sent unless a receipt comes by callback. The message's id follows from its number, so that a
//! server that sees it twice can tell. What breaks off before a message was handed over is tried again; what
//! breaks off afterwards may be on its way, and is not.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use http::Uri;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Mail};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use parasol_journey::vocab::Channel;
use parasol_runtime::clock::Clock;

use super::{Carrier, Message, Told};
use crate::notices::Operation;

/// The longest one step of the conversation may take.
const STEP_MAX: Duration = Duration::from_secs(10);

/// Why there is no way to a mail server.
#[derive(Debug, thiserror::Error)]
pub enum BadServer {
    /// The URL is none.
    #[error("not a URL such as smtps://user:password@mail.example or smtp://127.0.0.1:25")]
    Url,
    /// It would send what is personal over the network for everybody to read.
    #[error(
        "without TLS only a server on this machine is spoken to; write smtps:// or ?tls=required"
    )]
    Plain,
    /// The sender is no mailbox.
    #[error("not a mailbox such as Parasol <service@shop.example>")]
    Sender,
}

/// Sends by a mail server.
pub struct SmtpCarrier {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    clock: Clock,
}

impl SmtpCarrier {
    /// By the server at a URL, as a sender.
    ///
    /// # Errors
    /// [`BadServer`]; nothing of the URL is repeated, since it may hold a password.
    pub fn new(url: &str, from: &str, clock: Clock) -> Result<Self, BadServer> {
        let parsed: Uri = url.parse().map_err(|_| BadServer::Url)?;
        let is_plain = parsed.scheme_str() == Some("smtp")
            && !parsed.query().unwrap_or_default().split('&').any(|one| one == "tls=required");
        let host = parsed.host().unwrap_or_default().trim_matches(['[', ']']);
        let is_here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        if is_plain && !is_here {
            return Err(BadServer::Plain);
        }
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        let builder = builder.map_err(|_| BadServer::Url)?;
        let transport = builder.timeout(Some(STEP_MAX)).build();
        let from = from.parse().map_err(|_| BadServer::Sender)?;
        Ok(Self { transport, from, clock })
    }

    fn mail(&self, message: &Message) -> Option<Mail> {
        let micros = u64::try_from(self.clock.now().micros()).unwrap_or_default();
        let date: SystemTime = UNIX_EPOCH + Duration::from_micros(micros);
        let domain = self.from.email.domain();
        let mut builder = Mail::builder()
            .from(self.from.clone())
            .to(message.to.parse().ok()?)
            .subject(&message.subject)
            .date(date)
            .message_id(Some(format!("<{}@{domain}>", message.operation)))
            .header(ContentType::TEXT_PLAIN);
        let mut text = message.text.clone();
        if !message.unsubscribe.is_empty() {
            // One click, as RFC 8058 has it, and a link for people.
            for (name, value) in [
                ("List-Unsubscribe", format!("<{}>", message.unsubscribe)),
                ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
            ] {
                let name = HeaderName::new_from_ascii_str(name);
                builder = builder.raw_header(HeaderValue::new(name, value));
            }
            text.push_str("\n\n--\n");
            text.push_str(&message.unsubscribe);
            text.push('\n');
        }
        builder.body(text).ok()
    }
}

#[async_trait]
impl Carrier for SmtpCarrier {
    fn channel(&self) -> Channel {
        Channel::Email
    }

    fn can_be_asked(&self) -> bool {
        false
    }

    async fn send(&self, message: &Message) -> Told {
        let Some(mail) = self.mail(message) else {
            return Told::Refused { reason: "address_rejected".to_owned() };
        };
        // Said before anything is handed over: a server that is away has taken nothing.
        if !self.transport.test_connection().await.unwrap_or(false) {
            return Told::Busy { wait: None };
        }
        match self.transport.send(mail).await {
            Ok(answer) if answer.is_positive() => Told::Accepted,
            Ok(_) => Told::Refused { reason: "refused".to_owned() },
            Err(error) if error.is_permanent() => {
                Told::Refused { reason: "address_rejected".to_owned() }
            }
            Err(error) if error.is_transient() => Told::Busy { wait: None },
            Err(_) => Told::Lost,
        }
    }

    async fn query(&self, _: Operation) -> Told {
        Told::Lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_elsewhere_is_spoken_to_with_tls_only() {
        let clock = Clock::manual(parasol_journey::time::Timestamp::from_micros(0));
        let from = "Parasol <service@shop.example>";
        for (url, is_good) in [
            ("smtp://127.0.0.1:2525", true),
            ("smtps://u:p@mail.shop.example", true),
            ("smtp://u:p@mail.shop.example:587?tls=required", true),
            ("smtp://mail.shop.example", false),
            ("smtp://mail.shop.example?tls=opportunistic", false),
            ("http://127.0.0.1", false),
            ("", false),
        ] {
            assert_eq!(SmtpCarrier::new(url, from, clock.clone()).is_ok(), is_good, "{url}");
        }
        assert!(SmtpCarrier::new("smtp://127.0.0.1:2525", "nobody", clock).is_err());
    }
}
