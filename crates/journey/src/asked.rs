//! Whether the customer has been told what their case waits for.
//!
//! Silence counts only for who was asked. Where a case waits for the customer and silence has a
//! consequence, the state remembers which entry of the log asks, and whether a notice of it has arrived.
//! Until one has, no clock of the customer's runs; where none can arrive, the turn is the retailer's. The
//! rule is the same for a choice, a denial and an outcome ([`Stage::silence`]), and in a pause for who does
//! not answer.

use serde::{Deserialize, Serialize};

use crate::case::{Case, Pause};
use crate::deadline::Clock;
use crate::event::Fact;
use crate::stage::Stage;
use crate::time::{Span, Timestamp};
use crate::vocab::{Party, PauseCause};

/// What the customer is asked by, and how far they know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The number of the entry that asks. A notice of an earlier one says nothing about this.
    pub seq: u64,
    /// When a notice of it arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
    /// The number of the entry that said so; 0 before, and where an earlier release wrote it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub told_seq: u64,
    /// Whether no notice could be delivered, so that somebody has to reach the customer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unreached: bool,
}

impl Stage {
    /// The clock of the customer's silence, which starts once they were told what the case waits for;
    /// `None` where silence has no consequence.
    pub fn silence(self) -> Option<Clock> {
        match self {
            Self::RemedyOffered => Some(Clock::ChooseRemedy),
            Self::Denied => Some(Clock::AnswerDenial),
            Self::AwaitConfirm => Some(Clock::Confirm),
            _ => None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
fn is_zero(seq: &u64) -> bool {
    *seq == 0
}

impl Case {
    /// Whether whoever saw the case at a version sees it as it is. The arrival of a notice is an entry like any other
    /// and starts the customer's clock, but it comes by itself, moments after the question, and nobody decides
    /// otherwise for it: a version from just before it is still good.
    pub fn stands_as_at(&self, version: u64) -> bool {
        let told_last = self.asked.is_some_and(|asked| asked.told_seq == self.version);
        version == self.version || (told_last && version.checked_add(1) == Some(self.version))
    }

    /// Whether the customer has been told what the case waits for.
    pub fn is_told(&self) -> bool {
        self.asked.is_some_and(|asked| asked.told_at.is_some())
    }

    /// Whether the case waits for a notice to arrive before it waits for the customer.
    pub(crate) fn is_untold(&self) -> bool {
        self.asked.is_some_and(|asked| asked.told_at.is_none())
    }

    /// Whether somebody has to reach the customer because no notice could.
    pub(crate) fn is_unreached(&self) -> bool {
        self.asked.is_some_and(|asked| asked.told_at.is_none() && asked.unreached)
    }

    /// From when on a pause is on the customer's account: from its beginning where they asked for it, and
    /// from when they were told where they do not answer.
    pub(crate) fn on_customer_since(&self, pause: &Pause) -> Option<Timestamp> {
        let asked_for_it = pause.cause != PauseCause::CustomerUnreachable;
        let since = if asked_for_it { Some(pause.since) } else { self.asked?.told_at };
        since.filter(|_| pause.owner == Party::Customer)
    }

    /// How much of a pause that ends at `at` was on the customer's account.
    pub(crate) fn on_customer(&self, pause: &Pause, at: Timestamp) -> Span {
        self.on_customer_since(pause).map_or(Span::ZERO, |since| at.since(since))
    }

    /// What an entry does to the question; called with the state already in the stage that it leads to.
    pub(crate) fn absorb_asked(&mut self, fact: &Fact, at: Timestamp, left: Stage) {
        if self.stage != left {
            let asks = match fact {
                Fact::Paused { cause, owner, .. } => {
                    *cause == PauseCause::CustomerUnreachable && *owner == Party::Customer
                }
                _ => self.stage.silence().is_some(),
            };
            let (seq, told_at, told_seq, unreached) = (self.version + 1, None, 0, false);
            self.asked = asks.then_some(Asked { seq, told_at, told_seq, unreached });
        }
        let entry = self.version + 1;
        let Some(asked) = &mut self.asked else { return };
        match fact {
            Fact::NoticeDelivered { .. } => {
                asked.told_at = Some(at);
                asked.told_seq = entry;
            }
            Fact::NoticeUndelivered { .. } => asked.unreached = true,
            _ => {}
        }
    }
}
