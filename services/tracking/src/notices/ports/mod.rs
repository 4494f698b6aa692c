//! The ports to whoever carries notices: one [`Carrier`] for each channel.
//!
//! [`http`] speaks to an adapter beside us (text messages, the app, the retailer's own systems), [`smtp`] to a
//! mail server, and [`outbox`] is a carrier inside this process, for the embedded mode: what it carries can be
//! read in the vault by the customer and an agent.

pub mod http;
pub mod outbox;
pub mod smtp;

use std::sync::Arc;

use async_trait::async_trait;
use parasol_journey::vocab::Channel;

use super::Operation;
pub use super::course::Told;

/// A notice on its way. Personal, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number, the same on every attempt.
    pub operation: Operation,
    /// Where to.
    pub to: String,
    /// The subject, for channels that have one.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The language of both, as a tag.
    pub language: &'static str,
    /// Where the customer says that they want no more of these; empty where nobody can.
    pub unsubscribe: String,
}

/// Carries messages of one channel. One number is passed on at most once, however often it is sent.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// Which channel.
    fn channel(&self) -> Channel;

    /// Whether it answers questions about a number.
    fn can_be_asked(&self) -> bool;

    /// Whether what it has carried is to be kept in the vault, because it can be read nowhere else.
    fn keeps(&self) -> bool {
        false
    }

    /// Sends a message.
    async fn send(&self, message: &Message) -> Told;

    /// Asks what became of a number. Only of one that [can be asked](Carrier::can_be_asked).
    async fn query(&self, operation: Operation) -> Told;
}

/// The carriers there are, at most one for each channel.
#[derive(Clone, Default)]
pub struct Carriers(Vec<Arc<dyn Carrier>>);

impl Carriers {
    /// These.
    pub fn of(carriers: Vec<Arc<dyn Carrier>>) -> Self {
        Self(carriers)
    }

    /// Carriers inside this process, for the embedded mode.
    pub fn local() -> Self {
        let all = [Channel::Sms, Channel::Push, Channel::Email];
        Self(all.into_iter().map(|one| Arc::new(outbox::Outbox(one)) as Arc<dyn Carrier>).collect())
    }

    /// The carrier of a channel.
    pub fn get(&self, channel: Channel) -> Option<&Arc<dyn Carrier>> {
        self.0.iter().find(|carrier| carrier.channel() == channel)
    }
}
