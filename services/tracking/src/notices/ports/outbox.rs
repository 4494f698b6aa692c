//! A carrier inside this process: what it is handed counts as delivered, and is kept in the vault for the
//! customer and an agent to read, in the commit that says so.

use async_trait::async_trait;
use parasol_journey::vocab::Channel;

use super::{Carrier, Message, Told};
use crate::notices::Operation;

/// The outbox of one channel.
pub struct Outbox(pub Channel);

#[async_trait]
impl Carrier for Outbox {
    fn channel(&self) -> Channel {
        self.0
    }

    fn can_be_asked(&self) -> bool {
        true
    }

    fn keeps(&self) -> bool {
        true
    }

    async fn send(&self, _: &Message) -> Told {
        Told::Delivered
    }

    /// What was delivered is known to be; of anything else nothing was kept.
    async fn query(&self, _: Operation) -> Told {
        Told::NeverHeard
    }
}
